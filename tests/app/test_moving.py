"""Moving by hand, driven by the verbs: poses, snapping, history, the 3D view's nodes, the outline, saving."""

import io
import sys
import zipfile
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

sys.path.insert(0, str(Path(__file__).parent))

from flow import edited, lifted

from app import contour
from app.view import describe
from wt.errors import WtError


@pytest.fixture
def placed(controller, session, photo_file):
    """A lifted photo with one accepted box, which is chosen."""
    lifted(controller, session, photo_file)
    edited(controller, session)
    controller.place.accept(session)
    controller.move.choose(session, 1)
    return session


def pose(controller, session):
    return describe(session, controller.engine)["pose"]["value"]


def box_points(session):
    thing = session.now.scene[1]
    return thing.world_points()[thing.present].astype(float)


def test_choosing_offers_the_pose_and_the_handles_and_nothing_is_committed(controller, placed):
    work = placed.now
    shown = pose(controller, placed)
    assert (shown["id"], shown["name"], shown["unit"]) == (1, "a box", "m")
    assert (shown["heading"], shown["scale"], shown["moved"]) == (0, 1, False)
    assert [row["chosen"] for row in describe(placed, controller.engine)["objects"]["value"]] == [True, False]
    assert placed.viewer.gizmo.shown
    controller.move.choose(placed, 1)
    assert pose(controller, placed) == {"id": 0}
    assert not placed.viewer.gizmo.shown
    assert placed.now is work


def test_typed_numbers_move_the_points_by_as_much_and_undo_brings_them_back(controller, placed):
    before, shown = box_points(placed), pose(controller, placed)
    metres = 1.5 / placed.now.scene.floor().offset
    controller.move.adjust(placed, "x", shown["x"] + 0.5)
    shift = box_points(placed) - before
    np.testing.assert_allclose(shift, np.broadcast_to([0.5 / metres, 0, 0], shift.shape), atol=2e-3)
    assert pose(controller, placed)["x"] == pytest.approx(shown["x"] + 0.5, abs=1e-3)
    assert placed.history.undo_label == "Move the box"
    controller.move.adjust(placed, "scale", 2.0)
    np.testing.assert_allclose(np.ptp(box_points(placed), axis=0), 2 * np.ptp(before, axis=0), rtol=1e-4)
    controller.move.adjust(placed, "heading", 90.0)
    assert pose(controller, placed)["heading"] == 90
    assert placed.history.undo_label == "Turn the box"
    for _ in range(3):
        controller.undo(placed)
    np.testing.assert_array_equal(box_points(placed), before)
    assert {**pose(controller, placed), "echo": 0} == {**shown, "echo": 0}
    controller.redo(placed)
    assert pose(controller, placed)["moved"]


def test_reset_is_the_solved_pose_to_the_bit(controller, placed):
    controller.move.adjust(placed, "heading", 33.0)
    controller.move.adjust(placed, "scale", 0.5)
    controller.move.reset(placed)
    assert not placed.now.scene[1].moved
    assert placed.history.undo_label == "Reset the box"


def test_dropping_the_handles_is_one_step_and_the_nodes_are_where_the_points_are(controller, placed):
    gizmo, viewer = placed.viewer.gizmo, placed.viewer
    before = placed.now
    position = gizmo.position + np.array([0.2, 0.0, -0.1])
    gizmo.on_release(1, position, gizmo.wxyz)
    assert placed.history.undo_label == "Move the box"
    moved = placed.now
    np.testing.assert_allclose(placed.now.scene[1].transform[:3, 3], [0.2, 0, -0.1], atol=1e-6)
    assert viewer.gizmo.position == pytest.approx(position)
    gizmo.on_release(1, position, gizmo.wxyz)
    assert placed.now is moved, "let go where it was"
    gizmo.on_release(2, position + 1, gizmo.wxyz)
    assert placed.now is moved, "of an object that is not chosen"
    controller.undo(placed)
    assert placed.now is before
    np.testing.assert_allclose(gizmo.position, position - [0.2, 0, -0.1])


def test_snapping_puts_a_lifted_box_back_onto_the_floor(controller, placed):
    controller.move.keep_snapped(placed, True)
    level = box_points(placed)[:, 1].max()
    controller.move.adjust(placed, "y", pose(controller, placed)["y"] - 1.0)
    assert box_points(placed)[:, 1].max() == pytest.approx(level, abs=0.05)
    assert "stays where it is" in placed.message or "; snapped to the floor over" in placed.message
    controller.move.keep_snapped(placed, False)
    controller.move.adjust(placed, "y", pose(controller, placed)["y"] - 1.0)
    assert box_points(placed)[:, 1].max() < level - 0.2


def test_a_click_in_the_view_chooses_what_it_meets(controller, placed):
    middle = box_points(placed).mean(axis=0)
    placed.viewer.on_click(np.zeros(3), np.array([-1.0, -0.5, 1.0]))
    assert placed.chosen == 0
    placed.viewer.on_click(np.zeros(3), middle)
    assert placed.chosen == 1
    assert placed.viewer.gizmo.shown


