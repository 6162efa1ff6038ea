"""sutja (숫자, "digit"): train, measure, compare and use recognisers of handwritten digits."""

__version__ = "0.1.0"
