"""How far two lifts lie apart, on layers whose differences are known."""

import numpy as np
import pytest

from wt.geometry.camera import Intrinsics
from wt.geometry.layers import LayeredPointmap
from wt.scene.colour_maps import mapped
from wt.scene.scene import Scene
from wt.scene.spread import depth_pictures, depth_spread

K = Intrinsics(20.0, 20.0, 4.0, 3.0, 8, 6)


def scene_of(*depth: float, alpha: np.ndarray | None = None) -> Scene:
    """Flat layers at these depths; the left half of the visible one is a tenth nearer."""
    v, u = np.mgrid[:6, :8] + 0.5
    rays = np.stack([(u - K.cx) / K.fx, (v - K.cy) / K.fy, np.ones_like(u)], axis=-1)
    z = np.array(depth)[:, None, None] * np.ones((6, 8))
    z[0, :, :4] *= 0.9
    alpha = np.ones((6, 8), bool) if alpha is None else alpha
    points = np.where(alpha[..., None], z[..., None] * rays, np.nan).astype(np.float32)
    return Scene.from_layers(LayeredPointmap(points, alpha, np.zeros((6, 8, 3), np.uint8), "relative", K))


def test_the_spread_is_the_median_relative_difference_of_what_both_have():
    first = scene_of(2.0, 4.0, 5.0)
    assert depth_spread(first, first) == (0.0, 0.0)
    seen, hidden = depth_spread(scene_of(2.02, 4.4, 5.5), first)
    assert seen == pytest.approx(0.01, rel=1e-4)
    assert hidden == pytest.approx(0.1, rel=1e-4)
    # A layer that ends with the one before it is no surface: only the first hidden one counts.
    assert depth_spread(scene_of(2.0, 4.2, 4.2), first)[1] == pytest.approx(0.05, rel=1e-4)


def test_without_a_common_surface_nothing_is_claimed():
    left, right = np.zeros((2, 6, 8), bool)
    left[:, :4], right[:, 4:] = True, True
    assert depth_spread(scene_of(2.0, 4.0, alpha=left), scene_of(2.0, 4.0, alpha=right)) == (None, None)
    assert depth_spread(scene_of(2.0), scene_of(2.0)) == (0.0, None)


def test_the_pictures_are_the_visible_depth_beside_the_hidden_one_in_one_range():
    alpha = np.ones((6, 8), bool)
    alpha[0] = False
    like = scene_of(2.0, 4.0)
    picture = depth_pictures(scene_of(2.0, 4.0, 5.0, alpha=alpha), like)
    visible, hidden = picture[:, :8], picture[:, -8:]
    assert not picture[0].any(), "no surface is black"
    assert not picture[:, 8:-8].any()
    assert np.array_equal(visible[1:, :4], np.broadcast_to(mapped(np.array(1.0)), (5, 4, 3))), "the nearest is warm"
    assert hidden[1:].max(axis=-1).min() > 100, "the farthest is cold, not black"
    assert (hidden[1:].argmax(axis=-1) == 2).all()
    assert not np.array_equal(visible[1:, 4:], visible[1:, :4])
