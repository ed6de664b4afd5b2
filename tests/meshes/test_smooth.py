"""Smoothing of rough layers: planes and cuts stay, roughness goes."""

import dataclasses

import numpy as np
import pytest
from solids import CAMERA, RADIUS, SIDE, ball, directions, signed_volume

from wt.meshes.smooth import roughness, smoothed
from wt.meshes.watertight import watertight

pytestmark = pytest.mark.filterwarnings("ignore::ImportWarning")  # Open3D's, where there is no GPU


def test_a_plane_and_the_step_between_two_stay_and_noise_on_them_goes():
    plane = directions() @ [0.2, -0.1, 1.0] / 3
    walls = np.where(np.arange(SIDE) < 40, plane, plane / 2)
    walls[:, 70:] = np.nan
    np.testing.assert_allclose(smoothed(walls, CAMERA, 30), walls, rtol=1e-9)
    assert roughness(walls, CAMERA) < 1e-9
    rough = walls * (1 + np.random.default_rng(0).normal(0, 0.002, walls.shape))
    found = smoothed(rough, CAMERA, 30)
    # The middle of two neighbours differs by sqrt(1.5) standard deviations, whose median is 0.67 of one.
    assert roughness(rough, CAMERA) == pytest.approx(0.002 * CAMERA.fx * np.sqrt(1.5) * 0.6745, rel=0.1)
    inside = np.isfinite(walls)
    assert np.std((found / walls - 1)[inside]) < 0.3 * 0.002
    np.testing.assert_array_equal(np.isfinite(found), inside)


def test_a_rough_ball_becomes_a_smooth_closed_one():
    thing = ball()
    noise = np.random.default_rng(0).normal(0, 0.006, thing.points.shape[:3])
    rough = dataclasses.replace(thing, points=(thing.points * (1 + noise)[..., None]).astype(np.float32))
    mesh = watertight(rough, CAMERA)
    assert signed_volume(mesh.vertices, mesh.faces) == pytest.approx(4 / 3 * np.pi * RADIUS**3, rel=0.04)
