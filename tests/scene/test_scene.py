import numpy as np
import pytest

from wt.errors import WtError
from wt.geometry.camera import pixel_centres, project
from wt.scene.place import place
from wt.scene.scene import Scene


@pytest.fixture
def placed(ball_room):
    return place(ball_room.ball(2.0), ball_room.scene, ball_room.mask, ball_room.layers(ball_room.edited))


def moved(x: float = 0.0, y: float = 0.0, z: float = 0.0) -> np.ndarray:
    matrix = np.eye(4)
    matrix[:3, 3] = x, y, z
    return matrix


def same(a: np.ndarray, b: np.ndarray) -> bool:
    return a.dtype == b.dtype and np.array_equal(a, b, equal_nan=a.dtype.kind == "f")


def test_a_scene_keeps_z_and_snaps_points_to_their_rays(ball_room):
    layers = ball_room.layers(ball_room.edited)
    off = layers.points.copy()
    off[..., :2] += np.random.default_rng(0).normal(0, 0.05, off[..., :2].shape)
    raw = type(layers)(off, layers.alpha, layers.rgb, "relative", layers.intrinsics)
    scene = Scene.from_layers(raw)
    assert same(scene.background.points[..., 2], raw.points[..., 2])
    uv = project(scene.background.points, scene.intrinsics)
    np.testing.assert_allclose(uv, np.broadcast_to(pixel_centres(80, 112), uv.shape), atol=1e-3)
    assert scene.layers is raw
    assert scene.units == "relative"


def test_inserting_and_removing_gives_the_same_background_back(ball_room, placed):
    scene = ball_room.scene
    one = scene.insert(placed, "ball")
    assert [thing.name for thing in one.objects] == ["ball"]
    assert scene.objects == ()
    assert one.background is scene.background
    two = one.remove(1)
    assert two.background is scene.background
    assert two.objects == ()
    assert two.insert(placed, "again").objects[0].id == 2  # an id is never used twice


def test_objects_remember_where_they_came_from(ball_room, placed):
    thing = ball_room.scene.insert(placed, "ball", {"prompt": "add a ball"})[1]
    assert thing.info["prompt"] == "add a ball"
    assert thing.info["scale"] == placed.scale
    assert thing.info["model"] == "analytic"
    assert set(thing.info["residuals"]) == {"depth", "reprojection_px", "contact_gap"}


def test_rename_show_and_move_touch_one_object_only(ball_room, placed):
    scene = ball_room.scene.insert(placed, "a").insert(placed, "b")
    other = scene.rename(2, " jug ").show(2, False).move(2, moved(x=0.5))
    assert other[2].name == "jug"
    assert not other[2].visible
    assert other[1] is scene[1]
    assert other[2].points is scene[2].points
    shift = other[2].world_points()[other[2].present] - scene[2].points[scene[2].present]
    np.testing.assert_allclose(shift, np.broadcast_to([0.5, 0, 0], shift.shape), atol=1e-6)
    assert scene[2].name == "b"


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        (lambda s: s.remove(5), "no object 5.*1 ball"),
        (lambda s: s.remove(0), "cannot be removed"),
        (lambda s: s.move(0, np.eye(4)), "cannot be moved"),
        (lambda s: s.move(1, np.diag([1.0, 1.0, -1.0, 1.0])), "mirror"),
        (lambda s: s.move(1, np.full((4, 4), np.nan)), "finite"),
        (lambda s: s.rename(1, "  "), "needs a name"),
        (lambda s: s.clear(np.ones((80, 112), bool), [9]), "no layer 9"),
        (lambda s: s.clear(np.ones((50, 112), bool)), "same aspect"),
        (lambda s: s.point_cloud(colour="heat"), "photo, layer, depth or normals"),
        (lambda s: s.metres_per_unit(0.0), "positive"),
    ],
)
def test_bad_requests_are_a_sentence(ball_room, placed, bad, message):
    with pytest.raises(WtError, match=message):
        bad(ball_room.scene.insert(placed, "ball"))


