"""Which model lifts: what is offered, each visitor's own choice, loading on demand, and what is said when it fails."""

import json
import threading
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest
from doubles import PlaneLifter, QuickEngine
from flow import edited

from app import autosave
from app.config import AppConfig
from app.engine import Engine
from app.jobs import Job
from app.models import KINDS, KNOWN, named
from app.view import describe
from wt.errors import WtError
from wt.model.registry import MODELS

LARGE = "world-tracing-scene"


@pytest.fixture
def engine(controller):
    """Ours and a published model are here; the published one of objects is not."""
    engine = controller.engine
    engine.further = {
        "wt-s-mini": engine.scene,
        "wt-o-mini": engine.object,
        LARGE: PlaneLifter(name=LARGE, licence="CC BY-NC-ND 4.0", default_steps=6),
    }
    return engine


@pytest.fixture
def opened(controller, engine, session, photo_file):
    """A visitor with a photo; the engine has looked what is here, and the segmenter has looked at the photo."""
    controller.photo.open(session, photo_file)
    engine.get("editor")
    finished(controller.worker.submit(Job("Nothing", lambda _: None)))
    return session


def finished(job, state="done"):
    assert job.wait(30)
    assert job.state == state, job.message
    return job


def test_the_table_says_what_the_registry_says():
    for kind in KINDS:
        entries = {name: entry for name, entry in MODELS.items() if entry.kind == kind}
        assert {model.name for model in KNOWN[kind]} == set(entries)
        for model in KNOWN[kind]:
            entry = entries[model.name]
            assert model.terms.endswith(entry.licence)
            assert bool(model.size) == (entry.hub is not None)
            assert model.size in entry.summary
            assert model.steps in (None, entry.config.default_steps)


def test_what_is_on_this_machine_is_offered_and_the_rest_says_its_command(controller, engine, opened):
    assert [model.name for model in engine.offered("scene")] == ["wt-s-mini", LARGE]
    assert [model.name for model in engine.offered("object")] == ["wt-o-mini"]
    view = describe(opened, engine)
    assert view["model"]["choices"][1] == ("World Tracing (published) · CC BY-NC-ND 4.0", LARGE)
    assert view["model"]["visible"]
    assert not view["model_facts"]["visible"]
    controller.geometry.ask_for(opened, "object")
    view = describe(opened, engine)
    assert not view["model"]["visible"], "one model is no choice"
    for words in ("wt-o-mini", "1.7 B parameters", "CC BY-NC-ND 4.0", "python -m wt download world-tracing-object"):
        assert words in view["model_facts"]["value"]


def test_a_model_that_is_downloaded_meanwhile_is_offered_to_the_next_page(engine, opened):
    engine.further["world-tracing-object"] = PlaneLifter("object")
    assert len(engine.offered("object")) == 1
    engine.look().result(10)
    assert [model.name for model in engine.offered("object")] == ["wt-o-mini", "world-tracing-object"]


def test_a_file_goes_by_its_name_and_no_visitor_is_told_where_it_lies(config):
    engine = QuickEngine(replace(config, scene_model="/home/anna/secret/mine.safetensors"))
    engine.further = {"wt-s-mini": engine.scene}
    engine.get("editor")
    assert [model.name for model in engine.offered("scene")] == ["mine.safetensors", "wt-s-mini"]
    assert "anna" not in str([(model.name, model.label) for model in engine.offered("scene")])
    assert named("hf://someone/model", "scene").name == "hf://someone/model"


def test_the_chosen_model_lifts_and_is_named_everywhere(controller, engine, opened):
    finished(controller.geometry.lift(opened, "scene"))
    before = opened.now.scene
    controller.geometry.choose(opened, "scene", LARGE)
    assert opened.now.scene is before, "what is there stays until the next lift"
    view = describe(opened, engine)
    assert "20 for the photo, 2 for a selection" in view["steps_facts"]["value"]
    assert f"{LARGE}, 1.5 B parameters" in view["model_facts"]["value"]
    finished(controller.geometry.lift(opened, "scene"))
    assert opened.now.scene.layers.model == LARGE
    assert opened.now.lift["steps"] == 6
    view = describe(opened, engine)
    assert "6 for the photo" in view["steps_facts"]["value"]
    assert f"{LARGE} · CC BY-NC-ND 4.0" in view["lift_facts"]["value"]
    edited(controller, opened)
    assert engine.pipeline.lifters == (engine.further[LARGE], engine.object)
    controller.place.accept(opened)
    finished(controller.export.build(opened, ["manifest"]))
    with zipfile.ZipFile(opened.exported["zip"]) as bundle:
        models = json.loads(bundle.read("manifest.json"))["models"]
    assert {"name": LARGE, "licence": "CC BY-NC-ND 4.0"} in models
    assert "test-planes" not in {model["name"] for model in models}, "the command line's model made nothing of this"


