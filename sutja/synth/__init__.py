"""Synthetic pictures of numbers: lines and photographs, rendered from MNIST digits and pen strokes on painted paper."""
