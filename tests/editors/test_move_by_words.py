"""Moving what was added, and what a replacement takes over, with lifters that know the truth."""

import numpy as np
import pytest
from test_catalogue import pixel_of

from editors.made import Made
from editors.pipeline import EditPipeline
from wt.errors import WtError
from wt.images import Photo

METRES = 0.8
"""Of one unit of the scene."""


@pytest.fixture
def pipeline(truths) -> EditPipeline:
    return EditPipeline(*truths)


@pytest.fixture
def added(pipeline, room, photo, scene):
    """A red box on the floor at x = 0.6 m, 2.4 m away."""
    return pipeline.run(scene, Photo(photo), "add a red box", at=pixel_of(room, photo, (0.6, 2.4, 0.0)), seed=3)


def extent(thing) -> np.ndarray:
    """Width, height and depth of what is seen of a thing in camera space, metres."""
    return np.ptp(thing.points[thing.present].astype(np.float64), axis=0) * METRES


def height(scene, thing) -> float:
    return float(np.ptp(scene.floor().heights(thing.points[thing.present]))) * METRES


def middle(thing) -> np.ndarray:
    """Median of its surfaces, metres."""
    return np.median(thing.points[thing.present].astype(np.float64), axis=0) * METRES


def foot(scene, thing) -> float:
    return float(scene.floor().heights(thing.points[thing.present]).min()) * METRES


def test_a_moved_object_is_the_same_at_the_other_place_and_the_photo_comes_back(pipeline, room, photo, added):
    named = added.scene.rename(added.scene.objects[0].id, "red box")
    there = pixel_of(room, photo, (-0.2, 3.4, 0.0))
    result = pipeline.run(named, Photo(added.photo_after), "move it there", at=there, seed=9)
    (old,), (new,) = added.scene.objects, result.scene.objects
    assert new.name == "red box"
    assert [operation.kind for operation in result.operations] == ["move"]
    assert len(result.placed) == 1
    assert [row["name"] for row in result.report["place"]] == ["red box"]
    assert abs(foot(result.scene, new)) < 0.04
    assert height(result.scene, new) == pytest.approx(height(added.scene, old), rel=0.06)
    assert middle(new)[2] > middle(old)[2] + 0.5
    before, after = Made.of(old), Made.of(new)
    assert (after.what, after.colour, after.seed) == (before.what, before.colour, before.seed)
    assert (after.height_m, after.heading_deg) == pytest.approx((before.height_m, before.heading_deg))
    right = added.region & (np.arange(photo.shape[1]) > there[0] + 80)
    assert right.sum() > 0.5 * added.region.sum(), "what the new place and its shadow do not reach"
    np.testing.assert_array_equal(result.photo_after[right], photo[right])
    np.testing.assert_array_equal(result.photo_after[~result.region], photo[~result.region])
    np.testing.assert_array_equal(result.scene.background.points, added.scene.background.points)


def test_moving_by_words(pipeline, photo, added):
    result = pipeline.run(added.scene, Photo(added.photo_after), "move the red carton to the left")
    assert [np.sign(middle(edit.scene.objects[0])[0]) for edit in (added, result)] == [1, -1]


def test_what_is_added_and_moved_in_one_instruction_is_placed_once(pipeline, room, photo, scene):
    text = "add a red box on the right and move it to the left"
    result = pipeline.run(scene, Photo(photo), text, seed=5)
    assert len(result.scene.objects) == len(result.placed) == len(result.report["place"]) == 1
    (thing,) = result.scene.objects
    assert middle(thing)[0] < 0
    np.testing.assert_array_equal(result.placed[0].points, thing.points)


MOVING = [
    ("move the table to the corner", {}, "Only what was added here can be moved.*no such table was.*add a table in"),
    ("move it to the corner", {}, "Only what was added here"),
    ("another one", {}, "nothing was added yet"),
]


@pytest.mark.parametrize(("text", "options", "words"), MOVING)
def test_what_cannot_be_moved_or_repeated_is_said(pipeline, photo, scene, text, options, words):
    with pytest.raises(WtError, match=words):
        pipeline.run(scene, Photo(photo), text, **options)


def test_moving_needs_a_place_and_two_things_to_stand_between(pipeline, photo, added):
    for text, words in (
        ("move the box", "Where to"),
        ("add a stool between the box and the piano", "Which piano"),
        ("add a stool between the two boxes", "Which other box"),
    ):
        with pytest.raises(WtError, match=words):
            pipeline.run(added.scene, Photo(added.photo_after), text)


def test_between_is_halfway_in_space(pipeline, room, photo, added):
    """Two boxes at different distances: halfway in the picture would not be halfway on the floor."""
    both = pipeline.run(
        added.scene, Photo(added.photo_after), "add a green box", at=pixel_of(room, photo, (1.6, 4.0, 0.0)), seed=3
    )
    text = "add a mug between the green box and the red box"
    result = pipeline.run(both.scene, Photo(both.photo_after), text, seed=1)
    near, far, between = (middle(thing) for thing in result.scene.objects)
    assert np.linalg.norm((between - (near + far) / 2)[[0, 2]]) < 0.25


