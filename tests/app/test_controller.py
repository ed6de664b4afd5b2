"""The verbs, driven without a browser: the whole flow, undo of everything, cancel, late results, isolation, saving."""

import json
import threading
import zipfile

import numpy as np
import pytest
from PIL import Image

from app import autosave
from app.view import describe
from app.viewer import Display
from wt.errors import WtError
from wt.scene.scene import Scene


def lifted(controller, session, photo_file, **more):
    controller.photo.open(session, photo_file)
    job = controller.geometry.lift(session, "scene", **more)
    assert job.wait(30)
    assert job.state == "done", job.message
    return session.now.scene


def edited(controller, session, prompt="add a box", at=(40, 50)):
    controller.edit.pin(session, *at)
    job = controller.edit.run(session, prompt)
    assert job.wait(30)
    assert job.state == "done", job.message


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


def test_selection_tools(controller, session, photo_file, tmp_path):
    controller.photo.open(session, photo_file)
    controller.select.click(session, 30, 20)
    assert [int(c.sum()) for c in session.now.selection.candidates] == sorted(
        int(c.sum()) for c in session.now.selection.candidates
    )
    whole = session.now.selection.mask
    assert whole[20, 30]
    assert not whole[20, 90]
    controller.select.click(session, 80, 40, "add")
    assert session.now.selection.mask[40, 80]
    assert session.now.selection.mask[20, 30]
    controller.select.click(session, 30, 20, "subtract")
    assert not session.now.selection.mask[20, 30]
    controller.select.box(session, 70, 50, 10, 5)
    assert session.now.selection.box == (10, 5, 70, 50)
    assert session.now.selection.mask.sum() == 60 * 45
    controller.select.grow(session, 3)
    assert session.now.selection.mask.sum() == 66 * 51
    controller.select.grow(session, -3)
    assert session.now.selection.mask.sum() == 60 * 45
    controller.select.stroke(session, [(20, 10), (60, 10)], 6, erase=True)
    assert not session.now.selection.mask[10, 40]
    controller.select.stroke(session, [(90, 60)], 6, erase=False)
    assert session.now.selection.mask[60, 90]
    before = session.now.selection.mask
    controller.select.invert(session)
    assert np.array_equal(session.now.selection.mask, ~before)
    controller.select.clear(session)
    assert session.now.selection.mask is None
    mask = np.zeros((32, 48), np.uint8)
    mask[8:16, 12:24] = 255
    Image.fromarray(mask).save(tmp_path / "mask.png")
    controller.select.load_mask(session, tmp_path / "mask.png")
    assert session.now.selection.mask.sum() == 16 * 24
    assert session.now.selection.mask[16, 24]


def test_a_click_after_brushing_keeps_what_was_painted(controller, session, photo_file):
    controller.photo.open(session, photo_file)
    controller.select.stroke(session, [(90, 60)], 6, erase=False)
    controller.select.click(session, 20, 20, "add")
    assert session.now.selection.mask[60, 90]
    assert session.now.selection.mask[20, 20]


def test_the_photos_own_alpha_is_the_selection(controller, session, tmp_path):
    rgba = np.full((64, 64, 4), 200, np.uint8)
    rgba[:32, :, 3] = 0
    Image.fromarray(rgba).save(tmp_path / "cut.png")
    controller.photo.open(session, tmp_path / "cut.png")
    assert session.now.selection.mask[40].all()
    assert not session.now.selection.mask[10].any()
    assert "mask" in session.message


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


def test_cancel_stops_within_one_step_and_restores_the_view(controller, session, photo_file):
    lifted(controller, session, photo_file)
    before, shown = session.now, session.viewer.shown
    reached = threading.Event()
    steps = []

    def watch(done, total, message=""):
        steps.append(done)
        reached.set()

    controller.engine.scene.step_s = 0.1
    job = controller.geometry.lift(session, "scene", steps=50)
    report, job_report = job.report, watch
    job.report = lambda *a: (job_report(*a), report(*a))[1]
    assert reached.wait(10)
    controller.cancel(session)
    at = len(steps)
    assert job.wait(10)
    assert job.state == "cancelled"
    assert len(steps) <= at + 1
    assert session.now is before
    assert session.viewer.shown == shown


def test_a_late_result_never_overwrites_a_newer_photo(controller, session, photo_file, tmp_path):
    other = tmp_path / "other.png"
    Image.new("RGB", (80, 60), (10, 200, 30)).save(other)
    controller.engine.scene.step_s = 0.05
    controller.photo.open(session, photo_file)
    job = controller.geometry.lift(session, "scene", steps=10)
    controller.photo.open(session, other)
    assert job.wait(20)
    assert job.state in ("cancelled", "failed")
    assert session.now.photo.name == "other.png"
    assert session.now.scene is None
    assert session.viewer.shown.total == 0


def test_one_job_at_a_time_and_waiting_is_said(controller, session, photo_file):
    controller.engine.scene.step_s = 0.05
    controller.photo.open(session, photo_file)
    job = controller.geometry.lift(session, "scene", steps=10)
    with pytest.raises(WtError, match="running already"):
        controller.geometry.lift(session, "scene")
    other = controller.sessions.attach("page-2")
    controller.photo.open(other, photo_file)
    second = controller.geometry.lift(other, "scene", steps=2)
    assert controller.worker.ahead(second) >= 1
    assert job.wait(20)
    assert second.wait(20)
    assert second.state == "done"


