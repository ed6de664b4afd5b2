"""What is sent to the page: only what changed, and everything again when an update was overtaken or lost."""

import time
from types import SimpleNamespace

import gradio as gr
import pytest

from app import layout
from app.events import Events
from app.view import describe


@pytest.fixture
def events(controller):
    with gr.Blocks() as demo:
        events = Events(layout.build(), controller)
        events.bind(demo)
    return events


def names(events, updates):
    known = {id(part): name for name, part in events.page.parts.items()}
    return {known[id(part)] for part in updates}


def test_only_changes_are_sent(events, controller, session, photo_file):
    assert {"stage", "lift", "step_photo", "revision"} <= names(events, events.changes(session))
    assert names(events, events.changes(session)) == {"clock"}
    controller.photo.open(session, photo_file)
    sent = names(events, events.changes(session))
    assert {"stage", "lift", "photo_facts"} <= sent
    assert "build" not in sent


def test_a_page_that_shows_an_old_revision_is_sent_everything(events, controller, session, photo_file):
    request = SimpleNamespace(session_hash="page-1")
    events.changes(session)
    old = str(session.revision)
    controller.photo.open(session, photo_file)
    events.changes(session)
    session.sent_at = time.monotonic() - 10
    assert "step_geometry" not in names(events, events.on_clock(str(session.revision), request))
    session.sent_at = time.monotonic() - 10
    sent = names(events, events.on_clock(old, request))
    assert {"step_geometry", "lift", "stage", "build"} <= sent


def test_updates_are_numbered_and_a_page_that_lost_one_gets_a_whole_state(events, controller, session, photo_file):
    def told(updates):
        return updates[events.page["revision"]]["value"]

    request = SimpleNamespace(session_hash="page-1")
    assert told(events.changes(session)) == "1 all"
    controller.photo.open(session, photo_file)
    assert told(events.changes(session)) == "2"
    sent = events.on_lost(request, SimpleNamespace(_data={"stale": True}))
    assert told(sent) == "3 all"
    assert set(describe(session, controller.engine)) <= names(events, sent)
    assert "open" in sent[events.page["step_geometry"]]
    sent = events.on_lost(request, SimpleNamespace(_data={"stale": False}))
    assert told(sent) == "4 all"
    assert "open" not in sent[events.page["step_geometry"]], "what a person opened or shut stays"
    assert "label" in sent[events.page["step_geometry"]]
    session.last_view = {}
    assert told(events.changes(session, {"progress": {"value": "half"}})) == "5 all", "also in the middle of a job"


def test_an_update_still_on_its_way_is_given_time(events, session):
    request = SimpleNamespace(session_hash="page-1")
    events.changes(session)
    assert "stage" not in names(events, events.on_clock("", request))


def test_every_handler_is_private(controller):
    with gr.Blocks() as demo:
        Events(layout.build(), controller).bind(demo)
    listeners = [function for function in demo.fns.values() if function.fn is not None]
    assert len(listeners) > 25
    public = [function.name for function in listeners if function.api_visibility != "private"]
    assert public in ([], ["on_unload"])


def test_each_model_takes_its_own_steps_until_the_person_gives_a_number(events, controller, session, photo_file):
    assert (events.page["steps_from"].value, events.page["steps"].visible) == ("own", False)
    controller.photo.open(session, photo_file)
    controller.select.click(session, 30, 20)
    taken = []
    for steps_from in ("own", "mine"):
        for kind, model in (("scene", controller.engine.scene), ("object", controller.engine.object)):
            sent = list(events.long(events._lift)(SimpleNamespace(session_hash="page-1"), kind, steps_from, 7, 42))
            assert "lift_facts" in names(events, {part: None for updates in sent for part in updates})
            taken.append(model.calls[-1]["steps"])
    assert taken == [4, 2, 7, 7]
    told = describe(session, controller.engine)["steps_facts"]["value"]
    assert "4 for the photo, 2 for a selection" in told


def test_the_second_click_of_a_double_click_starts_nothing_and_says_nothing(events, controller, session, photo_file):
    controller.photo.open(session, photo_file)
    controller.engine.scene.step_s = 0.3
    request, lift = SimpleNamespace(session_hash="page-1"), events.long(events._lift)
    first = lift(request, "scene", "own", 7, 42)
    next(first)
    assert [names(events, updates) for updates in lift(request, "scene", "own", 7, 42)] == [{"clock"}]
    assert not session.problem
    list(first)
    assert session.message.startswith("Lifted")
    assert len(controller.engine.scene.calls) == 1


def test_a_job_that_fails_before_anybody_looks_is_still_told_of(events, controller, session, photo_file):
    controller.photo.open(session, photo_file)

    def over_at_once(session, *values):
        job = controller.geometry.lift(session, "object")  # nothing is selected
        assert job.wait(30)
        return job

    with pytest.warns(UserWarning, match="Nothing is selected"):  # gradio's toast, without a page
        sent = list(events.long(over_at_once)(SimpleNamespace(session_hash="page-1")))
    assert "Nothing is selected" in session.message
    assert session.problem
    assert "status" in names(events, {part: None for updates in sent for part in updates})
