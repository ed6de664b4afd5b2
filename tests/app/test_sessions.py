"""Who gets which session: isolation, reload, second tab, cap, clean-up; and the worker's boundary."""

import os
import shutil
import threading
import time

import pytest
from PIL import Image

from app import autosave
from app import session as session_module
from app.jobs import Job, Worker, attempt
from wt.errors import WtError


def test_two_visitors_share_nothing(controller, photo_file):
    a, b = controller.sessions.attach("a"), controller.sessions.attach("b")
    controller.photo.open(a, photo_file)
    assert b.now.photo is None
    assert a.token != b.token
    assert a.key != b.key
    viewers = controller.sessions.viewer_of(a), controller.sessions.viewer_of(b)
    assert viewers[0].port != viewers[1].port
    assert controller.sessions.picture(b.token, "photo") is None
    assert controller.sessions.picture(a.token, "photo") is not None
    assert controller.sessions.of("a") is a


def test_an_unknown_page_is_told_to_reload(controller):
    with pytest.raises(WtError, match="Reload"):
        controller.sessions.of("nobody")


def test_a_reload_finds_the_same_session_with_its_history(controller, photo_file):
    first = controller.sessions.attach("page")
    controller.photo.open(first, photo_file)
    controller.sessions.detach("page")
    again = controller.sessions.attach("page-reloaded", first.key)
    assert again is first
    assert again.history.undo_label


def test_a_second_tab_gets_a_copy(controller, photo_file):
    first = controller.sessions.attach("tab-1")
    controller.photo.open(first, photo_file)
    second = controller.sessions.attach("tab-2", first.key)
    assert second is not first
    assert second.token != first.token
    assert second.now.photo is first.now.photo
    assert second.now.project != first.now.project
    controller.select.click(second, 10, 10)
    assert first.now.selection.mask is None
    assert controller.sessions.autosaver.flush()
    assert autosave.read(first.project_folder).selection.mask is None
    assert autosave.read(second.project_folder).selection.mask is not None
    for page, session in (("tab-1", first), ("tab-2", second)):
        controller.sessions.detach(page)
        assert controller.sessions.attach(page, first.key) is session, "each tab finds its own work again"


def test_a_restarted_server_brings_the_work_back(controller, photo_file):
    first = controller.sessions.attach("page")
    controller.photo.open(first, photo_file)
    assert controller.sessions.autosaver.flush()
    controller.sessions._sessions.clear()
    again = controller.sessions.attach("page", first.key)
    assert again is not first
    assert again.now.photo.name == "ramp.png"
    assert "restored" in again.message


@pytest.mark.parametrize("key", ["../../etc/passwd", "x", 7, None, "a" * 65, "/" * 40])
def test_a_key_from_the_browser_cannot_name_another_folder(controller, key):
    session = controller.sessions.attach("page", key)
    assert session.folder.parent == controller.sessions.config.sessions
    assert session.key != key


def test_the_cap_evicts_who_has_left_and_else_refuses(controller):
    cap = controller.sessions.config.max_visitors
    everyone = [controller.sessions.attach(f"page-{index}") for index in range(cap)]
    with pytest.raises(WtError, match="full"):
        controller.sessions.attach("one more")
    controller.sessions.detach("page-0")
    controller.sessions.attach("one more")
    assert len(controller.sessions) == cap
    with pytest.raises(WtError):
        controller.sessions.of("page-0")
    assert controller.sessions.of("page-1") is everyone[1]


def test_reaping_stops_the_views_of_those_who_left(controller, monkeypatch):
    session = controller.sessions.attach("page")
    viewer = controller.sessions.viewer_of(session)
    assert controller.sessions.port_of(viewer.token) == viewer.port
    controller.sessions.detach("page")
    assert controller.sessions.reap() == 0, "a reload must find its view again"
    monkeypatch.setattr(session_module, "GRACE_S", -1.0)
    assert controller.sessions.reap() == 1
    assert controller.sessions.port_of(viewer.token) is None


def test_old_folders_are_swept_and_missing_ones_do_no_harm(tmp_path):
    for name in ("old", "new", "kept"):
        (tmp_path / name).mkdir()
        Image.new("L", (4, 4)).save(tmp_path / name / "photo.png")
    past = time.time() - 9 * 86400
    for name in ("old", "kept"):
        os.utime(tmp_path / name / "photo.png", (past, past))
        os.utime(tmp_path / name, (past, past))
    assert autosave.sweep(tmp_path, 7, {"kept"}) == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["kept", "new"]
    assert autosave.sweep(tmp_path / "nowhere", 7, set()) == 0


