"""Put a lifted object into a scene: a closed form along the rays, with its residuals (DESIGN section 6)."""

from typing import Literal

import numpy as np

from wt.errors import WtError
from wt.geometry.camera import Intrinsics, pixel_centres, project, unproject
from wt.geometry.layers import LayeredPointmap
from wt.scene.contact import contact_gap, snap_contact
from wt.scene.footing import Footing, footing
from wt.scene.gauge import apply_gauge, gauge, hidden_agreement, huber_weights
from wt.scene.objects import Gauge, Placed
from wt.scene.scene import Scene, on_grid, to_grid
from wt.types import Bool, Float

__all__ = ["Gauge", "Placed", "apply_gauge", "contact_gap", "gauge", "hidden_agreement", "place", "snap_contact"]

Method = Literal["ours", "scale-only", "affine", "untouched"]
LAMBDA = 1.0
"""Weight of the proportion-keeping scale; 1 was the best of 0.3, 1, 3, 10 in the simulation of DESIGN section 6."""
_MIN_PIXELS = 12
_SOLVES = 6
_STANDS = 5
_OPTIMISM = 4.0
"""How much further than its residuals say a lift of the edited photo misplaces an object; from rendered rooms."""
_DEVIATIONS = 3.0
"""An object this far from the plane at its foot, in deviations of both, does not rest on it."""
_LEAST_SCALE = 0.25
"""A fit may flatten the object to this share of its own proportions, not further, and never mirror it."""


def place(
    object_layers: LayeredPointmap,
    scene: Scene,
    region: Bool[np.ndarray, "rh rw"],
    edited_scene_layers: LayeredPointmap,
    *,
    method: str = "ours",
) -> Placed:
    """Bring an object's layers to the scene: along every ray z' = s z + t, the pixel kept, all layers alike.

    With z_o the object's and z_s the gauged scene model's layer-0 depth on the pixels of the region,
    s = (cov(z_o, z_s) + lam var(z_o) s0) / (var(z_o) (1 + lam)), t = median(z_s - s z_o), lam = 1,
    s0 = (z_scene / f_scene) / (z_object / f_object) by medians; solved a few times with Huber weights. Where the scene
    shows what the object's foot rests on (see `wt.scene.footing`), t is fused with that contact.

    Args:
        object_layers: the object model's lift of the edited photo, on any grid of that photo.
        scene: where it goes.
        region: mask of the edit, on the grid or on the photo; the object is where `object_layers.alpha` holds in it.
        edited_scene_layers: the scene model's lift of the edited photo.
        method: "ours"; the benchmark's rivals are "affine" (lam = 0), "scale-only" and "untouched" (s = 1, t = 0).

    Raises:
        WtError: the object covers fewer than 12 pixels of the region, or too little of the photo is unchanged.
    """
    grid = scene.intrinsics
    thing = to_grid(object_layers, grid, len(object_layers.points))
    edited = to_grid(edited_scene_layers, grid, 1)
    found = gauge(edited, scene, region)
    with np.errstate(invalid="ignore"):
        mask = on_grid(region, grid) & thing.alpha & (thing.depth[0] > 0)
        target = found.scale * edited.depth[0].astype(np.float64) + found.shift
        solvable = mask & (target > 0)
    if solvable.sum() < _MIN_PIXELS:
        raise WtError(
            f"The object covers {int(solvable.sum())} pixels of the edited region on the {grid.width} x {grid.height} "
            f"grid, and {_MIN_PIXELS} are needed to place it. Select more of it, or make it larger."
        )
    z_object, z_scene = thing.depth[0][solvable].astype(np.float64), target[solvable]
    s0 = proportion(z_object, z_scene, thing.intrinsics, grid)
    depth, body = thing.depth.astype(np.float64), thing.surfaces() & mask
    scale, shift = solve(z_object, z_scene, s0, method)
    ground = footing(scene, depth, body) if method == "ours" else None
    if ground is not None:
        scale, shift = stand(z_object, z_scene, s0, ground, found.residual)
    depth = np.where(mask, scale * depth + shift, np.nan)
    with np.errstate(invalid="ignore"):
        present = body & (depth > 0)
    points = unproject(depth.astype(np.float32), grid)
    error = np.abs(scale * z_object + shift - z_scene)
    residuals = {
        "depth": float(np.median(error) / np.median(z_scene)),
        "reprojection_px": reprojection_px(points, present, grid),
        "contact_gap": contact_gap(points, present, scene),
    }
    return Placed(
        points, present, thing.rgb, scale, shift, residuals, found, s0, object_layers.model, object_layers.seed
    )


