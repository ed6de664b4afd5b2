"""Preparation rules that the golden fixtures (tests/model/test_parity.py) do not reach."""

import numpy as np
import pytest

from wt.errors import WtError
from wt.preprocess import (
    GREY,
    SquareCrop,
    blend,
    fallback_intrinsics,
    near_white_alpha,
    object_crop,
    prepare,
    prepare_frame,
    require_foreground,
    resize_pair,
    union_crop,
)


def white_with_box(top=30, left=20, height=40, width=25, shape=(100, 120)):
    rgb = np.full((*shape, 3), 250, dtype=np.uint8)
    rgb[top : top + height, left : left + width] = (200, 40, 10)
    return rgb


def test_near_white_needs_a_white_border_and_some_of_both():
    alpha = near_white_alpha(white_with_box())
    assert alpha.sum() == 255 * 40 * 25
    assert alpha[30, 20] == alpha[69, 44] == 255
    assert alpha[29, 20] == alpha[30, 19] == 0
    assert near_white_alpha(np.full((50, 50, 3), 250, dtype=np.uint8)) is None  # all white
    assert near_white_alpha(np.full((50, 50, 3), 244, dtype=np.uint8)) is None  # one level too dark
    assert near_white_alpha(white_with_box(top=0, height=100, width=100)) is None  # the border is the object
    assert near_white_alpha(white_with_box(top=2, left=2, height=96, width=116)) is None  # less than 10 % white


def test_the_crop_is_half_as_large_again_centred_and_rounds_to_even():
    alpha = np.zeros((100, 120), dtype=np.uint8)
    alpha[10:51, 30:60] = 200  # 41 rows, 30 columns: side ceil(61.5) = 62
    crop = object_crop(alpha)
    assert crop.side == 62
    assert crop.top == round((10 + 50) / 2 - 31)
    assert crop.left == round((30 + 59) / 2 - 31) == round(13.5) == 14  # half to even
    alpha[10:51, 30:60] = 127  # not foreground
    assert object_crop(alpha) == SquareCrop(0, 10, 100)


def test_a_crop_that_leaves_the_picture_is_filled_with_zeros():
    picture = np.arange(1, 13, dtype=np.uint8).reshape(3, 4)
    assert SquareCrop(-1, 2, 3).cut(picture).tolist() == [[0, 0, 0], [3, 4, 0], [7, 8, 0]]
    assert SquareCrop(-9, -9, 3).cut(picture).sum() == 0
    assert SquareCrop(1, 1, 2).cut(picture[..., None]).shape == (2, 2, 1)


def test_blend_truncates():
    rgb = np.array([[[10, 200, 255]]], dtype=np.uint8)
    alpha = np.array([[100]], dtype=np.uint8)
    a = 100 / 255
    expected = [int(v * a + 128 * (1 - a)) for v in (10, 200, 255)]
    assert blend(rgb, alpha, GREY)[0, 0].tolist() == expected
    assert np.array_equal(blend(rgb, np.full((1, 1), 255, np.uint8), GREY), rgb)


def test_erosion_and_nearest_mask():
    alpha = np.zeros((40, 40), dtype=np.uint8)
    alpha[10:30, 10:30] = 255
    rgb = np.zeros((40, 40, 3), dtype=np.uint8)
    assert resize_pair(rgb, alpha, 40)[1].sum() == 400
    assert resize_pair(rgb, alpha, 40, erode=2)[1].sum() == 16 * 16
    assert resize_pair(rgb, alpha, 20)[1].sum() == 100


def test_without_a_crop_the_photo_is_squeezed():
    done = prepare(white_with_box(), np.full((100, 120), 255, np.uint8), 28)
    assert done.rgb.shape == (3, 28, 28)
    assert done.rgb.dtype == np.float32
    assert done.mask.all()
    assert done.rgb.max() <= 1


def test_a_clip_shares_one_crop_and_paints_its_background_hard():
    frames = []
    for left in (20, 50):
        alpha = np.zeros((100, 120), dtype=np.uint8)
        alpha[30:60, left : left + 20] = 255
        frames.append((white_with_box(), alpha))
    crop = union_crop([alpha for _, alpha in frames])
    assert crop.side == 75  # 50 columns
    for rgb, alpha in frames:
        frame = prepare_frame(rgb, alpha, 42, crop)
        outside = frame.rgb[:, ~frame.mask]
        assert np.allclose(outside, 128 / 255)
    assert union_crop([alpha * 0 for _, alpha in frames]) == SquareCrop(0, 10, 100)


def test_the_fallback_camera():
    k = fallback_intrinsics(512)
    assert (k.fx, k.fy, k.cx, k.cy) == (500, 500, 256, 256)


def test_empty_and_tiny_selections_are_refused():
    with pytest.raises(WtError, match="Nothing is selected"):
        require_foreground(np.zeros((50, 50), np.uint8))
    alpha = np.zeros((50, 50), np.uint8)
    alpha[:3, :3] = 255
    with pytest.raises(WtError, match="9 pixels"):
        require_foreground(alpha)
