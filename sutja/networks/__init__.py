"""Architectures, in PyTorch."""
