"""Tables: the rows and columns of the numbers of a reading, what a person would check, and files of both."""
