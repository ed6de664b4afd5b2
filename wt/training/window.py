"""The affine window: which part of a source picture becomes the network's square, and the camera that sees it.

One 2x3 matrix leads from the square to source pixels; colours, depth and K all follow it. With F = diag(fx, fy) of the
source and G = turn * shear, source pixel = F G F^-1 diag(width, height) * (flip) * place in the square + corner. So the
square is what an upright pinhole camera of focal lengths (fx, fy) * side / (width, height) sees of a world whose x and
y went through the inverse of G and of the flip, z unchanged:

* a turn is the camera turned about its optical axis, exactly, in squeezed pictures too (`pixel_aspect`);
* a different width and height are other focal lengths, as in every photo that is squeezed to the square;
* shear could give K a skew or shear the world. No real camera has a skew, and the intrinsics that are fitted to a
  prediction have none either, so it is the world that leans: picture and points agree exactly, and right angles are off
  by `shear` radians. Hence keep it small.

Source: paper App. C ("camera-space targets transformed consistently with the image operation").
"""

import math
from dataclasses import dataclass

import numpy as np

from wt.types import Bool, Float, Int


@dataclass(frozen=True)
class Window:
    """A rectangle of the source, then turned and sheared about its middle; it may reach outside. Source pixels."""

    left: float | int
    top: float | int
    width: float | int
    height: float | int
    flip: bool = False
    turn: float | int = 0.0
    """Radians; positive turns the camera clockwise (from +x to +y), so the picture turns anticlockwise."""
    shear: float | int = 0.0
    """How far the rectangle leans to +x for each unit down."""
    pixel_aspect: float | int = 1.0
    """fy / fx of the source."""

    def matrix(self) -> Float[np.ndarray, "2 3"]:
        """From places in the square (0 to 1 across and down) to source pixels."""
        size = np.diag([-self.width if self.flip else self.width, self.height])
        linear = lean(self.turn, self.shear, self.pixel_aspect) @ size
        middle = np.array([self.left + self.width / 2, self.top + self.height / 2])
        return np.column_stack([linear, middle - linear.sum(axis=1) / 2])


def lean(turn: float | int, shear: float | int, pixel_aspect: float | int = 1.0) -> Float[np.ndarray, "2 2"]:
    """F G F^-1: a turn (radians) after a shear of camera-space x and y, as pixels of that aspect show it."""
    cos, sin = math.cos(turn), math.sin(turn)
    return np.array([[cos, (cos * shear - sin) / pixel_aspect], [sin * pixel_aspect, sin * shear + cos]])


def source_index(
    window: Window, side: int, size: tuple[int, int]
) -> tuple[Int[np.ndarray, "s s"], Int[np.ndarray, "s s"], Bool[np.ndarray, "s s"]]:
    """Nearest source row and column of every target pixel (clipped to the source), and which lie inside it.

    `size` is (height, width) of the source.
    """
    height, width = size
    at = np.arange(side) + 0.5
    x, y = ((m[0] * at + (m[1] * at)[:, None]) / side + m[2] for m in window.matrix())
    columns, rows = np.floor(x).astype(np.int64), np.floor(y).astype(np.int64)
    inside = (rows >= 0) & (rows < height) & (columns >= 0) & (columns < width)
    return rows.clip(0, height - 1), columns.clip(0, width - 1), inside


def window_k(k: Float[np.ndarray, "4"], window: Window, side: int) -> Float[np.ndarray, "4"]:
    """K of the window's side x side grid, without a skew (see above)."""
    matrix = window.matrix()
    cx, cy = side * np.linalg.solve(matrix[:, :2], k[2:].astype(np.float64) - matrix[:, 2])
    return np.array([k[0] * side / window.width, k[1] * side / window.height, cx, cy], dtype=np.float64)


def camera_map(window: Window) -> Float[np.ndarray, "2 2"]:
    """What x and y of the source's camera space go through; z stays."""
    straight = np.linalg.inv(lean(window.turn, window.shear))
    return np.diag([-1.0, 1.0]) @ straight if window.flip else straight
