"""How far lifts of one photo with different seeds lie apart: figures, and depth pictures to be put side by side."""

import numpy as np

from wt.scene.colour_maps import mapped
from wt.scene.scene import Scene
from wt.types import Float, UInt8

_GAP_PX = 2
_FAR = 0.12
"""Of the colour map: it begins almost black, which means that there is no surface."""


def depth_spread(scene: Scene, first: Scene) -> tuple[float | None, float | None]:
    """Median of |z - z_first| / z_first of the photo's surfaces that both scenes have.

    Returns:
        Of the visible surface, of all hidden ones; None where there is no common surface. No scale is taken out.
    """
    mine, other = _depth(scene), _depth(first)
    off = np.abs(mine - other) / other
    visible, hidden = off[0][np.isfinite(off[0])], off[1:][np.isfinite(off[1:])]
    return (float(np.median(visible)) if visible.size else None), (float(np.median(hidden)) if hidden.size else None)


def depth_pictures(scene: Scene, like: Scene) -> UInt8[np.ndarray, "h ww 3"]:
    """Depth of the visible surface beside that of the first hidden one: warm is near, black is no surface.

    Args:
        like: whose range of depth the colours span, so that pictures with the same one can be compared.
    """
    known = _depth(like)[:2]
    known = known[np.isfinite(known) & (known > 0)]
    near, far = np.log(np.percentile(known, (2, 98))) if known.size else (0.0, 1.0)
    depth = _depth(scene)[:2]
    shown = np.isfinite(depth) & (depth > 0)
    place = (far - np.log(np.where(shown, depth, 1.0))) / max(far - near, 1e-9)
    colours = np.where(shown[..., None], mapped(_FAR + (1 - _FAR) * np.clip(place, 0, 1)), 0).astype(np.uint8)
    gap = np.zeros((depth.shape[1], _GAP_PX, 3), np.uint8)
    return np.concatenate([colours[0], gap, colours[1]], axis=1)


def _depth(scene: Scene) -> Float[np.ndarray, "layers h w"]:
    photo = scene.background
    return np.where(photo.present, photo.points[..., 2], np.nan)
