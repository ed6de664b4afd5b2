"""Every example of examples/ runs as its docstring says, on small things, and tells something true."""

import re
import runpy
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import wt

ROOT = Path(__file__).resolve().parent.parent
EXAMPLES = sorted(path.stem for path in (ROOT / "examples").glob("*.py"))


@pytest.fixture
def run(monkeypatch, capsys, tmp_path):
    """Runs an example where its defaults are found; what it printed, without what its parts print."""

    def running(name: str, *arguments: object) -> str:
        monkeypatch.chdir(ROOT)
        monkeypatch.setattr(sys, "argv", [name, *map(str, arguments)])
        runpy.run_module(f"examples.{name}", run_name="__main__")
        return capsys.readouterr().out

    return running


@pytest.fixture
def photo(tmp_path) -> Path:
    """The dining room at a quarter of its size."""
    path = tmp_path / "room.png"
    with Image.open(ROOT / "assets/examples/room_dining.jpg") as image:
        image.resize((image.width // 4, image.height // 4)).save(path)
    return path


@pytest.mark.parametrize("name", EXAMPLES)
def test_it_is_short_and_tested(name):
    """Of api_client, tests/app/test_api.py runs all."""
    assert len((ROOT / "examples" / f"{name}.py").read_text().splitlines()) < 40
    assert name == "api_client" or f'run("{name}"' in Path(__file__).read_text()


def test_lift_then_export_and_read_back(run, photo, tmp_path):
    told = run("lift_a_photo", photo, "-o", tmp_path / "lifted")
    scene = wt.Scene.load(tmp_path / "lifted" / "scene.wts")
    counts = [float(share) for share in re.findall(r"^layer \d: +([\d.]+)%", told, re.MULTILINE)]
    np.testing.assert_allclose(counts, 100 * scene.background.present.mean(axis=(1, 2)), atol=0.051)
    told = run("export_and_read_back", tmp_path / "lifted" / "scene.wts", "-o", tmp_path / "exported")
    errors = [float(error) for error in re.findall(r"(?:more than|at most) ([\d.e+-]+) px", told)]
    assert len(errors) == 6
    assert max(errors) < 1e-2


def test_edit_by_text(run, photo, tmp_path):
    told = run("edit_by_text", photo, "add a red chair", "--at", 100, 110, "-o", tmp_path)
    assert "Add a red chair." in told
    assert ", 0 px outside" in told
    assert [thing.name for thing in wt.Scene.load(tmp_path / "scene.wts").objects] == ["red chair"]
    before, after = (
        np.asarray(Image.open(path).convert("RGB")).astype(int) for path in (photo, tmp_path / "after.png")
    )
    redder = (after - before) @ (2, -1, -1)
    assert (redder > 100).sum() > 20


def test_place_an_object(run, photo, tmp_path):
    told = run("place_an_object", photo, "--at", 90, 80, "--size", 60, "-o", tmp_path)
    scale = float(re.search(r"z' = ([\d.]+) z", told).group(1))
    assert scale > 0
    assert "objects: 1 teapot" in told
    assert (tmp_path / "scene.glb").read_bytes()[:4] == b"glTF"


def test_lift_a_clip(run, tmp_path):
    frames = tmp_path / "turning"
    frames.mkdir()
    with Image.open(ROOT / "assets/examples/object_basket.png") as image:
        thing = image.convert("RGBA").resize((120, 120))
    for number in range(4):
        thing.rotate(4 * number).save(frames / f"{number}.png")
    told = run("lift_a_clip", frames, "--frames", 2, "-o", tmp_path)
    assert told.startswith("turning: 2 frames of 120 x 120")
    assert len(re.findall(r"^frame \d: [1-9]\d* points", told, re.MULTILINE)) == 2
    assert len(list(tmp_path.rglob("*.ply"))) == 2


def test_train_a_model(run, tmp_path):
    told = run("train_a_model", "--samples", 4, "--steps", 2, "-o", tmp_path)
    assert "4 views" in told
    lifter = wt.load(tmp_path / "model.safetensors")
    assert lifter.lift(np.zeros((60, 60, 3), np.uint8), np.ones((60, 60), bool)).points.shape[0] == 6


def test_fit_the_camera(run):
    told = run("fit_the_camera", "--noise", 0, 0.01)
    assert "noise 0: fx 210.00, fy 205.00, cx 118.00, cy 92.00; residual 0.000 px" in told
    assert "noise 0.01: fx 209." in told
