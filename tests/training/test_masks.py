"""Mask mistakes against SciPy's morphology, and pseudo-targets against its nearest-neighbour transform."""

import numpy as np
import pytest
from scipy import ndimage
from tiny_shards import ball_and_wall

from wt.data.source import Source
from wt.training.augment import target
from wt.training.masks import (
    FAULTS,
    LEAST,
    PSEUDO_WEIGHT,
    REACH,
    MaskJitter,
    draw_jitter,
    jitter_mask,
    with_mask,
)
from wt.training.window import Window

CROSS = ndimage.generate_binary_structure(2, 1)


def shape() -> np.ndarray:
    """A block with a hole, a gap, and a thin arm."""
    mask = np.zeros((60, 70), bool)
    mask[15:45, 10:40] = True
    mask[20:22, 20:22] = False
    mask[15:30, 30] = False
    mask[38, 40:60] = True
    return mask


@pytest.mark.parametrize("radius", [1, 2])
def test_each_mistake_is_its_morphology(radius):
    mask = shape()
    grown = ndimage.binary_dilation(mask, CROSS, radius)
    shrunk = ndimage.binary_erosion(mask, CROSS, radius, border_value=1)
    made = {fault: jitter_mask(mask, MaskJitter(fault, radius, 5)) for fault in FAULTS}
    np.testing.assert_array_equal(made["none"], mask)
    np.testing.assert_array_equal(made["grow"], grown)
    np.testing.assert_array_equal(made["shrink"], shrunk)
    np.testing.assert_array_equal(made["thin"], ndimage.binary_opening(mask, CROSS, radius))
    np.testing.assert_array_equal(made["fill"], mask | ndimage.binary_closing(mask, CROSS, radius))
    assert not made["thin"][38, 45:60].any(), "the arm is lost"
    assert made["fill"][20:22, 20:22].all(), "the hole is closed"
    assert made["border"][shrunk].all()
    assert not made["border"][~grown].any()
    lost = mask & ~made["holes"]
    assert not (made["holes"] & ~mask).any()
    assert 1 <= ndimage.label(lost, CROSS)[1] <= 4
    one = 2 * radius * (radius + 1) + 1
    assert lost.sum() <= 4 * one


def test_borders_wander_both_ways_and_are_ragged():
    mask = shape()
    made = [jitter_mask(mask, MaskJitter("border", 2, seed)) for seed in range(20)]
    assert sum((m & ~mask).sum() for m in made) > 200
    assert sum((mask & ~m).sum() for m in made) > 200
    assert len({m.tobytes() for m in made}) == 20


def test_one_draw_is_the_same_mistake_on_every_frame():
    drawn = MaskJitter("border", 1, 9)
    np.testing.assert_array_equal(jitter_mask(shape(), drawn), jitter_mask(shape(), drawn))
    seen = {draw_jitter(np.random.default_rng(seed)).fault for seed in range(80)}
    assert seen == set(FAULTS)
    drawn = [draw_jitter(rng).fault for rng in [np.random.default_rng(0)] for _ in range(2000)]
    assert drawn.count("none") / 2000 == pytest.approx(0.4, abs=0.03)


def test_a_mask_that_would_vanish_is_left_alone():
    mask = np.zeros((40, 40), bool)
    mask[10:30, 18:21] = True
    assert mask.sum() < LEAST
    for fault in ("shrink", "thin"):
        np.testing.assert_array_equal(jitter_mask(mask, MaskJitter(fault, 2)), mask)


def test_added_pixels_take_all_layers_of_the_nearest_ray_at_less_weight():
    rng = np.random.default_rng(0)
    real = shape()
    depth = np.where(real, rng.uniform(1, 2, (6, *real.shape)), 0).astype(np.float32)
    wide = ndimage.binary_dilation(real, CROSS, 6)
    wide[:, 30:35] = real[:, 30:35] & (np.arange(60) % 7 > 0)[:, None]
    found, weight = with_mask(depth, wide)
    distance = ndimage.distance_transform_edt(~real)
    added = wide & ~real & (distance <= REACH)
    np.testing.assert_array_equal(weight == np.float32(PSEUDO_WEIGHT), added)
    np.testing.assert_array_equal(weight == 1, wide & real)
    np.testing.assert_array_equal(weight == 0, ~wide | (wide & ~real & (distance > REACH)))
    np.testing.assert_array_equal(found[:, real], depth[:, real])
    for r, c in np.argwhere(added):
        # Several rays may be equally near: the one taken must be as near as the nearest.
        same = np.argwhere((depth == found[:, r, c][:, None, None]).all(axis=0))
        assert np.hypot(*(same - (r, c)).T).min() == pytest.approx(distance[r, c])


def test_a_wrong_mask_in_a_target():
    made = ball_and_wall(np.random.default_rng(3), 192, "object")
    source = Source(made["rgb"], made["depth"], made["K"])
    real = source.depth[0] > 0
    grown = jitter_mask(real, MaskJitter("grow", 2))
    found = target(source, Window(0, 0, 192, 192), 192, grown)
    np.testing.assert_array_equal(found.weight == np.float32(PSEUDO_WEIGHT), grown & ~real)
    assert (found.points[0, grown, 2] > 1).all()
    shrunk = jitter_mask(real, MaskJitter("shrink", 2))
    found = target(source, Window(0, 0, 192, 192), 192, shrunk)
    np.testing.assert_array_equal(found.weight > 0, shrunk)
