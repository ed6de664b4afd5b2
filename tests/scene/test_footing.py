"""What a placed object rests on, in rooms of planes and balls in closed form, with biased lifts of the edited photo."""

from dataclasses import replace

import numpy as np
import pytest
from ball_room import FLOOR, RADIUS, WALL, ball, directions
from scipy.ndimage import binary_dilation, binary_erosion, gaussian_filter

from wt.geometry.layers import LayeredPointmap
from wt.scene.footing import footing
from wt.scene.objects import Placed
from wt.scene.place import place
from wt.scene.scene import Scene

RAY = directions()
TABLE = 1.0
CLOSER = 0.92


def table() -> np.ndarray:
    """Depth of a table top at y = 1, x from -1 to 1.4, z from 3 to 5; infinite beside it."""
    with np.errstate(divide="ignore", invalid="ignore"):
        z = np.where(RAY[..., 1] > 0, TABLE / RAY[..., 1], np.inf)
        on = (z > 3) & (z < 5) & (np.abs(z * RAY[..., 0] - 0.2) < 1.2)
    return np.where(on, z, np.inf)


def placed_ball(ball_room, room: np.ndarray, centre, radius: float, *, method: str = "ours", scene=None) -> Placed:
    """A ball placed by an edited lift that has it 8 % too near and wavers by 2 % elsewhere, so that it is doubted."""
    near, far = ball(RAY, np.array(centre), radius)
    with np.errstate(invalid="ignore"):
        mask = near < room
    wave = 1 + 0.02 * np.random.default_rng(3).standard_normal(room.shape)
    edited = ball_room.layers(np.where(mask, CLOSER * near, room * wave))
    stack = np.where(mask, np.stack([near, *[far] * 5]), 1.0)
    thing = ball_room.layers(stack, mask, scale=0.4)
    return place(thing, scene or Scene.from_layers(ball_room.layers(room)), mask, edited, method=method)


def stands_at(placed: Placed) -> float:
    """Depth of the ball's centre, taken from its points alone: the mean of the nearest and the furthest."""
    z = placed.points[..., 2][placed.present]
    return float((z.min() + z.max()) / 2)


def test_the_floor_under_the_foot_is_found_and_touched_by_exact_geometry(ball_room):
    thing = ball_room.ball()
    ground = footing(ball_room.scene, thing.depth, thing.surfaces())
    assert ground is not None
    down = np.broadcast_to(RAY[..., 1], thing.surfaces().shape)[thing.surfaces()]
    below = down > 0.05
    np.testing.assert_allclose(ground.z_plane[below], FLOOR / down[below], rtol=1e-3)
    assert np.isinf(ground.z_plane[down < 0]).all()
    assert ground.shift(1.0) == pytest.approx(0, abs=0.05 * 2 * RADIUS)
    assert ground.shift(0.5) - ground.shift(1.0) > 0  # a flatter object has to go further back


@pytest.mark.parametrize(
    ("surface", "centre", "radius"),
    [
        ("floor", (0.3, FLOOR - 0.5, 4.0), 0.5),
        ("table", (0.2, TABLE - 0.4, 4.0), 0.4),
        ("wall", (0.3, 0.0, WALL - 0.4), 0.4),
    ],
)
def test_contact_makes_good_what_the_edited_lift_got_wrong(ball_room, surface, centre, radius):
    room = np.minimum(ball_room.room, table()) if surface == "table" else ball_room.room
    ours = placed_ball(ball_room, room, centre, radius)
    rival = placed_ball(ball_room, room, centre, radius, method="affine")
    assert stands_at(rival) == pytest.approx(CLOSER * centre[2], rel=0.03)
    assert stands_at(ours) == pytest.approx(centre[2], rel=0.03)


def test_what_hangs_in_the_air_is_left_where_it_was_seen(ball_room):
    centre = (0.3, -0.2, 3.0)
    ours = placed_ball(ball_room, ball_room.room, centre, 0.3)
    rival = placed_ball(ball_room, ball_room.room, centre, 0.3, method="affine")
    assert stands_at(ours) == pytest.approx(stands_at(rival), rel=0.01)
    assert stands_at(ours) == pytest.approx(CLOSER * 3.0, rel=0.05)


@pytest.fixture(scope="module")
def behind_a_chair(ball_room):
    """The room with a chair's back at z = 2.5 over the lower half of a ball, and the ball placed behind it."""
    chair = (RAY[..., 1] > 0.25) & (np.abs(RAY[..., 0]) < 0.4)
    room = np.where(chair, 2.5, ball_room.room)
    scene = Scene.from_layers(ball_room.layers(room))
    return chair, scene, placed_ball(ball_room, room, (0.3, 1.0, 4.0), 0.5, scene=scene)


