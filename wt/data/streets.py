"""Simple outdoor worlds: ground, buildings with inset windows, cars, trees, people, and a sky that no ray ends in."""

import numpy as np

from wt.data import primitives, textures
from wt.data.mesh import Asset, Camera, Light, Part, World, look_at
from wt.data.rooms import draw, part
from wt.geometry.camera import Intrinsics

THINGS = (
    "car",
    "truck",
    "tree",
    "figure",
    "toy animal",
    "bench",
    "traffic cone",
    "bin",
    "plant",
    "crate",
    "box",
    "ball",
)
REACH = 60.0
"""Half the ground's side in metres."""


def street_world(rng: np.random.Generator, *, held_out: bool = False) -> World:
    """A street along +y: buildings on one or both sides, things standing about, the camera near the origin."""
    ground = part(
        primitives.box(2 * REACH, 2 * REACH, 0.3).at(0, 0, -0.3), textures.floor_texture(rng, held_out=held_out)
    )
    instances = [Asset("ground", (ground,))]
    street = rng.uniform(3.0, 9.0)
    for side in (-1, 1):
        if rng.random() < 0.75:
            y = rng.uniform(-4, 6)
            while y < 45:
                wide = rng.uniform(5, 12)
                instances.append(_building(rng, side, street, y, wide, held_out))
                y += wide + (0 if rng.random() < 0.6 else rng.uniform(1, 6))
    for _ in range(rng.integers(3, 10)):
        thing = draw(THINGS, rng, held_out)
        if thing is not None:
            far = rng.uniform(2.5, 22)
            x = rng.uniform(-1, 1) * min(street - 0.6, 1.0 + 0.5 * far)
            instances.append(thing.moved(x, far, 0.0, rng.uniform(0, 2 * np.pi)))
    down = np.array([rng.normal(), rng.normal(), -rng.uniform(0.5, 2.0)])
    cloudy = rng.random() < 0.3
    sun = Light("sun", rng.uniform(0.3, 1.0 if cloudy else 3.0) * np.array([1.0, 0.95, 0.87]),
                direction=down / np.linalg.norm(down), radius=0.3 if cloudy else 0.01)  # fmt: skip
    zenith = np.array([0.75, 0.78, 0.82]) if cloudy else np.array([0.35, 0.55, 0.95])
    horizon = np.array([0.85, 0.88, 0.9])

    def sky(directions: np.ndarray) -> np.ndarray:
        up = np.clip(directions[:, 2:], 0, 1) ** 0.6
        return horizon * (1 - up) + zenith * up

    return World(tuple(instances), (sun,), np.full(3, rng.uniform(0.3, 0.6)), sky)


def street_camera(rng: np.random.Generator, side: int) -> Camera:
    """A person's view along the street."""
    eye = np.array([rng.uniform(-1, 1), rng.uniform(-1, 0), rng.uniform(1.2, 2.2)])
    target = eye + np.array([rng.normal(0, 0.35), 1.0, np.tan(np.radians(rng.uniform(-14, 8)))])
    fx = side / 2 / np.tan(np.radians(rng.uniform(40, 80)) / 2)
    fy = fx * np.exp(rng.uniform(np.log(0.75), np.log(1.8)))
    return Camera(
        Intrinsics(fx, fy, side / 2, side / 2, side, side), look_at(eye, target, np.radians(rng.normal(0, 1.5)))
    )


def _building(rng: np.random.Generator, side: int, street: float, y: float, wide: float, held_out: bool) -> Asset:
    """A block whose street front has rows of window boxes that stand out a little."""
    tall, deep = rng.uniform(3, 12), rng.uniform(4, 9)
    x = side * (street + deep / 2)
    brick = textures.brick(rng) if rng.random() < 0.5 else textures.wall_texture(rng, held_out=held_out)
    parts: list[Part] = [part(primitives.box(deep, wide, tall).at(x, y + wide / 2), brick)]
    glass, trim = textures.plain(rng, "navy"), textures.plain(rng, "white")
    front = side * street
    for z in np.arange(1.0, tall - 1.6, 2.8):
        for along in np.arange(y + 1.0, y + wide - 1.2, rng.uniform(2.0, 3.0)):
            parts.append(part(primitives.box(0.1, 1.2, 1.5).at(front, along, z), trim))
            parts.append(part(primitives.box(0.14, 1.0, 1.3).at(front, along, z + 0.1), glass))
    return Asset("building", tuple(parts))
