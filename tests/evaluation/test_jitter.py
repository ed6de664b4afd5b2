"""Jitter against clips whose wrong steps are known by hand."""

import numpy as np
import pytest

from wt.evaluation.benchmark import mean_figures
from wt.evaluation.jitter import jitter
from wt.evaluation.metrics import Fit, Reference
from wt.geometry.camera import Intrinsics, rays

SIDE = 12
CAMERA = Intrinsics(20.0, 20.0, SIDE / 2, SIDE / 2, SIDE, SIDE)
ALL = np.ones((SIDE, SIDE), bool)


def frame(*depths):
    """Points on the rays at the depths of the layers."""
    return np.stack([rays(CAMERA) * np.broadcast_to(z, (SIDE, SIDE))[..., None] for z in depths])


def clip(*pairs):
    return [frame(*pair) for pair in pairs]


def test_an_error_that_stays_and_a_motion_that_is_followed_are_no_jitter():
    truth = clip((2.0, 3.0), (2.1, 3.1), (2.3, 3.3))
    wrong = clip((2.5, 3.0), (2.6, 3.1), (2.8, 3.3))
    found = jitter(wrong, truth, [ALL] * 3, 1.0)
    assert found.layer0 == pytest.approx(0, abs=1e-12)
    assert found.all == pytest.approx(0, abs=1e-12)


def test_it_is_the_median_over_pixels_and_pairs_in_the_units_of_the_sample():
    truth = clip(*[(2.0, 3.0)] * 3)
    # Steps of layer 0 are wrong by 0.1, then by 0.3; those of layer 1 by 0.5 both times.
    seen = clip((2.0, 3.0), (2.1, 3.5), (2.4, 4.0))
    found = jitter(seen, truth, [ALL] * 3, 2.0)
    assert found.layer0 == pytest.approx((0.1 + 0.3) / 2 / 2.0)
    assert found.all == pytest.approx((0.3 + 0.5) / 2 / 2.0)


def test_a_pixel_counts_where_both_frames_have_it():
    truth, seen = clip((2.0,), (2.0,)), clip((2.0,), (2.2,))
    left, right = ALL.copy(), ALL.copy()
    left[:, 6:], right[:, :4] = False, False
    seen[1][..., :4, :] = np.nan
    seen[1][0, :, 4:6] *= 3
    assert jitter(seen, truth, [left, right], 1.0).layer0 == pytest.approx(3 * 2.2 - 2.0)
    assert np.isnan(jitter(seen, truth, [left, ~left], 1.0).layer0)


def test_a_picture_has_none():
    assert np.isnan(jitter(clip((2.0,)), clip((2.0,)), [ALL], 1.0).layer0)


def test_a_clip_is_aligned_once_so_that_scale_flicker_is_jitter():
    rng = np.random.default_rng(0)
    shape = rng.uniform(1.8, 2.2, (SIDE, SIDE))
    references = [Reference(frame(shape, shape + 0.5), ALL, 1.0) for _ in range(4)]
    steady = [frame(shape, shape + 0.5) * 3 for _ in range(4)]
    assert Fit(steady, references).jitter.layer0 == pytest.approx(0, abs=1e-9)
    flickering = [points * factor for points, factor in zip(steady, (1.0, 1.05, 1.0, 1.05))]
    assert Fit(flickering, references).jitter.layer0 > 0.03
    assert np.isnan(Fit(steady[:1], references[:1]).metrics().jitter.all)


def test_all_clips_as_one_have_the_median_of_all_their_errors():
    shape = np.random.default_rng(0).uniform(1.8, 2.2, (SIDE, SIDE))
    references = [Reference(frame(shape), ALL, 1.0)] * 3
    found = [Fit([frame(shape), frame(shape), frame(shape + step)], references).metrics() for step in (0.0, 0.01, 0.4)]
    errors = np.concatenate([metrics.jitter.errors for metrics in found])
    assert len(errors) == 3 * 2 * SIDE * SIDE
    figures = mean_figures(found)
    assert figures["l0_jitter_pooled"] == pytest.approx(np.median(errors))
    assert figures["l0_jitter_pooled"] < figures["l0_jitter"] / 5, "one bad clip of three"