def test_a_foot_behind_something_anchors_nothing_and_the_object_stays_behind(behind_a_chair):
    chair, scene, placed = behind_a_chair
    assert footing(scene, np.nan_to_num(placed.points[..., 2], nan=1.0), placed.present) is None
    assert stands_at(placed) == pytest.approx(CLOSER * 4.0, rel=0.03)
    assert placed.points[..., 2][placed.present].min() > 2.5
    seen = scene.insert(placed, "ball").visible_depth()
    assert not (placed.present.any(axis=0) & chair).any()
    np.testing.assert_array_equal(seen[chair], np.float32(2.5))


def test_an_object_stands_on_another_that_was_added_before_it(ball_room):
    top = table()
    on_top = np.isfinite(top)
    scene = ball_room.scene
    slab = ball_room.layers(np.where(on_top, top, 1.0), on_top, scale=3.0)
    with_table = ball_room.layers(np.minimum(ball_room.room, top))
    scene = scene.insert(place(slab, scene, on_top, with_table), "table")
    np.testing.assert_allclose(scene.visible_depth()[on_top], top[on_top], rtol=1e-3)
    placed = placed_ball(ball_room, np.minimum(ball_room.room, top), (0.2, TABLE - 0.4, 4.0), 0.4, scene=scene)
    assert stands_at(placed) == pytest.approx(4.0, rel=0.03)
    both = scene.insert(placed, "ball")
    assert [thing.name for thing in both.objects] == ["table", "ball"]
    seen = placed.present[0]
    np.testing.assert_array_equal(both.visible_depth()[seen], placed.points[0, ..., 2][seen])


def test_two_objects_keep_their_order_along_the_rays_that_they_share(ball_room):
    """The second ball is behind the first: the first hides it, and exact geometry puts both where they are."""
    first = place(ball_room.ball(), ball_room.scene, ball_room.mask, ball_room.layers(ball_room.edited))
    scene = ball_room.scene.insert(first, "near")
    near, far = ball(RAY, np.array([0.8, 1.0, 5.2]), RADIUS)
    with np.errstate(invalid="ignore"):
        mask = near < ball_room.edited
    assert 50 < mask.sum() < np.isfinite(near).sum() - 20  # partly hidden
    thing = ball_room.layers(np.where(mask, np.stack([near, *[far] * 5]), 1.0), mask, scale=0.4)
    second = place(thing, scene, mask, ball_room.layers(np.where(mask, near, ball_room.edited), scale=2.0))
    points = second.points[second.present]
    np.testing.assert_allclose(np.linalg.norm(points - (0.8, 1.0, 5.2), axis=-1), RADIUS, atol=1e-3)
    seen = scene.insert(second, "far").visible_depth()
    np.testing.assert_allclose(seen[ball_room.mask], ball_room.near[ball_room.mask], rtol=1e-4)
    np.testing.assert_allclose(seen[mask], near[mask], rtol=1e-4)


@pytest.mark.parametrize("error_px", [-6, 6])
def test_a_mask_that_is_six_pixels_off_costs_little(fine_room, error_px):
    """What the mask wrongly takes in is lifted as the object's rim, far from where the scene has it."""
    change = binary_erosion if error_px < 0 else binary_dilation
    mask = change(fine_room.mask, iterations=abs(error_px))
    rim = gaussian_filter(np.where(fine_room.mask, fine_room.near, np.nanmax(fine_room.near)), 2)
    near = np.where(fine_room.mask, fine_room.near, rim)
    far = np.where(fine_room.mask, fine_room.far, rim + 0.01)
    thing: LayeredPointmap = fine_room.layers(np.where(mask, np.stack([near, *[far] * 5]), 1.0), mask, scale=3.0)
    placed = place(thing, fine_room.scene, mask, fine_room.layers(fine_room.edited))
    body = replace(placed, present=placed.present & fine_room.mask)
    truth = np.stack([fine_room.near, *[fine_room.far] * 5])[..., None] * directions(fine_room.camera)
    error = np.linalg.norm(placed.points - truth, axis=-1)[body.present]
    assert body.present[:2].all(axis=0).sum() > 0.99 * (mask & fine_room.mask).sum()
    assert error.mean() < 0.02 * 2 * RADIUS