def test_replacing_a_region_changes_nothing_outside_it(ball_room, placed):
    with_ball = Scene.from_layers(ball_room.layers(ball_room.edited)).insert(placed, "other")
    empty = ball_room.layers(ball_room.room)
    after = with_ball.replace_region(ball_room.mask, empty, 255 - ball_room.rgb)
    out = ~ball_room.mask
    old, new = with_ball.background, after.background
    assert same(old.points[:, out], new.points[:, out])
    assert same(old.present[:, out], new.present[:, out])
    assert same(old.rgb[out], new.rgb[out])
    assert after.objects == with_ball.objects
    assert after.layers is with_ball.layers
    np.testing.assert_array_equal(new.points[0, ball_room.mask, 2], ball_room.room[ball_room.mask].astype(np.float32))
    np.testing.assert_array_equal(new.rgb[ball_room.mask], 255 - ball_room.rgb[ball_room.mask])
    uv = project(new.points[0], after.intrinsics)
    np.testing.assert_allclose(uv, pixel_centres(80, 112), atol=1e-3)


def test_clearing_with_a_lift_gauges_it_first(ball_room):
    scene = Scene.from_layers(ball_room.layers(ball_room.edited))
    after = scene.clear(ball_room.mask, ball_room.layers(ball_room.room, scale=0.3))
    np.testing.assert_allclose(after.background.points[0, ..., 2], ball_room.room, rtol=1e-5)


def test_clearing_layers_hides_surfaces_only_there(ball_room):
    scene = ball_room.scene
    cleared = scene.clear(ball_room.mask)
    assert not cleared.background.present[:, ball_room.mask].any()
    assert same(cleared.background.present[:, ~ball_room.mask], scene.background.present[:, ~ball_room.mask])
    assert same(scene.clear(ball_room.mask, [1, 2]).background.present[0], scene.background.present[0])


def test_a_mask_of_the_photo_is_brought_to_the_grid(ball_room):
    big = np.kron(ball_room.mask, np.ones((3, 3))).astype(bool)
    assert same(ball_room.scene.clear(big).background.present, ball_room.scene.clear(ball_room.mask).background.present)


def test_visible_depth_sees_objects_where_they_are(ball_room, placed):
    scene = ball_room.scene.insert(placed, "ball")
    np.testing.assert_allclose(scene.visible_depth(), ball_room.edited, rtol=1e-5)
    np.testing.assert_allclose(scene.show(1, False).visible_depth(), ball_room.room, rtol=1e-6)
    away = scene.move(1, moved(z=-1.0)).visible_depth()
    assert np.nanmin(away) == pytest.approx(ball_room.near[ball_room.mask].min() - 1, abs=0.01)
    assert away[ball_room.mask].min() < ball_room.edited[ball_room.mask].min()


def test_clouds_hold_surfaces_only_and_say_whose(ball_room, placed):
    scene = ball_room.scene.insert(placed, "ball").insert(placed, "hidden").show(2, False)
    cloud = scene.point_cloud()
    assert len(cloud) == ball_room.mask.size + 2 * ball_room.mask.sum()
    assert set(cloud.object_id.tolist()) == {0, 1}
    assert cloud.layer.max() == 1
    assert (cloud.points.dtype, cloud.colours.dtype, cloud.object_id.dtype) == (np.float32, np.uint8, np.int16)
    assert len(scene.point_cloud(layers=[1])) == ball_room.mask.sum()
    assert set(scene.point_cloud(objects=[2]).object_id.tolist()) == {2}
    assert len(scene.show(0, False).show(1, False).point_cloud(layers=[5])) == 0


def test_colours_of_clouds(ball_room, placed):
    scene = ball_room.scene.insert(placed, "ball")
    photo = scene.point_cloud(hidden="photo")
    behind = photo.layer == 1
    np.testing.assert_array_equal(photo.colours[photo.object_id == 0], ball_room.rgb.reshape(-1, 3))
    np.testing.assert_array_equal(photo.colours[behind], ball_room.rgb[ball_room.mask])
    grey = scene.point_cloud().colours[behind]
    assert (grey == grey[:, :1]).all()
    by_layer = scene.point_cloud(colour="layer").colours
    assert len(np.unique(by_layer, axis=0)) == 2
    by_depth, z = scene.point_cloud(colour="depth").colours.astype(int), photo.points[:, 2]
    near, far = by_depth[z.argmin()], by_depth[z.argmax()]
    assert near[0] > near[2]  # red is near
    assert far[2] > far[0] or far[0] < 80


def test_metres_follow_from_the_camera_height(ball_room):
    assert ball_room.scene.metres_per_unit(1.5) == pytest.approx(1.0, abs=1e-6)
    small = Scene.from_layers(ball_room.layers(ball_room.room, scale=0.25))
    assert small.metres_per_unit() == pytest.approx(4.0, abs=1e-5)
    assert small.metres_per_unit(3.0) == pytest.approx(8.0, abs=1e-5)