def test_object_lift_uses_the_selection_alone(controller, session, photo_file):
    controller.photo.open(session, photo_file)
    job = controller.geometry.lift(session, "object")
    assert job.wait(20)
    assert job.state == "failed"
    assert "selected" in job.message
    controller.select.click(session, 30, 20)
    assert controller.geometry.lift(session, "object").wait(20)
    share = session.now.scene.alpha.mean()
    assert share == pytest.approx(session.now.selection.mask.mean(), rel=0.1)


def test_sky_is_left_out_unless_kept(controller, session, photo_file):
    controller.photo.open(session, photo_file)
    controller.select.box(session, 0, 0, 96, 20)
    controller.select.sky_from_selection(session)
    assert controller.geometry.lift(session, "scene").wait(20)
    assert not session.now.scene.alpha[2].any()
    assert session.now.scene.alpha[-2].all()
    controller.select.keep_sky_out(session, False)
    assert controller.geometry.lift(session, "scene").wait(20)
    assert session.now.scene.alpha.all()


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
    controller.toggle_layer(session, 0, solo=True)
    assert session.viewer.shown.total == int(scene.background.present[0].sum())
    controller.toggle_layer(session, 0, solo=True)
    assert session.display.layers is None
    controller.toggle_layer(session, 2)
    assert session.display.layers == (0, 1, 3, 4, 5)
    controller.show_as(session, Display(colour="depth", hidden="photo", point_scale=2.0))
    controller.show_as(session, Display(colour="depth", hidden="photo", point_scale=0.5))
    assert session.viewer.shown.points <= 3000 < session.viewer.shown.total or session.viewer.shown.total <= 3000
    assert len(controller.engine.scene.calls) == calls


def test_work_is_saved_and_comes_back(controller, session, photo_file, config):
    lifted(controller, session, photo_file)
    edited(controller, session)
    controller.place.accept(session)
    controller.select.click(session, 20, 20)
    assert controller.sessions.autosaver.flush()
    work = autosave.read(config.sessions / session.key)
    now = session.now
    assert np.array_equal(work.rgb, now.rgb)
    assert np.array_equal(work.photo.rgb, now.photo.rgb)
    assert np.array_equal(work.selection.mask, now.selection.mask)
    assert work.scene.objects[0].name == "a box"
    assert work.edits[0]["prompt"] == "add a box"
    np.testing.assert_array_equal(work.scene.background.present, now.scene.background.present)


def test_a_damaged_save_is_said_and_the_page_opens(controller, session, photo_file, config):
    controller.photo.open(session, photo_file)
    assert controller.sessions.autosaver.flush()
    (config.sessions / session.key / "work.json").write_text("{")
    with pytest.raises(WtError, match="could not be read"):
        autosave.read(config.sessions / session.key)


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
    assert "× 1.250" in view["place_facts"]["value"]
    assert "box painter" in view["edit_facts"]["value"]


def test_scene_type_is_the_librarys(controller, session, photo_file):
    assert isinstance(lifted(controller, session, photo_file), Scene)


def ramp(photo_file, folder):
    with Image.open(photo_file) as image:
        width, height = image.size
    values = np.linspace(1, 4, width * height, dtype=np.float32).reshape(height, width)
    np.save(folder / "depth.npy", values)
    return folder / "depth.npy", values


def test_a_depth_map_guides_the_lift_and_is_part_of_the_work(controller, session, photo_file, tmp_path):
    path, values = ramp(photo_file, tmp_path)
    with pytest.raises(WtError, match="Open a photo"):
        controller.geometry.load_depth(session, path)
    controller.photo.open(session, photo_file)
    controller.geometry.load_depth(session, path, "auto")
    assert "metric depth" in session.message
    assert "depth.npy" in describe(session, controller.engine)["depth_facts"]["value"]
    assert controller.geometry.lift(session, "scene").wait(30)
    assert np.array_equal(controller.engine.scene.calls[-1]["depth"].values, values)
    assert session.now.lift["depth"] == "depth.npy (metric)"
    controller.geometry.load_depth(session, path, "disparity")
    assert session.now.depth.kind == "disparity"
    controller.undo(session)
    assert session.now.depth.kind == "metric"
    controller.geometry.forget_depth(session)
    assert session.now.depth is None
    controller.undo(session)
    assert controller.sessions.autosaver.flush()
    saved = autosave.read(session.folder).depth
    assert np.array_equal(saved.values, values)
    assert (saved.kind, saved.name, saved.notes) == ("metric", "depth.npy", session.now.depth.notes)
    controller.photo.open(session, photo_file)
    assert session.now.depth is None, "a new photo has no depth map"
    assert controller.sessions.autosaver.flush()
    assert autosave.read(session.folder).depth is None
    controller.undo(session)
    assert session.now.depth is not None


def test_an_accepted_edit_takes_the_depth_of_its_region_away(controller, session, photo_file, tmp_path):
    controller.photo.open(session, photo_file)
    controller.geometry.load_depth(session, ramp(photo_file, tmp_path)[0])
    controller.geometry.lift(session, "scene").wait(30)
    edited(controller, session)
    region = session.now.proposal.region
    controller.place.accept(session)
    assert np.array_equal(session.now.depth.known, ~region)


def test_a_depth_map_that_does_not_fit_is_refused_in_a_sentence(controller, session, photo_file, tmp_path):
    controller.photo.open(session, photo_file)
    np.save(tmp_path / "small.npy", np.ones((10, 50), np.float32))
    with pytest.raises(WtError, match="not the shape of the photo"):
        controller.geometry.load_depth(session, tmp_path / "small.npy")
    with pytest.raises(WtError, match="No file arrived"):
        controller.geometry.load_depth(session, None)
    assert session.now.depth is None
