"""Rendering of the analytic room: closed forms of planes and of a ball, by rays that share nothing with the code."""

import numpy as np
import pytest
from ball_room import CENTRE, RADIUS, WALL, K, ball, directions, walls

from wt.errors import WtError
from wt.geometry.layers import LayeredPointmap
from wt.scene.scene import Scene
from wt.views.rasterise import Rasteriser
from wt.views.surfels import sharpened, surfels_of
from wt.views.view import View, filling


def beside(x=0.0, y=0.0, z=0.0):
    pose = np.eye(4)
    pose[:3, 3] = x, y, z
    return pose


def flat(depth, rgb=None):
    """A wall straight ahead, on every pixel."""
    points = (depth * directions()).astype(np.float32)
    points = np.repeat(points[None], 6, axis=0)
    rgb = np.random.default_rng(1).integers(0, 256, (*points.shape[1:3], 3), np.uint8) if rgb is None else rgb
    return Scene.from_layers(LayeredPointmap(points, np.ones(points.shape[1:3], bool), rgb, "relative", K))


@pytest.fixture(scope="module")
def filled(fine_room):
    """The room with the ball in it: front, back, then the room behind it."""
    room, near, far = fine_room.room, fine_room.near, fine_room.far
    stack = np.stack(
        [np.where(fine_room.mask, near, room), np.where(fine_room.mask, far, room), room, room, room, room]
    )
    return Scene.from_layers(fine_room.layers(stack))


def seen_from(offset, k):
    """(depth, whether it is the ball) of the true room from beside the photo's camera."""
    ray = directions(k)
    near, _ = ball(ray, CENTRE - offset)
    with np.errstate(divide="ignore"):
        floor = np.where(ray[..., 1] > 0, (1.5 - offset[1]) / ray[..., 1], np.inf)
    room = np.minimum(floor, WALL - offset[2])
    return np.fmin(near, room), near < room


def test_the_photos_own_camera_gives_the_photo_back(filled, fine_room):
    seen = Rasteriser(surfels_of(filled), "cpu").draw(View(filled.intrinsics))
    assert seen.valid.all()
    assert not seen.hidden.any()
    np.testing.assert_array_equal(seen.rgb, filled.rgb)
    np.testing.assert_allclose(seen.depth, np.where(fine_room.mask, fine_room.near, fine_room.room), rtol=1e-5)
    assert (seen.object_id == 0).all()


def test_an_inserted_object_is_in_front_and_keeps_its_number(ball_room):
    from wt.scene.place import place

    placed = place(ball_room.ball(), ball_room.scene, ball_room.mask, ball_room.layers(ball_room.edited))
    scene = ball_room.scene.insert(placed, "ball")
    seen = Rasteriser(surfels_of(scene), "cpu").draw(View(scene.intrinsics))
    np.testing.assert_array_equal(seen.object_id == 1, ball_room.mask)
    np.testing.assert_array_equal(seen.rgb, ball_room.rgb)
    alone = Rasteriser(surfels_of(scene, objects=[1]), "cpu").draw(View(scene.intrinsics))
    np.testing.assert_array_equal(alone.valid, ball_room.mask)
    moved = scene.move(1, beside(x=0.5))
    shifted = Rasteriser(surfels_of(moved, objects=[1]), "cpu").draw(View(scene.intrinsics, beside(x=0.5)))
    np.testing.assert_array_equal(shifted.rgb, alone.rgb)


def test_a_step_aside_shifts_a_plane_by_the_closed_form():
    pixels = 7
    scene = flat(4.0)
    seen = Rasteriser(surfels_of(scene), "cpu").draw(View(K, beside(x=pixels * 4.0 / K.fx)))
    np.testing.assert_array_equal(seen.rgb[:, :-pixels], scene.rgb[:, pixels:])
    np.testing.assert_allclose(seen.depth[:, :-pixels], 4.0, rtol=1e-5)
    assert not seen.valid[:, -pixels + 1 :].any()


def test_no_holes_when_coming_nearer():
    seen = Rasteriser(surfels_of(flat(4.0)), "cpu").draw(View(K.resized(448, 320), beside(z=3.0)))
    assert seen.valid.all()
    np.testing.assert_allclose(seen.depth, 1.0, rtol=1e-5)


@pytest.mark.parametrize("offset", [(0.4, 0.0, 0.0), (-0.3, -0.2, 0.5), (0.0, -0.5, 0.0)])
def test_depth_order_and_hidden_mask_are_those_of_the_true_room(filled, offset):
    offset, k = np.array(offset), filled.intrinsics
    seen = Rasteriser(surfels_of(filled), "cpu").draw(View(k, beside(*offset)))
    truth, is_ball = seen_from(offset, k)
    # The photo saw a point of the room or the ball if its own ray ends there first.
    points = directions(k) * truth[..., None] + offset
    back = points / points[..., 2:]
    near, _ = ball(back)
    first = np.fmin(near, walls(back))
    column, row = k.fx * back[..., 0] + k.cx, k.fy * back[..., 1] + k.cy
    in_photo = (column > 1) & (column < k.width - 1) & (row > 1) & (row < k.height - 1)
    uncovered = in_photo & (points[..., 2] > first * 1.01)
    assert uncovered.sum() > 1000
    assert seen.valid[in_photo].mean() > 0.999
    agrees = np.abs(seen.depth / truth - 1) < 0.02
    assert agrees[in_photo].mean() > 0.99, "front and back in the right order, nothing shines through"
    assert agrees[uncovered].mean() > 0.95, "what the ball uncovers is the wall and the floor behind it"
    assert seen.hidden[uncovered].mean() > 0.95
    assert seen.hidden[in_photo & ~uncovered].mean() < 0.03
    assert (seen.layer[in_photo & is_ball & ~uncovered] == 0).mean() > 0.95


