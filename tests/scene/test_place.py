import math
from dataclasses import replace

import numpy as np
import pytest

from wt.errors import WtError
from wt.geometry.camera import Intrinsics, pixel_centres, project, unproject
from wt.geometry.fit_intrinsics import fit_intrinsics
from wt.geometry.layers import LayeredPointmap
from wt.scene.contact import contact_gap, snap_contact
from wt.scene.gauge import apply_gauge, gauge, hidden_agreement
from wt.scene.place import place, solve
from wt.scene.scene import Scene

CENTRE, RADIUS = np.array([0.3, 1.0, 4.0]), 0.5


@pytest.mark.parametrize("object_scale", [0.2, 1.0, 7.0])
@pytest.mark.parametrize("scene_scale", [0.3, 1.0, 5.0])
def test_unknown_scales_are_solved_exactly_for_every_layer(ball_room, object_scale, scene_scale):
    edited = ball_room.layers(ball_room.edited, scale=scene_scale)
    placed = place(ball_room.ball(object_scale), ball_room.scene, ball_room.mask, edited)
    points = placed.points[placed.present]
    np.testing.assert_allclose(np.linalg.norm(points - CENTRE, axis=-1), RADIUS, atol=1e-4)
    assert placed.scale == pytest.approx(1 / object_scale, rel=1e-5)
    assert placed.gauge.scale == pytest.approx(1 / scene_scale, rel=1e-5)
    assert placed.residuals["depth"] < 1e-5
    assert placed.present[0].sum() == placed.present[1].sum() == ball_room.mask.sum()
    assert not placed.present[2:].any()


def test_a_z_shift_of_the_object_is_solved_to_two_per_cent_of_its_size(ball_room):
    ball = ball_room.ball()
    shifted = ball.points + np.float32([0, 0, 1.0])
    ball = replace(ball, points=shifted, intrinsics=fit_intrinsics(shifted[0], ball_room.mask))
    placed = place(ball, ball_room.scene, ball_room.mask, ball_room.layers(ball_room.edited))
    error = np.linalg.norm(placed.points - ball_room.ball().points, axis=-1)[placed.present]
    assert error.max() < 0.02 * 2 * RADIUS
    assert placed.shift == pytest.approx(-1, abs=0.1)


def test_every_layer_stays_on_its_pixel(ball_room):
    placed = place(ball_room.ball(3.0), ball_room.scene, ball_room.mask, ball_room.layers(ball_room.edited))
    uv = project(placed.points, ball_room.camera)
    centres = np.broadcast_to(pixel_centres(80, 112), uv.shape)
    np.testing.assert_allclose(uv[placed.present], centres[placed.present], atol=1e-3)
    assert placed.residuals["reprojection_px"] < 1e-3
    assert np.isnan(placed.points[:, ~ball_room.mask]).all()


def test_the_prior_restores_an_object_that_the_scene_model_flattened(ball_room):
    near = ball_room.near[ball_room.mask]
    flat = np.median(near) + 0.3 * (ball_room.near - np.median(near))
    edited = ball_room.layers(np.where(ball_room.mask, flat, ball_room.room))
    errors = {}
    for method in ("ours", "affine"):
        placed = place(ball_room.ball(), ball_room.scene, ball_room.mask, edited, method=method)
        errors[method] = abs(placed.scale - 1)
    assert errors["ours"] < 0.6 * errors["affine"]


