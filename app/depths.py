"""The pictures of the depth gallery."""

import numpy as np

from app.pictures import png
from wt.scene.colour_maps import COLOUR_MAPS, depth_colours, depth_scale
from wt.scene.scene import Scene

PICTURE_OF = "depth-"
"""Then the colour map and the layer's number: name of a picture."""


def picture(scene: Scene | None, which: str) -> tuple[bytes, str] | None:
    """(bytes, media type) of one layer's depth on the scale that all share, black where it has no surface."""
    colour_map, _, number = which.partition("-")
    if scene is None or colour_map not in COLOUR_MAPS or not number.isdecimal():
        return None
    photo = scene.background
    if int(number) >= len(photo.points):
        return None
    depth = np.where(photo.present[int(number)], photo.points[int(number), ..., 2], np.nan)
    scale = depth_scale(thing for thing in (photo, *scene.objects) if thing.visible)
    return png(depth_colours(depth, scale, colour_map)), "image/png"