def proportion(
    z_object: Float[np.ndarray, " n"], z_scene: Float[np.ndarray, " n"], k_object: Intrinsics, k_scene: Intrinsics
) -> float:
    """s0: the ratio of lateral sizes, so that depth is scaled as width and height are.

    Both cameras must be given in pixels of the same grid.
    """
    f_object, f_scene = np.sqrt(k_object.fx * k_object.fy), np.sqrt(k_scene.fx * k_scene.fy)
    return float(np.median(z_scene) / f_scene / (np.median(z_object) / f_object))


def solve(
    z_object: Float[np.ndarray, " n"], z_scene: Float[np.ndarray, " n"], s0: float, method: str = "ours"
) -> tuple[float, float]:
    """(s, t) of the closed form, Huber-reweighted; the prior keeps s away from 0 and from mirroring."""
    if method == "untouched":
        return 1.0, 0.0
    if method == "scale-only":
        return float(np.median(z_scene / z_object)), 0.0
    if method not in ("ours", "affine"):
        raise WtError(f"place knows the methods ours, scale-only, affine and untouched; got {method!r}.")
    lam = LAMBDA if method == "ours" else 0.0
    weights = np.ones_like(z_object)
    scale, shift = s0, float(np.median(z_scene - s0 * z_object))
    for _ in range(_SOLVES):
        total = weights.sum()
        mean_o, mean_s = (weights * z_object).sum() / total, (weights * z_scene).sum() / total
        variance = (weights * (z_object - mean_o) ** 2).sum() / total
        covariance = (weights * (z_object - mean_o) * (z_scene - mean_s)).sum() / total
        if variance <= 1e-12 * mean_o**2:  # a flat card facing the camera: only its proportions can tell
            return s0, float(np.median(z_scene - s0 * z_object))
        scale = float((covariance + lam * variance * s0) / (variance * (1 + lam)))
        if method == "ours":
            scale = max(scale, _LEAST_SCALE * s0)
        shift = float(np.median(z_scene - scale * z_object))
        weights = huber_weights(np.abs(scale * z_object + shift - z_scene))
    return scale, shift


def stand(
    z_object: Float[np.ndarray, " n"],
    z_scene: Float[np.ndarray, " n"],
    s0: float,
    ground: Footing,
    gauge_error: float,
) -> tuple[float, float]:
    """(s, t) of `solve`, with t fused by inverse variances with the one that lets the object touch its footing.

    s0 follows the object to where it stands. Exact geometry has no residuals, so it stays as solved; so does an object
    that is too far from the plane to touch it: it hangs, or it rests on something that is not seen.

    Args:
        gauge_error: relative residual of the gauge.
    """
    middle, moved = float(np.median(z_object)), 0.0
    for _ in range(_STANDS):
        scale, shift = solve(z_object, z_scene, s0 * (1 + moved))
        distance = scale * middle + shift
        misfit = float(np.median(np.abs(scale * z_object + shift - z_scene))) / distance
        variance = (_OPTIMISM * np.hypot(gauge_error, misfit)) ** 2
        off = (ground.shift(scale) - shift) / distance
        if not off**2 <= _DEVIATIONS**2 * (variance + ground.error**2):
            return solve(z_object, z_scene, s0)
        moved = off * variance / (variance + ground.error**2)
    return scale, shift + moved * distance


def reprojection_px(
    points: Float[np.ndarray, "layers h w 3"], present: Bool[np.ndarray, "layers h w"], grid: Intrinsics
) -> float:
    """RMS distance in pixels from the points' projections to the centres of their pixels; measured, not assumed."""
    if not present.any():
        return float("nan")
    offset = project(points, grid) - pixel_centres(grid.height, grid.width)
    return float(np.sqrt((offset[present] ** 2).sum(axis=-1).mean()))
