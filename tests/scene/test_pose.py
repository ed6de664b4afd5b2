"""Poses against rotations about axes written out by hand, and the frame that an object is taken by."""

import numpy as np
import pytest

from wt.errors import WtError
from wt.scene.place import place
from wt.scene.pose import Pose, pivot_of, pose_of, stand_of, taken_to, upright

UP = np.array([0.0, -np.cos(0.3), -np.sin(0.3)])  # a camera that looks down by 0.3 rad
PIVOT = np.array([0.4, 1.1, 3.0])


def about(axis: np.ndarray, angle_rad: float, vector: np.ndarray) -> np.ndarray:
    """Rodrigues' formula on one vector."""
    axis = axis / np.linalg.norm(axis)
    along = axis * (axis @ vector)
    return along + np.cos(angle_rad) * (vector - along) + np.sin(angle_rad) * np.cross(axis, vector)


def apply(matrix: np.ndarray, point: np.ndarray) -> np.ndarray:
    return (matrix @ np.append(point, 1.0))[:3]


@pytest.fixture
def ball(ball_room):
    placed = place(ball_room.ball(), ball_room.scene, ball_room.mask, ball_room.layers(ball_room.edited))
    return ball_room.scene.insert(placed, "ball")


def test_the_solved_pose_is_the_identity_to_the_bit():
    assert np.array_equal(Pose().matrix(PIVOT), np.eye(4))


def test_turning_scaling_and_moving_act_about_the_pivot_where_it_is():
    axis, by, point = np.array([1.0, 2.0, -0.5]), np.array([0.3, -0.2, 0.9]), np.array([1.0, 0.5, 2.0])
    matrix = Pose().turned(axis, 40).scaled(1.7).moved(by).matrix(PIVOT)
    expected = PIVOT + by + 1.7 * about(axis, np.radians(40), point - PIVOT)
    np.testing.assert_allclose(apply(matrix, point), expected, atol=1e-12)
    np.testing.assert_allclose(apply(matrix, PIVOT), PIVOT + by, atol=1e-12)


def test_later_turns_come_on_top_of_earlier_ones_and_order_matters():
    x, y, point = np.array([1.0, 0, 0]), np.array([0.0, 1, 0]), np.array([1.0, 0.5, 2.0])
    pose = Pose().turned(x, 90).turned(y, 90)
    expected = PIVOT + about(y, np.pi / 2, about(x, np.pi / 2, point - PIVOT))
    np.testing.assert_allclose(apply(pose.matrix(PIVOT), point), expected, atol=1e-12)


def test_a_transform_is_taken_apart_into_what_it_was_made_of():
    pose = Pose().turned(np.array([0.2, 1.0, 0.4]), -130).scaled(0.4).moved(np.array([1.0, 2.0, -3.0]))
    found = pose_of(pose.matrix(PIVOT), PIVOT)
    np.testing.assert_allclose(found.translation, [1, 2, -3], atol=1e-12)
    np.testing.assert_allclose(found.rotation, pose.rotation, atol=1e-12)
    assert found.scale == pytest.approx(0.4, abs=1e-12)


@pytest.mark.parametrize("degrees", [-170.0, -30.0, 0.0, 75.0, 179.0])
def test_heading_counts_the_turn_about_up_and_adds_up_when_the_object_leans(degrees):
    turned = Pose().turned(UP, degrees)
    assert turned.heading_deg(UP) == pytest.approx(degrees, abs=1e-9)
    right = np.array([1.0, 0, 0])
    seen = turned.rotation @ right  # counter-clockwise from above: what points right goes away from the camera
    assert np.sign(seen @ np.cross(UP, right)) == np.sign(np.sin(np.radians(degrees)))
    leaning = Pose().turned(np.array([1.0, 0.3, 0.2]), 25)
    before = leaning.heading_deg(UP)
    after = leaning.turned(UP, 20).heading_deg(UP)
    assert after - before == pytest.approx(20, abs=1e-9)


def test_upright_axes_are_level_and_right_handed():
    right, up, back = upright(UP).T
    np.testing.assert_allclose(np.cross(right, up), back, atol=1e-12)
    np.testing.assert_allclose(up, UP, atol=1e-12)
    assert right[0] == pytest.approx(1)
    assert back[2] < 0


def test_the_pivot_is_where_the_ball_touches_the_floor(ball):
    np.testing.assert_allclose(pivot_of(ball[1], ball.up()), [0.3, 1.5, 4.0], atol=0.04)
    moved = ball.move(1, Pose().moved(np.array([0.5, 0, 0])).matrix(PIVOT))
    np.testing.assert_array_equal(pivot_of(moved[1], ball.up()), pivot_of(ball[1], ball.up()))


def test_an_object_is_taken_where_it_stands_and_put_where_it_was_dragged(ball):
    thing, up = ball[1], ball.up()
    pivot = pivot_of(thing, up)
    scene = ball.move(1, Pose().scaled(1.5).matrix(pivot))
    stand = stand_of(scene[1], up)
    np.testing.assert_allclose(taken_to(scene[1], up, stand.position, stand.wxyz), scene[1].transform, atol=1e-12)
    half = np.radians(30) / 2  # about the gizmo's own up axis, which is its second
    w, x, y, z = stand.wxyz
    turned = np.array(
        [
            w * np.cos(half) - y * np.sin(half),
            x * np.cos(half) - z * np.sin(half),
            y * np.cos(half) + w * np.sin(half),
            z * np.cos(half) + x * np.sin(half),
        ]
    )
    transform = taken_to(scene[1], up, stand.position + np.array([0.2, 0, -0.1]), turned)
    found = pose_of(transform, pivot)
    np.testing.assert_allclose(found.translation, [0.2, 0, -0.1], atol=1e-9)
    assert found.heading_deg(up) == pytest.approx(30, abs=1e-6)
    assert found.scale == pytest.approx(1.5)


def test_points_spread_as_the_object_grows_and_comes_nearer(ball):
    pivot = pivot_of(ball[1], ball.up())
    nearer = Pose().scaled(1.5).moved(np.array([0.0, 0.0, -pivot[2] / 2]))
    assert stand_of(ball[1], ball.up()).spread == 1
    assert stand_of(ball.move(1, nearer.matrix(pivot))[1], ball.up()).spread == pytest.approx(3)


def test_local_points_come_back_through_position_and_axes(ball):
    stand = stand_of(ball.move(1, Pose().turned(UP, 50).moved(np.ones(3)).matrix(PIVOT))[1], ball.up())
    points = np.random.default_rng(0).normal(size=(20, 3)).astype(np.float32)
    back = stand.position + stand.local(points).astype(np.float64) @ stand.axes.T
    np.testing.assert_allclose(back, points, atol=1e-5)


def test_a_scale_that_is_not_positive_is_a_sentence():
    with pytest.raises(WtError, match="positive factor"):
        Pose().scaled(0.0)
