"""A painted ball that moves as one rigid body before a camera: pictures and both of its depths, written out."""

from dataclasses import dataclass

import numpy as np
from scipy.spatial.transform import Rotation

from wt.geometry.camera import Intrinsics, rays

SIDE = 96
CAMERA = Intrinsics(130.0, 130.0, SIDE / 2, SIDE / 2, SIDE, SIDE)
CENTRE = np.array([-0.15, 0.05, 3.0])
RADIUS = 0.8


@dataclass(frozen=True)
class Film:
    """Frames of one clip."""

    points: list[np.ndarray]
    """[2, h, w, 3]: where a ray enters the ball and where it leaves it."""
    valid: list[np.ndarray]
    rgb: list[np.ndarray]
    poses: np.ndarray
    """[t, 4, 4]: from frame 0 to each frame."""

    @property
    def depth(self):
        """[2, t, h, w]."""
        return np.stack([frame[..., 2] for frame in self.points], axis=1)


def film(frames=8, turn=(0.0, 0.05, 0.01), shift=(0.04, 0.01, 0.0)):
    """A ball that turns by `turn` (radians) about its middle and goes on by `shift` in every step."""
    found = [_frame(np.array(turn) * t, CENTRE + np.array(shift) * t) for t in range(frames)]
    points, valid, rgb, poses = (list(part) for part in zip(*found))
    return Film(points, valid, rgb, np.stack(poses))


def _frame(turn, centre):
    ray = rays(CAMERA)
    a, b, c = (ray**2).sum(-1), ray @ centre, centre @ centre - RADIUS**2
    inside = b**2 - a * c
    hit = inside > 0
    root = np.sqrt(np.where(hit, inside, 0.0))
    z = np.stack([(b - root) / a, (b + root) / a])
    points = np.where(hit[..., None], ray * z[..., None], np.nan)
    rotation = Rotation.from_rotvec(turn).as_matrix()
    body = (np.nan_to_num(points[0]) - centre) @ rotation
    paint = [sum(np.sin(body @ wave + k) for wave in WAVES[k::3]) for k in range(3)]
    rgb = np.stack([np.clip(110 + 30 * p, 0, 255) for p in paint], axis=-1)
    pose = np.eye(4)
    pose[:3, :3], pose[:3, 3] = rotation, centre - rotation @ CENTRE
    return points, hit, np.where(hit[..., None], rgb, 128).astype(np.uint8), pose


WAVES = np.random.default_rng(1).normal(0, 7, (12, 3))
