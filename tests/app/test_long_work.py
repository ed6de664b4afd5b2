"""All long work of the page alike: a cancel is heard within one step, and nothing reaches what was opened meanwhile."""

import json
import threading
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import pytest
from flow import edited, lifted
from PIL import Image

from app import camera_path
from app.jobs import Job
from app.view import describe
from wt.trellis import bundle
from wt.views import frames
from wt.views.mp4 import Preset

Start = Callable[[Any, Any], Job]
FILM = {"along": "orbit", "amplitude": 8, "frames": 3, "size": "512x512", "hidden": "filled"}


LONG: dict[str, tuple[str, Start]] = {
    "lift": ("photo", lambda c, s: c.geometry.lift(s, "scene")),
    "variants": ("photo", lambda c, s: c.geometry.lift_variants(s, "scene")),
    "edit": ("photo", lambda c, s: c.edit.run(s, "add a box")),
    "words": ("photo", lambda c, s: c.words.find(s, "lamp")),
    "export": ("photo", lambda c, s: c.export.build(s, ["ply"])),
    "film": ("photo", lambda c, s: c.views.render(s, FILM)),
    "mesh": ("photo", lambda c, s: c.trellis.build(s)),
    "follow": ("clip", lambda c, s: c.clip.follow(s)),
    "lift of a clip": ("clip", lambda c, s: c.clip.lift(s)),
    "export of a clip": ("clip", lambda c, s: c.clip.build(s, ["ply"])),
}
"""What is open, and how the work begins."""


def written(scene, ident, photo, folder, report):
    """Stands for a mesh: its stages, and one file."""
    for stage in ("Surfaces", "Voxels", "Zipping"):
        report(stage)
    folder.mkdir(parents=True)
    (folder / "mesh.glb").write_bytes(b"glTF")
    return bundle.Bundle([folder / "mesh.glb"], [])


def drawn(surfels, views, folder, *, fps, about, on_frame):
    """Stands for a film."""
    folder.mkdir(parents=True)
    for done in range(1, len(views) + 1):
        on_frame(done, len(views))
    (folder / frames.VIDEO).write_bytes(b"film")


@pytest.fixture
def begin(controller, session, photo_file, tmp_path, monkeypatch) -> Callable[[str], Callable[[], Job]]:
    """Opens what a kind of work needs; then that can be started."""
    monkeypatch.setitem(camera_path.PRESETS, "512x512", Preset("small", 64, 64, 8, 16))
    monkeypatch.setattr(frames, "render_path", drawn)
    monkeypatch.setattr(bundle, "write_bundle", written)
    monkeypatch.setattr(controller.engine, "config", replace(controller.engine.config, words_model="tiny"))
    controller.engine.start()
    controller.engine.detector()
    for lifter in (controller.engine.scene, controller.engine.object):
        lifter.long_side = 24
    picture = np.asarray(Image.open(photo_file))
    rolled = [Image.fromarray(np.roll(picture, 3 * n, axis=1)) for n in range(3)]
    rolled[0].save(tmp_path / "clip.gif", save_all=True, append_images=rolled[1:], duration=100)

    def opened(name: str) -> Callable[[], Job]:
        needs, make = LONG[name]
        if needs == "photo":
            lifted(controller, session, photo_file)
            controller.select.click(session, 30, 20)
        else:
            controller.clip.open(session, tmp_path / "clip.gif")
            controller.select.click(session, 30, 20)
            assert controller.clip.lift(session).wait(30)
        if name == "mesh":
            edited(controller, session)
            controller.place.accept(session)
            controller.move.choose(session, 1)
        return partial(make, controller, session)

    return opened


class Reports:
    """Counts what long work reports, and holds it at one of its reports."""

    def __init__(self, monkeypatch) -> None:
        self.count, self.hold_at = 0, 0
        self.held, self.go = threading.Event(), threading.Event()
        report = Job.report

        def counted(job: Job, *told: Any) -> None:
            report(job, *told)
            self.count += 1
            if self.count == self.hold_at:
                self.held.set()
                assert self.go.wait(20)

        monkeypatch.setattr(Job, "report", counted)


@pytest.fixture
def reports(monkeypatch) -> Reports:
    return Reports(monkeypatch)


def told(controller, session) -> str:
    """All that the page tells of the work, but for its history."""
    page = describe(session, controller.engine)
    for name in ("history", "undo", "status", "projects", "chip", "stage", "seed", "edit_seed"):
        del page[name]
    text = json.dumps(page, default=str, sort_keys=True)
    return text.replace(session.token, "token").replace(session.viewer.token, "token")


@pytest.mark.parametrize("name", LONG)
def test_a_cancel_is_heard_within_one_step(controller, session, begin, reports, name):
    work = begin(name)
    reports.count, reports.hold_at = 0, 1
    job = work()
    assert reports.held.wait(30)
    controller.cancel(session)
    reports.go.set()
    assert job.wait(30)
    assert (job.state, reports.count) == ("cancelled", 1)
    assert job.message.endswith("cancelled. Nothing was changed.")


@pytest.mark.parametrize("name", LONG)
def test_a_late_result_never_reaches_what_was_opened_meanwhile(controller, session, begin, reports, name, tmp_path):
    """Held at its very last report, after which it asks no more whether it was cancelled."""
    work = begin(name)
    reports.count = 0
    assert work().wait(30)
    last, work = reports.count, begin(name)
    reports.count, reports.hold_at = 0, last
    job = work()
    assert reports.held.wait(30)
    Image.new("RGB", (80, 60), (10, 200, 30)).save(tmp_path / "other.png")
    controller.photo.open(session, tmp_path / "other.png")
    opened = session.message
    reports.go.set()
    assert job.wait(30)
    assert job.state in ("cancelled", "failed")
    fresh = controller.sessions.attach("page-2")
    controller.photo.open(fresh, tmp_path / "other.png")
    assert session.preparing.wait(20)
    assert fresh.preparing.wait(20)
    assert session.message == opened
    assert told(controller, session) == told(controller, fresh)
    assert not [path for path in session.folder.glob("exports/**/*") if path.is_file()]


@pytest.mark.parametrize("name", ["export", "film", "mesh", "export of a clip"])
def test_what_is_handed_out_takes_the_place_of_the_one_before_and_goes_with_its_photo(
    controller, session, begin, photo_file, name
):
    """Also two of one second, which have one name."""

    def files() -> list[str]:
        return [path.name for path in session.folder.glob("exports/**/*") if path.is_file()]

    work, counts = begin(name), []
    for _ in range(3):
        job = work()
        assert job.wait(30)
        assert job.state == "done", job.message
        counts.append(len(files()))
        assert all(controller.sessions.download(session.token, each) is not None for each in files())
    assert counts == ([2] * 3 if name == "film" else [1] * 3)
    controller.photo.open(session, photo_file)
    assert files() == []
