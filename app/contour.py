"""The outline of an object drawn over the photo: solid where it is seen, dashed and lighter where it is covered."""

import itertools

import numpy as np

from wt.geometry.camera import Intrinsics
from wt.scene.outline import Outline
from wt.types import Bool, Int, UInt8

COLOUR = (110, 231, 183)
CASING = (13, 15, 19)
"""A dark rim, so that the line is seen on any photo."""
_FAINT = 0.55
_DASH = 7.0
"""Length of a dash and of the gap after it, in widths of the line."""
_SUBPIXEL = 4
"""Bits of a fraction of a pixel that OpenCV draws with."""


def draw(canvas: UInt8[np.ndarray, "h w 4"], lines: list[Outline], grid: Intrinsics) -> None:
    """Draw outlines of the scene's grid into an overlay of the photo's size, in place."""
    import cv2

    height, width = canvas.shape[:2]
    thick = max(1, round(max(height, width) / 400))
    seen: list[np.ndarray] = []
    covered: list[np.ndarray] = []
    for line in lines:
        path = np.rint((line.points * (width / grid.width, height / grid.height) - 0.5) * (1 << _SUBPIXEL))
        for faint, run in _runs(path.astype(np.int32), line.hidden, _DASH * thick * (1 << _SUBPIXEL)):
            (covered if faint else seen).append(run)
    for runs, strength in ((covered, _FAINT), (seen, 1.0)):
        for colour, extra, opacity in ((CASING, 2, 0.7), (COLOUR, 0, 1.0)):
            ink = np.zeros((height, width), np.uint8)
            cv2.polylines(ink, runs, False, 255, thick + extra, cv2.LINE_AA, _SUBPIXEL)
            _blend(canvas, ink, colour, opacity * strength)


def _runs(
    path: Int[np.ndarray, "n 2"], hidden: Bool[np.ndarray, " n"], dash: float
) -> list[tuple[bool, Int[np.ndarray, "m 2"]]]:
    """(hidden, corners) of every run that is seen, and of every dash of those that are not."""
    travelled = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(path, axis=0), axis=1))])
    kind = np.where(hidden, 1 + (travelled // dash).astype(int), 0)
    cuts = [0, *(np.flatnonzero(np.diff(kind)) + 1), len(path)]
    runs = [(int(kind[start]), path[start : end + 1]) for start, end in itertools.pairwise(cuts)]
    return [(number > 0, run) for number, run in runs if number == 0 or number % 2]


def _blend(
    canvas: UInt8[np.ndarray, "h w 4"], ink: UInt8[np.ndarray, "h w"], colour: tuple[int, int, int], opacity: float
) -> None:
    """Lay ink over what is drawn already."""
    rows, columns = np.nonzero(ink)
    under = canvas[rows, columns].astype(np.float64)
    top, below = ink[rows, columns] / 255 * opacity, under[:, 3] / 255
    alpha = top + below * (1 - top)
    mixed = (np.array(colour) * top[:, None] + under[:, :3] * (below * (1 - top))[:, None]) / alpha[:, None]
    canvas[rows, columns] = np.concatenate([mixed, 255 * alpha[:, None]], axis=1).round().astype(np.uint8)
