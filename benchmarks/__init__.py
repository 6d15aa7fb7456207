"""Measurements: see README.md for what is compared and how to run it."""
