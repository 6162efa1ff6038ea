"""Commands that write and check the project's pages, such as `python -m tools.readme`."""
