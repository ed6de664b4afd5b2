"""Thinning, depth ranges and the field of view of a 3D view."""

import numpy as np
import pytest

from wt.geometry.camera import Intrinsics
from wt.scene.display import depth_bins, fitting_fov, point_nodes, thin


def test_thinning_favours_what_the_camera_sees():
    layer = np.repeat(np.arange(4), 1000).astype(np.uint8)
    chosen = thin(layer, 1200)
    assert len(chosen) == len(np.unique(chosen)) == 1200
    assert (layer[chosen] == 0).sum() == 800
    assert np.array_equal(thin(layer, 10_000), np.arange(4000))
    assert len(thin(layer[:1000], 300)) == 300
    assert np.array_equal(chosen, thin(layer, 1200))


def test_depth_bins_are_thirds():
    z = np.linspace(1, 4, 300)
    assert [int((depth_bins(z) == bin_).sum()) for bin_ in range(3)] == pytest.approx([100, 100, 100], abs=1)
    assert depth_bins(np.zeros(0)).shape == (0,)


@pytest.mark.parametrize("aspect", [0.5, 1.0, 1.5, 3.0])
def test_home_shows_the_whole_photo_in_any_window(aspect):
    k = Intrinsics.from_fov(60, 120, 80)  # centred: the closed form is known
    half_y = np.tan(fitting_fov(k, aspect) / 2)
    assert half_y >= 40 / k.fy - 1e-9
    assert half_y * aspect >= 60 / k.fx - 1e-9
    assert np.isclose(half_y, 1.03 * 40 / k.fy) or np.isclose(half_y * aspect, 1.03 * 60 / k.fx)


@pytest.mark.parametrize("aspect", [0.6, 1.0, 2.0])
def test_home_holds_the_corners_under_an_off_centre_camera(aspect):
    k = Intrinsics(100.0, 90.0, 80.0, 25.0, 120, 80)
    half_y = np.tan(fitting_fov(k, aspect) / 2)
    for u, v in ((0, 0), (120, 0), (0, 80), (120, 80)):
        x, y = (u - k.cx) / k.fx, (v - k.cy) / k.fy
        assert abs(y) <= half_y + 1e-9
        assert abs(x) <= half_y * aspect + 1e-9


def test_nodes_hold_every_point_once_and_leave_no_gap(ball_room):
    """Neighbours on the room's far wall are WALL / f apart: a point must be wider than that."""
    cloud, k = ball_room.scene.point_cloud(), ball_room.camera
    nodes = list(point_nodes(cloud, 10**6, k))
    assert sum(len(node.points) for node in nodes) == len(cloud)
    assert {(node.object_id, node.layer) for node in nodes} == {(0, 0)}
    far = max(nodes, key=lambda node: node.depth_range)
    assert 6.0 / k.fy < far.footprint < 1.3 * 6.0 / k.fx
    thinned = list(point_nodes(cloud, len(cloud) // 4, k))
    assert sum(len(node.points) for node in thinned) == len(cloud) // 4
    assert thinned[-1].footprint > far.footprint