def test_hidden_layers_are_coloured_by_what_is_beside_them_or_grey(filled, fine_room):
    wall, ball_colour = (200, 180, 160), (20, 40, 220)
    rgb = np.where(fine_room.mask[..., None], np.uint8(ball_colour), np.uint8(wall))
    from dataclasses import replace

    scene = replace(filled, background=replace(filled.background, rgb=rgb))
    step = View(scene.intrinsics, beside(x=0.4))
    seen = Rasteriser(surfels_of(scene), "cpu").draw(step)
    behind = seen.hidden & (seen.layer == 2)
    assert behind.sum() > 500
    assert (seen.rgb[behind] == wall).all(axis=-1).mean() > 0.9, "the wall goes on as wall, not in the ball's colour"
    grey = Rasteriser(surfels_of(scene, hidden="grey"), "cpu").draw(step).rgb[seen.hidden]
    assert (grey == grey[:, :1]).all()


def test_layers_can_be_left_out(filled):
    seen = Rasteriser(surfels_of(filled, layers=[0]), "cpu").draw(View(filled.intrinsics, beside(x=0.4)))
    assert not seen.hidden.any()
    assert 0.01 < 1 - seen.valid.mean() < 0.3


def test_nothing_to_draw_is_said(filled):
    with pytest.raises(WtError, match="Show at least one"):
        surfels_of(filled, layers=[5])


def test_what_is_behind_the_camera_is_not_drawn(filled):
    pose = np.diag([-1.0, 1.0, -1.0, 1.0])
    assert not Rasteriser(surfels_of(filled), "cpu").draw(View(K, pose)).valid.any()


def test_pieces_do_not_change_the_picture(filled, monkeypatch):
    surfels, view = surfels_of(filled), View(filled.intrinsics.resized(300, 200), beside(x=0.2, z=1.0))
    whole = Rasteriser(surfels, "cpu").draw(view)
    monkeypatch.setattr("wt.views.rasterise.CUTS_AT_ONCE", 999)
    pieces = Rasteriser(surfels, "cpu").draw(view)
    np.testing.assert_array_equal(pieces.layer, whole.layer)
    np.testing.assert_array_equal(pieces.depth, whole.depth)


def test_the_photos_own_pixels_are_used_where_they_show_the_same():
    large = np.random.default_rng(2).integers(0, 256, (4 * K.height, 4 * K.width, 3), np.uint8)
    from wt.images import resize_rgb

    small = resize_rgb(large, K.width, K.height)
    np.testing.assert_array_equal(sharpened(small, [large]), large)
    small = np.concatenate([255 - small[:10], small[10:]])
    np.testing.assert_array_equal(sharpened(small, [large])[40:], large[40:])
    assert (sharpened(small, [large])[:40] != large[:40]).mean() > 0.5
    surfels = surfels_of(flat(4.0, resize_rgb(large, K.width, K.height)), pictures=[large])
    seen = Rasteriser(surfels, "cpu").draw(View(K.resized(4 * K.width, 4 * K.height)))
    np.testing.assert_array_equal(seen.rgb, large)


def test_a_picture_of_another_shape_is_filled_by_the_photo():
    wide, tall = filling(K, 400, 200), filling(K, 200, 400)
    for k in (wide, tall):
        seen = Rasteriser(surfels_of(flat(4.0)), "cpu").draw(View(k))
        assert seen.valid.all()
        assert seen.valid.shape == (k.height, k.width)
    assert (wide.fx, wide.fy) == pytest.approx((K.fx * 400 / 112, K.fy * 286 / 80))
    assert (wide.cx, wide.cy) == pytest.approx((K.cx * 400 / 112, K.cy * 286 / 80 - (286 - 200) / 2))


def test_the_balls_radius_is_kept_on_the_way_round(filled):
    surfels = surfels_of(filled)
    near = np.linalg.norm(surfels.centre - CENTRE, axis=1) < RADIUS * 1.001
    assert near.sum() > 1000
    # Half axes are steps along the surface: at right angles to the radius, but where the rim is seen edge-on.
    radial = (surfels.centre[near] - CENTRE) / RADIUS
    cosine = np.abs((surfels.across[near] * radial).sum(1)) / np.linalg.norm(surfels.across[near], axis=1)
    assert np.median(cosine) < 0.02
