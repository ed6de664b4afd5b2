"""The Export step: what can be chosen, one zip with everything in it, failures that cost one format, cancel."""

import hashlib
import json
import sys
import zipfile
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from flow import lifted

from app import facts
from app.formats import GROUPS, LABELS, USUALLY
from wt.errors import WtError
from wt.exports import export as exports
from wt.exports.export import FORMATS


@pytest.fixture
def opened(controller, session, photo_file):
    lifted(controller, session, photo_file)
    return session


def built(controller, session, formats, axes="opencv"):
    job = controller.export.build(session, formats, axes)
    assert job.wait(60)
    return job


def test_every_format_is_in_one_group():
    names = [name for group in GROUPS for name in group.labels]
    assert sorted(names) == sorted(set(names) | set(FORMATS))
    assert set(USUALLY) < set(FORMATS), "not all are ticked at first"
    assert [name for group in GROUPS for name in group.usual] == [name for name in names if name in USUALLY]


def test_one_zip_whose_manifest_covers_every_file(controller, opened):
    job = built(controller, opened, ["ply", "depth", "colmap", "blender", "manifest"], "z-up")
    assert job.state == "done", job.message
    with zipfile.ZipFile(opened.exported["zip"]) as bundle:
        files = {name: bundle.read(name) for name in bundle.namelist()}
    assert not any(part.startswith(".") for name in files for part in Path(name).parts)
    assert {"README.txt", "depth/layer_0.exr", "colmap/sparse/0/cameras.txt", "images/photo.png"} <= set(files)
    assert "before.png" not in files, "it was not asked for"
    manifest = json.loads(files["manifest.json"])
    listed = {entry["path"]: entry["sha256"] for entry in manifest["files"]}
    assert {name: hashlib.sha256(data).hexdigest() for name, data in files.items() if name != "manifest.json"} == listed
    assert manifest["axes"].startswith("z up")
    assert b"axes z up" in files["pointcloud.ply"][:400]
    readme = files["README.txt"].decode()
    assert all(word in readme for word in ("pointcloud.ply", "open_in_blender.py", "COLMAP", "Units: relative", "z up"))
    assert "mesh.obj" not in readme
    shown = facts.export(opened)
    assert all(LABELS[name] in shown for name in ("ply", "depth", "colmap", "blender"))


@pytest.mark.parametrize("error", [WtError("The disk is full."), RuntimeError("a bug")])
def test_a_format_that_fails_costs_only_itself(controller, opened, monkeypatch, error):
    def broken(job):
        job.save("half.obj", "unfinished")
        raise error

    monkeypatch.setitem(exports.FORMATS, "obj", broken)
    job = built(controller, opened, ["ply", "obj", "camera", "manifest"])
    assert job.state == "done", job.message
    with zipfile.ZipFile(opened.exported["zip"]) as bundle:
        names, notes = set(bundle.namelist()), json.loads(bundle.read("manifest.json"))["notes"]
    assert {"pointcloud.ply", "camera.json"} <= names
    assert "half.obj" not in names
    assert [note.startswith("obj was left out. ") and str(error) in note for note in notes] == [True]
    assert "obj was left out" in facts.export(opened)
    assert "what was left out" in opened.message


def test_an_export_that_fails_whole_is_a_sentence(controller, opened, monkeypatch):
    def broken(job):
        raise WtError("The disk is full.")

    for name in ("ply", "manifest"):
        monkeypatch.setitem(exports.FORMATS, name, broken)
    monkeypatch.setattr(exports.readme_file, "write", broken)
    monkeypatch.setattr(exports.manifest_file, "write", broken)
    job = built(controller, opened, ["ply", "manifest"])
    assert (job.state, job.message) == ("failed", "The disk is full.")
    assert opened.exported == {}


@pytest.mark.parametrize("inside", [False, True])
def test_cancel_stops_before_the_next_format_or_within_a_long_one(controller, opened, monkeypatch, inside):
    def long(job):
        opened.job.cancel()
        if inside:
            job.step(1, 10)
            raise AssertionError("it went on after a cancel")
        return [job.save("turntable.mp4", b"")]

    monkeypatch.setitem(exports.FORMATS, "gaussians", long)
    job = built(controller, opened, ["ply", "gaussians", "camera"])
    assert job.state == "cancelled"
    assert opened.exported == {}
