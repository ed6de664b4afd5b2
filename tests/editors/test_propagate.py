"""Masks followed through frames: a square that moves as told, colours against flow alone, and what is refused."""

import numpy as np
import pytest

from editors.segment.base import Mask
from editors.segment.propagate import agreement, flow, propagate, warped
from wt.errors import Cancelled, WtError

SIDE, SQUARE, STEP = 128, 36, 3


def film(count: int = 8) -> tuple[np.ndarray, np.ndarray]:
    """A reddish textured square that goes right before greenish noise that goes left; (frames, true masks)."""
    rng = np.random.default_rng(3)
    ground = np.repeat(np.repeat(rng.integers(20, 90, (40, 80, 3)), 4, axis=0), 4, axis=1)[:SIDE]
    ground[..., 1] += 60
    thing = np.repeat(np.repeat(rng.integers(80, 160, (9, 9, 3)), 4, axis=0), 4, axis=1)
    thing[..., 0] += 90
    thing[..., 1] //= 2
    frames, masks = [], np.zeros((count, SIDE, SIDE), bool)
    for index in range(count):
        frame = ground[:, index : index + SIDE].copy()
        left = 20 + STEP * index
        masks[index, 50 : 50 + SQUARE, left : left + SQUARE] = True
        frame[50 : 50 + SQUARE, left : left + SQUARE] = thing[:, : max(SIDE - left, 0)]
        frames.append(frame.astype(np.uint8))
    return np.stack(frames), masks


@pytest.mark.parametrize("at", [0, 3, 7])
def test_a_thing_is_followed_forwards_and_backwards(at):
    frames, truth = film()
    found = propagate(frames, truth[at], at)
    np.testing.assert_array_equal(found[at], truth[at])
    assert min(agreement(one, other) for one, other in zip(found, truth, strict=True)) > 0.9


def test_flow_points_to_where_the_thing_was():
    frames, truth = film()
    motion = flow(frames[1], frames[0])
    inside = np.median(motion[truth[1]], axis=0)
    np.testing.assert_allclose(inside, [-STEP, 0], atol=0.3)


def test_a_mask_is_moved_by_the_given_motion():
    mask = np.zeros((20, 30), bool)
    mask[5:9, 10:16] = True
    motion = np.zeros((20, 30, 2), np.float32)
    motion[..., 0], motion[..., 1] = -4, 2  # of the new pixels, to the old ones: the thing went right and up
    moved = warped(mask, motion)
    expected = np.zeros_like(mask)
    expected[3:7, 14:20] = True
    np.testing.assert_array_equal(moved, expected)


class Blind:
    """A segmenter that means the whole frame, whatever is pointed at."""

    name, licence = "blind", "CC0"

    def set_image(self, rgb):
        self.shape = rgb.shape[:2]

    def predict(self, points=(), box=None):
        assert points
        return [Mask(np.ones(self.shape, bool), 1.0, "object")]

    def suggest_sky(self):
        return None

    def fresh(self):
        return Blind()


def test_a_segmenter_that_means_another_thing_changes_nothing():
    frames, truth = film(4)
    plain, asked = (propagate(frames, truth[0], segmenter=each) for each in (None, Blind()))
    np.testing.assert_array_equal(plain, asked)


def test_a_thing_that_leaves_the_picture_is_gone():
    frames, truth = film(38)
    found = propagate(frames, truth[0])
    assert not truth[-1].any()
    assert found[20].any()
    assert found[-1].mean() < 0.01


def test_progress_is_told_and_may_cancel():
    frames, truth = film(4)
    heard = []
    propagate(frames, truth[1], 1, on_frame=lambda done, total: heard.append((done, total)))
    assert heard == [(2, 4), (3, 4), (4, 4)]

    def stop(done, total):
        raise Cancelled

    with pytest.raises(Cancelled):
        propagate(frames, truth[0], on_frame=stop)


def test_what_cannot_be_followed_is_refused():
    frames, truth = film(2)
    with pytest.raises(WtError, match="Nothing is selected"):
        propagate(frames, np.zeros_like(truth[0]))
    with pytest.raises(WtError, match="no frame 2"):
        propagate(frames, truth[0], 2)
    with pytest.raises(WtError, match="The mask is 10 x 9"):
        propagate(frames, np.ones((9, 10), bool))
