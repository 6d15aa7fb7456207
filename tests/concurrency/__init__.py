"""Readers and a writer at the same time."""
