"""Select by words: named and inserted things, what a words model sees, candidates to step through, the list."""

from dataclasses import replace

import numpy as np
import pytest

from app.view import describe
from app.work import MOST_NAMED
from wt.errors import WtError


@pytest.fixture
def seeing(controller):
    """The controller with a words model, which sees two lamps."""
    controller.engine.config = replace(controller.engine.config, words_model="test detector")
    return controller


def selected(session) -> np.ndarray:
    return session.now.selection.mask


def test_a_selection_gets_a_name_and_is_found_by_it(controller, session, photo_file):
    controller.photo.open(session, photo_file)
    with pytest.raises(WtError, match="nothing to name"):
        controller.words.name(session, "lamp")
    controller.select.box(session, 10, 10, 30, 50)
    lamp = selected(session)
    with pytest.raises(WtError, match="needs a name"):
        controller.words.name(session, "  ")
    controller.words.name(session, "  red   lamp ")
    controller.select.box(session, 50, 10, 90, 40)
    controller.words.name(session, "rug")
    assert [thing.name for thing in session.now.named] == ["red lamp", "rug"]
    assert controller.words.find(session, "the lamp") is None
    assert np.array_equal(selected(session), lamp)
    assert session.history.undo_label == "Find: the lamp"
    controller.words.choose(session, "named", 1)
    assert selected(session)[20, 70]
    assert not selected(session)[20, 20]
    with pytest.raises(WtError, match="not in the list"):
        controller.words.choose(session, "named", 2)


def test_a_name_that_is_there_moves_to_the_new_pixels_and_all_is_undone(controller, session, photo_file):
    controller.photo.open(session, photo_file)
    controller.select.box(session, 10, 10, 30, 50)
    controller.words.name(session, "lamp")
    controller.select.box(session, 50, 10, 90, 40)
    controller.words.name(session, "Lamp")
    assert [(thing.name, bool(thing.mask[20, 20])) for thing in session.now.named] == [("Lamp", False)]
    controller.words.forget(session, 0)
    assert session.now.named == ()
    controller.undo(session)
    controller.undo(session)
    assert [(thing.name, bool(thing.mask[20, 20])) for thing in session.now.named] == [("lamp", True)]
    for number in range(1, MOST_NAMED):
        controller.words.name(session, f"thing {number}")
    with pytest.raises(WtError, match="Forget one"):
        controller.words.name(session, "one more")


def test_without_a_words_model_one_sentence_says_what_can_be_found(controller, session, photo_file):
    controller.photo.open(session, photo_file)
    with pytest.raises(WtError, match=r"no name of anything here.*--words-model.*none yet"):
        controller.words.find(session, "lamp")
    controller.select.box(session, 10, 10, 30, 50)
    controller.words.name(session, "rug")
    before = session.now
    with pytest.raises(WtError, match="these are: rug"):
        controller.words.find(session, "lamp")
    with pytest.raises(WtError, match="Say what to find"):
        controller.words.find(session, " ")
    assert session.now is before


def test_an_inserted_object_is_selected_where_the_photo_shows_it(controller, session, photo_file):
    controller.photo.open(session, photo_file)
    assert controller.geometry.lift(session, "scene").wait(30)
    controller.select.box(session, 40, 36, 56, 48)
    controller.words.name(session, "spot")
    controller.select.box(session, 0, 0, 10, 10)
    controller.words.name(session, "corner")
    controller.edit.pin(session, 48, 48)
    assert controller.edit.run(session, "add a red box").wait(30)
    region = session.now.proposal.region
    with pytest.raises(WtError, match="Accept or discard"):
        controller.words.find(session, "box")
    controller.place.accept(session)
    assert [thing.name for thing in session.now.named] == ["corner"], "the spot was painted over"
    controller.words.find(session, "carton")
    mask = selected(session)
    assert (mask & region).sum() / (mask | region).sum() > 0.8
    controller.select.clear(session)
    controller.words.choose(session, "inserted", 0)
    assert np.array_equal(selected(session), mask)


def test_what_a_words_model_sees_is_outlined_and_stepped_through(seeing, session, photo_file):
    seeing.photo.open(session, photo_file)
    job = seeing.words.find(session, "lamp")
    assert job.wait(30)
    assert job.state == "done"
    selection = session.now.selection
    assert [thing.name for thing in selection.found] == ["lamp, 90 %", "lamp, 60 %"]
    assert selected(session)[20, 20]
    assert not selected(session)[20, 70]
    assert session.message.startswith("1 of 2: lamp, 90 %")
    seeing.words.step(session, 1)
    assert selected(session)[20, 70]
    assert not selected(session)[20, 20]
    seeing.words.step(session, 1)
    assert selected(session)[20, 20]
    seeing.words.step(session, -1)
    assert session.now.selection.at == 1
    shown = describe(session, seeing.engine)["things"]["value"]
    assert (shown["at"], shown["found"]) == (1, ["lamp, 90 %", "lamp, 60 %"])
    seeing.select.grow(session, 1)
    assert session.now.selection.found == (), "a changed selection is settled"
    with pytest.raises(WtError, match="nothing else to step to"):
        seeing.words.step(session, 1)


def test_named_things_come_before_what_a_words_model_sees(seeing, session, photo_file):
    seeing.photo.open(session, photo_file)
    seeing.select.box(session, 40, 50, 50, 60)
    seeing.words.name(session, "my lamp")
    assert seeing.words.find(session, "lamp").wait(30)
    assert [thing.name for thing in session.now.selection.found] == ["my lamp", "lamp, 90 %", "lamp, 60 %"]


def test_seeing_nothing_is_said_and_changes_nothing(seeing, session, photo_file):
    seeing.photo.open(session, photo_file)
    before = session.now.selection
    job = seeing.words.find(session, "zebra")
    assert job.wait(30)
    assert job.state == "done"
    assert 'sees no "zebra"' in session.message
    assert session.now.selection is before


def test_a_words_model_that_does_not_load_is_one_sentence_and_is_tried_again(seeing, session, photo_file):
    def broken():
        raise WtError("Its file is cut.")

    works = seeing.engine._makers["words model"]
    seeing.engine._makers["words model"] = broken
    seeing.photo.open(session, photo_file)
    job = seeing.words.find(session, "lamp")
    assert job.wait(30)
    assert (job.state, job.message) == ("failed", "The words model could not be loaded: Its file is cut.")
    seeing.engine._makers["words model"] = works
    assert seeing.words.find(session, "lamp").wait(30)
    assert len(session.now.selection.found) == 2


def test_the_page_says_what_selects_and_what_may_be_found(seeing, session, photo_file):
    seeing.photo.open(session, photo_file)
    seeing.engine.get("segmenter")
    shown = describe(session, seeing.engine)
    assert "test discs (CC0)" in shown["select_facts"]["value"]
    assert shown["find"] == {"interactive": True, "placeholder": "lamp, red chair"}
    assert not shown["things"]["value"]["selected"]
