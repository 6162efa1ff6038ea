"""Digits at rest: data sets, the forms they come in, downloads, and corrections."""
