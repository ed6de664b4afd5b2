"""Odd photos are converted and that is said; bad ones get one sentence."""

import io

import numpy as np
import pytest
from PIL import Image

from wt.errors import WtError
from wt.images import as_photo, open_photo, resize_mask, resize_rgb


def encoded(image: Image.Image, fmt: str = "PNG", **options) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, fmt, **options)
    return buffer.getvalue()


def gradient(width: int = 64, height: int = 48) -> Image.Image:
    columns, rows = np.meshgrid(np.arange(width) * 255 // width, np.arange(height) * 255 // height)
    return Image.fromarray(np.stack([columns, rows, columns // 2], axis=-1).astype(np.uint8))


def noise() -> Image.Image:
    return Image.fromarray(np.random.default_rng(0).integers(0, 255, (48, 64, 3), dtype=np.uint8))


def test_a_plain_photo_is_unchanged():
    photo = open_photo(encoded(gradient()))
    np.testing.assert_array_equal(photo.rgb, np.asarray(gradient()))
    assert (photo.width, photo.height, photo.alpha, photo.notes) == (64, 48, None, ())


@pytest.mark.parametrize(("mode", "fmt"), [("CMYK", "JPEG"), ("P", "PNG"), ("L", "PNG"), ("1", "PNG"), ("LA", "PNG")])
def test_other_modes_are_converted_and_said(mode, fmt):
    photo = open_photo(encoded(gradient().convert(mode), fmt))
    assert photo.rgb.shape == (48, 64, 3)
    assert photo.rgb.dtype == np.uint8
    assert any("Converted" in note for note in photo.notes)


def test_sixteen_bit_keeps_its_range():
    values = np.linspace(0, 65535, 64 * 48).reshape(48, 64).astype(np.uint16)
    photo = open_photo(encoded(Image.fromarray(values)))
    expected = (values / 257.0).astype(np.uint8)
    assert np.abs(photo.rgb[..., 0].astype(int) - expected).max() <= 1
    assert any("16-bit" in note for note in photo.notes)


def test_exif_rotation_is_applied():
    exif = Image.Exif()
    exif[0x0112] = 6  # stored rotated 90 degrees anticlockwise
    photo = open_photo(encoded(gradient(), "JPEG", exif=exif, quality=95))
    assert (photo.width, photo.height) == (48, 64)
    upright = np.asarray(gradient().rotate(-90, expand=True)).astype(int)
    assert np.abs(photo.rgb.astype(int) - upright).mean() < 3


def test_alpha_becomes_the_mask():
    image = gradient().convert("RGBA")
    alpha = np.zeros((48, 64), np.uint8)
    alpha[10:30, 20:40] = 255
    image.putalpha(Image.fromarray(alpha))
    np.testing.assert_array_equal(open_photo(encoded(image)).alpha, alpha > 127)


def test_heic_is_read():
    pillow_heif = pytest.importorskip("pillow_heif")
    pillow_heif.register_heif_opener()
    photo = open_photo(encoded(gradient(), "HEIF", quality=90))
    assert np.abs(photo.rgb.astype(int) - np.asarray(gradient()).astype(int)).mean() < 6


def test_animated_uses_the_first_frame():
    frames = [gradient(), gradient().rotate(180)]
    photo = open_photo(encoded(frames[0], "GIF", save_all=True, append_images=frames[1:]))
    assert any("2 frames" in note for note in photo.notes)


def test_huge_is_shrunk_and_said():
    photo = open_photo(encoded(gradient(3000, 600), "JPEG"))
    assert (photo.width, photo.height) == (2048, 410)
    assert any("Shrunk from 3000 x 600" in note for note in photo.notes)


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "empty"),
        (b"hello, I am text", "not a picture"),
        (encoded(noise())[:2000], "damaged|cut short"),
        (encoded(Image.new("RGB", (1, 1))), "1 x 1"),
        (encoded(Image.new("1", (14000, 14000))), "megapixels|too large"),
    ],
)
def test_bad_input_gets_one_sentence(data, says):
    with pytest.raises(WtError, match=says):
        open_photo(data, name="holiday.jpg")


def test_missing_file_and_wrong_array():
    with pytest.raises(WtError, match="could not be read"):
        open_photo("no_such_photo.jpg")
    with pytest.raises(WtError, match="uint8 array"):
        as_photo(np.zeros((40, 40, 3), np.float32))


def test_mask_resize_is_nearest_at_pixel_centres():
    mask = np.zeros((4, 6), bool)
    mask[1, 2] = True
    np.testing.assert_array_equal(resize_mask(mask, 12, 8), mask.repeat(2, 0).repeat(2, 1))
    np.testing.assert_array_equal(resize_mask(mask.repeat(2, 0).repeat(2, 1), 6, 4), mask)
    assert resize_rgb(np.zeros((40, 60, 3), np.uint8), 30, 20).shape == (20, 30, 3)
