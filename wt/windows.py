"""Windows of one photo, and the mean of their lifts.

A small network errs a little differently where a photo is cut or mirrored, so its lifts of several windows err less
together than one does. Their depth is averaged along the rays of the lift of the whole photo: every point keeps its
pixel, and the camera stays. (Averaging over crops and mirror images at test time: Krizhevsky et al. 2012, section 4.1.)
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from wt.types import Bool, Float, UInt8

LEAST_SHARE = 0.05
"""Of its pixels, a window must have on valid rays to be lifted."""
FADE = 0.2
"""Of the photo's side: a window counts in full so far inside its edges (the photo's own aside): none is seen."""


@dataclass(frozen=True, slots=True)
class Window:
    """A part of the photo, in shares of its width and height."""

    left: float = 0.0
    top: float = 0.0
    right: float = 1.0
    bottom: float = 1.0
    mirrored: bool = False

    def pixels(self, width: int, height: int) -> tuple[int, int, int, int]:
        """(left, top, width, height) in whole pixels of a photo of this size."""
        left, right = round(self.left * width), round(self.right * width)
        top, bottom = round(self.top * height), round(self.bottom * height)
        return left, top, right - left, bottom - top

    def weight(self, width: int, height: int) -> Float[np.ndarray, "h w"]:
        """How much the window counts on each pixel of a grid of the photo: 0 outside, 1 well inside, float32."""
        across = _faded(self.left, self.right, width)
        return _faded(self.top, self.bottom, height)[:, None] * across

    def cut(self, picture: UInt8[np.ndarray, "h w *c"]) -> UInt8[np.ndarray, "h2 w2 *c"]:
        """What the window shows of a picture, mirrored if it is."""
        left, top, width, height = self.pixels(picture.shape[1], picture.shape[0])
        part = picture[top : top + height, left : left + width]
        return np.ascontiguousarray(part[:, ::-1] if self.mirrored else part)


WHOLE = Window()
WINDOWS = (
    WHOLE,
    Window(0.0, 0.0, 0.85, 0.85),
    Window(0.15, 0.15, 1.0, 1.0, mirrored=True),
    Window(0.15, 0.0, 1.0, 0.85, mirrored=True),
    Window(0.0, 0.15, 0.85, 1.0),
)
"""In the order in which they are taken: a lift of n windows is the mean over the first n.

Chosen on 128 held-out scenes that `wt eval` does not draw. Objects have one window: a second one betters what is seen
of them by 4 % and worsens what is hidden by 2 %.
"""


def mean_depth(
    whole: Float[np.ndarray, "l h w 3"],
    alpha: Bool[np.ndarray, "h w"],
    others: Sequence[tuple[Float[np.ndarray, "l h w 3"], Float[np.ndarray, "h w"]]],
) -> Float[np.ndarray, "l h w 3"]:
    """The points of `whole`, moved along their rays to the weighted mean log depth of all windows.

    Each of the others, (points, weights) on the same grid, is first brought to the whole's scale by the median ratio of
    their visible depth: one photo does not tell a scene's size, and a window's answer has one of its own.
    """
    first = np.log(whole[..., 2])
    total, weights = np.zeros_like(first), np.ones(alpha.shape, dtype=np.float32)
    for points, weight in others:
        common = alpha & (weight > 0)
        if not common.any():
            continue
        apart = np.where(common, np.log(points[..., 2], where=common, out=np.zeros_like(first)) - first, 0)
        total += weight * np.where(common, apart - np.median(apart[0][common]), 0)
        weights += weight
    return whole * np.exp(total / weights)[..., None].astype(np.float32)


def _faded(start: float, end: float, count: int) -> Float[np.ndarray, " n"]:
    place = (np.arange(count) + 0.5) / count
    left = np.where(start > 0, (place - start) / FADE, 1.0)
    right = np.where(end < 1, (end - place) / FADE, 1.0)
    return np.minimum(left, right).clip(0, 1).astype(np.float32)
