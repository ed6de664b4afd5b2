"""A room with a floor at 1.5 and a wall at 6, and a ball resting on the floor, in closed form."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pytest

from wt.geometry.camera import Intrinsics
from wt.geometry.layers import LayeredPointmap
from wt.scene.scene import Scene

K = Intrinsics(100.0, 105.0, 55.0, 40.0, 112, 80)
CENTRE, RADIUS, FLOOR, WALL = np.array([0.3, 1.0, 4.0]), 0.5, 1.5, 6.0


@dataclass(frozen=True)
class BallRoom:
    """Depths by formulas that share nothing with wt.geometry; points = depth * ray of `K`."""

    camera: Intrinsics
    room: np.ndarray
    near: np.ndarray
    far: np.ndarray
    mask: np.ndarray
    rgb: np.ndarray

    def layers(self, depth: np.ndarray, alpha: np.ndarray | None = None, scale: float = 1.0) -> LayeredPointmap:
        """Layers [l,h,w] or one depth map [h,w] repeated six times, scaled about the camera."""
        depth = np.repeat(depth[None], 6, axis=0) if depth.ndim == 2 else depth
        alpha = np.ones(self.mask.shape, bool) if alpha is None else alpha
        points = (depth[..., None] * directions(self.camera) * scale).astype(np.float32)
        return LayeredPointmap(points, alpha, self.rgb, "relative", self.camera, "analytic", 7)

    @cached_property
    def scene(self) -> Scene:
        return Scene.from_layers(self.layers(self.room))

    @property
    def edited(self) -> np.ndarray:
        return np.where(self.mask, self.near, self.room)

    def ball(self, scale: float = 1.0) -> LayeredPointmap:
        stack = np.stack([self.near, *[self.far] * 5])
        return self.layers(np.where(self.mask, stack, 1.0), self.mask, scale)


def directions(k: Intrinsics = K) -> np.ndarray:
    u, v = np.meshgrid(np.arange(k.width) + 0.5, np.arange(k.height) + 0.5)
    return np.stack([(u - k.cx) / k.fx, (v - k.cy) / k.fy, np.ones_like(u)], axis=-1)


def ball(ray: np.ndarray, centre: np.ndarray = CENTRE, radius: float = RADIUS) -> tuple[np.ndarray, np.ndarray]:
    """Entry and exit z of rays from the origin; NaN where they miss."""
    a, b, c = (ray**2).sum(-1), ray @ centre, centre @ centre - radius**2
    with np.errstate(invalid="ignore"):
        root = np.sqrt(b * b - a * c)
    return (b - root) / a, (b + root) / a


def walls(ray: np.ndarray) -> np.ndarray:
    with np.errstate(divide="ignore"):
        return np.minimum(np.where(ray[..., 1] > 0, FLOOR / ray[..., 1], np.inf), WALL)


def make_ball_room(k: Intrinsics) -> BallRoom:
    ray = directions(k)
    room, (near, far) = walls(ray), ball(ray)
    with np.errstate(invalid="ignore"):
        mask = near < room
    rgb = np.random.default_rng(0).integers(0, 256, (*mask.shape, 3), dtype=np.uint8)
    return BallRoom(k, room, near, far, mask, rgb)


@pytest.fixture(scope="session")
def ball_room() -> BallRoom:
    return make_ball_room(K)


@pytest.fixture(scope="session")
def fine_room() -> BallRoom:
    """The same on four times as many pixels a side: the ball is a hundred pixels wide."""
    return make_ball_room(K.resized(448, 320))
