"""Photos, masks, places as a person gives them; edits back in the photo's own size."""

import numpy as np
import pytest
from PIL import Image

from wt.cli.common import full_size, open_input, pixel
from wt.errors import WtError
from wt.images import Photo


def test_places_and_masks_are_in_the_files_pixels(tmp_path):
    rng = np.random.default_rng(0)
    Image.fromarray(rng.integers(0, 255, (1000, 3000, 3), dtype=np.uint8)).save(tmp_path / "wide.png")
    mask = np.zeros((1000, 3000), np.uint8)
    mask[:, 1500:] = 255
    Image.fromarray(mask).save(tmp_path / "mask.png")
    opened = open_input(tmp_path / "wide.png", tmp_path / "mask.png", (1500.0, 600.0))
    assert opened.size == [3000, 1000]
    assert opened.photo.width == 2048
    assert opened.mask.shape == (opened.photo.height, 2048)
    assert opened.mask[:, 1024:].all()
    assert not opened.mask[:, :1023].any()
    assert opened.at == pytest.approx((1024, 600 * opened.photo.height / 1000))


def test_a_shrunk_edit_goes_back_into_the_large_photo():
    rng = np.random.default_rng(0)
    full = Photo(rng.integers(0, 255, (400, 600, 3), dtype=np.uint8))
    small = rng.integers(0, 255, (200, 300, 3), dtype=np.uint8)
    region = np.zeros((200, 300), bool)
    region[50:100, 60:90] = True
    after, inside = full_size(small, region, full)
    assert after.shape == (400, 600, 3)
    assert inside.sum() == 4 * region.sum()
    assert np.array_equal(after[~inside], full.rgb[~inside])
    assert not np.array_equal(after[inside], full.rgb[inside])
    same, _ = full_size(full.rgb, np.ones((400, 600), bool), full)
    assert same is full.rgb


def test_pixels_as_text():
    import argparse

    assert pixel("3,4.5") == (3.0, 4.5)
    for text in ("3", "a,b", "1,2,3"):
        with pytest.raises(argparse.ArgumentTypeError):
            pixel(text)


def test_a_mask_may_be_an_alpha_channel(tmp_path):
    Image.new("RGB", (64, 64)).save(tmp_path / "photo.png")
    rgba = np.zeros((64, 64, 4), np.uint8)
    rgba[:32, :, 3] = 255
    Image.fromarray(rgba).save(tmp_path / "mask.png")
    opened = open_input(tmp_path / "photo.png", tmp_path / "mask.png")
    assert opened.mask[:32].all()
    assert not opened.mask[32:].any()
    with pytest.raises(WtError, match="could not be read"):
        open_input(tmp_path / "photo.png", tmp_path / "none.png")
