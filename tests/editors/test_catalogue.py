"""The catalogue painter in a room whose geometry is known: size, place, occlusion, shadow, and what stays untouched."""

from dataclasses import replace

import cv2
import numpy as np
import pytest

from editors.catalogue import paint, squared
from editors.stance import stance
from wt.data.mesh import Camera
from wt.data.peel import Solids, peel
from wt.errors import WtError
from wt.geometry.camera import Intrinsics, project
from wt.scene.scene import Scene


def pixel_of(room, photo, world) -> tuple[float, float]:
    """Photo pixel of a point in the room's frame."""
    pose = room.camera.cam_from_world
    grid = room.camera.intrinsics.resized(photo.shape[1], photo.shape[0])
    u, v = project(pose[:3, :3] @ np.array(world) + pose[:3, 3], grid)
    return float(u), float(v)


def test_a_stance_on_the_floor_is_where_the_click_is_at_true_scale(room, photo, scene):
    at = pixel_of(room, photo, (0.6, 2.4, 0.0))
    stand = stance(scene, (at[0] / photo.shape[1], at[1] / photo.shape[0]), "floor")
    assert stand.support == "floor"
    assert 1 / stand.units_per_metre == pytest.approx(0.8, rel=0.02)
    world = np.linalg.inv(room.camera.cam_from_world) @ stand.cam_from_local
    np.testing.assert_allclose(world[:3, 3], (0.6, 2.4, 0.0), atol=0.05)
    np.testing.assert_allclose(world[:3, 2], (0, 0, 1), atol=0.02)
    front = -world[:2, 1]  # towards the camera, which stands above the world's origin
    assert front @ (-world[:2, 3] / np.linalg.norm(world[:2, 3])) > 0.99


def test_a_stance_on_the_table_and_on_the_wall(room, photo, scene):
    u, v = pixel_of(room, photo, (-0.75, 2.7, 0.7))
    stand = stance(scene, (u / photo.shape[1], v / photo.shape[0]), "table")
    assert stand.support == "surface"
    world = np.linalg.inv(room.camera.cam_from_world) @ stand.cam_from_local
    np.testing.assert_allclose(world[:3, 3], (-0.75, 2.7, 0.7), atol=0.05)
    u, v = pixel_of(room, photo, (0.5, 4.4, 1.6))
    stand = stance(scene, (u / photo.shape[1], v / photo.shape[0]), "wall")
    assert stand.support == "wall"
    world = np.linalg.inv(room.camera.cam_from_world) @ stand.cam_from_local
    np.testing.assert_allclose(world[:3, 1], (0, 1, 0), atol=0.05)  # its back to the wall


def test_the_foot_of_an_upright_surface_is_meant(room, photo, scene):
    u, v = pixel_of(room, photo, (-0.75, 2.4, 0.3))  # the table's front
    stand = stance(scene, (u / photo.shape[1], v / photo.shape[0]), "floor")
    world = np.linalg.inv(room.camera.cam_from_world) @ stand.cam_from_local
    np.testing.assert_allclose(world[:3, 3], (-0.75, 2.4, 0.0), atol=0.08)


def test_outside_the_region_every_byte_stays_and_a_shadow_falls(room, photo, scene):
    before = photo.copy()
    painting = paint(scene, photo, "box", pixel_of(room, photo, (0.6, 2.4, 0.0)), colour="red", seed=3)
    np.testing.assert_array_equal(photo, before)
    np.testing.assert_array_equal(painting.rgb[~painting.region], photo[~painting.region])
    assert painting.mask.any()
    assert (painting.mask & ~painting.region).sum() == 0
    shadow = painting.region & ~painting.mask
    assert shadow.sum() > 0.1 * painting.mask.sum()
    assert painting.rgb[shadow].mean() < photo[shadow].mean() - 2
    red = painting.rgb[painting.mask].mean(axis=0)
    assert red[0] > 1.5 * max(red[1], red[2])
    again = paint(scene, photo, "box", pixel_of(room, photo, (0.6, 2.4, 0.0)), colour="red", seed=3)
    np.testing.assert_array_equal(again.rgb, painting.rgb)


def test_it_is_painted_exactly_where_its_mesh_projects(room, photo, truths):
    layers = room.layers(room.instances, 1.0)
    scene = Scene.from_layers(layers)
    painting = paint(scene, photo, "box", pixel_of(room, photo, (0.6, 2.4, 0.0)), seed=3)
    asset = truths[0].painted[-1]
    grid = room.camera.intrinsics.resized(photo.shape[1], photo.shape[0])
    depth = peel(Solids((asset,)), Camera(grid, room.camera.cam_from_world)).depth
    mesh = np.isfinite(depth[0])
    union = (mesh | painting.mask).sum()
    assert (mesh & painting.mask).sum() / union > 0.97
    low, high = asset.bounds()
    assert low[2] == pytest.approx(0, abs=0.03)  # it stands on the floor
    assert (high - low).max() < 1.0


