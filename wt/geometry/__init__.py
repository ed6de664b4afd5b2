"""Cameras, layered pointmaps and coordinate maps: pure functions of arrays."""
