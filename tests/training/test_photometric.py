"""Photometric augmentation: in range, per sample, reproducible, and exact where it can be worked out."""

import numpy as np
import pytest
import torch

from wt.training.photometric import _LUMA, _colour_maps, _hue_turn, photometric


def pictures(count=6, side=32):
    return torch.from_numpy(np.random.default_rng(0).random((count, 3, side, side), dtype=np.float32))


def test_strength_zero_changes_nothing():
    rgb = pictures()
    assert photometric(rgb, np.random.default_rng(0), 0.0) is rgb


@pytest.mark.parametrize("seed", range(5))
def test_values_stay_in_range_and_shapes_are_kept(seed):
    rgb = pictures()
    rgb[0], rgb[1] = 0, 1
    before = rgb.clone()
    found = photometric(rgb, np.random.default_rng(seed), 1.0)
    assert found.shape == rgb.shape
    assert torch.isfinite(found).all()
    assert 0 <= float(found.min()) <= float(found.max()) <= 1
    assert torch.equal(rgb, before), "the stored pictures are not written into"


def test_the_same_seed_gives_the_same_pictures_and_samples_differ():
    one = pictures(1).expand(4, -1, -1, -1).clone()
    first = photometric(one, np.random.default_rng(3), 1.0)
    assert torch.equal(first, photometric(one, np.random.default_rng(3), 1.0))
    assert float((first[0] - first[1]).abs().mean()) > 0.01


def test_the_hue_turn_is_a_rotation_about_grey():
    turn = _hue_turn(0.7)
    np.testing.assert_allclose(turn @ turn.T, np.eye(3), atol=1e-12)
    np.testing.assert_allclose(turn @ np.ones(3), np.ones(3), atol=1e-12)
    assert np.trace(turn) == pytest.approx(1 + 2 * np.cos(0.7))


def test_colour_maps_keep_grey_near_grey_and_sometimes_drop_colour():
    maps, offset = _colour_maps(4000, np.random.default_rng(0), 1.0)
    grey = (maps.double() @ torch.full((3,), 0.5, dtype=torch.float64)) + offset
    spread = (grey.max(dim=1).values - grey.min(dim=1).values) / grey.mean(dim=1)
    assert float(spread.median()) < 0.15, "white balance moves grey a little"
    # A picture without colour has equal direction in every row: the map has rank one.
    rank_one = torch.linalg.matrix_rank(maps, rtol=1e-4) == 1
    assert 0.01 < float(rank_one.float().mean()) < 0.06
    assert sum(_LUMA) == pytest.approx(1)


def test_strength_scales_the_change():
    rgb = pictures(16)
    weak = float((photometric(rgb, np.random.default_rng(1), 0.1) - rgb).abs().mean())
    strong = float((photometric(rgb, np.random.default_rng(1), 1.0) - rgb).abs().mean())
    assert 3 * weak < strong
