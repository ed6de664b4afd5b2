"""Where a moved ball is seen, against the closed form of a sphere seen by a pinhole."""

from dataclasses import replace

import numpy as np
import pytest
from ball_room import CENTRE, RADIUS, directions

from wt.geometry.camera import project
from wt.scene.outline import outlines
from wt.scene.place import place
from wt.scene.pose import Pose
from wt.scene.reprojection import nearest_depth, pick, pick_point
from wt.scene.scene import Scene


@pytest.fixture(scope="module")
def scene(ball_room) -> Scene:
    placed = place(ball_room.ball(), ball_room.scene, ball_room.mask, ball_room.layers(ball_room.edited))
    return ball_room.scene.insert(placed, "ball")


def sphere(centre: np.ndarray, radius: float) -> np.ndarray:
    """Depth of the near side on every pixel, infinite beside it."""
    ray = directions()
    a, b, c = (ray**2).sum(-1), ray @ centre, centre @ centre - radius**2
    with np.errstate(invalid="ignore"):
        return np.where(b * b > a * c, (b - np.sqrt(b * b - a * c)) / a, np.inf)


def put(scene: Scene, centre: tuple[float, float, float], scale: float = 1.0, turn: float = 0.0) -> Scene:
    """The ball with its centre there."""
    pose = Pose().turned(np.array([0.0, -1.0, 0.0]), turn).scaled(scale).moved(np.array(centre) - CENTRE)
    return scene.move(1, pose.matrix(CENTRE))


@pytest.mark.parametrize(
    ("centre", "scale", "turn"),
    [((-0.4, 0.5, 4.0), 1.0, 0.0), ((-0.3, 0.2, 2.2), 1.0, 0.0), ((-0.2, 0.3, 3.5), 2.0, 0.0), ((0, 0.5, 5), 1.3, 90)],
)
def test_a_moved_ball_is_solid_and_where_it_should_be(scene, centre, scale, turn):
    found = nearest_depth(put(scene, centre, scale, turn)[1], scene.intrinsics)
    expected = sphere(np.array(centre), scale * RADIUS)
    both, either = np.isfinite(found) & np.isfinite(expected), np.isfinite(found) | np.isfinite(expected)
    assert both.sum() > 0.9 * either.sum()
    if turn == 0:  # seen from its own side, no back shows through the front
        error = np.abs(found[both] - expected[both]) / (scale * RADIUS)
        assert np.percentile(error, 90) < 0.2


def test_an_object_behind_another_is_behind_it(scene):
    behind = put(scene, (0.3, 0.2, 7.5))  # behind the wall at 6
    np.testing.assert_array_equal(behind.visible_depth(), scene.remove(1).visible_depth())
    centre = np.array([-0.4, 0.2, 4.0])
    before = put(scene, tuple(centre)).visible_depth()
    inner = np.isfinite(sphere(centre, 0.9 * RADIUS))
    assert (before[inner] < 4.0).all(), "a hole would show the wall"


def test_the_outline_follows_the_ball_and_says_what_is_hidden(scene):
    centre = np.array([-0.4, 0.4, 4.0])
    (line,) = outlines(put(scene, tuple(centre)), 1)
    expected = sphere(centre, RADIUS)
    rows, columns = np.nonzero(np.isfinite(expected))
    u, v = line.points.T
    assert (u.min(), u.max()) == pytest.approx((columns.min(), columns.max() + 1), abs=1.2)
    assert (v.min(), v.max()) == pytest.approx((rows.min(), rows.max() + 1), abs=1.2)
    assert not line.hidden.any()
    assert all(part.hidden.all() for part in outlines(put(scene, (0.3, 0.2, 7.5)), 1))


def test_the_part_behind_a_screen_is_hidden(scene):
    centre = np.array([-0.4, 0.4, 4.0])
    middle = project(centre, scene.intrinsics)[0]
    screen = np.broadcast_to(np.arange(112) > middle, (80, 112))
    nearer = replace(scene.layers, points=scene.layers.points / 3)
    covered = put(scene.replace_region(screen, nearer), tuple(centre))
    (line,) = outlines(covered, 1)
    u = line.points[:, 0]
    assert line.hidden[u > middle + 2].all()
    assert not line.hidden[u < middle - 2].any()


def test_a_click_takes_the_first_thing_along_its_ray(scene):
    cloud, origin = scene.point_cloud(), np.zeros(3)
    assert pick(cloud, origin, CENTRE, scene.intrinsics) == 1
    assert pick(cloud, origin, np.array([-0.5, 0.0, 1.0]), scene.intrinsics) == 0
    assert pick(cloud, origin, np.array([0.0, 0.0, -1.0]), scene.intrinsics) is None
    side = np.array([3.0, 1.0, 4.0])
    assert pick(cloud, side, CENTRE - side, scene.intrinsics) == 1
    hidden = scene.show(1, False).point_cloud()
    assert pick(hidden, origin, CENTRE, scene.intrinsics) == 0


def test_a_click_takes_the_point_under_it_of_the_first_surface(ball_room):
    layers = ball_room.layers(np.stack([ball_room.room, *[ball_room.room * 1.1] * 5]))
    scene = Scene.from_layers(layers)
    cloud, camera = scene.point_cloud(), np.zeros(3)
    for row, column in ((75, 20), (50, 90), (10, 30)):  # the grazing floor, near its end, and the wall
        point = scene.background.points[0, row, column].astype(float)
        np.testing.assert_allclose(pick_point(cloud, camera, point, scene.intrinsics), point, atol=1e-6)
    assert pick_point(cloud, camera, np.array([0.0, 0.0, -1.0]), scene.intrinsics) is None
