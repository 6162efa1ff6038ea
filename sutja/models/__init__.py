"""Trained files and their cards, opened without PyTorch."""
