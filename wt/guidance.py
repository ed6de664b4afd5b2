"""Known depth of the visible surface as guidance of a lift: layer 0 is pinned to it, the hidden layers follow.

A step of the sampler ends with an estimate of all layers. Its layer 0 is compared with the known depth, which is first
brought to the estimate's own unit (`align`). The difference is a correction of depth, known on the visible surface;
hidden surfaces are corrected by what was found near them in the picture *and* in depth (`Field`): the back of a chair
moves with the chair, the wall behind it with the parts of the wall that are seen. The sampler then goes on towards the
corrected estimate, so that the state of layer 0 is the known geometry at that noise level, with the noise of the start.
It works from the first step on, also where that is the only one. All layers keep one time: with layer 0 at a time near
0 of its own, which the small models never saw, the Chamfer distance of hidden layers came out half as large again.
"""

import logging
import math
from dataclasses import dataclass, replace

import numpy as np

from wt.depth import DepthKind, DepthMap
from wt.geometry.camera import Intrinsics, rays
from wt.geometry.regrid import MIN_DEPTH, Placement
from wt.scene.gauge import huber_weights
from wt.types import Bool, Float

LOG = logging.getLogger(__name__)

EDGE = 0.1
"""Neighbours whose depth differs by more than this share lie on two sides of an edge, where depth maps are doubtful."""
DOUBT = 0.3
"""Weight of a known depth at an edge while the network runs."""
NEAR = 0.4
"""How far (natural logarithm of depth) behind the visible surface a hidden one still follows its own ray's residual."""
SHIFT_PRIOR = 6.0
"""Times the squared relative residual: the share of pixels that speak for a disparity without shift."""
_RANGE = 50.0
_SOLVES = 8
_CELLS = 14
_BIN = 0.15
_BLURS = ((0.7, 0.7), (2.0, 1.0), (5.0, 2.0), (30.0, 10.0))
"""(cells across the picture, bins of depth): the finest with enough known pixels around decides."""


@dataclass(frozen=True, slots=True)
class Alignment:
    """z = scale * value + shift, or its reciprocal for disparity: a depth map's numbers in the unit of an estimate."""

    scale: float
    shift: float
    reciprocal: bool
    lowest: float
    highest: float
    """Depths beyond these are no result of a fit but of its extrapolation."""

    def depth(self, values: Float[np.ndarray, "*n"]) -> Float[np.ndarray, "*n"]:
        """Depth in the estimate's unit, NaN where the value is."""
        line = self.scale * values + self.shift
        if self.reciprocal:
            line = 1 / np.maximum(line, 1 / self.highest)
        return np.clip(line, self.lowest, self.highest)

    def metres(self, z: Float[np.ndarray, "*n"]) -> Float[np.ndarray, "*n"]:
        """The way back, for metric depth."""
        return np.maximum((z - self.shift) / self.scale, MIN_DEPTH)


def align(
    values: Float[np.ndarray, " n"],
    z: Float[np.ndarray, " n"],
    weight: Float[np.ndarray, " n"],
    kind: DepthKind,
    proportion: float = 1.0,
) -> Alignment:
    """The known numbers in the unit of an estimate's layer 0, robustly (half of the estimate may be wrong).

    Metric depth has one free scale, the weighted median of z / value, because a scene's unit is the median over all
    layers (Eq. 6), which known layer-0 depth alone does not give. Relative depth and disparity have a scale and a
    shift: Huber-weighted least squares of relative error of depth.

    An estimate that is flatter than the truth makes the shift of disparity too large, and all relief with it too small.
    A pull to 0, infinitely far, as strong as the fit is poor, helps: with an estimate that is 24 % off, disparity then
    gives 6 % error instead of 15 (10 where its true shift is a third of its median, 19 where it is as large).

    Args:
        values: the depth map's numbers on rays where they are known.
        z: the estimate's layer-0 depth there, positive.
        weight: how much each ray counts.
        kind: what the numbers are.
        proportion: metric objects only: true over assumed focal length. One photo does not tell how far away an object
            is, so an object model assumes one lens; the depth of the relief is stretched by this factor and shifted,
            which keeps the object's proportions.
    """
    middle = _weighted_median(z, weight)
    bounds = (middle / _RANGE, middle * _RANGE)
    if kind == "metric":
        scale = _weighted_median(z / values, weight) * proportion
        shift = 0.0 if proportion == 1.0 else _weighted_median(z - scale * values, weight)
        return Alignment(scale, shift, False, *bounds)
    target = 1 / z if kind == "disparity" else z
    scale, shift = _robust_line(values, target, weight, SHIFT_PRIOR if kind == "disparity" else 0.0)
    if scale <= 0:
        LOG.warning("the depth map runs against the estimated depth; is it really %s?", kind)
        scale = _spread(target, weight) / _spread(values, weight)
        shift = _weighted_median(target, weight) - scale * _weighted_median(values, weight)
    return Alignment(scale, shift, kind == "disparity", *bounds)


