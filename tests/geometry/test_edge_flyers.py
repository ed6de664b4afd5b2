"""The filter against a picture whose flyers are known (the golden fixture is part of the parity test)."""

import numpy as np
import pytest

from wt.geometry.camera import Intrinsics, rays
from wt.geometry.edge_flyers import EdgeFlyerFilter, without_edge_flyers
from wt.geometry.layers import LayeredPointmap

SIDE = 48
CAMERA = Intrinsics(60.0, 60.0, SIDE / 2, SIDE / 2, SIDE, SIDE)


def lift(flyers=(), hidden_flyers=()):
    """A near wall on the left, a far one on the right, a third behind both; flyers hang half way."""
    near = np.full((SIDE, SIDE), 4.0)
    near[:, :24] = 2.0
    depth = np.stack([near, np.full_like(near, 6.0), np.full_like(near, 6.0)])
    for row, column in flyers:
        depth[0, row, column] = 3.0
    for row, column in hidden_flyers:
        depth[1, row, column] = depth[2, row, column] = 5.0
    points = (rays(CAMERA) * depth[..., None]).astype(np.float32)
    alpha = np.ones((SIDE, SIDE), dtype=bool)
    return LayeredPointmap(points, alpha, np.zeros((SIDE, SIDE, 3), np.uint8), "relative", CAMERA)


DEPTH_ONLY = EdgeFlyerFilter(outliers=False)


def test_a_flyer_at_the_front_gives_way_to_what_is_behind_it():
    before = lift(flyers=[(11, 23), (30, 24)])
    after = without_edge_flyers(before, DEPTH_ONLY)
    moved = np.argwhere((after.depth != before.depth).any(axis=0))
    assert moved.tolist() == [[11, 23], [30, 24]]
    assert (after.depth[:, moved[:, 0], moved[:, 1]] == 6.0).all()
    assert after.alpha.all()


def test_a_hidden_flyer_repeats_the_surface_before_it():
    before = lift(hidden_flyers=[(24, 10)])
    after = without_edge_flyers(before, DEPTH_ONLY)
    assert after.depth[:, 24, 10].tolist() == [2.0, 2.0, 2.0]
    assert after.surfaces()[:, 24, 10].tolist() == [True, False, False]


def test_a_ray_with_nothing_left_ends_nowhere():
    before = lift(flyers=[(11, 23)])
    alone = LayeredPointmap(before.points[:1], before.alpha, before.rgb, before.units, before.intrinsics)
    after = without_edge_flyers(alone, DEPTH_ONLY)
    assert np.argwhere(~after.alpha).tolist() == [[11, 23]]


def test_numbers_may_be_given_layer_by_layer():
    flyers = lift(flyers=[(11, 23)], hidden_flyers=[(24, 10)])
    mask = np.ones(flyers.depth.shape, dtype=bool)
    for share, dropped in (((9.0, 0.02), (0, 1)), ((0.02, 9.0), (1, 0)), (9.0, (0, 0)), (0.02, (1, 1))):
        _, kept = EdgeFlyerFilter(outliers=False, depth_share=share)(flyers.points, mask)
        assert ((~kept)[0].sum(), (~kept)[1].sum()) == dropped
    _, kept = EdgeFlyerFilter(outliers=False, layers=(0,))(flyers.points, mask)
    assert kept[1].all()
    _, kept = EdgeFlyerFilter(outliers=False, depth_floor=2.5)(flyers.points, mask)
    assert kept.all()


@pytest.mark.parametrize("points", [0, 3])
def test_hardly_any_points_are_left_alone(points):
    mask = np.zeros((1, SIDE, SIDE), dtype=bool)
    mask[0, 0, :points] = True
    cloud = lift().points[:1]
    assert np.array_equal(EdgeFlyerFilter(rim=True)(cloud, mask)[1], mask)
