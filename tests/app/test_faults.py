"""What breaks around the studio loses nothing that was accepted, is told in a sentence, and stops nobody."""

import errno
import json
import os
import time
import zipfile

import numpy as np
import pytest
from flow import edited, lifted
from starlette.applications import Starlette
from starlette.routing import Route
from starlette.testclient import TestClient

from app import autosave, blocks, view
from app import session as session_module
from app.autosave import Autosaver
from app.config import AppConfig
from app.jobs import Job, Worker
from app.main import Studio
from app.work import Work
from wt.errors import WtError
from wt.files import unwritable, write_atomic


class Killed(BaseException):
    """Stands for SIGKILL: no `except Exception` sees it."""


def accepted(controller, session, photo_file) -> tuple[Work, Work]:
    """A lifted photo, and the same with an accepted edit."""
    lifted(controller, session, photo_file)
    before = session.now
    edited(controller, session)
    controller.place.accept(session)
    return before, session.now


def assert_same(a: Work, b: Work) -> None:
    np.testing.assert_array_equal(a.rgb, b.rgb)
    np.testing.assert_array_equal(a.photo.rgb, b.photo.rgb)
    assert [thing.name for thing in a.scene.objects] == [thing.name for thing in b.scene.objects]
    for one, other in zip((a.scene.background, *a.scene.objects), (b.scene.background, *b.scene.objects), strict=True):
        np.testing.assert_array_equal(one.points, other.points)
    assert [edit["prompt"] for edit in a.edits] == [edit["prompt"] for edit in b.edits]


def no_space(*args, **more):
    error = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    raise WtError("rgb.png could not be written.") from error


