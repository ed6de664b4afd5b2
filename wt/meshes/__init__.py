"""Surfaces of a scene as triangles."""
