"""Segments: immutable, searchable parts of one embedding space, derived from rows and vector file."""
