"""How good, how sure, and which is better: metrics, calibration, significance, corruptions."""
