"""The paper's metrics made exact (DESIGN section 3; paper Tables 1-4 and 6, App. C). NumPy, float64 inside.

Depth is z. Every method is aligned per sample by one scale and one shift of depth, fitted on layer 0. Chamfer CD-L1 is
the mean nearest-neighbour distance and CD-L2 the mean squared one, each averaged over the two directions. A clip is
one sample: its frames share one scale and one shift, and its figures are means over frames.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any

import numpy as np

from wt.evaluation.jitter import Jitter, jitter
from wt.geometry.layers import real_surfaces
from wt.types import Bool, Float

NUM_POINTS = 8192
TOLERANCE = 0.01
_NAN = float("nan")


@dataclass(frozen=True)
class Depth:
    """Errors of aligned layer-0 depth, in the truth's unit where they have one; delta k is the share within 1.25^k."""

    mae: float
    rmse: float
    absrel: float
    delta1: float
    delta2: float
    delta3: float


@dataclass(frozen=True)
class Points:
    """Agreement of two point sets, in the sample's unit length; no Chamfer (NaN) and F 0 where a set is empty."""

    f01: float
    f05: float
    cd_l1: float
    cd_l2: float


@dataclass(frozen=True)
class SampleMetrics:
    """Everything that a table row averages; `hidden` and `all` are NaN where the truth knows layer 0 alone."""

    depth: Depth
    layer0: Points
    hidden: Points
    all: Points
    jitter: Jitter
    """NaN of a picture."""


class PointSet:
    """At most `NUM_POINTS` of the points (drawn without repetition, seed 0), divided by the sample's unit length."""

    def __init__(self, points: Float[np.ndarray, "n 3"], unit: float) -> None:
        self.points = _draw(points) / unit

    @cached_property
    def tree(self) -> Any:
        """For nearest neighbours."""
        from scipy.spatial import cKDTree

        return cKDTree(self.points, balanced_tree=False)


@dataclass(frozen=True, eq=False)
class Reference:
    """One picture's true surfaces. Its point sets are made once for all methods that are measured on it."""

    truth: Float[np.ndarray, "layers h w 3"]
    """Forward-filled; a single layer means that hidden surfaces are not known."""
    alpha: Bool[np.ndarray, "h w"]
    """The rays that count."""
    unit: float
    """The length that distances are divided by: see `unit_length`."""

    @cached_property
    def sets(self) -> "Sets":
        """The surfaces of layer 0, of the hidden layers, and of all."""
        return Sets(surface_points(self.truth, self.alpha), self.unit)


class Sets:
    """Point sets of a stack of layers, made when they are asked for."""

    def __init__(self, surfaces: list[Float[np.ndarray, "_ 3"]], unit: float) -> None:
        self.surfaces, self.unit = surfaces, unit

    @cached_property
    def layer0(self) -> PointSet:
        """What the camera sees."""
        return PointSet(self.surfaces[0], self.unit)

    @cached_property
    def hidden(self) -> PointSet:
        """Layers 1 and deeper."""
        deeper = self.surfaces[1:] or [np.zeros((0, 3))]
        return PointSet(np.concatenate(deeper), self.unit)

    @cached_property
    def all(self) -> PointSet:
        """All layers together."""
        return PointSet(np.concatenate(self.surfaces), self.unit)


