"""Pen strokes of the digits of 44 writers, for generated handwriting."""
