"""The page on which one draws, photographs and corrects numbers, and the server behind it."""
