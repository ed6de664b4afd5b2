"""Voxels of layered points against a solid whose shape is known (the golden fixture is part of the parity test)."""

import numpy as np
import pytest

from wt.errors import WtError
from wt.geometry.camera import Intrinsics, rays
from wt.geometry.voxels import CanonicalFrame, voxels

SIDE = 96
CAMERA = Intrinsics(240.0, 240.0, SIDE / 2, SIDE / 2, SIDE, SIDE)


def ball():
    """Where rays enter and leave a ball of radius 0.5 that is 3 away."""
    r = rays(CAMERA)
    a, b, c = (r**2).sum(axis=-1), -6.0 * r[..., 2], 9.0 - 0.25
    root = b**2 - 4 * a * c
    mask = root > 0
    half = np.sqrt(np.where(mask, root, 0))
    depth = np.stack([(-b - half) / (2 * a), (-b + half) / (2 * a)])
    return (r * depth[..., None]).astype(np.float32), np.stack([mask, mask])


def test_a_ball_is_filled_along_its_rays():
    points, mask = ball()
    found, frame = voxels(points, mask, 32)
    assert np.abs(frame.inverse(np.zeros((1, 3), np.float32)) - [0, 0, 3]).max() < 0.06
    centres = (found + 0.5) / 32 - 0.5
    middle = frame.forward(np.array([[0, 0, 3]], np.float32))[0]
    radius = np.linalg.norm(centres - middle, axis=1)
    assert radius.max() < 0.5 * frame.scale + 1.5 / 32
    # A voxel counts if any of its points is in the ball: half a voxel more of radius.
    swollen = 4 / 3 * np.pi * (0.5 * frame.scale * 32 + 0.5) ** 3
    assert len(found) == pytest.approx(swollen, rel=0.04)
    assert np.array_equal(found, np.unique(found, axis=0))


def test_up_is_up_and_there_and_back_is_the_identity():
    points, mask = ball()
    frame = CanonicalFrame.of(points, mask)
    above = frame.forward(np.array([[0, -0.4, 3]], np.float32))[0]
    assert above[2] > 0.2
    np.testing.assert_allclose(frame.inverse(frame.forward(points[:, mask[0]])), points[:, mask[0]], atol=1e-6)


def test_a_limit_keeps_a_random_part_and_nothing_selected_is_said():
    points, mask = ball()
    some, _ = voxels(points, mask, 32, most=100)
    every, _ = voxels(points, mask, 32)
    assert len(some) == 100
    assert set(map(tuple, some)) < set(map(tuple, every))
    with pytest.raises(WtError, match="the mask is empty"):
        voxels(points, mask & False)
