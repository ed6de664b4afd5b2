"""The paper's metrics made exact (DESIGN section 3; paper Tables 1-2, App. C). NumPy, float64 inside.

Depth is z. Every method is aligned per sample by one scale and one shift of depth, fitted on layer 0. Chamfer CD-L1 is
the mean nearest-neighbour distance and CD-L2 the mean squared one, each averaged over the two directions.
"""

from dataclasses import dataclass

import numpy as np

from wt.geometry.layers import real_surfaces
from wt.types import Bool, Float

NUM_POINTS = 8192
TOLERANCE = 0.01


@dataclass(frozen=True)
class Depth:
    """Errors of aligned layer-0 depth, in the truth's unit where they have one."""

    mae: float
    rmse: float
    absrel: float
    delta1: float


@dataclass(frozen=True)
class Points:
    """Agreement of two point sets, in the sample's unit length; NaN where a set is empty (F is 0 then)."""

    f01: float
    f05: float
    cd_l1: float
    cd_l2: float


@dataclass(frozen=True)
class SampleMetrics:
    """Everything that a table row averages."""

    depth: Depth
    layer0: Points
    hidden: Points
    all: Points


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
    """MAE, RMSE, AbsRel and the share within a factor 1.25, of depth that is aligned already."""
    z, target = predicted[valid].astype(np.float64), truth[valid].astype(np.float64)
    error = np.abs(z - target)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where(z > 0, np.maximum(z / target, target / z), np.inf)
    return Depth(
        float(error.mean()),
        float(np.sqrt((error**2).mean())),
        float((error / target).mean()),
        float((ratio < 1.25).mean()),
    )


def point_agreement(predicted: Float[np.ndarray, "n 3"], truth: Float[np.ndarray, "m 3"], unit: float) -> Points:
    """F-scores at 0.01 and 0.05 and Chamfer distances of at most 8192 points of each set, lengths divided by `unit`."""
    if not len(predicted) or not len(truth):
        return Points(0.0, 0.0, float("nan"), float("nan"))
    from scipy.spatial import cKDTree

    a, b = _draw(predicted) / unit, _draw(truth) / unit
    to_truth = cKDTree(b).query(a)[0]
    to_predicted = cKDTree(a).query(b)[0]
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
    """All metrics of one sample; both stacks lie on one grid, `alpha` marks the rays that count.

    A ray whose prediction is not finite, or not in front of the camera, is left out of alignment and depth errors.
    `truth` is forward-filled. `unit` is the length that distances are divided by: see `unit_length`.
    """
    valid = alpha & np.isfinite(predicted).all(axis=(0, 3)) & (predicted[0, ..., 2] > 0)
    if not valid.any():
        nothing = Points(0.0, 0.0, float("nan"), float("nan"))
        return SampleMetrics(Depth(*(float("nan"),) * 3, 0.0), nothing, nothing, nothing)
    scale, shift = align_depth(predicted[0, ..., 2], truth[0, ..., 2], valid)
    moved = aligned_points(predicted, scale, shift)
    ours = surface_points(moved, valid)
    theirs = surface_points(truth, alpha)
    return SampleMetrics(
        depth_errors(moved[0, ..., 2], truth[0, ..., 2], valid),
        point_agreement(ours[0], theirs[0], unit),
        point_agreement(np.concatenate(ours[1:]), np.concatenate(theirs[1:]), unit),
        point_agreement(np.concatenate(ours), np.concatenate(theirs), unit),
    )


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


def best_of(seeds: list[SampleMetrics]) -> SampleMetrics:
    """The seed with the lowest all-layer CD-L1; it gives every figure of the sample."""
    return min(seeds, key=lambda m: np.inf if np.isnan(m.all.cd_l1) else m.all.cd_l1)


def _draw(points: Float[np.ndarray, "n 3"]) -> Float[np.ndarray, "m 3"]:
    """At most NUM_POINTS of the points without repetition, seed 0."""
    if len(points) <= NUM_POINTS:
        return points.astype(np.float64)
    return points[np.random.default_rng(0).choice(len(points), NUM_POINTS, replace=False)].astype(np.float64)
