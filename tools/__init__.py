"""What writes and checks the pages of the project: `python -m tools.readme` and the like."""
