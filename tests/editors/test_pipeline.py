"""Words to a placed object and back, with lifters that know the truth: where things land, and what stays untouched."""

import json

import numpy as np
import pytest
from test_catalogue import pixel_of

from editors.memory import Memory
from editors.operations import AddOp
from editors.pipeline import EditPipeline
from wt.errors import Cancelled, WtError
from wt.images import Photo


@pytest.fixture
def pipeline(truths) -> EditPipeline:
    return EditPipeline(*truths)


def test_an_added_object_lands_on_the_truth(pipeline, room, photo, scene):
    """Scene units 0.8 m, edited lift in 1.7 m, object lift in 0.31 m: two unknown scales, solved by the placement."""
    at = pixel_of(room, photo, (0.6, 2.4, 0.0))
    told = []
    result = pipeline.run(
        scene, Photo(photo), "add a red box", at=at, seed=3, on_progress=lambda *step: told.append(step)
    )
    (placed,), (row,) = result.placed, result.report["place"]
    assert row["name"] == "red box"
    assert row["centroid_error"] < 0.03
    assert row["residual_px"] < 0.01
    assert row["depth_residual"] < 0.01
    assert placed.scale == pytest.approx(0.31 / 0.8, rel=0.02)
    assert abs(row["contact_gap"]) < 0.05
    (thing,) = result.scene.objects
    assert thing.name == "red box"
    bottom = scene.floor().heights(thing.points[thing.present]).min() * 0.8
    assert abs(bottom) < 0.04
    assert result.report["edit"]["changed_outside"] == 0
    assert result.report["edit"]["shift_px"] == [0.0, 0.0]
    np.testing.assert_array_equal(result.photo_after[~result.region], photo[~result.region])
    np.testing.assert_array_equal(result.scene.background.points, scene.background.points)
    assert next(message for *_, message in told) == "Painting red box"
    assert all(len(step) == 3 for step in told)
    json.dumps(result.report, allow_nan=True)


def test_an_inserted_object_is_removed_by_name_and_the_photo_comes_back(pipeline, room, photo, scene):
    at = pixel_of(room, photo, (0.6, 2.4, 0.0))
    added = pipeline.run(scene, Photo(photo), "add a red box", at=at, seed=3)
    result = pipeline.run(added.scene, Photo(added.photo_after), "remove the red carton")
    assert result.scene.objects == ()
    np.testing.assert_array_equal(result.photo_after, photo)
    np.testing.assert_array_equal(result.region, added.region)
    by_click = pipeline.run(
        added.scene, Photo(added.photo_after), "remove it", at=pixel_of(room, photo, (0.6, 2.4, 0.15))
    )
    assert by_click.scene.objects == ()
    np.testing.assert_array_equal(by_click.photo_after, photo)


def test_pipelines_of_other_models_share_the_memory_and_credit_what_lifted(truths, room, photo, scene):
    memory = Memory()
    added = EditPipeline(*truths, memory=memory).run(
        scene, Photo(photo), "add a red box", at=pixel_of(room, photo, (0.6, 2.4, 0.0)), seed=3
    )
    assert added.report["models"] == [{"name": lifter.name, "licence": lifter.licence} for lifter in truths]
    result = EditPipeline(*reversed(truths), memory=memory).run(added.scene, Photo(added.photo_after), "remove the box")
    np.testing.assert_array_equal(result.photo_after, photo)
    assert result.report["models"] == [], "nothing was lifted"


def test_a_forgotten_object_is_painted_over(truths, pipeline, room, photo, scene):
    added = pipeline.run(scene, Photo(photo), "add a red box", at=pixel_of(room, photo, (0.6, 2.4, 0.0)), seed=3)
    later = EditPipeline(*truths)
    result = later.run(added.scene, Photo(added.photo_after), "remove the box")
    assert result.scene.objects == ()
    assert result.report["editor"] == "PatchMatch"
    red = (result.photo_after[..., 0].astype(int) - result.photo_after[..., 1] > 60) & added.region
    assert red.sum() < 0.02 * added.region.sum()


def test_removing_a_part_of_the_photo_takes_the_geometry_behind_it(truths, pipeline, room, photo, scene):
    """The lifter says what an inpainted photo would show: the room without its table."""
    from wt.data.peel import Solids, peel
    from wt.scene.scene import on_grid

    grid = room.camera.intrinsics.resized(photo.shape[1], photo.shape[0])
    camera = type(room.camera)(grid, room.camera.cam_from_world)
    table = np.isfinite(peel(Solids(room.instances[2:]), camera).depth[0])
    truths[0].gone.add("table")
    result = pipeline.run(scene, Photo(photo), "remove the table", mask=table)
    inside = on_grid(result.region, scene.intrinsics)
    np.testing.assert_array_equal(result.scene.background.points[:, ~inside], scene.background.points[:, ~inside])
    np.testing.assert_array_equal(result.photo_after[~result.region], photo[~result.region])
    empty = room.layers(room.instances[:2], 0.8)
    error = np.abs(result.scene.background.points[0, inside, 2] / empty.depth[0, inside] - 1)
    assert np.median(error) < 0.01
    (removed,) = result.report["removed"]
    assert removed["gauge"]["scale"] == pytest.approx(1.7 / 0.8, rel=0.01)
    # The table's layers knew the floor and wall behind it.
    assert removed["hidden_agreement"]["share"] > 0.5


