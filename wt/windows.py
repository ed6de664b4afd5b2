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
    others: Sequence[tuple[Float[np.ndarray, "l h w 3"], Bool[np.ndarray, "h w"]]],
) -> Float[np.ndarray, "l h w 3"]:
    """The points of `whole`, moved along their rays to the mean log depth of all windows that see them.

    Each of the others, (points, where it has any) on the same grid, is first brought to the whole's scale by the median
    ratio of their visible depth: one photo does not tell a scene's size, and a window's answer has one of its own.
    """
    first = np.log(whole[..., 2])
    total, count = np.zeros_like(first), np.ones(alpha.shape, dtype=np.float32)
    for points, found in others:
        common = alpha & found
        if not common.any():
            continue
        apart = np.where(common, np.log(points[..., 2], where=common, out=np.zeros_like(first)) - first, 0)
        total += np.where(common, apart - np.median(apart[0][common]), 0)
        count += common
    return whole * np.exp(total / count)[..., None].astype(np.float32)
