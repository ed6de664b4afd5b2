"""What sam-mini sees of a photo: the whole of it, or a window around what a first look found."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from editors.segment.base import Box, Point
from editors.segment.graph import shrink
from wt.types import Bool, Float

if TYPE_CHECKING:
    from segment_anything.modeling import Sam

Window = tuple[int, int, int, int]
"""left, top, right, bottom in photo pixels."""
AROUND = 2.2
"""Side of a second look's window over that of what was found."""
SMALLEST = 48
"""Photo pixels along the side of a window at least."""
CLOSE_ENOUGH = 0.75
"""A window of more than this share of the photo shows nothing that the first look did not."""
_TRUST = 10.0
"""How sharply the likelier of three masks counts more."""


class Look:
    """A window of the photo through the image encoder (once, a tenth of a second); every question is decoded alone."""

    def __init__(self, model: "Sam", rgb: np.ndarray, window: Window) -> None:
        from segment_anything import SamPredictor

        left, top, right, bottom = self.window = window
        small = shrink(np.ascontiguousarray(rgb[top:bottom, left:right]))
        self._scale = np.array([small.shape[1] / (right - left), small.shape[0] / (bottom - top)])
        self._predictor = SamPredictor(model)
        self._predictor.set_image(small)

    def chance(self, points: Sequence[Point], box: Box | None) -> Float[np.ndarray, "h w"]:
        """How likely each pixel of the window, at working size, is part of what clicks and box point at.

        The three masks are averaged, the surest counting most. Negative clicks outside the window are left out.
        """
        near = [(x, y, good) for x, y, good in points if good or self._holds(x, y)]
        coords = self._inside(np.array([(x, y) for x, y, _ in near])) if near else None
        labels = np.array([int(good) for *_, good in near]) if near else None
        frame = None if box is None else self._inside(np.array(box).reshape(2, 2)).ravel()
        logits, scores, _ = self._predictor.predict(coords, labels, frame, return_logits=True)
        weight = np.exp(_TRUST * (scores - scores.max()))
        return np.tensordot(weight / weight.sum(), 1 / (1 + np.exp(-logits)), axes=1)

    def extent(self, mask: Bool[np.ndarray, "h w"]) -> Box | None:
        """The box in photo pixels of a mask of this window; None if it is empty."""
        rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
        if not len(rows):
            return None
        corners = np.array([[columns[0], rows[0]], [columns[-1] + 1, rows[-1] + 1]]) / self._scale + self.window[:2]
        return tuple(corners.ravel().tolist())

    def _inside(self, xy: Float[np.ndarray, "n 2"]) -> Float[np.ndarray, "n 2"]:
        return (xy - self.window[:2]) * self._scale

    def _holds(self, x: float, y: float) -> bool:
        left, top, right, bottom = self.window
        return left <= x < right and top <= y < bottom


def around(box: Box | None, points: Sequence[Point], shape: tuple[int, ...]) -> Window | None:
    """The square window for a second look at a box and at the positive clicks; None where the first look was as close.

    Args:
        box: what was found, in photo pixels.
        points: clicks.
        shape: of the photo: height, width.
    """
    if box is None:
        return None
    corners = np.array([box[:2], box[2:], *((x, y) for x, y, good in points if good)])
    low, high = corners.min(axis=0), corners.max(axis=0)
    size = np.array([shape[1], shape[0]])
    side = max(AROUND * float((high - low).max()), SMALLEST)
    if side > CLOSE_ENOUGH * size.max():
        return None
    left, top = np.clip((low + high - side) / 2, 0, np.maximum(size - side, 0)).astype(int).tolist()
    return left, top, min(left + round(side), shape[1]), min(top + round(side), shape[0])