class Fit:
    """A prediction of one picture, or of all frames of a clip, aligned with the truth; figures come when asked for.

    A ray whose prediction is not finite, or not in front of the camera, is left out of alignment and depth errors.
    """

    def __init__(self, predicted: Sequence[np.ndarray], references: Sequence[Reference]) -> None:
        """`predicted` [layers, h, w, 3] lies on the grid of its frame's reference."""
        self.predicted, self.references = predicted, references
        self.valid = [
            r.alpha & np.isfinite(p).all(axis=(0, 3)) & (p[0, ..., 2] > 0) for p, r in zip(predicted, references)
        ]

    @cached_property
    def gauge(self) -> tuple[float, float] | None:
        """(scale, shift) of depth; None if no ray was predicted."""
        z = np.concatenate([p[0, ..., 2][v] for p, v in zip(self.predicted, self.valid)])
        true = np.concatenate([r.truth[0, ..., 2][v] for r, v in zip(self.references, self.valid)])
        return align_depth(z, true, np.ones(len(z), bool)) if len(z) else None

    @cached_property
    def aligned(self) -> list[np.ndarray]:
        """The prediction's points [layers, h, w, 3] in the truth's gauge, frame by frame."""
        scale, shift = self.gauge or (_NAN, _NAN)
        return [aligned_points(p, scale, shift) for p in self.predicted]

    @cached_property
    def _sets(self) -> list[Sets]:
        return [
            Sets(surface_points(moved, valid), r.unit)
            for moved, valid, r in zip(self.aligned, self.valid, self.references)
        ]

    @cached_property
    def depth(self) -> Depth:
        """Layer 0."""
        return _mean(
            [
                depth_errors(moved[0, ..., 2], r.truth[0, ..., 2], valid)
                for moved, valid, r in zip(self.aligned, self.valid, self.references)
            ]
        )

    @cached_property
    def all(self) -> Points:
        """All layers together."""
        return self._agreement("all")

    @cached_property
    def jitter(self) -> Jitter:
        """Of a clip; the whole of it has one alignment and one unit."""
        truth = [r.truth for r in self.references]
        return jitter(self.aligned, truth, self.valid, self.references[0].unit)

    @cached_property
    def rank(self) -> tuple[float, float]:
        """What the best of several seeds has least of: the all-layer CD-L1, then (and for single layers) AbsRel."""
        chamfer, absrel = self.all.cd_l1, self.depth.absrel
        return np.inf if np.isnan(chamfer) else chamfer, np.inf if np.isnan(absrel) else absrel

    def metrics(self) -> SampleMetrics:
        """Everything; it does not hold on to the points."""
        return SampleMetrics(self.depth, self._agreement("layer0"), self._agreement("hidden"), self.all, self.jitter)

    def _agreement(self, which: str) -> Points:
        found = []
        for ours, reference in zip(self._sets, self.references):
            if which != "layer0" and len(reference.truth) == 1:
                found.append(Points(*(_NAN,) * 4))
            else:
                found.append(sets_agreement(getattr(ours, which), getattr(reference.sets, which)))
        return _mean(found)


def align_depth(
    predicted: Float[np.ndarray, "*n"], truth: Float[np.ndarray, "*n"], valid: Bool[np.ndarray, "*n"]
) -> tuple[float, float]:
    """(s, t) minimising sum (s z + t - z_true)^2 over valid pixels; a constant prediction gets s = 0."""
    z, target = predicted[valid].astype(np.float64), truth[valid].astype(np.float64)
    centred = z - z.mean()
    variance = float(centred @ centred)
    # Rounding leaves a constant map with a little variance; dividing by it would fit noise.
    if variance <= 1e-12 * max(float(z @ z), 1e-30):
        return 0.0, float(target.mean())
    scale = float(centred @ (target - target.mean())) / variance
    return scale, float(target.mean() - scale * z.mean())


def aligned_points(points: Float[np.ndarray, "*n 3"], scale: float, shift: float) -> Float[np.ndarray, "*n 3"]:
    """Points moved along their rays to depth s z + t: p' = p (s z + t) / z, float64."""
    p = points.astype(np.float64)
    z = p[..., 2:]
    with np.errstate(invalid="ignore", divide="ignore"):
        return p * ((scale * z + shift) / z)


def depth_errors(
    predicted: Float[np.ndarray, "*n"], truth: Float[np.ndarray, "*n"], valid: Bool[np.ndarray, "*n"]
) -> Depth:
    """MAE, RMSE, AbsRel and the shares within a factor 1.25^k, of aligned depth; NaN and 0 of nothing."""
    if not valid.any():
        return Depth(_NAN, _NAN, _NAN, 0.0, 0.0, 0.0)
    z, target = predicted[valid].astype(np.float64), truth[valid].astype(np.float64)
    error = np.abs(z - target)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where(z > 0, np.maximum(z / target, target / z), np.inf)
    return Depth(
        float(error.mean()),
        float(np.sqrt((error**2).mean())),
        float((error / target).mean()),
        *(float((ratio < 1.25**k).mean()) for k in (1, 2, 3)),
    )


