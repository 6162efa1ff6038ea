"""Corrected digits: one record, and the folder that keeps them."""
