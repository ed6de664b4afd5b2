"""The light of a photo, estimated in closed form, so that what is painted in does not look pasted on.

How bright: the photo's tones are compared with what surfaces are usually like. From where: luminance is regressed on
the normals of the scene's visible surface, L = a + b . n (Lambert). Albedo is taken as the same everywhere, which is
wrong at every pixel and right enough on average, so the answer is pulled to light from above.
"""

from dataclasses import dataclass

import numpy as np

from wt.data.film import decode_srgb
from wt.scene.scene import Scene
from wt.types import Bool, Float

MIDDLE_ALBEDO = 0.25
"""Albedo of the photo's geometric mean tone."""
BRIGHT_ALBEDO = 0.8
"""Albedo of the photo's brightest surfaces (its 95th percentile; lamps and sky are above)."""
KEY_SHARE = (0.45, 0.75)
"""The direct light's share of the irradiance on a surface that faces it, at least and at most."""
STEP = 0.013
"""Half the reach of a normal's differences, as a share of the long side."""
MAX_SLOPE = 0.1
"""A pixel pair whose depth differs by more than this per pixel of `STEP` spans a jump."""
_LUMINANCE = np.array([0.2126, 0.7152, 0.0722])


@dataclass(frozen=True, eq=False)
class LightEstimate:
    """Irradiance over pi, linear rgb: `ambient` from all around above, `sun` on a surface that faces it.

    `direction` is a unit vector to the light in the camera frame. A surface of albedo a that faces the light has
    radiance a * (ambient + sun).
    """

    ambient: Float[np.ndarray, "3"]
    sun: Float[np.ndarray, "3"]
    direction: Float[np.ndarray, "3"]


def estimate_light(
    scene: Scene, up: Float[np.ndarray, "3"], near: Bool[np.ndarray, "h w"] | None = None
) -> LightEstimate:
    """The light that the scene's colours and visible normals suggest.

    Args:
        scene: a photo on its grid, with its geometry.
        up: unit vector, camera frame.
        near: pixels around the place where something will stand: it gets their share of the light.
    """
    linear = decode_srgb(scene.rgb.astype(np.float64) / 255.0)
    luminance = linear @ _LUMINANCE
    valid = scene.alpha if scene.alpha.any() else np.ones(luminance.shape, bool)
    tones = np.maximum(luminance[valid], 1e-4)
    middle = np.exp(np.log(tones).mean()) / MIDDLE_ALBEDO
    bright = np.percentile(tones, 95) / BRIGHT_ALBEDO
    level = float(np.clip(np.sqrt(middle * bright), 0.03, 1.6))
    if near is not None and (near & valid).any():
        # Half of what is seen locally is put down to light, the other half to albedo.
        local = np.median(luminance[near & valid]) / max(float(np.median(tones)), 1e-4)
        level *= float(np.clip(local, 0.2, 3.0) ** 0.5)
    mean = linear[valid].mean(axis=0)
    tint = np.clip(mean / max(float(mean @ _LUMINANCE), 1e-6), 0.5, 2.0) ** 0.5
    tint /= tint @ _LUMINANCE
    direction, key = _direction(scene, luminance, up)
    return LightEstimate(level * (1 - key) * tint, level * key * tint, direction)


def _direction(
    scene: Scene, luminance: Float[np.ndarray, "h w"], up: Float[np.ndarray, "3"]
) -> tuple[Float[np.ndarray, "3"], float]:
    """(unit vector to the light, the direct light's share)."""
    # From above, from one side and a little from behind the camera: where lamps, windows and suns mostly are.
    overhead = up + np.array([0.5, 0.0, -0.25])
    overhead /= np.linalg.norm(overhead)
    normals, valid = surface_normals(scene)
    if valid.sum() < 200:
        return overhead, float(np.mean(KEY_SHARE))
    tone = np.minimum(luminance[valid], np.percentile(luminance[valid], 97))
    design = np.concatenate([np.ones((len(tone), 1)), normals[valid]], axis=1)
    ridge = 0.05 * len(tone) * np.diag([0.0, 1.0, 1.0, 1.0])
    a, *b = np.linalg.solve(design.T @ design + ridge, design.T @ tone)
    # No visible surface faces away from the camera, so what the fit says about light along its axis means little.
    fitted = np.array(b) * (1.0, 1.0, 0.3)
    strength = float(np.linalg.norm(fitted))
    fitted /= max(strength, 1e-9)
    overhead[0] = np.copysign(overhead[0], fitted[0])
    direction = min(strength / max(abs(float(a)), 1e-3), 1.0) * fitted + 1.0 * overhead
    direction /= np.linalg.norm(direction)
    lift = 0.35 - float(direction @ up)
    if lift > 0:  # a light from below the horizon is an albedo misread
        direction = direction + lift * up
        direction /= np.linalg.norm(direction)
    return direction, float(np.clip(0.4 + 0.5 * strength / max(abs(float(a)), 1e-3), *KEY_SHARE))


def surface_normals(scene: Scene) -> tuple[Float[np.ndarray, "h w 3"], Bool[np.ndarray, "h w"]]:
    """Unit normals of layer 0 towards the camera, and where they can be trusted (no depth jump).

    Differences are taken over some pixels: lifted depth is smooth at large and uneven from pixel to pixel.
    """
    points = scene.background.points[0].astype(np.float64)
    step = max(1, round(STEP * max(points.shape[:2])))
    padded = np.pad(points, [(step, step), (step, step), (0, 0)], mode="edge")
    across = padded[step:-step, 2 * step :] - padded[step:-step, : -2 * step]
    down = padded[2 * step :, step:-step] - padded[: -2 * step, step:-step]
    normals = np.cross(down, across)
    length = np.linalg.norm(normals, axis=2, keepdims=True)
    normals = normals / np.maximum(length, 1e-12)
    normals = np.where((normals * points).sum(axis=2, keepdims=True) > 0, -normals, normals)
    with np.errstate(invalid="ignore"):
        smooth = np.maximum(abs(across[..., 2]), abs(down[..., 2])) < MAX_SLOPE * step * points[..., 2]
    return normals, smooth & np.isfinite(normals).all(axis=2) & scene.background.present[0]
