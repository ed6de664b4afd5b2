"""The gauge between two lifts: an edited photo's depth brought to the scene's, in closed form (DESIGN section 6 a)."""

from dataclasses import replace

import numpy as np

from wt.errors import WtError
from wt.geometry.layers import LayeredPointmap
from wt.scene.objects import Gauge
from wt.scene.scene import Scene, on_grid, to_grid
from wt.types import Bool, Float

HUBER = 1.345
_MIN_PIXELS = 32
_SOLVES = 8
_FLAT = 0.05
"""Below this relative spread of depth a shift cannot be told from a scale, and the shift is taken as 0."""


def gauge(edited_layers: LayeredPointmap, scene: Scene, region: Bool[np.ndarray, "rh rw"]) -> Gauge:
    """Scale and shift from the depth of `edited_layers` to the scene's depth, on the pixels outside `region`.

    Huber-weighted least squares of relative depth error; every pixel counts the same, near or far.

    Raises:
        WtError: fewer than 32 unchanged pixels with depth in both.
    """
    grid = scene.intrinsics
    edited = to_grid(edited_layers, grid, 1).depth[0].astype(np.float64)
    target = scene.visible_depth().astype(np.float64)
    with np.errstate(invalid="ignore"):
        keep = ~grown(on_grid(region, grid)) & (edited > 0) & (target > 0)
    if keep.sum() < _MIN_PIXELS:
        raise WtError(
            f"The edit leaves only {int(keep.sum())} pixels of the photo unchanged, and {_MIN_PIXELS} are needed to "
            "bring both lifts to one scale. Choose a smaller region."
        )
    z, goal = edited[keep], target[keep]
    flat = z.std() < _FLAT * np.median(z)
    scale, shift = float(np.median(goal / z)), 0.0
    weights = np.ones_like(z)
    for _ in range(_SOLVES):
        error = np.abs(scale * z + shift - goal) / goal
        weights = huber_weights(error) / goal**2
        scale, shift = _line(z, goal, weights, through_origin=bool(flat))
    residual = float(np.median(np.abs(scale * z + shift - goal) / goal))
    return Gauge(scale, shift, residual, int(keep.sum()))


def apply_gauge(found: Gauge, layers: LayeredPointmap) -> LayeredPointmap:
    """The lift with its depth in the scene's gauge; every point slides along the line through the camera."""
    z = layers.points[..., 2:]
    with np.errstate(invalid="ignore", divide="ignore"):
        ratio = np.where(z > 0, (found.scale * z + found.shift) / z, found.scale)
    return replace(layers, points=(layers.points * np.maximum(ratio, 1e-6)).astype(np.float32))


def huber_weights(error: Float[np.ndarray, " n"]) -> Float[np.ndarray, " n"]:
    """Weights of one reweighted solve: 1 up to 1.345 robust deviations of the absolute errors, then falling."""
    sigma = max(1.4826 * float(np.median(error)), 1e-9)
    return np.minimum(1.0, HUBER * sigma / np.maximum(error, 1e-12))


def hidden_agreement(
    scene: Scene, region: Bool[np.ndarray, "rh rw"], gauged_layers: LayeredPointmap
) -> dict[str, float]:
    """What the scene's deeper layers already knew about the surface that a removal uncovers.

    Returns:
        `share`: share of the region's rays whose deeper layers hold a surface at all; `depth`: over those, the median
        relative distance from the inpainted lift's layer 0 to the nearest of them (NaN without any).
    """
    grid = scene.intrinsics
    inside = on_grid(region, grid)
    new = to_grid(gauged_layers, grid, len(scene.background.points)).depth[0]
    old = np.where(scene.background.present[1:], scene.background.points[1:, ..., 2], np.inf)
    with np.errstate(invalid="ignore"):
        distance = (np.abs(old - new) / new).min(axis=0, initial=np.inf)[inside & (new > 0)]
    known = distance[np.isfinite(distance)]
    share = len(known) / max(len(distance), 1)
    return {"share": share, "depth": float(np.median(known)) if len(known) else float("nan")}


def _line(
    x: Float[np.ndarray, " n"], y: Float[np.ndarray, " n"], weights: Float[np.ndarray, " n"], *, through_origin: bool
) -> tuple[float, float]:
    if through_origin:
        return float((weights * x * y).sum() / (weights * x * x).sum()), 0.0
    total = weights.sum()
    mean_x, mean_y = (weights * x).sum() / total, (weights * y).sum() / total
    scale = float((weights * (x - mean_x) * (y - mean_y)).sum() / (weights * (x - mean_x) ** 2).sum())
    return scale, float(mean_y - scale * mean_x)


def grown(mask: Bool[np.ndarray, "h w"], pixels: int = 2) -> Bool[np.ndarray, "h w"]:
    """The mask and a rim: pixels beside an edit are often half changed."""
    for _ in range(pixels):
        padded = np.pad(mask, 1)
        mask = padded[1:-1, 1:-1] | padded[:-2, 1:-1] | padded[2:, 1:-1] | padded[1:-1, :-2] | padded[1:-1, 2:]
    return mask