def size_of(folder):
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def test_the_disk_gets_smaller_and_what_cannot_be_cleaned_up_keeps_nothing_else(
    controller, photo_file, monkeypatch, caplog
):
    """A view that does not stop, a sweep that raises, a folder that is missing: the rest goes all the same."""
    monkeypatch.setattr(session_module, "GRACE_S", -1.0)
    sessions, config = controller.sessions, controller.sessions.config
    for page in ("left its view broken", "leaves"):
        session = sessions.attach(page)
        controller.photo.open(session, photo_file)
        sessions.detach(page)
    assert sessions.autosaver.flush()
    broken, stop = next(iter(sessions._sessions.values())).viewer, session.viewer.stop
    stopped: list[str] = []

    def stuck() -> None:
        type(broken).stop(broken)
        raise RuntimeError("the view does not stop")

    broken.stop = stuck
    session.viewer.stop = lambda: (stopped.append("the other view"), stop())
    shutil.copytree(session.folder, config.sessions / "old")
    shutil.rmtree(sessions.uploads.folder, ignore_errors=True)
    past = time.time() - (config.keep_days + 2) * 86400
    for path in (config.sessions / "old").rglob("*"):
        os.utime(path, (past, past))
    before, swept = size_of(config.data_dir), []

    def failing(*given):
        raise OSError("a folder went away")

    with monkeypatch.context() as patch:
        patch.setattr(autosave, "sweep", failing)
        patch.setattr(sessions.uploads, "sweep", lambda: swept.append("uploads"))
        assert sessions.reap() == 2
    assert (stopped, swept) == (["the other view"], ["uploads"])
    assert "the view does not stop" in caplog.text
    assert "a folder went away" in caplog.text
    assert size_of(config.data_dir) == before
    assert sessions.reap() == 0
    assert size_of(config.data_dir) < 0.7 * before


def test_clean_up_goes_on_after_a_round_that_failed(controller, monkeypatch):
    rounds, again = [], threading.Event()

    def reap() -> int:
        rounds.append(1)
        if len(rounds) == 1:
            raise OSError("a folder went away")
        again.set()
        return 0

    monkeypatch.setattr(controller.sessions, "reap", reap)
    thread = controller.sessions.watch(every_s=0.01)
    assert again.wait(10), "nothing is cleaned up any more"
    assert thread.is_alive()


def test_a_project_is_kept_for_days_after_its_last_change_whatever_its_neighbours_do(tmp_path):
    for name in ("old", "new", "open"):
        (tmp_path / "browser" / "projects" / name).mkdir(parents=True)
        (tmp_path / "browser" / "projects" / name / "photo.png").write_bytes(b"")
    past = time.time() - 9 * 86400
    for name in ("old", "open"):
        folder = tmp_path / "browser" / "projects" / name
        for path in (folder / "photo.png", folder):
            os.utime(path, (past, past))
    assert autosave.sweep(tmp_path, 7, {"open"}) == 1
    assert sorted(path.name for path in (tmp_path / "browser" / "projects").iterdir()) == ["new", "open"]


def test_pictures_change_their_version_only_when_they_change(controller, photo_file):
    session = controller.sessions.attach("page")
    controller.photo.open(session, photo_file)
    photo, overlay = session.version("photo"), session.version("overlay")
    controller.select.click(session, 20, 20)
    assert session.version("photo") == photo
    assert session.version("overlay") != overlay
    assert session.picture("photo")[1] == "image/jpeg"
    assert session.picture("overlay")[1] == "image/png"
    assert session.picture("../secret") is None


def test_the_job_boundary_turns_everything_into_a_sentence(caplog):
    def broken() -> None:
        raise KeyError("inner detail")

    def refused() -> None:
        raise WtError("The photo is too small.")

    assert attempt("Testing", lambda: None) == ""
    assert attempt("Testing", refused) == "The photo is too small."
    text = attempt("Testing", broken)
    assert "internal error" in text
    assert "\n" not in text
    assert "Testing failed" in caplog.text


def test_a_job_says_how_much_is_left_and_can_be_cancelled_before_it_begins():
    worker = Worker()
    seen = []

    def work(job: Job) -> None:
        for done in range(1, 4):
            time.sleep(0.02)
            job.report(done, 3, "Working")
            seen.append(job.seconds_left())

    first = worker.submit(Job("First", work))
    second = Job("Second", work)
    second.cancel()
    worker.submit(second)
    assert first.wait(5)
    assert second.wait(5)
    assert first.state == "done"
    assert second.state == "cancelled"
    assert seen[0] > 0
    assert seen[-1] is None
    worker.stop()


def test_a_full_studio_lets_go_of_whoever_did_nothing_for_long(controller):
    everyone = [controller.sessions.attach(f"page-{index}") for index in range(controller.sessions.config.max_visitors)]
    everyone[2].last_gesture -= controller.sessions.config.idle_minutes * 60 + 1
    controller.sessions.of("page-2", gesture=False)
    controller.sessions.attach("one more")
    with pytest.raises(WtError):
        controller.sessions.of("page-2")


def test_a_gesture_before_the_pages_first_request_waits_for_it(controller):
    timer = threading.Timer(0.2, lambda: controller.sessions.attach("slow page"))
    timer.start()
    assert controller.sessions.of("slow page", patience_s=5).page == "slow page"
    timer.join()
