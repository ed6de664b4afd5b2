"""Matches between frames against pictures that were shifted by hand, and points of a ball of known motion."""

import numpy as np
import pytest
from moving_ball import CAMERA, film

from wt.geometry.camera import project
from wt.geometry.optical_flow import LEAST, match_frames, sampled


def shifted(frames, step):
    """Noise, smooth enough to follow, that goes right by `step` pixels a frame, in a round mask that does too."""
    v, u = np.mgrid[:80, :120] + 0.5
    rng = np.random.default_rng(0)
    waves = rng.normal(0, 0.25, (30, 2))
    pictures, masks = [], []
    for t in range(frames):
        x = u - step * t
        value = sum(np.sin(a * x + b * v + k) for k, (a, b) in enumerate(waves)) * 12 + 128
        pictures.append(np.repeat(np.clip(value, 0, 255).astype(np.uint8)[..., None], 3, axis=-1))
        masks.append((x - 45) ** 2 + (v - 40) ** 2 < 25**2)
    return pictures, masks


def test_a_shift_is_found_over_every_stride():
    found = match_frames(*shifted(5, 1.5))
    assert list(zip(found.earlier, found.later)) == [(0, 1), (1, 2), (2, 3), (3, 4), (0, 2), (1, 3), (2, 4), (0, 4)]
    for pair in range(len(found.earlier)):
        there = (found.end - found.start)[pair][found.weight[pair] > 0]
        expected = 1.5 * (found.later - found.earlier)[pair]
        np.testing.assert_allclose(np.median(there, axis=0), (expected, 0.0), atol=0.15)
        assert found.weight[pair].sum() == pytest.approx(1)


def test_the_points_of_a_turning_ball_are_found_again():
    ball = film(frames=3)
    found = match_frames(ball.rgb, ball.valid)
    for pair, (earlier, later) in enumerate(zip(found.earlier, found.later)):
        counts = found.weight[pair] > 0
        z, known = sampled(np.nan_to_num(ball.depth[0, earlier]), ball.valid[earlier], found.start[pair])
        x, y = ((found.start[pair] - (CAMERA.cx, CAMERA.cy)) / (CAMERA.fx, CAMERA.fy) * z[:, None]).T
        onward = ball.poses[later] @ np.linalg.inv(ball.poses[earlier])
        true = project(np.stack([x, y, z], axis=1) @ onward[:3, :3].T + onward[:3, 3], CAMERA)
        miss = np.linalg.norm(found.end[pair] - true, axis=1)[counts & known]
        assert len(miss) > 300
        assert np.median(miss) < 0.35


def test_nothing_to_match_is_none():
    pictures, masks = shifted(3, 1.0)
    assert match_frames(pictures[:1], masks[:1]) is None
    assert match_frames(pictures, [mask & False for mask in masks]) is None
    few = np.zeros_like(masks[0])
    few.ravel()[: LEAST - 1] = True
    assert match_frames(pictures, [few] * 3) is None
    hidden = match_frames(pictures, [masks[0], masks[1] & False, masks[2]])
    assert list(zip(hidden.earlier, hidden.later)) == [(0, 2)], "what is out of sight for a frame is found again"


def test_sampling_reads_between_valid_pixels_alone():
    values, valid = np.array([[1.0, 3.0, 100.0]]), np.array([[True, True, False]])
    at = np.array([[0.5, 0.5], [1.0, 0.5], [1.75, 0.5], [2.5, 0.5], [9.0, 0.5]])
    found, known = sampled(values, valid, at)
    np.testing.assert_allclose(found[:3], [1.0, 2.0, 3.0])
    assert known.tolist() == [True, True, True, False, False]
