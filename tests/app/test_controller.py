"""All verbs together, driven without a browser: the whole flow, undo of everything, problems, the view, saving."""

import json
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parent))

from flow import edited, lifted

from app import autosave
from app.display import Display
from app.view import describe
from wt.errors import WtError


def test_the_whole_path(controller, session, photo_file):
    scene = lifted(controller, session, photo_file, steps=3, seed=7)
    assert controller.engine.scene.calls[-1]["steps"] == 3
    assert controller.engine.scene.calls[-1]["seed"] == 7
    assert session.viewer.shown.total == int(scene.background.present.sum())
    edited(controller, session)
    assert session.now.scene is scene, "a proposal must not replace the scene"
    assert len(session.now.shown_scene.objects) == 1
    controller.place.accept(session)
    assert [thing.name for thing in session.now.scene.objects] == ["a box"]
    assert session.now.edits[0]["prompt"] == "add a box"
    job = controller.export.build(session, ["ply", "camera", "png", "manifest"])
    assert job.wait(30)
    assert job.state == "done", job.message
    with zipfile.ZipFile(session.exported["zip"]) as bundle:
        names = set(bundle.namelist())
        manifest = json.loads(bundle.read("manifest.json"))
    assert {"pointcloud.ply", "layer_0.ply", "camera.json", "before.png", "after.png", "manifest.json"} <= names
    assert manifest["prompts"] == ["add a box"]
    assert manifest["seeds"] == [7, 0]
    assert {"name": "test-planes", "licence": "CC0"} in manifest["models"]


def test_undo_and_redo_cover_every_change(controller, session, photo_file):
    controller.photo.open(session, photo_file)
    controller.select.click(session, 30, 20)
    controller.select.level(session, "part")
    controller.select.stroke(session, [(50, 50), (60, 50)], 8, erase=False)
    controller.select.invert(session)
    controller.select.grow(session, 2)
    controller.geometry.lift(session, "scene").wait(30)
    edited(controller, session)
    controller.place.accept(session)
    controller.place.show_object(session, 1, False)
    controller.place.rename_object(session, 1, "crate")
    controller.place.delete_object(session, 1)
    states, labels = [session.now], []
    while session.history.undo_label:
        labels.append(session.history.undo_label)
        controller.undo(session)
        states.append(session.now)
    assert len(states) == len({id(state) for state in states}) == 14
    assert labels[-1] == "Open ramp.png"
    assert session.now.photo is None
    for expected in reversed(states[:-1]):
        controller.redo(session)
        assert session.now is expected
    controller.redo(session)
    assert session.message == "There is nothing to redo."


def test_a_new_change_forgets_what_was_undone(controller, session, photo_file):
    controller.photo.open(session, photo_file)
    controller.select.click(session, 30, 20)
    controller.undo(session)
    controller.select.click(session, 50, 20)
    assert not session.history.redo_label


@pytest.mark.parametrize(
    ("verb", "words"),
    [
        (lambda c, s: c.select.click(s, 1, 1), "Open a photo"),
        (lambda c, s: c.geometry.lift(s, "scene"), "Open a photo"),
        (lambda c, s: c.edit.run(s, "add a box"), "Open a photo"),
        (lambda c, s: c.export.build(s, ["ply"]), "nothing to export"),
        (lambda c, s: c.place.accept(s), "no edit to accept"),
        (lambda c, s: c.place.discard(s), "no edit to discard"),
        (lambda c, s: c.select.invert(s), "Open a photo"),
        (lambda c, s: c.select.grow(s, 2), "Open a photo"),
        (lambda c, s: c.place.delete_object(s, 1), "no scene"),
        (lambda c, s: c.edit.pin(s, 1, 1), "Open a photo"),
    ],
)
def test_every_verb_with_nothing_loaded_gives_one_sentence(controller, session, verb, words):
    with pytest.raises(WtError, match=words):
        verb(controller, session)