@pytest.mark.parametrize("torn", [False, True])
def test_a_kill_between_any_two_files_leaves_the_state_before_or_the_new_one(
    controller, session, photo_file, tmp_path, monkeypatch, torn
):
    before, after = accepted(controller, session, photo_file)
    folder, survived, calls = tmp_path / "project", [], 0

    def dying(path, data, **more):
        nonlocal calls
        calls += 1
        if calls > die_at:
            if torn:  # in the middle of a file, whose temporary name stays
                path.with_name(f".{path.name}.tmp").write_bytes(data[: len(data) // 2])
            raise Killed
        return write_atomic(path, data, **more)

    for die_at in range(20):
        written = autosave.write(folder, before, autosave.Written())
        calls = 0
        with monkeypatch.context() as patch:
            patch.setattr(autosave, "write_atomic", dying)
            try:
                autosave.write(folder, after, written)
            except Killed:
                found = autosave.read(folder)
                assert_same(found, before)
                survived.append(die_at)
                continue
        assert_same(autosave.read(folder), after)
        break
    assert survived == list(range(len(survived)))
    assert len(survived) >= 4, "thumbnail, photo, scene and document at least are files of their own"
    names = set(json.loads((folder / "project.json").read_bytes())["files"].values())
    left = {path.name for path in folder.iterdir()} - names
    assert left == {"project.json", "thumbnail.jpg"}, "the next save takes away what a killed one left"


def test_what_is_accepted_is_on_disk_when_the_page_hears_of_it(controller, session, photo_file, monkeypatch):
    slow = autosave.write

    def late(*args):
        time.sleep(0.05)
        return slow(*args)

    monkeypatch.setattr(autosave, "write", late)
    _, after = accepted(controller, session, photo_file)
    assert_same(autosave.read(session.project_folder), after)


def test_a_full_disk_is_said_nothing_is_lost_and_saving_goes_on_by_itself(config, controller, photo_file, monkeypatch):
    saver = controller.sessions.autosaver = Autosaver(retry_s=0.01)
    session = controller.sessions.attach("page")
    _, after = accepted(controller, session, photo_file)
    folder = session.project_folder
    files = sorted(path.name for path in folder.iterdir())
    with monkeypatch.context() as patch:
        patch.setattr(autosave, "write_atomic", no_space)
        controller.place.delete_object(session, session.now.scene.objects[0].id)
        assert saver.flush()
        assert "not saved yet (No space left on device)" in view.status(session)
        assert sorted(path.name for path in folder.iterdir()) == files, "a save that failed leaves nothing behind"
        assert_same(autosave.read(folder), after)
        assert controller.sessions.download(session.token, "ramp.wts").startswith(b"PK"), "the work can be taken away"
    with saver._changed:
        assert saver._changed.wait_for(lambda: not saver._unsaved, 10)
    assert saver.flush()
    assert "not saved" not in view.status(session)
    assert autosave.read(folder).scene.objects == ()
    saver.stop()


def test_a_save_that_breaks_stops_neither_the_saving_nor_the_work(controller, session, photo_file, monkeypatch):
    controller.photo.open(session, photo_file)
    saver = controller.sessions.autosaver
    assert saver.flush()

    def broken(*args):
        raise ValueError("inner detail")

    with monkeypatch.context() as patch:
        patch.setattr(autosave, "write", broken)
        controller.select.click(session, 20, 20)
        assert saver.flush()
    assert "not saved yet (Saving stopped with an internal error" in view.status(session)
    controller.select.clear(session)
    assert saver.flush()
    assert "not saved" not in view.status(session)
    assert autosave.read(session.project_folder).selection.mask is None


def test_work_that_an_earlier_program_saved_is_read(controller, session, photo_file):
    _, after = accepted(controller, session, photo_file)
    folder = session.project_folder
    document = json.loads((folder / "project.json").read_bytes())
    for name, file in document.pop("files").items():
        (folder / file).rename(folder / name)
    (folder / "project.json").write_text(json.dumps(document))
    assert_same(autosave.read(folder), after)


@pytest.mark.parametrize("days", [30, -30])
def test_a_clock_that_jumps_deletes_nothing(controller, session, photo_file, monkeypatch, days):
    controller.photo.open(session, photo_file)
    assert controller.sessions.autosaver.flush()
    folder = session.project_folder
    controller.sessions.detach("page-1")
    monkeypatch.setattr(session_module, "GRACE_S", -1.0)
    real = time.time
    monkeypatch.setattr(time, "time", lambda: real() + days * 86400)
    assert controller.sessions.reap() == 1
    assert autosave.read(folder).photo.name == "ramp.png"
    if days > 0:
        assert autosave.sweep(controller.sessions.config.sessions, 7, set()) > 0, "its age alone would have taken it"


def test_memory_that_runs_out_is_a_sentence_and_the_next_job_works():
    def torch_says(job: Job) -> None:
        raise RuntimeError("[enforce fail at alloc_cpu.cpp:123] DefaultCPUAllocator: can't allocate memory: you tried")

    def numpy_says(job: Job) -> None:
        raise MemoryError

    worker = Worker()
    for work in (torch_says, numpy_says):
        job = worker.submit(Job("The lift", work))
        assert job.wait(5)
        assert job.state == "failed"
        assert job.message.startswith("The lift ran out of memory; your work is as it was before.")
    after = worker.submit(Job("The next", lambda job: None))
    assert after.wait(5)
    assert after.state == "done"
    worker.stop()


def test_exports_leave_one_zip_and_none_once_the_visitor_is_gone(controller, session, photo_file, monkeypatch):
    lifted(controller, session, photo_file)
    exports = session.folder / "exports"
    for names in (["ply"], ["camera"]):
        job = controller.export.build(session, [*names, "manifest"])
        assert job.wait(30)
        assert job.state == "done", job.message
        session.exported["zip"] = session.exported["zip"].rename(exports / f"{names[0]}.zip")  # both in one second
    assert [path.name for path in exports.iterdir()] == ["camera.zip"]
    with zipfile.ZipFile(session.exported["zip"]) as bundle:
        assert "camera.json" in bundle.namelist()
    controller.sessions.detach("page-1")
    monkeypatch.setattr(session_module, "GRACE_S", -1.0)
    controller.sessions.reap()
    assert not exports.exists()


def test_a_data_folder_that_takes_nothing_is_said_at_the_start(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    inside = tmp_path / "file" / "data"
    assert unwritable(inside) == "Not a directory"
    assert unwritable(tmp_path / "new") == ""
    with pytest.raises(WtError, match=r"Nothing can be written to .*Choose another folder with --data-dir"):
        Studio(AppConfig(data_dir=inside))


def test_an_upload_that_the_disk_does_not_take_is_answered_with_a_sentence():
    def full(request):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    app = Starlette(routes=[Route("/upload", full)], exception_handlers=blocks.HANDLERS)
    answer = TestClient(app).get("/upload")
    assert answer.status_code == 507
    assert "No space left on device" in answer.text
    assert "Traceback" not in answer.text
