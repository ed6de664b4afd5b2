"""Views of single objects, cut out of their background as the network sees them (grey, alpha 0)."""

import numpy as np

from wt.data.assets import FAMILIES, HELD_OUT_FAMILIES, make_asset
from wt.data.mesh import Asset, Camera, Light, World, look_at, merged
from wt.geometry.camera import Intrinsics
from wt.types import Float

NOT_ALONE = ("rug", "curtain")
"""Families that say nothing on their own."""


def object_world(rng: np.random.Generator, *, held_out: bool = False) -> World:
    """One asset, now and then with a second one on top, scaled so that its bounding box's longest side is 1.

    Args:
        held_out: a family that training never sees, where there is one.
    """
    names = sorted(HELD_OUT_FAMILIES) if held_out and HELD_OUT_FAMILIES else _trained_families()
    asset = make_asset(str(rng.choice(names)), rng)
    if not held_out and rng.random() < 0.12:
        asset = _stacked(asset, make_asset(str(rng.choice(names)), rng), rng)
    asset = _unit(asset)
    sun = rng.normal(0, 1, 3) + np.array([0.0, 0.0, 1.5])
    lights = [
        Light(
            "sun", rng.uniform(0.3, 2.2) * _tint(rng), direction=-sun / np.linalg.norm(sun), radius=rng.uniform(0, 0.2)
        )
    ]
    for _ in range(rng.integers(0, 3)):
        at = rng.normal(0, 1, 3)
        at *= rng.uniform(1.5, 3.0) / np.linalg.norm(at)
        lights.append(Light("point", rng.uniform(0.5, 4.0) * _tint(rng), position=at, radius=rng.uniform(0, 0.3)))
    level = rng.uniform(0.3, 0.8)

    def sky(directions: np.ndarray) -> np.ndarray:
        return level * (0.6 + 0.4 * directions[:, 2:]) * np.ones(3)

    return World((asset,), tuple(lights), np.full(3, rng.uniform(0.3, 0.7)), sky)


def object_camera(rng: np.random.Generator, world: World, side: int) -> Camera:
    """A camera around the object, whose projected box fills 0.5-0.85 of the square.

    Half of the views are off the optical axis, as crops out of photos are: the camera looks past the object and the
    principal point moves so that the object stays in the square.
    """
    vertices = np.concatenate([p.vertices for p in world.instances[0].parts])
    azimuth, elevation = rng.uniform(0, 2 * np.pi), np.radians(rng.uniform(-10, 55))
    towards = np.array([np.cos(elevation) * np.cos(azimuth), np.cos(elevation) * np.sin(azimuth), np.sin(elevation)])
    focal = side / 2 / np.tan(np.radians(rng.uniform(15, 55)) / 2)
    fill, roll = rng.uniform(0.5, 0.85) * side, rng.normal(0, 0.06)
    aside = rng.normal(0, 0.25, 2) * side / focal * (rng.random() < 0.5)
    distance = focal / fill + 0.5
    for _ in range(5):
        # The object at `aside` (tangents) off the axis: the camera is shifted sideways rather than turned.
        pose = look_at(towards * distance, np.zeros(3), roll)
        pose[:2, 3] += aside * distance
        extent = np.ptp(_projected(vertices, pose, focal), axis=0).max()
        distance = max(distance * extent / fill, 0.75)
    pixels = _projected(vertices, pose, focal)
    focal *= fill / np.ptp(pixels, axis=0).max()
    pixels = _projected(vertices, pose, focal)
    centre = side / 2 - (pixels.min(0) + pixels.max(0)) / 2 + rng.normal(0, 0.03, 2) * side
    k = Intrinsics(focal, focal * rng.uniform(0.96, 1.04), float(centre[0]), float(centre[1]), side, side)
    return Camera(k, pose)


def _projected(vertices: np.ndarray, pose: np.ndarray, focal: float) -> Float[np.ndarray, "v 2"]:
    points = vertices @ pose[:3, :3].T + pose[:3, 3]
    return focal * points[:, :2] / np.maximum(points[:, 2:], 0.05)


def _trained_families() -> list[str]:
    return sorted(name for name in FAMILIES if name not in HELD_OUT_FAMILIES and name not in NOT_ALONE)


def _tint(rng: np.random.Generator) -> np.ndarray:
    return np.array([1.0, rng.uniform(0.88, 1.0), rng.uniform(0.75, 1.05)])


def _stacked(below: Asset, above: Asset, rng: np.random.Generator) -> Asset:
    low, high = below.bounds()
    small, large = above.bounds()
    scale = 0.6 * (high - low)[:2].min() / max((large - small)[:2].max(), 1e-3)
    on_top = above.moved(*((low + high)[:2] / 2), high[2] - small[2] * scale, rng.uniform(0, 6.3), scale)
    return merged(below.name, (below, on_top))


def _unit(asset: Asset) -> Asset:
    low, high = asset.bounds()
    scale = 1.0 / (high - low).max()
    matrix = np.diag([scale, scale, scale, 1.0])
    matrix[:3, 3] = -scale * (low + high) / 2
    return asset.transformed(matrix)