class Field:
    """A correction of log depth as a smooth function of (row, column, log depth), known at scattered places."""

    def __init__(
        self, correction: Float[np.ndarray, "h w"], z: Float[np.ndarray, "h w"], weight: Float[np.ndarray, "h w"]
    ) -> None:
        from scipy.ndimage import gaussian_filter

        self._per_cell = max(z.shape) / _CELLS
        use = weight > 0
        rows, columns, depth = (place[use] for place in self._places(z))
        self._first = float(depth.min()) - 2
        shape = tuple(math.ceil(side / self._per_cell) + 1 for side in z.shape)
        bins = int(depth.max() - self._first) + 4
        index = tuple(np.round(axis).astype(int) for axis in (rows, columns, depth - self._first))
        total = np.zeros((2, *shape, bins))
        np.add.at(total[0], index, (weight * correction)[use])
        np.add.at(total[1], index, weight[use])
        self._values = np.zeros(total.shape[1:])
        left = np.ones(total.shape[1:])
        # Pixels a cell, so that the trust in a blur does not depend on the grid.
        total /= self._per_cell**2
        for rank, (across, deep) in enumerate(_BLURS):
            amount, count = (gaussian_filter(part, (across, across, deep), mode="constant") for part in total)
            trust = count / (count + 3e-4 * 10.0**-rank)
            self._values += left * trust * amount / (count + 1e-12)
            left *= 1 - trust

    def __call__(self, z: Float[np.ndarray, "h w"]) -> Float[np.ndarray, "h w"]:
        """The correction of log depth at depth z of every ray; beyond the known depths that of the nearest."""
        from scipy.ndimage import map_coordinates

        rows, columns, depth = self._places(z)
        depth = np.clip(depth - self._first, 0, self._values.shape[2] - 1)
        return map_coordinates(self._values, np.stack([rows, columns, depth]), order=1, mode="nearest")

    def _places(self, z: Float[np.ndarray, "h w"]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        rows, columns = np.mgrid[: z.shape[0], : z.shape[1]] / self._per_cell
        return rows, columns, np.log(z) / _BIN


def reconciled(
    z: Float[np.ndarray, "l h w"],
    known: Float[np.ndarray, "h w"],
    weight: Float[np.ndarray, "h w"],
    valid: Bool[np.ndarray, "h w"],
) -> Float[np.ndarray, "l h w"]:
    """Depth of all layers with layer 0 drawn to the known depth and the hidden ones moved along, near to far.

    Args:
        z: an estimate, positive.
        known: layer-0 depth in the same unit; NaN where unknown.
        weight: 1 puts layer 0 exactly on the known depth, 0 leaves it to its surroundings.
        valid: rays that count; the others are returned as they are.
    """
    use = valid & np.isfinite(known) & (weight > 0)
    if not use.any():
        return z
    weight = np.where(use, weight, 0.0)
    difference = np.where(use, np.log(np.where(use, known, 1.0) / z[0]), 0.0)
    field = Field(difference, np.where(use, z[0], 1.0), weight)
    first = field(z[0])
    residual = weight * (difference - first)
    moved = [z[0] * np.exp(first + residual)]
    for layer in z[1:]:
        follows = np.exp(-((np.log(layer / z[0]) / NEAR) ** 2))
        moved.append(layer * np.exp(field(layer) + residual * follows))
    return np.where(valid, np.maximum.accumulate(np.stack(moved), axis=0), z)


@dataclass(frozen=True, eq=False)
class Known:
    """What is known of one photo's visible surface, on the grids of a lift."""

    kind: DepthKind
    square: Float[np.ndarray, "s s"]
    """The map's numbers on the network's square; NaN where unknown."""
    grid: Float[np.ndarray, "h w"]
    """On the grid of the result."""
    camera: Intrinsics | None
    """The true camera on the network's square."""
    one_lens: bool
    """Whether the model assumes a lens of its own (objects): see `align`."""

    @classmethod
    def of(cls, depth: DepthMap, place: Placement, side: int, camera: Intrinsics | None, *, one_lens: bool) -> "Known":
        """From a depth map on the photo's pixels; `camera` is that of the result's grid."""
        grid = depth.resized(place.width, place.height)
        rows, columns = depth.values.shape
        (sx, sy), (dx, dy) = place.scale, place.shift
        u = ((np.arange(side) + 0.5 - dx) / sx * columns / place.width)[None, :]
        v = ((np.arange(side) + 0.5 - dy) / sy * rows / place.height)[:, None]
        inside = (u >= 0) & (u < columns) & (v >= 0) & (v < rows)
        nearest = depth.values[v.astype(int).clip(0, rows - 1), u.astype(int).clip(0, columns - 1)]
        square = np.where(inside, nearest, np.nan)
        if camera is not None:
            camera = Intrinsics(camera.fx * sx, camera.fy * sy, camera.cx * sx + dx, camera.cy * sy + dy, side, side)
        return cls(depth.kind, square.astype(np.float64), grid.values.astype(np.float64), camera, one_lens)

    def guide(
        self, points: Float[np.ndarray, "l s s 3"], valid: Bool[np.ndarray, "s s"], fitted: Intrinsics
    ) -> Float[np.ndarray, "l s s 3"]:
        """An estimate on the network's square, in camera space, reconciled with what is known, on the camera's rays."""
        z = points[..., 2].astype(np.float64)
        weight = certainty(self.square, self.kind)
        aligned = self._align(self.square, z[0], weight, valid, fitted)
        if aligned is None:
            return points
        moved = reconciled(z, aligned.depth(self.square), weight, valid)
        lens = fitted if self.one_lens or self.camera is None else self.camera
        onto = rays(lens) * moved[..., None]
        return np.where(valid[..., None], onto, points).astype(points.dtype)

    def finish(
        self,
        z: Float[np.ndarray, "l h w"],
        alpha: Bool[np.ndarray, "h w"],
        fitted: Intrinsics,
        camera: Intrinsics | None,
    ) -> Float[np.ndarray, "l h w"] | None:
        """Final depth on the result's grid: layer 0 equals the known depth wherever that is known; metres if metric.

        None: no valid ray has a known depth. `fitted` is the estimate's own camera, `camera` the true one if known.
        """
        known = np.isfinite(self.grid)
        guide = replace(self, camera=camera)
        aligned = guide._align(self.grid, z[0], certainty(self.grid, self.kind), alpha, fitted)
        if aligned is None:
            return None
        moved = reconciled(z, aligned.depth(self.grid), known.astype(np.float64), alpha)
        if self.kind != "metric":
            return moved
        metres = aligned.metres(moved)
        metres[0] = np.where(known & alpha, self.grid, metres[0])
        return np.maximum.accumulate(metres, axis=0)

    def _align(
        self,
        values: Float[np.ndarray, "h w"],
        z: Float[np.ndarray, "h w"],
        weight: Float[np.ndarray, "h w"],
        valid: Bool[np.ndarray, "h w"],
        fitted: Intrinsics,
    ) -> Alignment | None:
        use = valid & (weight > 0)
        if not use.any():
            return None
        proportion = 1.0
        if self.one_lens and self.camera is not None:
            proportion = math.sqrt(self.camera.fx * self.camera.fy / (fitted.fx * fitted.fy))
        return align(values[use], z[use], weight[use], self.kind, proportion)


def certainty(values: Float[np.ndarray, "h w"], kind: DepthKind) -> Float[np.ndarray, "h w"]:
    """Weight of known depth while the network runs: 0 where unknown, `DOUBT` at edges and beside holes, else 1."""
    known = np.isfinite(values)
    size = np.abs(np.where(known, values, 0.0))
    spread = float(np.ptp(values[known])) if known.any() else 0.0
    doubtful = np.zeros(known.shape, dtype=bool)
    for axis in (0, 1):
        ahead = [slice(None), slice(None)]
        behind = [slice(None), slice(None)]
        ahead[axis], behind[axis] = slice(1, None), slice(None, -1)
        a, b = tuple(ahead), tuple(behind)
        # The zero of relative numbers means nothing: their jumps are measured by their range.
        unit = np.minimum(size[a], size[b]) if kind == "metric" else spread
        with np.errstate(invalid="ignore"):
            jump = (np.abs(values[a] - values[b]) > EDGE * unit) | (known[a] != known[b])
        doubtful[a] |= jump
        doubtful[b] |= jump
    return np.where(known, np.where(doubtful, DOUBT, 1.0), 0.0)


def _weighted_median(values: Float[np.ndarray, " n"], weight: Float[np.ndarray, " n"]) -> float:
    order = np.argsort(values)
    heap = np.cumsum(weight[order])
    return float(values[order][min(int(np.searchsorted(heap, heap[-1] / 2)), len(values) - 1)])


def _spread(values: Float[np.ndarray, " n"], weight: Float[np.ndarray, " n"]) -> float:
    """Median absolute deviation, never 0."""
    return max(_weighted_median(np.abs(values - _weighted_median(values, weight)), weight), 1e-12)


def _robust_line(
    x: Float[np.ndarray, " n"], y: Float[np.ndarray, " n"], weight: Float[np.ndarray, " n"], prior: float
) -> tuple[float, float]:
    """y = scale x + shift by Huber-weighted least squares of relative error; a constant x gives scale 0.

    Errors are relative to the fitted line: relative to y, they would favour what is too small.
    """
    middle = _weighted_median(y, weight)
    fitted, pull, ridge = np.full_like(y, middle), np.ones_like(y), 0.0
    scale, shift = 0.0, middle
    if np.ptp(x) <= 1e-9 * np.abs(x).max():
        return scale, shift
    for _ in range(_SOLVES):
        w = weight * pull / fitted**2
        matrix = np.array([[w @ (x * x), w @ x], [w @ x, (1 + ridge) * w.sum()]])
        scale, shift = (float(found) for found in np.linalg.solve(matrix, [w @ (x * y), w @ y]))
        line = scale * x + shift
        fitted = np.maximum(line, middle / _RANGE)
        error = np.abs(line - y) / fitted
        pull = huber_weights(error)
        ridge = prior * (1.4826 * float(np.median(error))) ** 2
    return scale, shift