def test_the_choice_is_the_visitors_own_and_stays_with_a_new_photo(controller, engine, opened, photo_file):
    other = controller.sessions.attach("page-2")
    controller.photo.open(other, photo_file)
    controller.geometry.choose(opened, "scene", LARGE)
    assert describe(other, engine)["model"]["value"] == "wt-s-mini"
    chip = engine.chip()
    finished(controller.geometry.lift(opened, "scene"))
    assert engine.chip() == chip, "nobody sees what another visitor chose"
    finished(controller.geometry.lift(other, "scene"))
    assert other.now.lift["model"] == "test-planes"
    controller.photo.open(opened, photo_file)
    assert describe(opened, engine)["model"]["value"] == LARGE
    controller.undo(opened)
    controller.undo(opened)
    controller.undo(opened)
    assert describe(opened, engine)["model"]["value"] == "wt-s-mini", "choosing is undone like everything"


def test_the_choice_is_saved_and_an_unknown_one_is_the_default(controller, engine, opened):
    controller.geometry.choose(opened, "scene", LARGE)
    assert controller.sessions.autosaver.flush()
    assert autosave.read(opened.project_folder).models == {"scene": LARGE}
    path = opened.project_folder / "project.json"
    document = json.loads(path.read_text())
    for saved in ({"scene": "gone-model", "object": 3}, ["no", "names"], None):
        path.write_text(json.dumps({**document, "models": saved}))
        models = autosave.read(opened.project_folder).models
        assert [engine.chosen(kind, models.get(kind, "")).name for kind in KINDS] == ["wt-s-mini", "wt-o-mini"]
    del document["models"]
    path.write_text(json.dumps(document))
    assert autosave.read(opened.project_folder).models == {}


def test_what_cannot_be_chosen_is_said(controller, engine, session, photo_file):
    with pytest.raises(WtError, match="Open a photo"):
        controller.geometry.choose(session, "scene", "wt-s-mini")
    controller.photo.open(session, photo_file)
    with pytest.raises(WtError, match="no model world-tracing-object"):
        controller.geometry.choose(session, "object", "world-tracing-object")
    assert session.now.models == {}


def test_a_further_model_is_loaded_once_and_the_job_says_so_and_can_be_cancelled(controller, engine, opened):
    began, go, made, told = threading.Event(), threading.Event(), [], []
    lifter = engine.further[LARGE]

    def slow():
        began.set()
        assert go.wait(20)
        made.append(1)
        return lifter

    engine.further[LARGE] = slow
    controller.geometry.choose(opened, "scene", LARGE)
    before = opened.now
    job = controller.geometry.lift(opened, "scene")
    assert began.wait(10)
    for _ in range(100):
        told.append(job.message)
        if job.message:
            break
        job.wait(0.05)
    assert told[-1] == f"Loading {LARGE}"
    controller.cancel(opened)
    finished(job, "cancelled")
    assert opened.now is before
    again = controller.geometry.lift(opened, "scene")
    go.set()
    finished(again)
    finished(controller.geometry.lift(opened, "scene"))
    assert (opened.now.lift["model"], made) == (LARGE, [1])


def test_a_load_that_fails_gives_a_sentence_loses_nothing_and_is_tried_again(controller, engine, opened):
    lifter = engine.further[LARGE]
    controller.geometry.choose(opened, "scene", LARGE)
    before = opened.now
    for error, words in (
        (WtError("model.pt is damaged."), "model.pt is"),
        (MemoryError(), "there is not enough memory"),
    ):
        engine.further[LARGE] = error
        job = finished(controller.geometry.lift(opened, "scene"), "failed")
        assert job.message.startswith(f"{LARGE} could not be loaded: {words}")
        assert opened.now is before
    assert engine.chip()[0] == "ready", "other visitors are not told"
    engine.further[LARGE] = lifter
    finished(controller.geometry.lift(opened, "scene"))
    assert opened.now.lift["model"] == LARGE


def test_a_damaged_default_leaves_the_other_models_usable(controller, engine, session, photo_file):
    def damaged():
        raise WtError("mine.pt is damaged.")

    working, engine._makers["scene"] = engine._makers["scene"], damaged
    controller.photo.open(session, photo_file)
    finished(controller.geometry.lift(session, "scene"), "failed")
    assert "not available: scene model" in engine.chip()[1]
    controller.geometry.choose(session, "scene", LARGE)
    finished(controller.geometry.lift(session, "scene"))
    edited(controller, session)
    controller.place.discard(session)
    engine._makers["scene"] = working
    controller.geometry.choose(session, "scene", "wt-s-mini")
    finished(controller.geometry.lift(session, "scene"))
    assert engine.chip()[0] == "ready"


def test_models_really_load_and_a_damaged_file_really_does_not(tmp_path):
    """The engine with the library's own weights: what the page offers is what `wt.load` takes."""
    (tmp_path / "broken.safetensors").write_bytes(Path(MODELS["wt-o-mini"].file).read_bytes()[:5000])
    engine = Engine(AppConfig(data_dir=tmp_path, object_model=str(tmp_path / "broken.safetensors"), device="cpu"))
    with pytest.raises(WtError, match=r"^broken.safetensors could not be loaded: .*not a readable safetensors"):
        engine.lifter("object", "")
    assert engine.lifter("object", "wt-o-mini").name == "wt-o-mini"
    assert engine.own_steps("object", "wt-o-mini") == engine.lifter("object", "wt-o-mini").default_steps
    assert engine.lifter("object", "wt-o-mini") is engine.lifter("object", "wt-o-mini")
