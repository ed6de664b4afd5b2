"""The light of a photo, estimated in closed form, so that what is painted in does not look pasted on.

Luminance of the photo is regressed on the normals of the scene's visible surface: L = a + b . n. The direction of b is
where the light comes from, a is what comes from all around; albedo is taken as the same everywhere, which is wrong at
every pixel and right enough on average.
"""

from dataclasses import dataclass

import numpy as np

from wt.data.film import decode_srgb
from wt.scene.scene import Scene
from wt.types import Float

ALBEDO = 0.35
"""The mean albedo that turns the photo's radiance into irradiance."""


@dataclass(frozen=True, eq=False)
class LightEstimate:
    """Irradiance over pi, linear rgb: `ambient` from all around, `sun` from `direction` (unit, camera frame)."""

    ambient: Float[np.ndarray, "3"]
    sun: Float[np.ndarray, "3"]
    direction: Float[np.ndarray, "3"]


def estimate_light(scene: Scene, up: Float[np.ndarray, "3"]) -> LightEstimate:
    """The light that the scene's colours and visible normals suggest; from above and behind where they say nothing."""
    linear = decode_srgb(scene.rgb.astype(np.float64) / 255.0)
    normals, valid = _normals(scene)
    overhead = up + np.array([0.2, 0.0, -0.4])
    overhead /= np.linalg.norm(overhead)
    if valid.sum() < 200:
        mean = np.clip(linear.reshape(-1, 3).mean(axis=0) / ALBEDO, 0.15, 3.0)
        return LightEstimate(0.6 * mean, 0.5 * mean, overhead)
    colour = np.clip(np.median(linear[valid], axis=0) / ALBEDO, 0.1, 3.0)
    # Surfaces are coloured and lights are nearly white: half the cast of the photo is kept.
    grey = float(colour.mean())
    tint = 0.5 * colour + 0.5 * grey
    luminance = linear[valid] @ np.array([0.2126, 0.7152, 0.0722])
    design = np.concatenate([np.ones((int(valid.sum()), 1)), normals[valid]], axis=1)
    ridge = 0.02 * len(design) * np.diag([0.0, 1.0, 1.0, 1.0])
    a, *b = np.linalg.solve(design.T @ design + ridge, design.T @ luminance)
    b = np.array(b)
    # The camera sees no surface from behind, so the fit says little about light from there: lean to overhead.
    direction = b / max(float(np.linalg.norm(b)), 1e-9) + 1.2 * overhead
    direction /= np.linalg.norm(direction)
    strength = float(np.clip(np.linalg.norm(b) / max(a, 1e-3), 0.25, 0.9))
    return LightEstimate(tint * (1.0 - 0.45 * strength), tint * (0.3 + 0.7 * strength), direction)


def _normals(scene: Scene) -> tuple[Float[np.ndarray, "h w 3"], np.ndarray]:
    """Unit normals of layer 0 towards the camera, and where they can be trusted (no depth jump)."""
    points = scene.background.points[0].astype(np.float64)
    across, down = np.gradient(points, axis=1), np.gradient(points, axis=0)
    normals = np.cross(down, across)
    length = np.linalg.norm(normals, axis=2, keepdims=True)
    normals = normals / np.maximum(length, 1e-12)
    normals = np.where((normals * points).sum(axis=2, keepdims=True) > 0, -normals, normals)
    depth = points[..., 2]
    smooth = np.maximum(abs(across[..., 2]), abs(down[..., 2])) < 0.06 * depth
    return normals, smooth & np.isfinite(normals).all(axis=2) & scene.background.present[0]