def test_the_closed_form_itself():
    rng = np.random.default_rng(0)
    z_o = rng.uniform(1, 2, 500)
    z_s = 3 * z_o + 0.5
    scale, shift = solve(z_o, z_s, s0=2.0)
    assert scale == pytest.approx((3 + 2) / 2, rel=1e-6)  # lam = 1: the mean of the fit and the prior
    assert shift == pytest.approx(np.median(z_s - scale * z_o))
    assert solve(z_o, z_s, 2.0, "affine") == pytest.approx((3.0, 0.5))
    assert solve(z_o, z_s, 2.0, "untouched") == (1.0, 0.0)
    assert solve(np.full(50, 2.0), np.full(50, 5.0), s0=1.5) == pytest.approx((1.5, 2.0))
    assert solve(z_o, 9 - z_s, s0=2.0)[0] > 0  # geometry against the object never mirrors it
    with pytest.raises(WtError, match="untouched"):
        solve(z_o, z_s, 2.0, "magic")


def test_a_sloppy_mask_costs_little(ball_room):
    ring = ball_room.mask.copy()
    for axis, step in ((0, 1), (0, -1), (1, 1), (1, -1)):
        ring |= np.roll(ball_room.mask, step, axis)
    depth = np.where(ball_room.mask, ball_room.near, np.nanmax(ball_room.near))
    far = np.where(ball_room.mask, ball_room.far, depth)
    ball = ball_room.layers(np.stack([depth, far, far, far, far, far]), ring)
    placed = place(ball, ball_room.scene, ring, ball_room.layers(ball_room.edited))
    assert placed.scale == pytest.approx(1, abs=0.03)


def test_an_object_on_another_grid_is_brought_to_the_photos(ball_room):
    ball = ball_room.ball()
    twice = ball.intrinsics.resized(224, 160)
    mask = np.kron(ball_room.mask, np.ones((2, 2))).astype(bool)
    depth = np.kron(np.nan_to_num(ball.depth, nan=1.0), np.ones((1, 2, 2)))
    rgb = np.zeros((160, 224, 3), np.uint8)
    fine = LayeredPointmap(unproject(depth.astype(np.float32), twice), mask, rgb, "object", twice)
    placed = place(fine, ball_room.scene, mask, ball_room.layers(ball_room.edited))
    np.testing.assert_allclose(placed.points[placed.present], ball.points[placed.present], atol=1e-4)


def test_too_little_to_place_is_a_sentence(ball_room):
    tiny = np.zeros_like(ball_room.mask)
    tiny[40, 50:55] = True
    with pytest.raises(WtError, match="covers .* pixels of the edited region"):
        place(ball_room.ball(), ball_room.scene, tiny, ball_room.layers(ball_room.edited))
    with pytest.raises(WtError, match="pixels of the photo unchanged"):
        place(ball_room.ball(), ball_room.scene, np.ones_like(tiny), ball_room.layers(ball_room.edited))


def test_gauge_solves_scale_and_shift_despite_changed_pixels(ball_room):
    wrong = ball_room.room.copy()
    wrong[60:70, 80:110] *= 0.5  # a change that the region missed
    found = gauge(ball_room.layers((wrong - 0.2) / 1.7), ball_room.scene, ball_room.mask)
    assert found.scale == pytest.approx(1.7, rel=1e-3)
    assert found.shift == pytest.approx(0.2, abs=5e-3)
    assert found.residual < 1e-3
    moved = apply_gauge(found, ball_room.layers((ball_room.room - 0.2) / 1.7))
    np.testing.assert_allclose(moved.depth[0], ball_room.room, rtol=2e-3)
    uv = project(moved.points[0], ball_room.camera)
    np.testing.assert_allclose(uv, pixel_centres(80, 112), atol=1e-3)


def test_gauge_of_a_flat_scene_is_a_scale(ball_room):
    wall = np.full((80, 112), 3.0)
    found = gauge(ball_room.layers(wall / 2), Scene.from_layers(ball_room.layers(wall)), ball_room.mask)
    assert (found.scale, found.shift) == (pytest.approx(2, rel=1e-6), 0)


def test_gauge_knows_of_objects_inserted_before(ball_room):
    edited = ball_room.layers(ball_room.edited)
    scene = ball_room.scene.insert(place(ball_room.ball(), ball_room.scene, ball_room.mask, edited), "ball")
    elsewhere = np.zeros_like(ball_room.mask)
    elsewhere[:5, :5] = True
    assert gauge(edited, scene, elsewhere).residual < 1e-5