def test_problems_leave_the_last_good_state(controller, session, photo_file, tmp_path):
    scene = lifted(controller, session, photo_file)
    work = session.now
    (tmp_path / "broken.jpg").write_bytes(b"\xff\xd8\xff\xe0 not a picture")
    with pytest.raises(WtError):
        controller.photo.open(session, tmp_path / "broken.jpg")
    with pytest.raises(WtError, match="Say what to do"):
        controller.edit.run(session, "   ")
    with pytest.raises(WtError, match="at least one format"):
        controller.export.build(session, [])
    with pytest.raises(WtError, match="cannot be removed"):
        controller.place.delete_object(session, 0)
    with pytest.raises(WtError, match="needs a name"):
        controller.place.rename_object(session, 0, " ")
    assert session.now is work
    job = controller.edit.run(session, "juggle the lamp")
    assert job.wait(30)
    assert job.state == "failed"
    assert "juggle" in job.message
    assert session.now.scene is scene


def test_removal_changes_the_scene_in_the_region_only(controller, session, photo_file):
    scene = lifted(controller, session, photo_file)
    controller.select.box(session, 20, 20, 50, 50)
    edited(controller, session, "remove the thing")
    after = session.now.shown_scene
    from wt.scene.scene import on_grid

    outside = ~on_grid(session.now.selection.mask, scene.intrinsics)
    assert np.array_equal(after.background.points[:, outside], scene.background.points[:, outside])
    controller.place.discard(session)
    assert session.now.scene is scene
    controller.undo(session)
    assert session.now.proposal is not None


def test_display_acts_on_the_cache_alone(controller, session, photo_file):
    scene = lifted(controller, session, photo_file)
    calls = len(controller.engine.scene.calls)
    controller.look.toggle_layer(session, 0, solo=True)
    assert session.viewer.shown.total == int(scene.background.present[0].sum())
    controller.look.toggle_layer(session, 0, solo=True)
    assert session.display.layers is None
    controller.look.toggle_layer(session, 2)
    assert session.display.layers == (0, 1, 3, 4, 5)
    controller.look.show_as(session, Display(colour="depth", hidden="photo", point_scale=2.0))
    controller.look.show_as(session, Display(colour="depth", hidden="photo", point_scale=0.5))
    assert session.viewer.shown.points <= 3000 < session.viewer.shown.total or session.viewer.shown.total <= 3000
    assert len(controller.engine.scene.calls) == calls


def test_work_is_saved_and_comes_back(controller, session, photo_file):
    lifted(controller, session, photo_file)
    edited(controller, session)
    controller.place.accept(session)
    controller.select.click(session, 20, 20)
    assert controller.sessions.autosaver.flush()
    work = autosave.read(session.project_folder)
    now = session.now
    assert np.array_equal(work.rgb, now.rgb)
    assert np.array_equal(work.photo.rgb, now.photo.rgb)
    assert np.array_equal(work.selection.mask, now.selection.mask)
    assert work.scene.objects[0].name == "a box"
    assert work.edits[0]["prompt"] == "add a box"
    np.testing.assert_array_equal(work.scene.background.present, now.scene.background.present)


def test_a_damaged_save_is_said_and_the_page_opens(controller, session, photo_file):
    controller.photo.open(session, photo_file)
    assert controller.sessions.autosaver.flush()
    (session.project_folder / "project.json").write_text("{")
    with pytest.raises(WtError, match="could not be read"):
        autosave.read(session.project_folder)


def test_view_says_what_is_locked_and_why(controller, session, photo_file):
    view = describe(session, controller.engine)
    assert view["step_edit"]["label"].endswith("lift the photo first")
    assert not view["lift"]["interactive"]
    assert view["stage"]["value"]["empty"]
    lifted(controller, session, photo_file)
    view = describe(session, controller.engine)
    assert view["lift"]["interactive"]
    assert view["run_edit"]["interactive"]
    assert "residual" in view["lift_facts"]["value"]
    assert "relative" in view["lift_facts"]["value"]
    edited(controller, session)
    view = describe(session, controller.engine)
    assert view["accept"]["visible"]
    assert not view["run_edit"]["visible"]
    assert "Frame drift</th><td>none<" in view["edit_facts"]["value"]
    assert "× 1.250" in view["place_facts"]["value"]
    assert "box painter" in view["edit_facts"]["value"]
