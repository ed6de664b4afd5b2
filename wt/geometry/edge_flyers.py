"""Points that hang in the air between a near and a far surface, taken out (ARCHITECTURE section 20)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from wt.geometry.layers import LayeredPointmap
from wt.types import Bool, Float

PerLayer = float | Sequence[float]
"""One number for all layers, or one each from layer 0 on, of which the last is for all that follow."""
ERODED = 7
"""Side of the square that finds a layer's rim, in pixels."""
COMPANY = 6
"""Points, itself included, that one on the rim needs near it."""
NEAR = 0.012
"""How near, over the diagonal of the layer's box."""


@dataclass(frozen=True, kw_only=True)
class EdgeFlyerFilter:
    """Drops points that are no part of a surface, layer by layer; the release never applies it by itself."""

    kernel: int = 5
    """Side of the median filter over a layer's depth, odd, in pixels; above 5 the depth is taken in 256 levels."""
    depth_share: PerLayer = 0.02
    """A depth that is further from the median filter's than this share of it is dropped."""
    depth_floor: PerLayer = 0.0
    """But never one that is less than this away, in the points' unit."""
    outliers: bool = True
    """Also drop points whose neighbours are far away."""
    neighbours: int = 8
    deviations: PerLayer = 2.5
    """How much further than the median point's, in robust standard deviations."""
    rim: bool = False
    """Also drop points of the mask's rim that have little company."""
    layers: Sequence[int] | None = None
    """Those to filter; all by default."""

    def __call__(
        self, points: Float[np.ndarray, "layers h w 3"], mask: Bool[np.ndarray, "layers h w"]
    ) -> tuple[Float[np.ndarray, "layers h w 3"], Bool[np.ndarray, "layers h w"]]:
        """(points, mask) as copies; dropped pixels are False in the mask and 0 in the points."""
        points, mask = points.copy(), mask.copy()
        for layer in range(len(points)) if self.layers is None else self.layers:
            kept = self._kept(points[layer], mask[layer], layer)
            points[layer][mask[layer] & ~kept] = 0
            mask[layer] &= kept
        return points, mask

    def _kept(
        self, points: Float[np.ndarray, "h w 3"], mask: Bool[np.ndarray, "h w"], layer: int
    ) -> Bool[np.ndarray, "h w"]:
        if not mask.any():
            return mask
        depth = points[..., 2]
        median = _median_depth(depth, mask, self.kernel)
        limit = np.maximum(_of(self.depth_share, layer) * np.maximum(median, 1e-3), _of(self.depth_floor, layer))
        kept = mask & (np.abs(depth - median) <= limit)
        finite = np.isfinite(points).all(axis=-1)
        if self.outliers:
            candidates = kept & finite
            kept[candidates] &= ~_outliers(points[candidates], self.neighbours, _of(self.deviations, layer))
        if self.rim:
            kept &= ~_lonely_rim(points, mask, finite)
        return kept


SOFT_LAYER_0 = EdgeFlyerFilter(depth_share=(0.04, 0.025), deviations=(3.5, 2.7))
"""The release's preset for clips."""


def without_edge_flyers(layers: LayeredPointmap, using: EdgeFlyerFilter = SOFT_LAYER_0) -> LayeredPointmap:
    """A lift without the surfaces that the filter drops.

    A dropped point repeats the surface before it, as the end of a ray does (paper Eq. 2); at the front of its ray it
    takes the place of the first that is left. A ray that has none left is no longer valid.
    """
    _, kept = using(np.nan_to_num(layers.points), layers.surfaces())
    index = np.arange(len(kept))[:, None, None]
    source = np.maximum.accumulate(np.where(kept, index, kept.argmax(axis=0)), axis=0)
    points = np.take_along_axis(layers.points, source[..., None], axis=0)
    return replace(layers, points=points, alpha=layers.alpha & kept.any(axis=0))


def _of(value: PerLayer, layer: int) -> float:
    return float(value) if isinstance(value, (int, float)) else float(value[min(layer, len(value) - 1)])


def _median_depth(
    depth: Float[np.ndarray, "h w"], mask: Bool[np.ndarray, "h w"], kernel: int
) -> Float[np.ndarray, "h w"]:
    import cv2

    inside = depth[mask]
    filled = np.where(mask, depth, inside.mean()).astype(np.float32)
    if kernel <= 5:
        return np.asarray(cv2.medianBlur(filled, kernel))
    low, span = inside.min(), max(float(inside.max() - inside.min()), 1e-6)
    levels = ((filled - low) / span * 255).clip(0, 255).astype(np.uint8)
    return np.asarray(cv2.medianBlur(levels, kernel)).astype(np.float32) / 255 * span + low


def _outliers(points: Float[np.ndarray, "n 3"], neighbours: int, deviations: float) -> Bool[np.ndarray, "n"]:
    """Points further from their neighbours than most (none of too few points)."""
    from scipy.spatial import cKDTree

    if len(points) < neighbours + 1:
        return np.zeros(len(points), dtype=bool)
    distances, _ = cKDTree(points).query(points, k=neighbours + 1)
    means = distances[:, 1:].mean(axis=1)
    median = np.median(means)
    deviation = 1.4826 * np.median(np.abs(means - median))
    return means > median + deviations * deviation if deviation > 0 else np.zeros(len(points), dtype=bool)


def _lonely_rim(
    points: Float[np.ndarray, "h w 3"], mask: Bool[np.ndarray, "h w"], finite: Bool[np.ndarray, "h w"]
) -> Bool[np.ndarray, "h w"]:
    """Points of the mask's rim with less than `COMPANY` of the layer's points about them."""
    import cv2
    from scipy.spatial import cKDTree

    there = mask & finite
    lonely = np.zeros_like(mask)
    if there.sum() < 8:
        return lonely
    core = cv2.erode(mask.astype(np.uint8), np.ones((ERODED, ERODED), dtype=np.uint8)) > 0
    rim = there & ~core
    diagonal = np.linalg.norm(np.ptp(points[there], axis=0))
    counts = cKDTree(points[there]).query_ball_point(points[rim], NEAR * diagonal, return_length=True)
    lonely[rim] = counts < COMPANY
    return lonely
