"""The outline of a reprojected object over the photo, and where something else covers it."""

from dataclasses import dataclass

import numpy as np

from wt.scene.reprojection import nearest_depth
from wt.scene.scene import Scene
from wt.types import Bool, Float

_BEHIND = 0.02
"""A point is hidden if something is nearer by more than this share of its depth."""
_SMOOTH_PX = 0.8
_MIN_LENGTH = 12
"""Vertices of the shortest outline; fewer are a stray point's."""


@dataclass(frozen=True, eq=False)
class Outline:
    """One closed line around an object's silhouette."""

    points: Float[np.ndarray, "n 2"]
    """(u, v) in pixels of the grid, centres at +0.5."""
    hidden: Bool[np.ndarray, " n"]
    """Where something else is in front of it."""


def outlines(scene: Scene, ident: int) -> list[Outline]:
    """The silhouette of an object, all its surfaces, with the parts that something else covers marked."""
    import cv2
    from skimage.measure import find_contours

    own = nearest_depth(scene[ident], scene.intrinsics)
    around = scene.remove(ident).visible_depth()
    with np.errstate(invalid="ignore"):
        hidden = np.isfinite(own) & (around < own * (1 - _BEHIND))
    mask = np.pad(np.isfinite(own), 2).astype(np.float32)
    smooth = cv2.GaussianBlur(mask, (0, 0), _SMOOTH_PX)
    found = []
    for line in find_contours(smooth, 0.5):
        if len(line) >= _MIN_LENGTH:
            at = line - 2  # a line lies between two pixels: it is hidden if the object's own pixel beside it is
            found.append(Outline(at[:, ::-1] + 0.5, _beside(hidden, np.isfinite(own), at)))
    return found


def _beside(
    hidden: Bool[np.ndarray, "h w"], own: Bool[np.ndarray, "h w"], at: Float[np.ndarray, "n 2"]
) -> Bool[np.ndarray, " n"]:
    """Whether most of the object's pixels around each vertex (row, column) are hidden."""
    height, width = own.shape
    rows, columns = np.rint(at).astype(int).T
    votes, total = np.zeros(len(at), int), np.zeros(len(at), int)
    for down in (-1, 0, 1):
        for right in (-1, 0, 1):
            row, column = np.clip(rows + down, 0, height - 1), np.clip(columns + right, 0, width - 1)
            votes += hidden[row, column]
            total += own[row, column]
    return 2 * votes > total
