"""Measure classifiers: metrics, calibration, significance of differences, robustness to corruptions."""