def point_agreement(predicted: Float[np.ndarray, "n 3"], truth: Float[np.ndarray, "m 3"], unit: float) -> Points:
    """F-scores at 0.01 and 0.05 and Chamfer distances of at most 8192 points of each set, lengths divided by `unit`."""
    return sets_agreement(PointSet(predicted, unit), PointSet(truth, unit))


def sets_agreement(predicted: PointSet, truth: PointSet) -> Points:
    """`point_agreement` of sets that are made already."""
    if not len(predicted.points) or not len(truth.points):
        return Points(0.0, 0.0, _NAN, _NAN)
    to_truth = truth.tree.query(predicted.points)[0]
    to_predicted = predicted.tree.query(truth.points)[0]
    return Points(
        f_score(to_truth, to_predicted, 0.01),
        f_score(to_truth, to_predicted, 0.05),
        float((to_truth.mean() + to_predicted.mean()) / 2),
        float(((to_truth**2).mean() + (to_predicted**2).mean()) / 2),
    )


def f_score(to_truth: Float[np.ndarray, "n"], to_predicted: Float[np.ndarray, "m"], threshold: float) -> float:
    """Harmonic mean of the shares of points within `threshold` of the other set."""
    precision, recall = float((to_truth < threshold).mean()), float((to_predicted < threshold).mean())
    return 0.0 if precision + recall == 0 else 2 * precision * recall / (precision + recall)


def sample_metrics(
    predicted: Float[np.ndarray, "layers h w 3"],
    truth: Float[np.ndarray, "layers2 h w 3"],
    alpha: Bool[np.ndarray, "h w"],
    *,
    unit: float,
) -> SampleMetrics:
    """All metrics of one picture (see `Fit`); both stacks lie on one grid. `truth`, `alpha`, `unit`: `Reference`."""
    return Fit([predicted], [Reference(truth, alpha, unit)]).metrics()


def surface_points(
    points: Float[np.ndarray, "layers h w 3"], valid: Bool[np.ndarray, "h w"]
) -> list[Float[np.ndarray, "_ 3"]]:
    """The real surfaces of every layer as point lists."""
    depth = np.where(valid, points[..., 2], np.nan)
    present = real_surfaces(depth, TOLERANCE)
    return [points[layer][present[layer]] for layer in range(len(points))]


def unit_length(truth: Float[np.ndarray, "layers h w 3"], alpha: Bool[np.ndarray, "h w"], kind: str) -> float:
    """Scenes: median true layer-0 depth. Objects: the longest side of the true points' bounding box."""
    if kind == "scene":
        return float(np.median(truth[0, ..., 2][alpha]))
    points = np.concatenate(surface_points(truth, alpha))
    return float((points.max(axis=0) - points.min(axis=0)).max())


def best_of(seeds: Sequence[Fit]) -> Fit:
    """The seed with the lowest all-layer CD-L1 (AbsRel where hidden layers are not known): it gives every figure."""
    return seeds[0] if len(seeds) == 1 else min(seeds, key=lambda fit: fit.rank)


def _draw(points: Float[np.ndarray, "n 3"]) -> Float[np.ndarray, "m 3"]:
    if len(points) <= NUM_POINTS:
        return points.astype(np.float64)
    drawn = np.random.default_rng(0).choice(len(points), NUM_POINTS, replace=False)
    # Neighbours in the picture are neighbours in space: in order, searches are a fifth faster.
    return points[np.sort(drawn)].astype(np.float64)


def _mean(frames: list[Any]) -> Any:
    """Field by field over frames, without those that have no such figure."""
    if len(frames) == 1:
        return frames[0]
    figures = []
    for field in fields(frames[0]):
        values = np.array([getattr(frame, field.name) for frame in frames])
        values = values[np.isfinite(values)]
        figures.append(float(values.mean()) if len(values) else _NAN)
    return type(frames[0])(*figures)