def test_the_same_again_has_the_look_and_the_shape_of_the_last(pipeline, room, photo, added):
    at = pixel_of(room, photo, (1.0, 3.2, 0.0))
    result = pipeline.run(added.scene, Photo(added.photo_after), "the same", at=at, seed=11)
    first, second = (Made.of(thing) for thing in result.scene.objects)
    assert (second.what, second.colour, second.seed) == (first.what, first.colour, first.seed)
    assert second.height_m == pytest.approx(first.height_m)
    blue = pipeline.run(added.scene, Photo(added.photo_after), "another one in blue", at=at, seed=11)
    assert blue.scene.objects[-1].name == "blue box"
    assert blue.operations[0].same


def test_a_replacement_keeps_place_height_and_heading(pipeline, photo, added):
    old = Made.of(added.scene.objects[0])
    result = pipeline.run(added.scene, Photo(added.photo_after), "replace the box with a blue stool", seed=2)
    new = Made.of(result.scene.objects[0])
    assert new.what == "stool"
    assert new.at == pytest.approx(old.at)
    assert new.height_m == pytest.approx(old.height_m)
    assert new.heading_deg == pytest.approx(old.heading_deg)
    assert height(result.scene, result.scene.objects[0]) == pytest.approx(old.height_m, rel=0.1)


def test_what_a_hand_scaled_and_turned_stays_so(pipeline, photo, added):
    """Half as large again and 30 degrees counter-clockwise from above, about the camera's y axis, which points down."""
    (box,), c, s = added.scene.objects, np.cos(np.radians(-30)), np.sin(np.radians(-30))
    pose = np.eye(4)
    pose[:3, :3] = 1.5 * np.array([[c, 0, s], [0, 1, 0], [-s, 0, c]])
    by_hand = added.scene.move(box.id, pose)
    result = pipeline.run(by_hand, Photo(added.photo_after), "move the box to the left")
    old, new = Made.of(box), Made.of(result.scene.objects[0])
    assert new.height_m == pytest.approx(1.5 * old.height_m, rel=1e-3)
    assert new.heading_deg - old.heading_deg == pytest.approx(30, abs=1.5)
    assert not result.scene.objects[0].moved


def test_words_for_the_size_or_the_place_of_a_replacement_count(pipeline, photo, added):
    from wt.data.assets import FAMILY_INFO

    old, work = Made.of(added.scene.objects[0]), Photo(added.photo_after)
    large = Made.of(pipeline.run(added.scene, work, "replace the box with a large stool", seed=2).scene.objects[0])
    assert large.height_m > 1.2 * FAMILY_INFO["stool"][1] > old.height_m
    elsewhere = pipeline.run(added.scene, work, "replace the box with a stool on the left", seed=2).scene.objects[0]
    assert middle(elsewhere)[0] < 0
    wide = Made.of(pipeline.run(added.scene, work, "replace the box with a mug", seed=2).scene.objects[0])
    assert wide.height_m == pytest.approx(min(old.height_m, 3 * FAMILY_INFO["mug"][1]))


def test_another_look_keeps_the_shape(pipeline, photo, added):
    result = pipeline.run(added.scene, Photo(added.photo_after), "make the box blue", seed=2)
    (old,), (new,) = added.scene.objects, result.scene.objects
    assert new.name == "blue box"
    assert Made.of(new).seed == Made.of(old).seed
    np.testing.assert_allclose(extent(new), extent(old), rtol=0.02)


def test_what_the_photo_shows_gives_its_height_to_what_replaces_it(truths, pipeline, room, photo, scene):
    """The table is 0.7 m high; a wardrobe in its place is as high, a mug at most three times its own."""
    from wt.data.mesh import Camera
    from wt.data.peel import Solids, peel

    grid = room.camera.intrinsics.resized(photo.shape[1], photo.shape[0])
    table = np.isfinite(peel(Solids(room.instances[2:]), Camera(grid, room.camera.cam_from_world)).depth[0])
    truths[0].gone.add("table")
    result = pipeline.run(scene, Photo(photo), "replace the table with a wardrobe", mask=table, seed=4)
    made = Made.of(result.scene.objects[0])
    assert made.height_m == pytest.approx(0.7, rel=0.08)


def test_of_two_of_a_name_the_place_tells_which(pipeline, room, photo, added):
    two = pipeline.run(
        added.scene, Photo(added.photo_after), "add a red box", at=pixel_of(room, photo, (-0.1, 3.4, 0.0)), seed=4
    )
    right, left = two.scene.objects
    for text, stays in (("remove the box on the right", left), ("remove the box on the left", right)):
        result = pipeline.run(two.scene, Photo(two.photo_after), text)
        assert [thing.id for thing in result.scene.objects] == [stays.id]
