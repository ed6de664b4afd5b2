"""Steadied depth of a painted ball whose true depth in every frame is known, and of clips where nothing can be done."""

import numpy as np
import pytest
from moving_ball import CAMERA, SIDE, film

from wt.errors import Cancelled, WtError
from wt.geometry import steady
from wt.geometry.camera import rays
from wt.geometry.steady import steadied

ALL = np.ones((SIDE, SIDE), bool)
BLANK = np.full((SIDE, SIDE, 3), 128, np.uint8)


def wall(z, behind=0.5):
    """Two layers, the second one behind the first."""
    return np.stack([rays(CAMERA) * z, rays(CAMERA) * (z + behind)]).astype(np.float32)


def depth(points):
    return np.stack([frame[..., 2] for frame in points], axis=1)


def steps(points, ball):
    """Median errors of the change of each layer's depth, where the ball is in both frames."""
    both = np.stack(ball.valid)[1:] & np.stack(ball.valid)[:-1]
    wrong = np.abs(np.diff(depth(points), axis=1) - np.diff(ball.depth, axis=1))
    return [float(np.median(layer[both])) for layer in wrong]


def flickering(ball, noise=0.02, seed=0):
    """The ball's points with another scale in each frame, and errors that stay where they are in the picture."""
    rng = np.random.default_rng(seed)
    blocks = np.kron(rng.normal(0, noise, (12, 12)), np.ones((8, 8)))[..., None]
    scales = np.exp(rng.normal(0, noise, len(ball.points)))
    return [(frame * scale * (1 + blocks)).astype(np.float32) for frame, scale in zip(ball.points, scales)]


def test_a_true_clip_of_a_moving_ball_stays_true():
    ball = film()
    given = [frame.astype(np.float32) for frame in ball.points]
    found = steadied(given, ball.valid, ball.rgb)
    for layer, (now, before) in enumerate(zip(depth(found), depth(given), strict=True)):
        off = np.abs(now - before)[np.stack(ball.valid)]
        assert np.median(off) < 0.015, layer
        assert np.quantile(off, 0.95) < 0.08, layer
    assert steps(found, ball)[0] < 0.006
    true = np.abs(np.diff(ball.depth[0], axis=0))
    assert np.nanmedian(true) > 0.012, "or standing still would do"


def test_flicker_is_gone_and_motion_is_not():
    ball = film()
    given = flickering(ball)
    found = steadied(given, ball.valid, ball.rgb)
    before, after = steps(given, ball), steps(found, ball)
    assert after[0] < 0.25 * before[0]
    assert after[1] < 0.25 * before[1]
    still = np.abs(np.diff(ball.depth[0], axis=0))
    assert after[0] < 0.8 * np.nanmedian(still), "better than a depth that never changes"
    wrong = [np.nanmean(np.abs(depth(p)[0] - ball.depth[0])) for p in (given, found)]
    assert wrong[1] < wrong[0], "the thing moves on under the errors, and they average out"


@pytest.mark.parametrize("at", ["match_frames", "rigid_motion", "_averaged", "_predicted"])
def test_it_can_be_cancelled_in_every_part_before_the_next_frame(monkeypatch, at):
    """Each part asks once for a frame, a pair of frames or a step of its fit."""
    ball, part, asked = film(frames=4), getattr(steady, at), []

    def checked(*given):
        *others, _ = given

        def twice():
            asked.append(at)
            if len(asked) == 2:
                raise Cancelled

        return part(*others, twice)

    monkeypatch.setattr(steady, at, checked)
    with pytest.raises(Cancelled):
        steadied(flickering(ball), ball.valid, ball.rgb, lambda: None)
    assert len(asked) == 2


def test_points_stay_on_their_rays():
    ball = film(frames=4)
    given = flickering(ball)
    for before, after, valid in zip(given, steadied(given, ball.valid, ball.rgb), ball.valid, strict=True):
        assert (after.shape, after.dtype) == (before.shape, np.float32)
        now, then = (p[:, valid] for p in (after, before))
        np.testing.assert_allclose(now / now[..., 2:], then / then[..., 2:], atol=1e-5)


def test_a_still_thing_keeps_what_it_has():
    ball = film(frames=6, turn=(0, 0, 0), shift=(0, 0, 0))
    given = [frame.astype(np.float32) for frame in ball.points]
    for before, after in zip(given, steadied(given, ball.valid, ball.rgb), strict=True):
        np.testing.assert_allclose(after, before, rtol=1e-5)


def test_without_anything_to_follow_depth_is_averaged_in_place():
    found = steadied([wall(z) for z in (2.0, 2.1, 1.95, 2.05)], [ALL] * 4, [BLANK] * 4)
    steps_left = np.diff(depth(found)[0][:, 0, 0])
    assert np.abs(steps_left).max() < 0.01
    assert 1.95 < depth(found)[0].min() <= depth(found)[0].max() < 2.1


def test_what_changes_for_certain_is_left_alone():
    found = steadied([wall(z) for z in (2.0, 4.0, 8.0)], [ALL] * 3, [BLANK] * 3)
    for frame, z in zip(found, (2.0, 4.0, 8.0), strict=True):
        np.testing.assert_allclose(frame[0, ..., 2], z, rtol=1e-3)


def test_empty_pixels_and_frames_neither_count_nor_change():
    ball = film(frames=5)
    given, valid = flickering(ball), list(ball.valid)
    given[2], valid[2] = np.full_like(given[2], np.nan), valid[2] & False
    found = steadied(given, valid, ball.rgb)
    assert np.isnan(found[2]).all()
    for frame, mask in zip(found, valid, strict=True):
        assert np.isfinite(frame[:, mask]).all()
        assert np.isnan(frame[:, ~mask]).all()


def test_repeats_stay_repeats_and_layers_keep_their_order():
    ball = film(frames=5)
    given = flickering(ball)
    for frame in given:
        frame[1, :, : SIDE // 2] = frame[0, :, : SIDE // 2]
        frame[1, :, SIDE // 2 :, 2] *= 1.0
    found = steadied(given, ball.valid, ball.rgb)
    for frame, mask in zip(found, ball.valid, strict=True):
        left = mask.copy()
        left[:, SIDE // 2 :] = False
        np.testing.assert_array_equal(frame[1][left], frame[0][left])
        assert (frame[1][mask][:, 2] >= frame[0][mask][:, 2]).all()


def test_nothing_to_do_and_nothing_sensible():
    ball = film(frames=2)
    assert steadied(ball.points[:1], ball.valid[:1], ball.rgb[:1])[0] is ball.points[0]
    empty = [mask & False for mask in ball.valid]
    assert all(a is b for a, b in zip(steadied(ball.points, empty, ball.rgb), ball.points))
    few = [mask.copy() & False for mask in ball.valid]
    for mask in few:
        mask[40:43, 40:43] = True
    tiny = steadied([np.where(m[..., None], p, np.nan) for p, m in zip(ball.points, few)], few, ball.rgb)
    assert all(np.isfinite(frame[:, mask]).all() for frame, mask in zip(tiny, few, strict=True))
    with pytest.raises(WtError, match="a mask and a picture for each frame"):
        steadied(ball.points, ball.valid[:1], ball.rgb)
