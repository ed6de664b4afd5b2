"""`python -m wt data ...` from the words of the command to what it writes and says."""

import json
from pathlib import Path

import numpy as np
import pytest
import trimesh
from PIL import Image

import wt.__main__ as program
from wt.data import generate as generation
from wt.data.shards import ClipFolder, ClipSample, Sample, ShardFolder, write_shard


@pytest.fixture
def call(capfd):
    def run(*argv):
        code = program.main([str(argument) for argument in argv])
        found = capfd.readouterr()
        return code, found.out, found.err

    return run


@pytest.fixture
def quick(monkeypatch):
    """Small views, one to a shard."""
    made_sample, made_clip = generation.make_sample, generation.make_clip
    monkeypatch.setattr(generation, "SHARD", 1)
    monkeypatch.setattr("wt.data.meshes.VIEWS", 1)
    monkeypatch.setattr(
        generation, "make_sample", lambda kind, seed, size=0, meshes=None: made_sample(kind, seed, 24, meshes)
    )
    monkeypatch.setattr(generation, "make_clip", lambda seed, size=0: made_clip(seed, 16, 2))


@pytest.fixture
def meshes(tmp_path):
    folder = tmp_path / "meshes"
    folder.mkdir()
    for i in range(4):
        trimesh.creation.icosphere(2).export(folder / f"ball {i}.glb")
    (folder / "ball 4.glb").write_bytes(b"no mesh")
    return folder


def test_objects_from_a_folder_of_meshes(call, quick, meshes, tmp_path):
    arguments = ("--kind", "objects", "--meshes", meshes, "--json")
    code, out, err = call("data", "generate", "--count", 24, "--out", tmp_path / "d", *arguments)
    found = json.loads(out)
    assert code == 0
    assert (found["meshes"], found["skipped"], found["samples_in_folder"]) == (5, 1, 24)
    assert err.count("skipped: ball 4.glb") == 1
    assert len(ShardFolder(tmp_path / "d", "object")) == 24
    code, out, _ = call("data", "preview", "--count", 3, "--columns", 2, "-o", tmp_path / "sheet.png", *arguments)
    assert code == 0
    assert json.loads(out)["meshes"] == 5
    assert Image.open(tmp_path / "sheet.png").size == (2 * 24, 2 * (24 + 8))


def test_clips(call, quick, tmp_path):
    code, out, _ = call("data", "generate", "--kind", "clips", "--count", 2, "--out", tmp_path, "--json")
    assert code == 0
    assert json.loads(out)["samples_in_folder"] == len(ClipFolder(tmp_path)) == 2
    code, out, _ = call("data", "preview", "--kind", "clips", "--count", 1, "-o", tmp_path / "strip.png", "--json")
    assert code == 0
    assert Image.open(tmp_path / "strip.png").size == (2 * 16, 16 + 8)


def test_statistics_as_json_and_as_markdown(call, quick, tmp_path):
    depth = np.zeros((6, 8, 8), np.float32)
    depth[0, :4] = 3.0
    still = np.zeros((8, 8, 3), np.uint8), depth, np.zeros((8, 8), np.uint8), np.ones(4, np.float32)
    write_shard(tmp_path / "scenes-00000.safetensors", [Sample(*still)] * 3)
    code, out, _ = call("data", "stats", "--kind", "scenes", "--data", tmp_path, "--json")
    found = json.loads(out)
    assert code == 0
    assert (found["samples"], found["views"], found["empty"], found["depth"]["p50"]) == (3, 3, 0.5, 3.0)
    assert found["layers"][0]["mean"] == 50
    assert {row["layer"] for row in found["layers"]} == {f"L{i}" for i in range(6)}
    code, out, _ = call("data", "stats", "--kind", "scenes", "--data", tmp_path, "--count", 2)
    assert code == 0
    assert "| L0 | 50.00 | 50.00 | 50.00 | 50.00 | 50.00 | 2 |" in out
    code, out, _ = call("data", "stats", "--kind", "objects", "--count", 2, "--json")
    assert json.loads(out)["samples"] == 2
    frames = [np.stack([part] * 16) for part in still[:3]]
    write_shard(tmp_path / "clips-00000.safetensors", [ClipSample(*frames, still[3])] * 2)
    found = json.loads(call("data", "stats", "--kind", "clips", "--data", tmp_path, "--json")[1])
    assert (found["samples"], found["views"]) == (2, 32)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("stats", "--kind", "scenes"), "--data FOLDER"),
        (("stats", "--kind", "objects", "--data", ".", "--meshes", "."), "Give one of them"),
        (("stats", "--kind", "scenes", "--data", "."), "No scene shards"),
        (("generate", "--kind", "scenes", "--count", "1", "--out", "d", "--meshes", "."), "gives objects"),
        (("generate", "--kind", "objects", "--count", "1", "--out", "d", "--meshes", "."), "no mesh file"),
        (("generate", "--kind", "clips", "--count", "1", "--start", "2", "--out", "d"), "divisible by 4"),
        (("generate", "--kind", "clips", "--count", "1", "--processes", "0", "--out", "d"), "--processes"),
    ],
)
def test_refusals(call, monkeypatch, tmp_path: Path, arguments, sentence):
    monkeypatch.chdir(tmp_path)
    code, out, err = call("data", *arguments, "--json")
    assert (code, out) == (2, "")
    assert sentence in err
