"""Geometry: lifting the photo or a selection, with known depth or without, cancelled or too late."""

import sys
import threading
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

sys.path.insert(0, str(Path(__file__).parent))

from doubles import RoundSegmenter
from flow import edited, lifted

from app import autosave
from app.view import describe
from wt.errors import WtError
from wt.scene.scene import Scene


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


@pytest.mark.parametrize("variants", [False, True])
def test_the_sky_is_left_out_for_whoever_lifts_before_it_was_found(
    controller, session, photo_file, monkeypatch, variants
):
    looking, go = threading.Event(), threading.Event()

    def suggest_sky(self):
        looking.set()
        assert go.wait(20)
        sky = np.zeros(self.shape, bool)
        sky[:20] = True
        return sky

    monkeypatch.setattr(RoundSegmenter, "suggest_sky", suggest_sky)
    controller.photo.open(session, photo_file)
    assert looking.wait(20)
    job = (controller.geometry.lift_variants if variants else controller.geometry.lift)(session, "scene")
    go.set()
    assert job.wait(30)
    assert not controller.engine.scene.calls[0]["mask"][:20].any()
    assert controller.engine.scene.calls[0]["mask"][20:].all()
    assert "Sky was found" in describe(session, controller.engine)["select_facts"]["value"]


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
    job = controller.geometry.lift(session, "scene", steps=45)
    with pytest.raises(WtError, match="running already"):
        controller.geometry.lift(session, "scene")
    other = controller.sessions.attach("page-2")
    controller.photo.open(other, photo_file)
    second = controller.geometry.lift(other, "scene", steps=2)
    assert controller.worker.wait_of(second).before >= 1
    assert job.wait(20)
    assert second.wait(20)
    assert second.state == "done"


def test_a_click_in_the_last_moments_of_a_job_is_not_turned_away(controller, session, photo_file):
    controller.engine.scene.step_s = 0.05
    controller.photo.open(session, photo_file)
    job = controller.geometry.lift(session, "scene", steps=4)
    assert job.active
    second = controller.geometry.lift(session, "scene", steps=2)
    assert second.wait(20)
    assert (job.state, second.state) == ("done", "done")


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
    saved = autosave.read(session.project_folder).depth
    assert np.array_equal(saved.values, values)
    assert (saved.kind, saved.name, saved.notes) == ("metric", "depth.npy", session.now.depth.notes)
    controller.photo.open(session, photo_file)
    assert session.now.depth is None, "a new photo has no depth map"
    assert controller.sessions.autosaver.flush()
    assert autosave.read(session.project_folder).depth is None
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
