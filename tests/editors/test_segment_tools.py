"""Tools of the hand against discs and squares whose areas are known."""

import numpy as np
import pytest
from PIL import Image

from editors.segment import tools
from wt.errors import WtError

SIZE = (80, 120)


def disc(x: float, y: float, radius: float) -> np.ndarray:
    v, u = np.mgrid[: SIZE[0], : SIZE[1]] + 0.5
    return (u - x) ** 2 + (v - y) ** 2 <= radius**2


NOTHING = np.zeros(SIZE, bool)


@pytest.mark.parametrize("diameter", [1, 5, 20, 41])
def test_a_dab_is_a_disc_around_the_point(diameter):
    drawn = tools.stroke(NOTHING, [(60.5, 40.5)], diameter)
    v, u = np.nonzero(drawn)
    assert drawn.sum() == pytest.approx(np.pi * diameter**2 / 4, rel=0.25, abs=1.5)
    assert u.mean() == pytest.approx(60, abs=0.51)
    assert v.mean() == pytest.approx(40, abs=0.51)
    assert np.ptp(u) + 1 == pytest.approx(diameter, abs=1)


def test_brush_then_eraser_along_the_same_path_leaves_nothing():
    path = [(10.0, 10.0), (60.0, 50.0), (110.0, 20.0)]
    drawn = tools.stroke(NOTHING, path, 9)
    assert all(drawn[int(y), int(x)] for x, y in path)
    assert drawn[30, 35]  # on the way
    assert not tools.stroke(drawn, path, 9, erase=True).any()
    assert (tools.stroke(drawn, [], 9) == drawn).all()


def test_a_stroke_may_leave_the_photo():
    assert tools.stroke(NOTHING, [(-30.0, 40.0), (5.0, 40.0)], 10)[40, 0]


@pytest.mark.parametrize("pixels", [1, 3, 10])
def test_grow_and_shrink_move_the_edge_by_so_many_pixels(pixels):
    start = disc(60, 40, 20)
    assert overlap(tools.grow(start, pixels), disc(60, 40, 20 + pixels)) > 0.97
    assert overlap(tools.shrink(start, pixels), disc(60, 40, 20 - pixels)) > 0.95
    assert (tools.grow(start, 0) == start).all()


def test_shrinking_does_not_pull_away_from_the_photos_edge():
    left = NOTHING.copy()
    left[:, :30] = True
    shrunk = tools.shrink(left, 5)
    assert shrunk[:, :25].all()
    assert not shrunk[:, 25:].any()
    assert not tools.grow(NOTHING, 4).any()
    assert tools.shrink(~NOTHING, 4).all()


def test_feather_crosses_a_half_at_the_edge():
    soft = tools.feather(disc(60, 40, 20), 4)
    assert soft.dtype == np.float32
    assert ((soft > 0.5) == disc(60, 40, 20)).all()
    assert (soft[disc(60, 40, 14)] == 1).all()
    assert (soft[~disc(60, 40, 26)] == 0).all()
    assert (np.diff(soft[40, 60:]) <= 1e-6).all()


def test_smooth_takes_hairs_and_keeps_the_body():
    body = disc(60, 40, 20)
    hairy = body.copy()
    hairy[40, 60:115] = True
    smoothed = tools.smooth(hairy, 3)
    assert not smoothed[40, 90:].any()
    assert overlap(smoothed, body) > 0.95


def test_holes_are_filled_and_bays_are_not():
    ring = disc(60, 40, 20) & ~disc(60, 40, 10)
    assert (tools.fill_holes(ring) == disc(60, 40, 20)).all()
    assert (tools.fill_holes(ring, share=0.1) == ring).all()
    bay = np.ones(SIZE, bool)
    bay[30:50, :40] = False
    assert (tools.fill_holes(bay) == bay).all()


def test_the_largest_piece_is_kept():
    both = disc(30, 40, 15) | disc(90, 40, 10)
    assert (tools.keep_largest(both) == disc(30, 40, 15)).all()
    assert not tools.keep_largest(NOTHING).any()


@pytest.mark.parametrize("mode", ["1", "L", "RGB", "RGBA", "LA", "P", "I;16"])
def test_a_mask_picture_of_any_kind_and_size(mode):
    truth = np.zeros((160, 240), bool)
    truth[40:100, 60:200] = True
    grey = Image.fromarray(truth.astype(np.uint8) * 255)
    if mode == "I;16":
        picture = Image.fromarray(truth.astype(np.uint16) * 65535)
    elif mode == "RGBA":
        picture = Image.merge("RGBA", [Image.new("L", grey.size, 30)] * 3 + [grey])
    else:
        picture = grey.convert(mode)
    mask = tools.mask_from_image(picture, 120, 80)
    assert (mask == truth[::2, ::2]).all()


def test_a_black_mask_is_refused():
    with pytest.raises(WtError, match="black everywhere"):
        tools.mask_from_image(Image.new("L", (10, 10)), 120, 80)


def overlap(a: np.ndarray, b: np.ndarray) -> float:
    return float((a & b).sum() / (a | b).sum())
