"""One history: any step in one jump, undone ones included; the look at the scene before an edit is no step."""

import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parent))

from flow import edited, lifted

from app.view import describe
from app.work import History, Selection, Work
from wt.errors import WtError
from wt.images import Photo


def total(scene) -> int:
    return sum(int(thing.present.sum()) for thing in (scene.background, *scene.objects))


def test_any_step_is_one_jump_away_and_undone_ones_stay_until_a_new_step(controller, session, photo_file):
    controller.photo.open(session, photo_file)
    for x in (20, 40, 60):
        controller.select.click(session, x, 20)
    controller.select.invert(session)
    labels = [label for _, label in session.history.steps]
    assert labels == ["Start", "Open ramp.png", "Select", "Select", "Select", "Invert the selection"]
    newest = session.now
    controller.jump(session, 2)
    assert session.now.selection.points == ((20, 20, True),)
    assert "Now at: Select" in session.message
    assert [label for _, label in session.history.steps] == labels
    assert describe(session, controller.engine)["history"]["value"]["at"] == 2
    controller.jump(session, 5)
    assert session.now is newest
    controller.jump(session, 0)
    assert session.now.photo is None
    controller.jump(session, 99)
    assert "not in the history" in session.message
    assert session.history.at == 0
    controller.jump(session, 3)
    controller.select.clear(session)
    assert [label for _, label in session.history.steps] == [*labels[:4], "Clear the selection"]


def test_a_jump_is_saved_like_any_step(controller, session, photo_file):
    controller.photo.open(session, photo_file)
    controller.select.click(session, 30, 20)
    controller.jump(session, 1)
    controller.sessions.autosaver.flush()
    controller.sessions._sessions.clear()
    again = controller.sessions.attach("page", session.key)
    assert again.now.photo.name == "ramp.png"
    assert again.now.selection.mask is None


def test_numbers_stay_when_the_oldest_steps_are_forgotten():
    history = History(limit=4)
    works = [Work(pin=(float(i), 0.0)) for i in range(6)]
    for index, work in enumerate(works):
        history.push(f"step {index}", work)
    assert history.steps == ((3, "step 2"), (4, "step 3"), (5, "step 4"), (6, "step 5"))
    assert history.go(2) == ""
    assert history.now is works[5]
    assert history.go(4) == "step 3"
    assert history.now is works[3]
    assert history.undo_label == "step 3"
    assert history.redo_label == "step 4"


def test_the_oldest_steps_are_forgotten_when_all_together_weigh_too_much():
    megabyte = 1 << 20
    photo = Photo(np.zeros((1024, 1024, 3), np.uint8))
    history = History(Work(photo=photo, rgb=photo.rgb[:512]), most_bytes=8 * megabyte)
    for index in range(1, 9):
        mask = np.zeros((1024, 1024), bool)
        history.push(f"mask {index}", Work(photo=photo, rgb=photo.rgb, selection=Selection(base=mask)))
    assert [label for _, label in history.steps] == [f"mask {index}" for index in range(4, 9)], "3 MB are shared by all"
    assert (history.at, history.undo_label) == (8, "mask 8")
    report = {"edits": [{"change": np.zeros((3 * megabyte,), np.uint8)[::2]}]}  # a view, however deep
    history.push("edit", Work(photo=photo, rgb=photo.rgb, edits=(report,)))
    assert [label for _, label in history.steps] == ["mask 7", "mask 8", "edit"]
    large = Photo(np.zeros((2048, 2048, 3), np.uint8))
    history.push("photo", Work(photo=large, rgb=large.rgb))
    assert [label for _, label in history.steps] == ["photo"], "the present one stays, whatever it weighs"
    history.push("mask", Work(photo=photo, selection=Selection(base=mask)))
    assert (history.at, history.steps) == (11, ((11, "mask"),))


def test_before_in_3d_shows_the_scene_under_the_edit_and_is_no_step(controller, session, photo_file):
    scene = lifted(controller, session, photo_file)
    with pytest.raises(WtError, match="no edit to look behind"):
        controller.peek(session)
    edited(controller, session)
    steps = session.history.steps
    shown = total(session.now.shown_scene)
    controller.peek(session)
    assert session.viewer.shown.total == total(scene) < shown
    assert "before the edit" in describe(session, controller.engine)["view_caption"]["value"]
    assert session.now.proposal is not None
    controller.peek(session)
    assert session.viewer.shown.total == shown
    assert session.history.steps == steps


@pytest.mark.parametrize(
    "step",
    [
        lambda c, s: c.place.accept(s),
        lambda c, s: c.place.discard(s),
        lambda c, s: c.undo(s),
        lambda c, s: c.jump(s, 1),
    ],
)
def test_the_look_before_ends_with_the_next_step(controller, session, photo_file, step):
    lifted(controller, session, photo_file)
    edited(controller, session)
    controller.peek(session)
    step(controller, session)
    assert not session.peeking
    now = session.now.shown_scene
    assert session.viewer.shown.total == (0 if now is None else total(now))


def test_after_accepting_the_scene_before_that_edit_is_shown_and_a_selection_ends_it(controller, session, photo_file):
    lifted(controller, session, photo_file)
    edited(controller, session)
    controller.place.accept(session)
    first = total(session.now.scene)
    edited(controller, session, "add a lamp", (70, 40))
    controller.place.accept(session)
    controller.place.rename_object(session, 2, "lantern")
    controller.peek(session)
    assert session.viewer.shown.total == first, "before the last of two edits, not before both"
    controller.select.click(session, 20, 20)
    assert session.viewer.shown.total == total(session.now.scene) > first
    controller.photo.open(session, photo_file)
    assert session.history.scene_before is None, "another photo has nothing before it"
