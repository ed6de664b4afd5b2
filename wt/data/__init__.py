"""Procedural worlds, how they are rendered into layers, and the shards that training reads."""