def test_handles_are_shown_only_where_something_can_be_moved(controller, placed):
    controller.place.show_object(placed, 1, False)
    assert not placed.viewer.gizmo.shown
    controller.undo(placed)
    assert placed.viewer.gizmo.shown
    edited(controller, placed)
    assert not placed.viewer.gizmo.shown, "an edit waits"
    with pytest.raises(WtError, match="No object is chosen"):
        controller.move.adjust(placed, "x", 1.0)
    controller.place.discard(placed)
    controller.place.delete_object(placed, 1)
    assert not placed.viewer.gizmo.shown
    assert pose(controller, placed) == {"id": 0}


@pytest.mark.parametrize(
    ("what", "value", "words"),
    [("scale", 9.0, "between 0.25 and 4"), ("x", None, "no number"), ("heading", float("nan"), "no number")],
)
def test_bad_numbers_are_a_sentence_and_change_nothing(controller, placed, what, value, words):
    work = placed.now
    with pytest.raises(WtError, match=words):
        controller.move.adjust(placed, what, value)
    assert placed.now is work


def test_problems_of_the_view_are_said(controller, placed):
    placed.viewer.gizmo.on_release(1, np.full(3, np.nan), np.array([1.0, 0, 0, 0]))
    assert placed.problem
    assert "finite" in placed.message


def test_the_outline_is_drawn_for_the_chosen_object_and_for_a_waiting_edit(controller, placed):
    def drawn():
        canvas = np.asarray(Image.open(io.BytesIO(placed.picture("overlay")[0])))
        return int((np.abs(canvas[..., :3].astype(int) - contour.COLOUR).max(axis=-1) < 60).sum())

    version = placed.version("overlay")
    there = drawn()
    assert there > 20
    assert placed.version("overlay") == version
    controller.move.adjust(placed, "z", pose(controller, placed)["z"] + 20)  # behind the wall
    assert placed.version("overlay") > version
    assert drawn() < 0.5 * there
    controller.move.choose(placed, 0)
    assert drawn() == 0
    edited(controller, placed)
    assert drawn() > 20


def test_read_outs_follow_the_object(controller, placed):
    controller.move.keep_snapped(placed, True)  # the box of the doubles floats
    facts = describe(placed, controller.engine)["pose_facts"]["value"]
    assert "Confidence</th><td>good" in facts
    controller.move.keep_snapped(placed, False)
    controller.move.adjust(placed, "y", pose(controller, placed)["y"] - 0.4)
    facts = describe(placed, controller.engine)["pose_facts"]["value"]
    assert "Confidence</th><td>poor" in facts
    assert "away from the surface" in facts
    assert "Contact now" in facts


def test_hidden_stretches_are_dashed():
    canvas = np.zeros((100, 400, 4), np.uint8)
    path = np.stack([np.linspace(10, 390, 381), np.full(381, 50.0)], axis=1)
    line = SimpleNamespace(points=path, hidden=path[:, 0] > 200)
    contour.draw(canvas, [line], SimpleNamespace(width=400, height=100))
    row = canvas[49:51, :, 3].max(axis=0)
    assert (row[12:198] > 200).all()
    assert row[205:380].max() < 0.8 * row[12:198].min()
    changes = np.diff((row[205:380] > 60).astype(int))
    assert np.abs(changes).sum() >= 8


def test_a_moved_object_is_where_it_was_after_a_restart(controller, placed, config):
    from wt.scene.scene import Scene

    controller.move.adjust(placed, "heading", 40.0)
    again = Scene.load(placed.now.scene.save(config.data_dir / "scene.wts"))
    np.testing.assert_array_equal(again[1].transform, placed.now.scene[1].transform)


def test_the_objects_of_another_lift_are_not_taken_for_the_chosen_one(controller, placed, photo_file):
    lifted(controller, placed, photo_file)
    edited(controller, placed)
    controller.place.accept(placed)
    assert placed.now.scene.objects[0].id == 1
    assert pose(controller, placed) == {"id": 0}
    controller.move.choose(placed, 1)
    assert pose(controller, placed)["id"] == 1


def test_another_visitor_sees_no_handles(controller, placed, photo_file):
    other = controller.sessions.attach("page-2")
    lifted(controller, other, photo_file)
    edited(controller, other)
    controller.place.accept(other)
    assert placed.viewer.gizmo.shown
    assert not other.viewer.gizmo.shown
    position = placed.viewer.gizmo.position + 0.1
    placed.viewer.gizmo.on_release(1, position, placed.viewer.gizmo.wxyz)
    assert placed.now.scene[1].moved
    assert not other.now.scene[1].moved


def test_the_mesh_of_the_chosen_object_is_one_download(controller, placed):
    """No TRELLIS is installed here: that is said, and its voxels and our own mesh are what there is."""
    button = describe(placed, controller.engine)["textured"]
    assert button["interactive"]
    job = controller.trellis.build(placed)
    assert job.wait(60)
    assert job.state == "done", job.message
    shown = describe(placed, controller.engine)["textured_facts"]["value"]
    assert "not installed here" in shown
    bundle = placed.textured["zip"]
    assert f"download/{bundle.name}" in shown
    assert placed.download(bundle.name) == bundle
    with zipfile.ZipFile(bundle) as files:
        assert {"object-1_coords.npz", "object-1_frame.json"} <= set(files.namelist())
    controller.move.choose(placed, 1)
    with pytest.raises(WtError, match="Choose an object first"):
        controller.trellis.build(placed)
