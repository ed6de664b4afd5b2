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
        points = (depth[..., None] * directions() * scale).astype(np.float32)
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


def directions() -> np.ndarray:
    u, v = np.meshgrid(np.arange(112) + 0.5, np.arange(80) + 0.5)
    return np.stack([(u - K.cx) / K.fx, (v - K.cy) / K.fy, np.ones_like(u)], axis=-1)


@pytest.fixture(scope="session")
def ball_room() -> BallRoom:
    ray = directions()
    with np.errstate(divide="ignore", invalid="ignore"):
        room = np.minimum(np.where(ray[..., 1] > 0, FLOOR / ray[..., 1], np.inf), WALL)
        a, b, c = (ray**2).sum(-1), ray @ CENTRE, CENTRE @ CENTRE - RADIUS**2
        root = np.sqrt(b * b - a * c)
        near, far = (b - root) / a, (b + root) / a
    rgb = np.random.default_rng(0).integers(0, 256, (80, 112, 3), dtype=np.uint8)
    return BallRoom(K, room, near, far, np.isfinite(root) & (near < room), rgb)
