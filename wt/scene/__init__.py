"""Scenes, what is placed in them, and their files."""
