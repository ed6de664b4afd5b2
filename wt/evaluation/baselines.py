"""What the model is compared with. Every method gives camera-space points [layers, h, w, 3] on the sample's own grid.

`plane` and `mean-depth` know nothing of the photo and are given the true rays; `own-visible` and `visible-truth` are
layer 0 of the model and of the truth, repeated: what hidden layers add, and the ceiling of any single-layer method.
"""

import numpy as np

from wt.evaluation.samples import Truth
from wt.geometry.camera import rays
from wt.geometry.layers import LayeredPointmap
from wt.preprocess import CROP_FILL
from wt.scene.scene import to_grid
from wt.training.augment import object_window
from wt.training.window import Window
from wt.types import Float

METHODS = ("plane", "mean-depth", "own-visible", "visible-truth")


def model_points(layers: LayeredPointmap, truth: Truth) -> Float[np.ndarray, "layers h w 3"]:
    """A lift on the sample's grid: by nearest pixel where the lifter's grid is coarser, so that no depth is mixed."""
    return to_grid(layers, truth.intrinsics, len(truth.points)).points


def repeated(points: Float[np.ndarray, "layers h w 3"]) -> Float[np.ndarray, "layers h w 3"]:
    """Layer 0 in the place of every layer."""
    return np.broadcast_to(points[:1], points.shape)


def plane(truth: Truth) -> Float[np.ndarray, "layers h w 3"]:
    """One depth for all rays: the truth's median (which the alignment then replaces by the best constant)."""
    depth = np.median(truth.points[0, ..., 2][truth.alpha])
    return np.broadcast_to(rays(truth.intrinsics) * depth, truth.points.shape)


def mean_depth(
    truth: Truth, stored: Float[np.ndarray, "layers g g"], fill: float = CROP_FILL
) -> Float[np.ndarray, "layers h w 3"]:
    """The training set's mean layered depth as it was stored: over the whole view, or over the crop of an object.

    Scenes store the mean logarithm of depth over the median, objects the mean depth; an object took `fill` of the crop.
    """
    height, width = truth.alpha.shape
    if truth.kind == "scene":
        window = Window(0, 0, width, height)
    else:
        window = object_window(truth.alpha, None, fill)
    depth = _spread(stored, window, height, width)
    depth = np.exp(depth) if truth.kind == "scene" else depth
    return rays(truth.intrinsics) * depth[..., None]


def _spread(
    small: Float[np.ndarray, "layers g g2"], window: Window, height: int, width: int
) -> Float[np.ndarray, "layers h w"]:
    """Bilinear resampling of a small map laid over a window of the grid; its border goes on outside."""
    columns, across = _between(small.shape[2], (np.arange(width) + 0.5 - window.left) / window.width)
    rows, down = _between(small.shape[1], (np.arange(height) + 0.5 - window.top) / window.height)
    wide = small[:, :, columns] * (1 - across) + small[:, :, columns + 1] * across
    down = down[:, None]
    return wide[:, rows] * (1 - down) + wide[:, rows + 1] * down


def _between(count: int, place: Float[np.ndarray, "n"]) -> tuple[np.ndarray, np.ndarray]:
    """Lower neighbour and the share of the upper one, for places in [0, 1] across `count` cells."""
    at = np.clip(place * count - 0.5, 0, count - 1)
    low = np.minimum(at.astype(int), count - 2)
    return low, at - low