def test_replacing_puts_the_new_where_the_old_was(pipeline, room, photo, scene):
    at = pixel_of(room, photo, (0.6, 2.4, 0.0))
    added = pipeline.run(scene, Photo(photo), "add a red box", at=at, seed=3)
    result = pipeline.run(added.scene, Photo(added.photo_after), "replace the box with a blue stool", seed=2)
    (thing,) = result.scene.objects
    assert thing.name == "blue stool"
    centre = np.nanmean(thing.points[thing.present], axis=0)
    old = added.scene.objects[0]
    moved = centre - np.nanmean(old.points[old.present], axis=0)
    assert np.linalg.norm(moved[[0, 2]]) * 0.8 < 0.35
    assert [operation.kind for operation in result.operations] == ["replace"]


def test_several_operations_and_places_in_words(pipeline, room, photo, scene):
    text = "add a red box on the right and add a small stool to the left of the box"
    result = pipeline.run(scene, Photo(photo), text, seed=5)
    box, stool = result.scene.objects
    assert (box.name, stool.name) == ("red box", "small stool")
    across = [float(np.nanmean(thing.points[thing.present][:, 0])) for thing in (box, stool)]
    assert across[1] < across[0]
    assert len(result.report["place"]) == 2


def test_cancel_leaves_everything_as_it_was(pipeline, room, photo, scene):
    before = photo.copy()

    def stop(done, total, message):
        if message.startswith("Lifting the object"):
            raise Cancelled

    with pytest.raises(Cancelled):
        pipeline.run(scene, Photo(photo), "add a box", at=pixel_of(room, photo, (0.6, 2.4, 0.0)), on_progress=stop)
    assert scene.objects == ()
    np.testing.assert_array_equal(photo, before)


def test_a_segmenter_finds_what_was_clicked(truths, room, photo, scene):
    class Segmenter:
        name, licence = "test", "test"

        def set_image(self, rgb):
            self.shape = rgb.shape[:2]

        def predict(self, points=(), box=None):
            from editors.segment.base import Mask

            mask = np.zeros(self.shape, bool)
            mask[int(points[0][1]) - 20 : int(points[0][1]) + 20, int(points[0][0]) - 20 : int(points[0][0]) + 20] = (
                True
            )
            return [Mask(mask, 1.0, "object")]

        def suggest_sky(self):
            return None

        def fresh(self):
            return self

    pipeline = EditPipeline(*truths, Segmenter())
    at = pixel_of(room, photo, (-0.75, 2.4, 0.3))
    result = pipeline.run(scene, Photo(photo), "remove the dog", at=at)
    assert result.region[int(at[1]), int(at[0])]
    assert 1600 < result.region.sum() < 6000


REFUSED = [
    ("remove the dog", {}, "Which dog"),
    ("add a box next to the piano", {}, "Which piano"),
    ("add a zebra", {}, "not in the catalogue"),
    ("", {}, "empty"),
    ("add a box", {"at": (-5.0, 3.0)}, "outside the photo"),
    ("remove it", {"mask": np.ones((3, 3), bool)}, "mask is 3 x 3"),
]


@pytest.mark.parametrize(("text", "options", "words"), REFUSED)
def test_sentences(pipeline, photo, scene, text, options, words):
    with pytest.raises(WtError, match=words):
        pipeline.run(scene, Photo(photo), text, **options)


def test_a_painter_that_shifts_the_photo_is_put_right(truths, room, photo, scene):
    """An editor of the diffusion kind: it moves the whole picture by two pixels and paints a box."""
    from editors.catalogue import paint

    class Shifting:
        name, licence, offline = "shifting", "test", True
        tasks = frozenset({"edit", "inpaint"})

        def edit(self, image, mask, prompt, *, seed=0, on_step=None):
            painted = paint(scene, image, "box", at, colour="red", seed=3).rgb
            return np.roll(painted, (1, 2), axis=(0, 1))

    at = pixel_of(room, photo, (0.6, 2.4, 0.0))
    for place in (at, None):
        pipeline = EditPipeline(*truths, editor=Shifting())
        result = pipeline.run(scene, Photo(photo), [AddOp("box", text="add a box")], at=place)
        assert result.report["edit"]["shift_px"] == pytest.approx([2.0, 1.0], abs=0.25)
        assert result.report["edit"]["changed_outside"] == 0
        np.testing.assert_array_equal(result.photo_after[~result.region], photo[~result.region])
        usual = EditPipeline(*truths).run(scene, Photo(photo), "add a red box", at=at, seed=3).scene.objects[0]
        thing = result.scene.objects[0]
        expected, found = (np.nanmean(each.points[each.present], axis=0) for each in (usual, thing))
        assert np.linalg.norm(found - expected) * 0.8 < 0.04
