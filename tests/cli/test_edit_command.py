"""`python -m wt edit` and `remove`, with a painter in place of the models."""

import json
import sys
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

sys.path.insert(0, str(Path(__file__).parent))

from helpers import exist

import wt.__main__ as program
from wt.scene.scene import Scene


@dataclass(frozen=True)
class Step:
    kind: str
    what: str


class FakePipeline:
    """Paints the region white; the real one is tested with the editors."""

    def __init__(self, asked):
        self.asked = asked

    def run(self, scene, photo, text, *, at=None, mask=None, seed=0, camera_height_m=None, on_progress=None):
        self.asked.update(
            text=text, at=at, mask=mask, seed=seed, camera_height_m=camera_height_m, size=(photo.width, photo.height)
        )
        print("a library that prints")
        on_progress(1, 2, "painting")
        region = np.zeros((photo.height, photo.width), bool)
        region[10:30, 20:60] = True
        after = np.where(region[..., None], np.uint8(255), photo.rgb)
        inside = np.zeros(scene.alpha.shape, bool)
        inside[5:15, 10:30] = True
        from wt.scene.place import place

        near = replace(scene.layers, points=scene.layers.points * np.float32(0.9), alpha=inside)
        placed = place(near, scene, inside, scene.layers)
        report = {
            "editor": "fake",
            "edit": {"shift_px": [0.0, 0.0], "zoom": 1.0, "changed_outside": 0},
            "place": [{"name": "chair", "centroid_error": 0.02}],
        }
        return type(
            "Result",
            (),
            {
                "scene": scene.insert(placed, "chair"),
                "photo_after": after,
                "region": region,
                "operations": (Step("add", "chair"),),
                "placed": [placed],
                "report": report,
            },
        )()


@pytest.fixture
def asked(monkeypatch):
    told = {}
    monkeypatch.setattr(program, "make_pipeline", lambda *_, **asked: told.update(asked) or FakePipeline(told))
    return told


def models(here):
    return ("--model", here / "tiny-scene.safetensors", "--object-model", here / "tiny-object.safetensors")


def test_edit_writes_pictures_at_the_photos_size(here, call, asked, tmp_path):
    arguments = ("edit", here / "photo.png", "add a chair", "--at", "40,50.5", "-o", tmp_path / "out", *models(here))
    code, found, err = call(*arguments, "--json")
    assert code == 0
    (operation,) = asked["text"]
    assert (operation.kind, operation.what) == ("add", "chair")
    assert asked["at"] == (40, 50.5)
    assert found["operations"] == [{"kind": "add", "what": "chair"}]
    assert found["editor"] == "fake"
    assert set(found["edit"]) == {"shift_px", "zoom", "changed_outside"}
    keys = {"name", "scale", "shift", "depth_residual", "residual_px", "centroid_error"}
    assert set(found["place"][0]) >= keys
    assert found["place"][0]["name"] == "chair"
    assert found["place"][0]["centroid_error"] == 0.02
    assert found["place"][0]["scale"] > 0
    names = exist(found["files"])
    assert {"before.png", "after.png", "region.png", "scene.wts", "pointcloud.ply", "manifest.json"} <= names
    for name in ("before.png", "after.png", "region.png"):
        assert Image.open(tmp_path / "out" / name).size == (120, 80)
    before, after, region = (
        np.asarray(Image.open(tmp_path / "out" / f"{n}.png")) for n in ("before", "after", "region")
    )
    assert set(np.unique(region)) == {0, 255}
    assert np.array_equal(before[region == 0], after[region == 0])
    assert "a library that prints" in err, "what is printed below does not reach the JSON"
    assert "painting" in err
    assert [thing.name for thing in Scene.load(tmp_path / "out" / "scene.wts").objects] == ["chair"]
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text())
    assert manifest["prompts"] == ["add a chair"]


def test_a_dry_run_says_what_is_understood_and_touches_nothing(call, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("wt.lift.load", lambda *_, **__: pytest.fail("no model is needed"))
    text = "add two red chairs next to the table and move the lamp to the corner"
    code, found, _ = call("edit", "no-such-photo.png", text, "--dry-run", "--json")
    assert code == 0
    assert found["understood"] == ["Add two red chairs next to the table.", "Move the lamp to the corner."]
    assert [(row["kind"], row["what"]) for row in found["operations"]] == [
        ("add", "chair"),
        ("add", "chair"),
        ("move", "lamp"),
    ]
    keys = {"kind", "what", "colour", "material", "size", "where", "target", "text", "target_colour"}
    assert keys <= found["operations"][0].keys()
    assert found["operations"][2]["where"]["relation"] == "corner"
    assert list(tmp_path.iterdir()) == []
    code, found, err = call("edit", "no-such-photo.png", "add a chiar", "--dry-run", "--json")
    assert (code, found) == (2, None)
    assert 'Did you mean "chair"' in err


def test_edit_needs_a_folder_unless_it_is_a_dry_run(here, call):
    code, found, err = call("edit", here / "photo.png", "add a chair", "--json")
    assert (code, found) == (2, None)
    assert "-o FOLDER" in err


def test_remove_needs_a_place(here, call, asked, tmp_path):
    arguments = ("remove", here / "photo.png", "-o", tmp_path, *models(here), "--json")
    code, found, err = call(*arguments)
    assert (code, found) == (2, None)
    assert "--at" in err
    code, found, _ = call(*arguments, "--mask", here / "mask.png", "--what", "lamp")
    assert code == 0
    (operation,) = asked["text"]
    assert (operation.kind, operation.what) == ("remove", "lamp")
    assert asked["mask"].shape == (80, 120)
    assert asked["mask"].sum() == 40 * 50
