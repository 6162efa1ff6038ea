"""Stored digits: data sets, their file formats, downloads, and corrections."""
