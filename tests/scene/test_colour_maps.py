import numpy as np
import pytest

from wt.errors import WtError
from wt.scene.colour_maps import DepthScale, depth_colours, depth_scale, mapped


def test_the_ends_of_both_maps_are_the_published_ones():
    ends = np.array([0.0, 1.0])
    np.testing.assert_allclose(mapped(ends, "turbo"), [[48, 18, 59], [122, 4, 3]], atol=3)
    np.testing.assert_allclose(mapped(ends, "magma"), [[0, 0, 4], [252, 253, 191]], atol=3)
    with pytest.raises(WtError, match="no colour map 'jet'.*turbo, magma"):
        mapped(ends, "jet")


def test_a_scale_is_even_in_log_depth_and_empty_pixels_are_black():
    scale = DepthScale(1.0, 16.0)
    np.testing.assert_allclose(scale.ticks(5), [1, 2, 4, 8, 16])
    np.testing.assert_allclose(scale.place(np.array([0.5, 1, 4, 16, 99])), [0, 0, 0.5, 1, 1])
    colours = depth_colours(np.array([1.0, 16.0, np.nan]), scale, "magma")
    assert colours.tolist() == [*mapped(np.array([1.0, 0.0]), "magma").tolist(), [0, 0, 0]]


def test_the_scale_is_shared_by_all_layers_and_does_not_follow_what_is_shown(ball_room):
    layers = np.stack(
        [ball_room.edited, np.where(ball_room.mask, ball_room.far, ball_room.room), *[ball_room.room] * 4]
    )
    from wt.scene.scene import Scene

    scene = Scene.from_layers(ball_room.layers(layers))
    alone, every = scene.point_cloud(layers=[1], colour="depth"), scene.point_cloud(colour="depth")
    assert len(alone) > 100
    assert np.array_equal(alone.colours, every.colours[every.layer == 1])
    scale = depth_scale([scene.background])
    z = every.points[:, 2]
    assert scale.near == pytest.approx(np.percentile(z, 2), rel=1e-4)
    assert scale.far == pytest.approx(np.percentile(z, 98), rel=1e-4)
