import numpy as np
import pytest

from wt.geometry.camera import Intrinsics, rays
from wt.scene.floor import fit_floor

K = Intrinsics(120.0, 120.0, 80.0, 60.0, 160, 120)


def room(
    pitch_deg: float, roll_deg: float, *, table: bool = False, noise: float = 0.0
) -> tuple[np.ndarray, np.ndarray]:
    """Points of a room seen by a tilted camera, and the true up direction in camera axes; camera height 1.4."""
    p, r = np.radians([pitch_deg, roll_deg])
    tilt = np.array([[1, 0, 0], [0, np.cos(p), -np.sin(p)], [0, np.sin(p), np.cos(p)]])
    lean = np.array([[np.cos(r), -np.sin(r), 0], [np.sin(r), np.cos(r), 0], [0, 0, 1]])
    camera_from_level = lean @ tilt
    level = rays(K).reshape(-1, 3) @ camera_from_level
    with np.errstate(divide="ignore"):
        planes = [(1, 1.4), (2, 5.0), (0, -2.0), (0, 2.0), (1, -1.1)]
        hits = np.stack([offset / level[:, axis] for axis, offset in planes])
    z = np.where(hits > 0, hits, np.inf).min(axis=0)
    if table:
        with np.errstate(divide="ignore"):
            top = np.where(level[:, 1] > 0, 0.7 / level[:, 1], np.inf)
        spot = level * top[:, None]
        on = (np.abs(spot[:, 0]) < 0.7) & (spot[:, 2] > 1.1) & (spot[:, 2] < 2.2)
        z = np.where(on, top, z)
    z *= 1 + noise * np.random.default_rng(0).normal(size=z.shape)
    return rays(K).reshape(-1, 3) * z[:, None], camera_from_level @ [0, -1, 0]


@pytest.mark.parametrize("tilt", [(0, 0), (12, 3), (25, -4)])
@pytest.mark.parametrize("table", [False, True])
def test_finds_the_floor_not_the_table_nor_the_walls(tilt, table):
    points, up = room(*tilt, table=table)
    plane = fit_floor(points)
    assert plane is not None
    assert np.degrees(np.arccos(np.clip(plane.normal @ up, -1, 1))) < 0.1
    assert plane.offset == pytest.approx(1.4, rel=1e-3)


def test_noise_of_two_per_cent_moves_it_little():
    points, up = room(12, 3, table=True, noise=0.02)
    plane = fit_floor(points)
    assert plane is not None
    assert np.degrees(np.arccos(plane.normal @ up)) < 2
    assert plane.offset == pytest.approx(1.4, rel=0.03)


def test_it_is_deterministic_and_scales_with_the_scene():
    points, _ = room(12, 3, noise=0.02)
    first, again, half = fit_floor(points), fit_floor(points), fit_floor(points * 0.5)
    assert first.offset == again.offset
    assert half.offset == pytest.approx(first.offset / 2, rel=1e-3)
    normal, offset = first
    assert normal is first.normal
    assert offset == first.offset


def test_no_floor_is_none():
    rng = np.random.default_rng(0)
    wall = np.stack([*rng.uniform(-2, 2, (2, 3000)), np.full(3000, 4.0)], axis=1)
    assert fit_floor(wall) is None
    assert fit_floor(np.zeros((0, 3))) is None
    assert fit_floor(np.full((200, 3), np.nan)) is None


def test_a_level_floor_goes_before_a_larger_slope():
    """What a small model makes of a sofa beside a carpet: photos are held level, so what leans sideways is no floor."""
    rng = np.random.default_rng(0)
    x, z = rng.uniform(-1.5, -0.3, 600), rng.uniform(1.5, 4.0, 600)
    floor = np.stack([x, np.full(600, 1.4), z], axis=1)
    x, z = rng.uniform(-0.3, 1.8, 1400), rng.uniform(1.5, 4.0, 1400)
    slope = np.stack([x, 1.4 - (x + 0.3) * np.tan(np.radians(25)), z], axis=1)
    plane = fit_floor(np.concatenate([floor, slope]))
    assert plane is not None
    assert np.degrees(np.arccos(np.clip(-plane.normal[1], -1, 1))) < 0.5
    assert plane.offset == pytest.approx(1.4, rel=0.01)
