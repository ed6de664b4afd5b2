"""The scene from other places: camera paths, a rasteriser for surfels, and the frames that video models take."""
