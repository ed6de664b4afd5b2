from dataclasses import replace

import numpy as np
import pytest

from wt.errors import WtError
from wt.exports.export import export
from wt.geometry.camera import Intrinsics, pixel_centres, project
from wt.scene.calibration import (
    calibrated_like,
    camera_height_m,
    residual_px,
    with_camera,
    with_camera_height,
    with_known_length,
)
from wt.scene.place import place
from wt.scene.scene import Scene


@pytest.fixture
def small(ball_room):
    """The room in units of four metres: its floor lies 0.375 units under the camera."""
    return Scene.from_layers(ball_room.layers(ball_room.room, scale=0.25))


def test_a_known_length_goes_before_every_assumption_until_a_camera_height_is_given(small):
    known = with_known_length(small, 0.25, 0.9)
    assert known.metres_per_unit() == pytest.approx(3.6)
    assert known.metres_per_unit(3.0) == pytest.approx(3.6)
    assert known.metres_from == "a length was measured"
    assert camera_height_m(known) == pytest.approx(0.375 * 3.6, rel=1e-4)
    assert small.metres_per_unit() == pytest.approx(4.0, rel=1e-4), "the scene before is as it was"
    tall = with_camera_height(known, 3.0)
    assert tall.metres_per_unit() == pytest.approx(8.0, rel=1e-4)
    assert tall.metres_from == "the camera stood 3 m above the fitted floor"
    with pytest.raises(WtError, match="positive number; got -1"):
        with_known_length(small, 0.25, -1.0)
    with pytest.raises(WtError, match="two points are the same"):
        with_known_length(small, 0.0, 1.0)


def test_files_say_and_keep_the_known_scale(small, tmp_path):
    known = with_known_length(small, 0.25, 0.9)
    back = Scene.load(known.save(tmp_path / "scene.wts"))
    assert (back.measured_scale, back.camera_height_m) == (known.measured_scale, 1.5)
    export(known, tmp_path, "camera")
    told = (tmp_path / "camera.json").read_text()
    assert '"metres_per_unit": 3.6' in told
    assert "a length was measured" in told


def test_another_camera_keeps_z_and_puts_every_point_on_its_ray(ball_room):
    placed = place(ball_room.ball(2.0), ball_room.scene, ball_room.mask, ball_room.layers(ball_room.edited))
    scene = ball_room.scene.insert(placed, "ball")
    k = Intrinsics(140.0, 130.0, 50.0, 44.0, 112, 80)
    moved = with_camera(scene, k)
    for old, new in ((scene.background, moved.background), (scene[1], moved[1])):
        np.testing.assert_array_equal(new.points[..., 2], old.points[..., 2])
        there = np.isfinite(new.points[..., 2])
        uv = np.broadcast_to(pixel_centres(80, 112), (*there.shape, 2))
        np.testing.assert_allclose(project(new.points, k)[there], uv[there], atol=1e-3)
    assert moved.layers is scene.layers
    with pytest.raises(WtError, match="grid is 56 x 40"):
        with_camera(scene, k.resized(56, 40))


def test_the_residual_is_zero_for_the_true_camera_and_known_for_a_shifted_one(ball_room):
    layers, k = ball_room.scene.layers, ball_room.camera
    assert residual_px(layers, k) == pytest.approx(0, abs=1e-3)
    assert residual_px(layers, replace(k, cx=k.cx + 3, cy=k.cy - 4)) == pytest.approx(5, abs=1e-3)
    wide = residual_px(layers, replace(k, fx=k.fx * 1.1))
    u = pixel_centres(80, 112)[..., 0] - k.cx
    assert wide == pytest.approx(np.sqrt(((0.1 * u) ** 2).mean()), abs=1e-3)


def test_a_fresh_lift_keeps_what_was_known_of_the_camera(small, ball_room):
    given = Intrinsics(140.0, 140.0, 56.0, 40.0, 112, 80)
    known = with_known_length(with_camera(small, given), 0.25, 0.9)
    fitted = replace(ball_room.camera, residual_px=0.5)
    fresh = replace(ball_room.scene, intrinsics=fitted)
    again = calibrated_like(fresh, known)
    np.testing.assert_array_equal(again.intrinsics.matrix(), given.matrix())
    assert again.measured_scale is None
    assert camera_height_m(again) == pytest.approx(camera_height_m(known), rel=1e-3)
    assert calibrated_like(fresh, None) is fresh
