"""Snapping and judging in a room of planes in closed form: floor at y = 1.5, wall at z = 6, a table top at y = 0.9."""

from dataclasses import replace

import numpy as np
import pytest
from ball_room import CENTRE, FLOOR, RADIUS, WALL, directions

from wt.scene.confidence import confidence
from wt.scene.place import place
from wt.scene.scene import Scene
from wt.scene.support import find_support, snap

TABLE = 0.9


@pytest.fixture(scope="module")
def placed(ball_room):
    return place(ball_room.ball(), ball_room.scene, ball_room.mask, ball_room.layers(ball_room.edited))


@pytest.fixture(scope="module")
def furnished(ball_room, placed):
    """A table top beside the ball: y = 0.9, x from -1.5 to -0.3, z from 3 to 5."""
    ray = directions()
    with np.errstate(divide="ignore", invalid="ignore"):
        z = TABLE / ray[..., 1]
        x = z * ray[..., 0]
        on_table = (z > 3) & (z < 5) & (x > -1.5) & (x < -0.3)
    return Scene.from_layers(ball_room.layers(np.where(on_table, z, ball_room.room))).insert(placed, "ball")


def shifted(scene: Scene, x: float, y: float, z: float) -> Scene:
    transform = np.eye(4)
    transform[:3, 3] = x, y, z
    return scene.move(1, transform)


def centre(scene: Scene) -> np.ndarray:
    return CENTRE + scene[1].transform[:3, 3]


@pytest.mark.parametrize("lift", [-0.2, 0.15, 0.4, 0.9])
def test_a_ball_in_the_air_or_in_the_ground_goes_onto_the_floor(furnished, lift):
    scene, support = snap(shifted(furnished, 0.8, -lift, 0), 1)
    assert support.kind == "floor"
    assert support.distance == pytest.approx(abs(lift), abs=0.03)
    np.testing.assert_allclose(centre(scene), [1.1, FLOOR - RADIUS, 4.0], atol=0.03)
    assert find_support(scene, 1).distance < 5e-3


@pytest.mark.parametrize("above", [0.1, 0.3, 1.1])
def test_above_a_table_the_table_catches_it(furnished, above):
    down = TABLE - above - (CENTRE[1] + RADIUS)
    scene, support = snap(shifted(furnished, -1.2, down, 0), 1)
    assert support.kind == "surface"
    assert support.distance == pytest.approx(above, abs=0.03)
    assert centre(scene)[1] + RADIUS == pytest.approx(TABLE, abs=0.03)


@pytest.mark.parametrize("gap", [-0.1, 0.15, 0.3])
def test_near_a_wall_and_high_up_it_goes_to_the_wall(furnished, gap):
    scene, support = snap(shifted(furnished, 0, -1.5, WALL - RADIUS - gap - CENTRE[2]), 1)
    assert support.kind == "wall"
    assert np.sign(support.shift[2]) == np.sign(gap)
    # The lift ends where the rays graze the ball, so its far side is a little flat.
    np.testing.assert_allclose(centre(scene), [0.3, -0.5, WALL - RADIUS], atol=0.05)


def test_beside_a_wall_but_on_the_floor_it_stays_on_the_floor(furnished):
    support = find_support(shifted(furnished, 0, -0.02, WALL - RADIUS - 0.2 - CENTRE[2]), 1)
    assert support.kind == "floor"
    assert support.distance == pytest.approx(0.02, abs=0.03)


def test_with_nothing_around_nothing_moves(ball_room, placed):
    scene = Scene.from_layers(ball_room.layers(np.full((80, 112), 60.0))).insert(placed, "ball")
    same, support = snap(scene, 1)
    assert support is None
    assert same is scene
    told = confidence(scene, 1)
    assert told.level == "poor"
    assert told.reasons == ("No floor, surface or wall was found near it.",)


def test_a_good_placement_is_called_good(furnished):
    told = confidence(furnished, 1)
    assert (told.level, told.reasons) == ("good", ())


@pytest.mark.parametrize(
    ("residuals", "level", "reason"),
    [
        ({"depth": 0.05}, "fair", "depth differs from the photo's by 20 % of its size"),  # 0.05 x 4 / 1
        ({"depth": 0.2}, "poor", "depth differs"),
        ({"reprojection_px": 1.0}, "fair", "miss their pixels by 4 % of its size"),  # the ball is about 27 px wide
        ({"depth": float("nan"), "reprojection_px": float("nan")}, "good", ""),
    ],
)
def test_large_residuals_are_said_with_their_reason(ball_room, placed, residuals, level, reason):
    told = confidence(ball_room.scene.insert(replace(placed, residuals={**placed.residuals, **residuals}), "ball"), 1)
    assert told.level == level
    assert len(told.reasons) == (level != "good")
    assert reason in " ".join(told.reasons)


def test_of_a_moved_object_only_its_contact_counts(furnished, ball_room, placed):
    far_off = replace(placed, residuals={**placed.residuals, "depth": 0.9})
    scene = ball_room.scene.insert(far_off, "ball")
    assert confidence(scene, 1).level == "poor"
    assert confidence(shifted(scene, 0.1, 0, 0), 1).level == "good"
    floating = confidence(shifted(scene, 0.1, -0.1, 0), 1)  # the lowest rays meet the ball 2 % of its size above ground
    assert floating.level == "fair"
    assert floating.reasons == ("It is 12 % of its size away from the surface that it should touch.",)
