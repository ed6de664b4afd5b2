"""What is kept of a visitor is said, goes when they say so or by its age, and is nobody else's."""

import os
import shutil
import time
from dataclasses import replace

import numpy as np
import pytest
from flow import edited, lifted
from PIL import Image

from app import personal
from app.uploads import Uploads
from app.view import describe
from wt.errors import WtError


def kept_of(controller, session) -> dict:
    return describe(session, controller.engine)["projects"]["value"]


def everything(folder) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def exported(controller, session) -> None:
    job = controller.export.build(session, ["ply"], "opencv", 0)
    assert job.wait(30)
    assert job.state == "done", job.message


def sent(controller, session, name: str = "photo.png"):
    """A file as Gradio stores what a browser sends."""
    path = controller.sessions.uploads.folder / "0123abcd" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.full((64, 96, 3), 90, np.uint8)).save(path)
    controller.photo.open(session, path)
    controller.sessions.uploads.read(str(path), session.key)
    return path


def test_how_much_is_kept_and_until_when_is_said(controller, session, photo_file):
    assert kept_of(controller, session)["kept"] == ""
    controller.photo.open(session, photo_file)
    assert controller.sessions.autosaver.flush()
    told = kept_of(controller, session)
    assert told["kept"] == "1 project, 1 MB on this server"
    assert told["until"] is None, "the open one changes all the time"
    controller.photo.open(session, photo_file)
    assert controller.sessions.autosaver.flush()
    told = kept_of(controller, session)
    assert told["kept"].startswith("2 projects")
    assert told["until"] == pytest.approx(time.time() + 7 * 86400, abs=60)


def test_all_of_a_visitor_goes_and_nothing_of_others(controller, session, photo_file, config):
    other = controller.sessions.attach("other")
    lifted(controller, other, photo_file)
    lifted(controller, session, photo_file)
    edited(controller, session)
    exported(controller, session)
    upload = sent(controller, session)
    tab = controller.sessions.attach("second tab", session.key)
    old, viewer = session.folder, controller.sessions.viewer_of(session)
    assert controller.sessions.autosaver.flush()
    theirs = everything(other.folder)
    fresh = personal.erase(controller.sessions, session)
    assert not old.exists()
    assert not upload.exists()
    assert [
        path for path in everything(config.data_dir) if not (config.data_dir / path).is_relative_to(other.folder)
    ] == []
    assert everything(other.folder) == theirs
    assert fresh.key not in (session.key, other.key)
    assert fresh.token != session.token
    assert controller.sessions.of("page-1") is fresh
    assert controller.sessions.port_of(viewer.token) is None
    for token in (session.token, tab.token):
        assert controller.sessions.picture(token, "photo") is None
        assert controller.sessions.download(token, "ramp.wts") is None
    with pytest.raises(WtError):
        controller.sessions.of("second tab")
    again = controller.sessions.attach("later", session.key)
    assert again.now.photo is None, "the old key brings nothing back"


def test_work_under_way_ends_before_its_owner_s_data_goes(controller, session, photo_file):
    lifted(controller, session, photo_file)
    controller.engine.scene.step_s = 0.2
    job = controller.geometry.lift(session, "scene", steps=20)
    fresh = personal.erase(controller.sessions, session)
    assert job.state == "cancelled"
    assert controller.sessions.autosaver.flush()
    assert not session.folder.exists()
    controller.photo.open(fresh, photo_file)
    assert fresh.now.photo.name == "ramp.png"


def test_who_keeps_as_much_as_may_be_begins_nothing_new_until_something_goes(controller, session, photo_file):
    controller.sessions.config = replace(controller.sessions.config, max_kept="1kb")
    controller.photo.open(session, photo_file)
    assert controller.sessions.autosaver.flush()
    first = session.now.project
    with pytest.raises(WtError, match=r"of your work are kept on this server, and at most 1.0 kB may be"):
        controller.photo.open(session, photo_file)
    assert session.now.project == first, "what is open stays open"
    assert controller.geometry.lift(session, "scene").wait(30)
    assert session.now.scene is not None, "and is worked on"
    controller.sessions.config = replace(controller.sessions.config, max_kept="0mb")
    controller.photo.open(session, photo_file)
    assert controller.sessions.autosaver.flush()
    controller.sessions.config = replace(controller.sessions.config, max_kept="1kb")
    controller.photo.open_project(session, first)
    assert session.now.project == first, "what was begun can be gone on with"
    other = controller.sessions.attach("other")
    controller.photo.open(other, photo_file)
    assert other.now.photo is not None, "nobody is limited by what others keep"


@pytest.mark.parametrize(
    ("total", "free", "taken"), [(100, 1.9, False), (100, 2.1, True), (1e6, 600, True), (1e6, 500, False)]
)
def test_nothing_new_is_begun_on_a_disk_that_is_almost_full(
    session, controller, photo_file, monkeypatch, total, free, taken
):
    usage = shutil.disk_usage(photo_file)._replace(total=int(total * 1e6), free=int(free * 1e6))
    monkeypatch.setattr(personal.shutil, "disk_usage", lambda folder: usage)
    if taken:
        controller.photo.open(session, photo_file)
        return
    with pytest.raises(WtError, match="almost full .* so nothing new is begun"):
        controller.photo.open(session, photo_file)
    assert session.now.photo is None


def test_an_upload_is_deleted_after_a_while_unless_somebody_sent_the_same_again(controller, session):
    uploads, path = controller.sessions.uploads, sent(controller, session)
    uploads.sweep()
    assert path.exists(), "a second visitor may have sent the same a moment ago"
    uploads.sweep(linger_s=0)
    assert not path.parent.exists()
    path = sent(controller, session)
    newer = path.with_name("newer.png")
    newer.write_bytes(path.read_bytes())
    newer.replace(path)
    uploads.sweep(linger_s=0)
    assert path.exists(), "it is another one's, who has not read it yet"


def test_what_was_sent_and_never_read_goes_by_its_age_and_missing_folders_do_no_harm(tmp_path):
    uploads = Uploads(tmp_path / "uploads")
    uploads.sweep()
    for name in ("left", "calls"):
        (tmp_path / "uploads" / name).mkdir(parents=True)
        (tmp_path / "uploads" / name / "a.png").write_bytes(b"x")
    (tmp_path / "uploads" / "tmp123").write_bytes(b"")
    uploads.sweep(linger_s=-1, abandoned_s=-1)
    assert everything(tmp_path) == [os.path.join("uploads", "calls", "a.png")], "calls have a clean-up of their own"
    uploads.read(str(tmp_path / "gone.png"), "somebody")
    uploads.read(None, "somebody")
    uploads.forget("somebody")
