"""Commands that write and check the pages of the project, such as `python -m tools.readme`."""
