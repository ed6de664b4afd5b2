"""Photometric augmentation: in range, per sample, reproducible, and exact where it can be worked out."""

import io

import numpy as np
import pytest
import torch
from PIL import Image
from scipy import ndimage

from wt.training.photometric import (
    _LUMA,
    _colour_maps,
    _hue_turn,
    blurred,
    coloured,
    jpeg,
    noisy,
    photometric,
    sharpened,
)


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


def test_colour_is_gamma_then_a_map_then_contrast_then_brightness():
    rgb, rng = pictures(3), np.random.default_rng(4)
    gamma, contrast, brightness = rng.uniform(0.6, 1.6, 3), rng.uniform(0.6, 1.5, 3), rng.normal(0, 0.1, (3, 3))
    matrix = np.eye(3) + rng.normal(0, 0.2, (3, 3, 3))
    found = coloured(rgb, *(torch.from_numpy(x).float() for x in (gamma, matrix, contrast, brightness))).numpy()
    for i in range(3):
        bent = np.clip(rgb[i].numpy().astype(np.float64), 1e-4, 1) ** gamma[i]
        mapped = np.einsum("cd,dhw->chw", matrix[i], bent)
        expected = contrast[i] * mapped + (1 - contrast[i]) * bent.mean() + brightness[i][:, None, None]
        np.testing.assert_allclose(found[i], expected, atol=1e-5)


def test_each_colour_map_is_exposure_white_balance_saturation_and_hue():
    """Taken apart: a map that leaves grey grey up to gains has those gains as its row sums."""
    maps, _ = _colour_maps(2000, np.random.default_rng(1), 1.0)
    gains = maps.sum(dim=2).double().numpy()
    exposure = np.log(gains).mean(axis=1)
    balance = np.log(gains) - exposure[:, None]
    assert exposure.std() == pytest.approx(np.hypot(0.15, 0.07 / np.sqrt(3)), rel=0.1)
    assert balance.std() == pytest.approx(0.07 * np.sqrt(2 / 3), rel=0.1)
    weak, offset = _colour_maps(3, np.random.default_rng(1), 0.0)
    np.testing.assert_allclose(weak.numpy(), np.broadcast_to(np.eye(3), (3, 3, 3)), atol=1e-6)
    assert not offset.any()


@pytest.mark.parametrize("sigma", [0.4, 0.9, 1.3])
def test_blur_and_sharpening_are_the_textbooks(sigma):
    rgb = pictures(1)[0]
    reach = int(np.ceil(3 * sigma))
    options = {"mode": "nearest", "radius": reach}
    expected = [ndimage.gaussian_filter(channel.astype(np.float64), sigma, **options) for channel in rgb.numpy()]
    np.testing.assert_allclose(blurred(rgb, sigma).numpy(), expected, atol=1e-6)
    soft = np.stack([ndimage.gaussian_filter(c.astype(np.float64), 1.0, mode="nearest", radius=3) for c in rgb.numpy()])
    np.testing.assert_allclose(sharpened(rgb, 0.7).numpy(), rgb.numpy() + 0.7 * (rgb.numpy() - soft), atol=1e-6)


def test_noise_grows_with_the_light_and_may_be_grey():
    ramp = torch.linspace(0, 1, 5)[None, :, None].expand(3, 5, 20000)
    found = (noisy(ramp, np.random.default_rng(0), 0.02, 0.05) - ramp).numpy()
    expected = np.sqrt(0.02**2 + 0.05**2 * np.linspace(0, 1, 5))
    np.testing.assert_allclose(found.std(axis=2), np.broadcast_to(expected, (3, 5)), rtol=0.03)
    assert abs(np.corrcoef(found[:2, 4])[0, 1]) < 0.03
    grey = (noisy(ramp, np.random.default_rng(0), 0.02, 0.05, grey=True) - ramp).numpy()
    np.testing.assert_allclose(grey[0], grey[1], atol=1e-6)


def test_jpeg_is_pillows():
    rgb = pictures(1)[0]
    pixels = np.round(rgb.numpy() * 255).astype(np.uint8).transpose(1, 2, 0)
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "JPEG", quality=40)
    expected = np.asarray(Image.open(buffer)).transpose(2, 0, 1) / 255
    np.testing.assert_allclose(jpeg(rgb, 40).numpy(), expected, atol=1e-6)


def test_three_pictures_in_ten_are_noisy():
    """A flat picture stays flat unless noise touched it."""
    flat = torch.full((600, 3, 8, 8), 0.5)
    found = photometric(flat, np.random.default_rng(2), 1.0)
    assert float((found.std(dim=(2, 3)).amax(dim=1) > 1e-3).float().mean()) == pytest.approx(0.3, abs=0.07)