def test_the_table_hides_what_stands_behind_it(room, photo, truths):
    scene = Scene.from_layers(room.layers(room.instances, 1.0))
    painting = paint(scene, photo, "chair", pixel_of(room, photo, (-0.3, 3.5, 0.0)), seed=1)
    camera = replace(room.camera, intrinsics=room.camera.intrinsics.resized(photo.shape[1], photo.shape[0]))
    table = np.isfinite(peel(Solids(room.instances[2:]), camera).depth[0])
    whole = np.isfinite(peel(Solids((truths[0].painted[-1],)), camera).depth[0])
    assert (whole & table).sum() > 0.1 * whole.sum()
    assert (painting.mask & table).sum() < 0.15 * (whole & table).sum()
    assert (painting.mask & ~table).sum() > 0.95 * (whole & ~table).sum()


def test_square_pixels_keep_the_place():
    camera = Intrinsics(520.0, 380.0, 300.0, 250.0, 640, 480)
    origin = np.array([0.4, 0.7, 2.5])
    square = squared(camera, origin)
    assert square.fx == square.fy == pytest.approx(np.sqrt(520 * 380))
    np.testing.assert_allclose(project(origin, square), project(origin, camera))
    assert squared(square, origin) is square


def test_sizes(room, photo, scene):
    at = pixel_of(room, photo, (0.6, 2.4, 0.0))
    usual, small, tall = (paint(scene, photo, "box", at, size=size, seed=3) for size in (None, "small", "tall"))
    assert small.true_size == pytest.approx(0.65 * usual.true_size)
    assert tall.mask.sum() > 1.1 * usual.mask.sum()


def test_a_camera_that_stood_twice_as_high_sees_things_half_as_large(room, photo, scene):
    at = pixel_of(room, photo, (0.6, 2.4, 0.0))
    usual, high = (paint(scene, photo, "box", at, camera_height_m=metres, seed=3) for metres in (1.5, 3.0))
    assert high.height_m == usual.height_m
    assert high.true_size == pytest.approx(usual.true_size / 2)
    assert high.mask.sum() == pytest.approx(usual.mask.sum() / 4, rel=0.2)


def test_what_is_painted_into_a_soft_photo_is_as_soft(room, photo, scene):
    at = pixel_of(room, photo, (0.6, 2.4, 0.0))
    soft = cv2.GaussianBlur(photo, (0, 0), 2.0)
    steepest = []
    for picture in (photo, soft):
        painting = paint(scene, picture, "box", at, colour="red", seed=3)
        rim = cv2.dilate(painting.mask.astype(np.uint8), np.ones((7, 7), np.uint8)) > 0
        grey = painting.rgb.mean(axis=2)
        steepest.append(np.percentile(np.hypot(*np.gradient(grey))[rim], 99))
    assert steepest[1] < 0.6 * steepest[0]


def test_without_a_floor_it_still_stands_somewhere(photo, scene):
    layers = scene.layers
    facing = replace(layers, points=np.where(np.arange(3) == 2, 2.0, layers.points * (2 / layers.depth[..., None])))
    flat = Scene.from_layers(facing)
    assert flat.floor() is None
    painting = paint(flat, photo, "box", (320.0, 300.0), seed=3)
    assert painting.support == "guess"
    assert painting.mask.any()


def test_sentences(photo, scene):
    with pytest.raises(WtError, match="no 'zebra'"):
        paint(scene, photo, "zebra", (320.0, 300.0))
    empty = Scene.from_layers(replace(scene.layers, alpha=np.zeros_like(scene.layers.alpha)))
    with pytest.raises(WtError, match="no surface"):
        stance(empty, (0.5, 0.5), "floor")


PLACES = [
    ("mug", (-0.75, 2.5, 0.7), "surface"),
    ("picture", (0.5, 4.4, 1.5), "wall"),
    ("ceiling lamp", (0.4, 3.9, 0.0), "ceiling"),
    ("plant", (0.5, 2.6, 0.0), "floor"),
    ("rug", (0.5, 2.6, 0.0), "floor"),
]


@pytest.mark.parametrize(("family", "where", "support"), PLACES)
def test_things_go_where_they_belong(family, where, support, room, photo, scene):
    painting = paint(scene, photo, family, pixel_of(room, photo, where), size="large", seed=2)
    assert painting.support == support
    assert painting.mask.any()
    np.testing.assert_array_equal(painting.rgb[~painting.region], photo[~painting.region])
