"""The web page to write, photograph and correct numbers, and its server."""
