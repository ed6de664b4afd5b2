"""A cloud as the nodes of a 3D view: thinned to a budget, its points as large as the pixels they were seen in."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from wt.geometry.camera import Intrinsics
from wt.scene.cloud import PointCloud
from wt.types import Float, Int, UInt8

_MARGIN = 1.03
"""A little ground around the photo, so that its edge is seen."""
_DEPTH_BINS = 3
"""A layer is shown in this many depth ranges, so that the point size can follow the footprint of a pixel."""
_OVERLAP = 1.15
_MOST_GROWTH = 1.3


@dataclass(frozen=True, eq=False)
class PointNode:
    """Points of one thing, layer and depth range, OpenCV camera frame."""

    object_id: int
    layer: int
    depth_range: int
    """0 is the nearest."""
    points: Float[np.ndarray, "n 3"]
    colours: UInt8[np.ndarray, "n 3"]
    footprint: float
    """Diameter of a point in scene units that leaves no gap to its neighbours."""


def point_nodes(cloud: PointCloud, budget: int, intrinsics: Intrinsics) -> Iterator[PointNode]:
    """The cloud, thinned to at most `budget` points, in nodes of about one footprint."""
    kept = thin(cloud.layer, budget)
    points, colours, layer, ident = (part[kept] for part in (cloud.points, cloud.colours, cloud.layer, cloud.object_id))
    bins = depth_bins(points[:, 2])
    keys = ident.astype(np.int64) << 16 | layer.astype(np.int64) << 8 | bins  # one number sorts far faster than three
    for key in np.unique(keys):
        thing, number, bin_ = int(key >> 16), int(key >> 8 & 255), int(key & 255)
        inside = keys == key
        footprint = _OVERLAP * float(np.median(points[inside, 2])) / min(intrinsics.fx, intrinsics.fy)
        thinned = max(1.0, float((cloud.layer == number).sum() / (layer == number).sum()))
        footprint *= min(math.sqrt(thinned), _MOST_GROWTH)  # a thinned layer needs larger points to stay closed
        yield PointNode(thing, number, bin_, points[inside], colours[inside], footprint)


def thin(layer: UInt8[np.ndarray, " n"], budget: int) -> Int[np.ndarray, " m"]:
    """Indices of at most `budget` points: the visible layer gets up to two thirds, the others share the rest.

    Neighbours in the list are neighbours on the grid, so equal steps thin evenly; the same points every time.
    """
    if len(layer) <= budget:
        return np.arange(len(layer))
    front, behind = np.flatnonzero(layer == 0), np.flatnonzero(layer > 0)
    for_front = min(len(front), max(2 * budget // 3, budget - len(behind)))
    parts = [_spread(front, for_front), _spread(behind, min(len(behind), budget - for_front))]
    return np.sort(np.concatenate(parts))


def _spread(indices: Int[np.ndarray, " n"], count: int) -> Int[np.ndarray, " m"]:
    return indices[(np.arange(count) * (len(indices) / max(count, 1))).astype(int)]


def depth_bins(z: Float[np.ndarray, " n"]) -> Int[np.ndarray, " n"]:
    """0, 1, 2 by thirds of the points' depth."""
    if not len(z):
        return np.zeros(0, np.int16)
    return np.searchsorted(np.quantile(z, np.arange(1, _DEPTH_BINS) / _DEPTH_BINS), z).astype(np.int16)


def fitting_fov(intrinsics: Intrinsics, aspect: float) -> float:
    """Vertical field of view in radians of a window of this aspect that shows the whole photo.

    The browser's camera looks along the axis, which is the photo's centre only if the principal point is.
    """
    k = intrinsics
    half_x, half_y = max(k.cx, k.width - k.cx) / k.fx, max(k.cy, k.height - k.cy) / k.fy
    return 2 * math.atan(_MARGIN * max(half_y, half_x / aspect))


def middle_depth(z: Float[np.ndarray, "*n"]) -> float:
    """The median of the known depths in front of the camera, what a view turns about; 1 if there are none."""
    known = z[np.isfinite(z) & (z > 0)]
    return float(np.median(known)) if len(known) else 1.0
