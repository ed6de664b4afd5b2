"""Where files lie on the server is told to its terminal, and to nobody at the page or at the API."""

import logging
from dataclasses import replace

import pytest
from doubles import QuickEngine

from app.about import About, Disk
from app.api_call import _advance
from app.facts import select
from app.jobs import Job
from app.server_paths import without_paths
from app.view import chip, status
from wt.errors import WtError

PLACE = "/home/anna/secret"


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (f"The file {PLACE}/x.pt is away. Check it.", "The file x.pt is away. Check it."),
        (f"[Errno 2] No such file: '{PLACE}/my models/x.pt'", "[Errno 2] No such file: 'x.pt'"),
        (f"PosixPath('{PLACE}/a.png')", "PosixPath('a.png')"),
        (f"{PLACE}/frames/: no depth ({PLACE}/a.txt:12)", "frames: no depth (a.txt:12)"),
        ("~/.cache/hub/model.pt is torn", "model.pt is torn"),
        (r"C:\Users\anna\model.pt is torn", "model.pt is torn"),
    ],
)
def test_a_path_becomes_its_last_name(said, told):
    assert without_paths(said) == told


@pytest.mark.parametrize(
    "said",
    [
        "Upload it first (POST /gradio_api/upload, or handle_file() in Python).",
        "The page at /api lists those that there are.",
        "hf://owner/name/file is not here; see https://example.org/a/b.html.",
        "Give assets/weights/x.safetensors, 1/2 or and/or, at 30 km/h.",
    ],
)
def test_addresses_routes_and_words_stay(said):
    assert without_paths(said) == said


def test_a_model_that_does_not_load_is_named_without_its_place_and_logged_with_it(controller, session, config, caplog):
    def missing():
        raise WtError(f"The model file {PLACE}/mine.pt does not exist. Check the path.")

    engine = QuickEngine(replace(config, words_model=f"{PLACE}/detector", remover=f"{PLACE}/lama.pt"))
    engine._makers |= {"segmenter": missing, "scene": missing}
    engine.get("editor")
    with caplog.at_level(logging.WARNING), pytest.raises(WtError):
        engine.get("scene")
    assert f"{PLACE}/mine.pt" in caplog.text
    config.data_dir.mkdir(parents=True, exist_ok=True)
    shown = [chip(engine), select(session.now, engine), About(config, engine, lambda: 0, Disk(config.data_dir)).page()]
    assert all("The model file mine.pt does not exist." in text for text in (shown[0], shown[2]))
    assert not [text for text in (*shown, *engine.problems()) if "anna" in text]


@pytest.mark.parametrize(
    "error", [WtError(f"There is no file {PLACE}/x.pt."), FileNotFoundError(2, "No such file", f"{PLACE}/a b/x.pt")]
)
def test_what_fails_in_a_job_or_a_call_is_told_without_the_place_and_logged_with_it(error, caplog):
    def fail(*_):
        raise error
        yield  # so that it is one

    job = Job("The lift", fail)
    job.run()
    for sentence in (job.message, _advance(fail())[2]):
        assert "x.pt" in sentence
        assert "anna" not in sentence
    assert PLACE in caplog.text


def test_saved_work_that_cannot_be_read_does_not_tell_where_it_is(session):
    session.message = f"Your saved work could not be read ([Errno 5] Input/output error: '{PLACE}/scene.wts')."
    assert "error: &#x27;scene.wts&#x27;" in status(session)
