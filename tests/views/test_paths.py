"""Camera paths against what they promise: where they begin, what they keep in place, how far they go."""

import json

import numpy as np
import pytest
from ball_room import K

from wt.errors import WtError
from wt.geometry.camera import project
from wt.views.paths import ASIDE, PATHS, Surroundings, keyframes, orbit, path_named, read_keyframes, turntable
from wt.views.view import View


def seen_at(view, point):
    """Pixel of a point of the scene."""
    pose = view.world_to_camera
    return project((pose[:3, :3] @ point + pose[:3, 3])[None], view.intrinsics)[0]


def turned(degrees, place=(0, 0, 0)):
    """A camera turned about its own vertical."""
    pose, angle = np.eye(4), np.radians(degrees)
    pose[0, 0] = pose[2, 2] = np.cos(angle)
    pose[0, 2], pose[2, 0] = np.sin(angle), -np.sin(angle)
    pose[:3, 3] = place
    return pose


@pytest.mark.parametrize("name", PATHS)
def test_every_path_begins_at_the_photo_and_closes_smoothly(ball_room, name):
    views = path_named(name, ball_room.scene, K, 96)
    assert len(views) == 96
    np.testing.assert_allclose(views[0].camera_to_world, np.eye(4), atol=1e-12)
    poses = np.stack([view.camera_to_world for view in [*views, *views[:2]]])
    steps, turns = (np.abs(np.diff(poses, n, axis=0)).max(axis=(1, 2)) for n in (1, 2))
    assert turns.max() < 0.3 * steps.max(), "no jump and no jerk, on the way back to the first frame neither"


def test_the_default_goes_aside_by_a_share_of_what_is_near(ball_room):
    around = Surroundings.of(ball_room.scene)
    assert around.near == pytest.approx(np.percentile(ball_room.room, 10), rel=1e-5)
    far = max(abs(view.camera_to_world[0, 3]) for view in path_named("orbit", ball_room.scene, K, 64))
    assert far == pytest.approx(ASIDE * around.near, rel=1e-3)


def test_an_orbit_keeps_its_middle_in_place_and_at_its_distance(ball_room):
    around = Surroundings(np.array([0.4, -0.2, 3.0]), 1.0, np.array([0.0, -1.0, 0.0]))
    for degrees in (15, 360):
        for view in orbit(around, K, 12, degrees):
            np.testing.assert_allclose(seen_at(view, around.middle), seen_at(View(K), around.middle), atol=1e-9)
            assert view.camera_to_world[1, 3] == pytest.approx(0, abs=1e-12)
    opposite = orbit(around, K, 12, 360)[6].camera_to_world[:3, 3]
    np.testing.assert_allclose(opposite, [0.8, 0, 6.0], atol=1e-9)
    assert orbit(around, K, 4, 15)[1].camera_to_world[0, 3] > 0, "to the right first"


def test_a_spiral_keeps_the_middle_in_place(ball_room):
    around = Surroundings.of(ball_room.scene)
    for view in path_named("spiral", ball_room.scene, K, 9):
        np.testing.assert_allclose(seen_at(view, around.middle), seen_at(View(K), around.middle), atol=1e-6)


def test_a_turntable_shows_all_of_the_points_from_all_around():
    points = np.random.default_rng(0).uniform(-0.3, 0.3, (500, 3)) + np.array([1.0, 0.5, 4.0])
    views = turntable(points, K, 8, up=np.array([0.0, -1.0, 0.0]))
    for view in views:
        uv = np.array([seen_at(view, point) for point in points])
        assert ((uv > 0) & (uv < (K.width, K.height))).all()
        np.testing.assert_allclose(seen_at(view, (points.min(0) + points.max(0)) / 2), (56, 40), atol=1e-6)
    across = views[0].camera_to_world[:3, 2] @ views[4].camera_to_world[:3, 2]
    assert across < -0.9, "half way round it looks from behind"


def test_keyframes_are_passed_in_order_and_turns_are_shared_out():
    poses = [turned(0), turned(30, (1, 0, 0)), turned(60, (2, 0, 0))]
    views = keyframes(poses, K, 5)
    for index, pose in ((0, poses[0]), (2, poses[1]), (4, poses[2])):
        np.testing.assert_allclose(views[index].camera_to_world, pose, atol=1e-9)
    np.testing.assert_allclose(views[1].camera_to_world[:3, :3], turned(15)[:3, :3], atol=1e-9)
    # Catmull-Rom of 0, 0, 1, 2 at one half: (-p0 + 9 p1 + 9 p2 - p3) / 16.
    assert views[1].camera_to_world[0, 3] == pytest.approx(7 / 16)


def test_keyframes_at_one_place_turn_at_an_even_pace():
    views = keyframes([turned(0), turned(10), turned(40)], K, 5)
    np.testing.assert_allclose(views[1].camera_to_world[:3, :3], turned(10)[:3, :3], atol=1e-9)
    np.testing.assert_allclose(views[2].camera_to_world[:3, :3], turned(20)[:3, :3], atol=1e-9)


def test_files_of_keyframes_are_read_in_their_usual_shapes(tmp_path):
    poses = [turned(0).tolist(), turned(5, (0.1, 0, 0)).tolist()]
    for told in (poses, {"frames": [{"camera_to_world": pose} for pose in poses]}, {"keyframes": poses}):
        (tmp_path / "path.json").write_text(json.dumps(told))
        np.testing.assert_allclose(read_keyframes(tmp_path / "path.json"), poses)
    for text in ("{", "{}", "[[1, 2]]", '[{"pose": 1}]'):
        (tmp_path / "path.json").write_text(text)
        with pytest.raises(WtError, match="does not hold camera keyframes"):
            read_keyframes(tmp_path / "path.json")


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda scene: path_named("loop", scene, K, 8), "no camera path 'loop'"),
        (lambda scene: path_named("orbit", scene, K, 0), "1 to 1024 frames"),
        (lambda scene: path_named("orbit", scene, K, 8, amplitude=float("nan")), "finite"),
        (lambda scene: path_named("orbit", scene, K, 8, about=3), "no object 3"),
        (lambda scene: keyframes([np.eye(4)], K, 8), "at least two"),
        (lambda scene: View(K, np.diag([2.0, 1, 1, 1])), "rotation and a place"),
    ],
)
def test_mistakes_are_said(ball_room, make, said):
    with pytest.raises(WtError, match=said):
        make(ball_room.scene)
