"""Corrections: digits that a person labelled, as values and as a folder."""
