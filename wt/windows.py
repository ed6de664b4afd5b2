"""Windows of one photo, and the mean of their lifts.

A small network errs a little differently where a photo is cut or mirrored, so its lifts of several windows err less
together than one does. Their depth is averaged along the rays of the lift of the whole photo: every point keeps its
pixel, and the camera stays. (Averaging over crops and mirror images at test time: Krizhevsky et al. 2012, section 4.1.)
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from wt.preprocess import SquareCrop
from wt.types import Bool, Float, UInt8

LEAST_SHARE = 0.05
"""Of its pixels, a window must have on valid rays to be lifted."""


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle of the photo's pixels."""

    left: int
    top: int
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Window:
    """A part of what a model is given plainly, in shares of it: of the whole photo, or of an object's square crop."""

    left: float = 0.0
    top: float = 0.0
    right: float = 1.0
    bottom: float = 1.0
    mirrored: bool = False

    def of(self, plain: Box) -> Box:
        """The window in whole pixels."""
        left, right = round(self.left * plain.width), round(self.right * plain.width)
        top, bottom = round(self.top * plain.height), round(self.bottom * plain.height)
        return Box(plain.left + left, plain.top + top, right - left, bottom - top)

    def cut(
        self, rgb: UInt8[np.ndarray, "h w 3"], alpha: UInt8[np.ndarray, "h w"], box: Box, *, square: bool
    ) -> tuple[UInt8[np.ndarray, "h2 w2 3"], UInt8[np.ndarray, "h2 w2"]]:
        """Colours and alpha inside `box`, mirrored if the window is.

        With `square` the box may reach beyond the photo, where alpha is 0.
        """
        if square:
            crop = SquareCrop(box.top, box.left, box.width)
            parts = crop.cut(rgb), crop.cut(alpha)
        else:
            rows, columns = slice(box.top, box.top + box.height), slice(box.left, box.left + box.width)
            parts = rgb[rows, columns], alpha[rows, columns]
        if self.mirrored:
            parts = parts[0][:, ::-1], parts[1][:, ::-1]
        return np.ascontiguousarray(parts[0]), np.ascontiguousarray(parts[1])


WHOLE = Window()
WINDOWS = {
    "scene": (
        WHOLE,
        Window(0.0, 0.0, 0.85, 0.85),
        Window(0.15, 0.15, 1.0, 1.0, mirrored=True),
        Window(0.15, 0.0, 1.0, 0.85, mirrored=True),
        Window(0.0, 0.15, 0.85, 1.0),
    ),
    "object": (WHOLE, Window(-0.05, -0.05, 1.05, 1.05, mirrored=True)),
}
"""Of a kind of model, in the order in which they are taken: a lift of n windows is the mean over the first n."""


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
