"""Cameras that stopped seeing: offline, frozen, covered, moved, defocused."""
