"""Whole documents that nobody wrote, with the truth of every number on them."""
