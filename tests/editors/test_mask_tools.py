"""Masks drawn by hand, and what their change must be, counted by hand."""

import numpy as np
import pytest

from editors.segment.masks import enlarged, feathered, filled, grown, largest


def drawn(*rows: str) -> np.ndarray:
    return np.array([[letter == "#" for letter in row] for row in rows])


def test_growing_and_shrinking_move_every_edge_but_the_photos_border():
    mask = drawn(".......", ".......", "..##...", ".......", ".......")
    assert np.array_equal(grown(mask, 1), drawn(".......", ".####..", ".####..", ".####..", "......."))
    assert np.array_equal(grown(grown(mask, 1), -1), mask)
    at_the_border = drawn("###..", "###..", ".....")
    assert np.array_equal(grown(at_the_border, -1), drawn("##...", ".....", "....."))


def test_holes_are_what_cannot_reach_the_border():
    ring = drawn("........", ".####...", ".#..#.#.", ".#..#.##", ".####.#.", "......##")
    assert np.array_equal(filled(ring), drawn("........", ".####...", ".####.#.", ".####.##", ".####.#.", "......##"))
    bay = drawn("####", "#..#", "#..#")
    assert np.array_equal(filled(bay), bay)


def test_the_largest_piece_is_by_area_and_corners_connect():
    pieces = drawn("##.....#", "##....#.", ".....#..", "....#...", "...#....")
    assert np.array_equal(largest(pieces), drawn(".......#", "......#.", ".....#..", "....#...", "...#...."))
    assert not largest(np.zeros((4, 5), bool)).any()
    assert largest(np.ones((4, 5), bool)).all()


@pytest.mark.parametrize("pixels", [1, 4])
def test_feathering_leaves_straight_edges_rounds_corners_and_drops_specks(pixels):
    mask = np.zeros((80, 90), bool)
    mask[:, :40] = True
    assert np.array_equal(feathered(mask, pixels), mask), "a straight edge, to the border"
    square = np.zeros((120, 120), bool)
    square[30:90, 30:90] = True
    soft = feathered(square, pixels)
    assert not soft[30, 30]
    assert np.array_equal(soft[60], square[60])
    assert np.array_equal(soft, soft.T)
    speck = np.zeros((40, 40), bool)
    speck[20, 20] = True
    assert not feathered(speck, pixels).any()


def test_feathering_a_disc_shrinks_it_by_the_curvature():
    """The half level of a blurred disc moves in by sigma^2 / (2 r), 144 / 120 px here; the area by 2 pi r times it."""
    v, u = np.mgrid[:200, :200] + 0.5
    disc = (u - 100) ** 2 + (v - 100) ** 2 < 60**2
    lost = int(disc.sum()) - int(feathered(disc, 12).sum())
    assert lost == pytest.approx(2 * np.pi * 60 * 144 / 120, rel=0.15)


def test_a_larger_copy_comes_back_as_it_was():
    mask = np.random.default_rng(3).random((20, 30)) > 0.5
    large = enlarged(mask, 90, 60)
    assert large.shape == (60, 90)
    assert np.array_equal(large[1::3, 1::3], mask)
