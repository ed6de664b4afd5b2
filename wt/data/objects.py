"""One thing by itself, filling about two thirds of a square crop, as a photo's object is cut out for lifting."""

import numpy as np

from wt.data.free_form import deformed, free_form
from wt.data.furnish import warm
from wt.data.mesh import Asset, Camera, Light, Sky, World, look_at, merged, pose
from wt.data.roles import all_families, attached, joined, make
from wt.geometry.camera import Intrinsics, project
from wt.types import Float

FIELD_OF_VIEW = (26.0, 38.0)
"""Degrees across the square around an object."""
FREE_SHARE, DEFORMED_SHARE = 0.33, 0.6
BACKDROP = 128
"""Grey behind a cut-out object, as the network sees it (ARCHITECTURE 3.2)."""


def draw_object(rng: np.random.Generator, *, held_out: bool = False, free: bool = False) -> Asset:
    """An asset of any family, now and then two together, the longest side of its box 1, centred at 0.

    With `free`, which is for training, a third has no family and many of the others have unusual proportions
    (`wt.data.free_form`).
    """
    if free and rng.random() < FREE_SHARE:
        asset = joined(free_form(rng))
    else:
        asset = make(str(rng.choice(all_families(held_out))), rng)
        if free and rng.random() < DEFORMED_SHARE:
            asset = deformed(rng, asset)
    other = attached(rng, "table") if rng.random() < 0.12 else None
    if other is not None and asset.attachment in ("floor", "table"):
        top = asset.bounds()[1][2]
        shift = rng.normal(0, 0.03, 2)
        scale = 0.6 * float(
            np.ptp(asset.bounds(), axis=0)[:2].min() / max(np.ptp(other.bounds(), axis=0)[:2].max(), 1e-6)
        )
        other = other.transformed(pose(shift[0], shift[1], top + 0.001, rng.uniform(0, 6.28), min(scale, 2.0)))
        asset = merged(asset.name, [asset, other], asset.attachment)
    return normalised(asset)


def normalised(asset: Asset) -> Asset:
    """Scaled about the box's centre to a longest side of 1, with that centre moved to the origin."""
    low, high = asset.bounds()
    scale = 1 / float((high - low).max())
    middle = (low + high) / 2 * scale
    return asset.transformed(pose(-middle[0], -middle[1], -middle[2], 0.0, scale))


def object_world(rng: np.random.Generator, asset: Asset) -> World:
    """The asset alone under one to three lamps or a sun, with a sky above and the light of a floor below."""
    lights = []
    for _ in range(int(rng.integers(1, 4))):
        azimuth, height = rng.uniform(0, 2 * np.pi), rng.uniform(0.15, 1.3)
        towards = np.array([np.cos(azimuth) * np.cos(height), np.sin(azimuth) * np.cos(height), np.sin(height)])
        if rng.random() < 0.35:
            lights.append(
                Light("sun", warm(rng) * rng.uniform(1.0, 4.0), direction=-towards, radius=rng.uniform(0.01, 0.2))
            )
        else:
            distance = rng.uniform(1.5, 4.0)
            colour = warm(rng) * rng.uniform(0.6, 2.5) * distance**2
            lights.append(Light("area", colour, position=towards * distance, radius=rng.uniform(0.05, 1.0)))
    ambient = np.exp(rng.normal(0, 0.08, 3)) * rng.uniform(0.2, 0.6)
    return World((asset,), tuple(lights), ambient, _surroundings(rng, ambient))


def _surroundings(rng: np.random.Generator, ambient: np.ndarray) -> Sky:
    """Brighter above, dimmer and tinted below, one side lighter than the other: what stands around is not drawn."""
    above, below = ambient * rng.uniform(0.8, 1.8), ambient * rng.uniform(0.15, 0.8) * np.exp(rng.normal(0, 0.2, 3))
    azimuth, strength = rng.uniform(0, 2 * np.pi), rng.uniform(0, 0.5)
    side = np.array([np.cos(azimuth), np.sin(azimuth), 0.0]) * strength

    def sky(directions: np.ndarray) -> np.ndarray:
        mix = np.clip(directions[:, 2:3] * 1.5 + 0.5, 0, 1)
        return (below + (above - below) * mix) * (1 + directions @ side[:, None])

    return sky


def draw_object_view(rng: np.random.Generator, asset: Asset, size: int) -> Camera:
    """All around, elevation -10 to 55 degrees, the field of view of a slight tele lens, the silhouette in the middle.

    A cut-out hardly tells how wide its lens was or where its photo's centre lay. Drawn freely, those two guesses are
    most of the loss and the shape is the rest; placement takes the perspective from the scene. The silhouette takes
    0.5 to 0.85 of the square along its longer side.
    """
    azimuth, elevation = rng.uniform(0, 2 * np.pi), np.radians(rng.uniform(-10, 55))
    if asset.attachment == "wall":
        azimuth = -np.pi / 2 + rng.normal(0, 0.5)
    towards = np.array([np.cos(azimuth) * np.cos(elevation), np.sin(azimuth) * np.cos(elevation), np.sin(elevation)])
    fov, fill = np.radians(rng.uniform(*FIELD_OF_VIEW)), rng.uniform(0.5, 0.85)
    low, high = asset.bounds()
    distance = max(0.9 / (2 * np.tan(fov / 2) * fill), 0.62 * float(np.linalg.norm(high - low)) + 0.15)
    pointing = rng.normal(0, 0.02, 3)
    world_to_camera = look_at(towards * distance, pointing, np.radians(rng.normal(0, 3)))
    outline = np.concatenate([part.vertices for part in asset.parts])
    seen = outline @ world_to_camera[:3, :3].T + world_to_camera[:3, 3]
    return Camera(fitted_lens(rng, seen, fill, size), world_to_camera)


def fitted_lens(rng: np.random.Generator, seen: Float[np.ndarray, "n 3"], fill: float, size: int) -> Intrinsics:
    """K under which camera-space points take the share `fill` of the square along their longer side.

    They lie about the middle; pixels are square but for a few per cent.
    """
    plain = project(seen, Intrinsics(1.0, 1.0, 0.5, 0.5, 1, 1))
    first, last = plain.min(axis=0), plain.max(axis=0)
    f = fill * size / float((last - first).max())
    stretch = np.exp(rng.normal(0, 0.03))
    fx, fy = f * stretch, f / stretch
    middle = (first + last) / 2 - 0.5
    jitter = rng.uniform(-0.5, 0.5, 2) * (1 - fill) * 0.5 * size
    cx, cy = size / 2 - fx * middle[0] + jitter[0], size / 2 - fy * middle[1] + jitter[1]
    return Intrinsics(float(fx), float(fy), float(cx), float(cy), size, size)