def test_contact_gap_has_the_right_sign_and_size(ball_room):
    scene, placed = (
        ball_room.scene,
        place(ball_room.ball(), ball_room.scene, ball_room.mask, ball_room.layers(ball_room.edited)),
    )
    assert abs(placed.residuals["contact_gap"]) < 0.05 * 2 * RADIUS
    for factor in (0.9, 1.1):  # about the camera: nearer is higher above the floor
        points = (placed.points * np.float32(factor)).astype(np.float32)
        expected = (1 - factor) * 1.5 + factor * placed.residuals["contact_gap"]
        assert contact_gap(points, placed.present, scene) == pytest.approx(expected, abs=0.03)


@pytest.mark.parametrize("factor", [0.8, 1.15])
def test_snapping_closes_the_gap_and_keeps_the_pixels(ball_room, factor):
    scene = ball_room.scene
    placed = place(ball_room.ball(), scene, ball_room.mask, ball_room.layers(ball_room.edited))
    wrong = replace(
        placed,
        points=(placed.points * np.float32(factor)).astype(np.float32),
        scale=placed.scale * factor,
        shift=placed.shift * factor,
    )
    snapped = snap_contact(wrong, scene)
    assert abs(snapped.residuals["contact_gap"]) < 1e-3
    assert snapped.scale == pytest.approx(placed.scale, rel=0.02)
    uv = project(snapped.points, ball_room.camera)[snapped.present]
    np.testing.assert_allclose(uv, project(placed.points, ball_room.camera)[placed.present], atol=1e-3)


def test_an_object_in_the_air_far_from_anything_is_not_snapped(ball_room):
    wall_only = Scene.from_layers(ball_room.layers(np.full((80, 112), 60.0)))
    placed = place(ball_room.ball(), ball_room.scene, ball_room.mask, ball_room.layers(ball_room.edited))
    assert math.isnan(contact_gap(placed.points, placed.present, wall_only))
    with pytest.raises(WtError, match="by hand"):
        snap_contact(placed, wall_only)


def test_hidden_agreement_measures_what_the_deeper_layers_knew(ball_room):
    stack = np.stack([ball_room.edited, *[np.where(ball_room.mask, ball_room.room * 1.02, ball_room.edited)] * 5])
    scene = Scene.from_layers(ball_room.layers(stack))
    found = hidden_agreement(scene, ball_room.mask, ball_room.layers(ball_room.room))
    assert found["share"] == pytest.approx(1, abs=0.05)
    assert found["depth"] == pytest.approx(0.02, abs=1e-3)
    blank = hidden_agreement(ball_room.scene, ball_room.mask, ball_room.layers(ball_room.room))
    assert blank["share"] == 0
    assert math.isnan(blank["depth"])


def test_cameras_of_different_focal_length_still_agree_on_the_proportions(ball_room):
    """An object model that believes in a longer lens puts its object further away; s0 must not care."""
    k = ball_room.camera
    long = Intrinsics(k.fx * 2, k.fy * 2, k.cx, k.cy, k.width, k.height)
    depth = np.where(ball_room.mask, np.stack([ball_room.near, *[ball_room.far] * 5]), 1.0)
    centre = float(np.median(ball_room.near[ball_room.mask]))
    ball = replace(
        ball_room.ball(),
        points=unproject((depth + centre).astype(np.float32), long),  # twice as far, twice the lens: same size
        intrinsics=long,
    )
    ball = replace(ball, alpha=ball_room.mask)
    placed = place(ball, ball_room.scene, ball_room.mask, ball_room.layers(ball_room.edited))
    assert placed.proportion == pytest.approx(1, rel=0.01)
    assert placed.scale == pytest.approx(1, rel=0.01)
