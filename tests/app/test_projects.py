"""A browser's own projects: listed, opened again, linked to, deleted; and never anybody else's."""

import json
import sys
from pathlib import Path
from types import SimpleNamespace

import gradio as gr
import numpy as np
import pytest
from PIL import Image

sys.path.insert(0, str(Path(__file__).parent))

from flow import edited, lifted

from app import layout, projects
from app.events import Events
from app.view import describe
from wt.errors import WtError


@pytest.fixture
def two(controller, session, photo_file, tmp_path):
    """A lifted and edited project, then another photo; the id of the first."""
    lifted(controller, session, photo_file)
    edited(controller, session)
    controller.place.accept(session)
    first = session.now.project
    Image.new("RGB", (80, 60), (9, 120, 60)).save(tmp_path / "green.png")
    controller.photo.open(session, tmp_path / "green.png")
    assert session.preparing.wait(20)  # its sky is looked for
    assert controller.sessions.autosaver.flush()
    return first


def listed(controller, session) -> list[tuple[str, bool]]:
    rows = describe(session, controller.engine)["projects"]["value"]["projects"]
    return [(row["name"], row["open"]) for row in rows]


def test_another_photo_begins_a_project_and_the_old_one_is_kept_whole(controller, session, two):
    assert listed(controller, session) == [("green.png", True), ("ramp.png", False)]
    controller.photo.open_project(session, two)
    assert session.now.project == two
    assert [thing.name for thing in session.now.scene.objects] == ["a box"]
    assert session.now.edits[0]["prompt"] == "add a box"
    controller.sessions.autosaver.flush()
    assert listed(controller, session) == [("ramp.png", True), ("green.png", False)]
    controller.undo(session)
    assert session.now.photo.name == "green.png", "opening is a step like any other"
    controller.select.box(session, 10, 10, 40, 40)
    controller.sessions.autosaver.flush()
    controller.photo.open_project(session, two)
    assert session.now.selection.mask is None, "a step is saved into its own project"


def test_a_reload_after_a_restart_brings_the_newest_back_and_lists_the_other(controller, session, two):
    controller.sessions._sessions.clear()
    again = controller.sessions.attach("page", session.key)
    assert again.now.photo.name == "green.png"
    assert listed(controller, again) == [("green.png", True), ("ramp.png", False)]


def test_a_deleted_project_is_gone_and_the_open_one_cannot_be_deleted(controller, session, two):
    with pytest.raises(WtError, match="is open"):
        controller.photo.delete_project(session, session.now.project)
    controller.photo.delete_project(session, two)
    assert "ramp.png was deleted" in session.message
    assert listed(controller, session) == [("green.png", True)]
    with pytest.raises(WtError, match="no such project"):
        controller.photo.open_project(session, two)
    controller.undo(session)
    assert session.now.project == two, "the history still has it"
    controller.sessions.autosaver.flush()
    controller.sessions._sessions.clear()
    assert controller.sessions.attach("page", session.key).now.scene is not None, "and it is saved whole again"


def test_nobody_sees_opens_deletes_or_downloads_anothers_project(controller, session, two):
    stranger = controller.sessions.attach("stranger")
    assert listed(controller, stranger) == []
    for act in (controller.photo.open_project, controller.photo.delete_project):
        with pytest.raises(WtError, match="no such project in this browser"):
            act(stranger, two)
    assert stranger.now.photo is None
    picture = controller.sessions.picture
    assert picture(session.token, f"project-{two}")[1] == "image/jpeg"
    assert picture(stranger.token, f"project-{two}") is None
    assert picture("guess", f"project-{two}") is None
    assert controller.sessions.download(stranger.token, "green.wts") is None
    assert controller.sessions.download(session.token, "green.wts").startswith(b"PK")


@pytest.mark.parametrize(
    "ident", ["", "x", "../" * 7 + "a", "a" * 22, "." * 22, None, 7, "../../other/projects/aaaaaaaaaa"]
)
def test_an_id_that_is_no_project_is_one_sentence_and_names_no_folder(controller, session, two, ident):
    work = session.now
    with pytest.raises(WtError, match="no such project in this browser"):
        controller.photo.open_project(session, ident)
    with pytest.raises(WtError, match="no such project"):
        projects.delete(session.folder, ident)
    assert controller.sessions.picture(session.token, f"project-{ident}") is None
    assert session.now is work


def test_a_project_that_another_tab_shows_opens_as_a_copy_and_is_not_deleted(controller, session, two):
    tab = controller.sessions.attach("second tab", session.key)
    controller.photo.open_project(tab, two)
    with pytest.raises(WtError, match="is open"):
        controller.photo.delete_project(session, two)
    controller.photo.open_project(session, two)
    assert session.now.project != tab.now.project
    assert "copy" in session.message
    np.testing.assert_array_equal(session.now.rgb, tab.now.rgb)


def test_a_damaged_project_is_one_sentence_and_the_others_stay(controller, session, two):
    document = session.folder / "projects" / two / "project.json"
    for content in ("{", json.dumps({"version": 1}), json.dumps({**json.loads(document.read_text()), "version": 9})):
        document.write_text(content)
        with pytest.raises(WtError, match="could not be read|newer studio"):
            controller.photo.open_project(session, two)
    assert session.now.photo.name == "green.png"
    assert len(listed(controller, session)) == 2


def test_a_link_opens_its_project_and_a_wrong_one_is_a_sentence(controller, session, two):
    with gr.Blocks():
        events = Events(layout.build(), controller)

    def visit(page: str, key: str, ident: str):
        controller.sessions.detach(session.page)
        request = SimpleNamespace(session_hash=page, query_params={"project": ident})
        next(events.on_load(key, request))
        return controller.sessions.of(page)

    assert visit("again", session.key, two).now.project == two
    with pytest.warns(UserWarning, match="no such project"):  # how a toast shows outside of a page
        assert visit("wrong", session.key, "a" * 22).now.project == two
    assert session.problem
    assert "no such project in this browser" in session.message
    with pytest.warns(UserWarning, match="no such project"):
        stranger = visit("stranger", "k" * 43, two)
    assert stranger is not session
    assert stranger.now.photo is None
    assert "no such project in this browser" in stranger.message
