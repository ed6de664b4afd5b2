"""`python -m wt lift`: the scene that it writes and what it says of it."""

import json
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

sys.path.insert(0, str(Path(__file__).parent))

from helpers import exist

from wt.scene.scene import Scene


def test_lift_writes_a_scene_and_says_what_it_is(here, call, tmp_path):
    model = here / "tiny-scene.safetensors"
    code, found, err = call("lift", here / "photo.png", "-o", tmp_path / "out", "--model", model, "--json")
    assert code == 0
    assert found["photo"] == [120, 80]
    assert found["grid"] == [64, 43]
    assert found["layers"] == 6
    assert found["units"] == "relative"
    assert set(found["intrinsics"]) == {"fx", "fy", "cx", "cy", "width", "height", "residual_px"}
    assert set(found["seconds"]) >= {"load", "lift"}
    assert found["peak_rss_mb"] > 50
    assert "step 2 of 2" in err
    wanted = {"scene.wts", "pointcloud.ply", "layer_0.ply", "layer_5.ply", "scene.glb", "layers.npz", "camera.json"}
    assert exist(found["files"]) >= wanted | {"manifest.json", "before.png", "depth_0.png", "depth_5.png"}
    assert all(path.startswith((tmp_path / "out").as_posix()) for path in found["files"])
    scene = Scene.load(tmp_path / "out" / "scene.wts")
    assert found["points"] == scene.background.present.sum() > 0
    assert found["model"] == scene.layers.model
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text())
    assert manifest["models"][0]["licence"] == "Apache-2.0"


def test_lift_of_an_object_needs_a_selection(here, call, tmp_path):
    model = here / "tiny-object.safetensors"
    arguments = ("lift", here / "photo.png", "-o", tmp_path, "--model", model, "--json", "--formats", "camera")
    code, found, err = call(*arguments)
    assert (code, found) == (2, None)
    assert "nothing is selected" in err
    code, found, _ = call(*arguments, "--mask", here / "mask.png", "--seed", 7, "--steps", 1)
    assert code == 0
    alpha = Scene.load(tmp_path / "scene.wts").alpha
    assert 0.1 < alpha.mean() < 0.3
    assert found["seed"] == 7


def test_lift_with_a_depth_map_is_metric(here, call, tmp_path):
    z = (2000 + np.arange(60)[None] * 10 + np.zeros((40, 1))).astype(np.uint16)
    z[:5] = 0
    Image.fromarray(z).save(tmp_path / "depth.png")
    model = here / "tiny-scene.safetensors"
    arguments = ("lift", here / "photo.png", "-o", tmp_path, "--model", model, "--json", "--formats", "camera")
    code, found, _ = call(*arguments, "--depth", tmp_path / "depth.png", "--focal", 130)
    assert code == 0
    assert found["units"] == "metres"
    assert found["depth"] == {"name": "depth.png", "kind": "metric"}
    assert any("0.001 m a unit" in note for note in found["notes"])
    assert found["intrinsics"]["fx"] == pytest.approx(130 * 64 / 120)
    visible = Scene.load(tmp_path / "scene.wts").layers.depth[0]
    column = (np.arange(64) + 0.5) * 60 / 64
    np.testing.assert_allclose(visible[10:], np.broadcast_to(2 + 0.01 * column.astype(int), (33, 64)), atol=0.011)
    code, _, err = call(*arguments, "--depth-scale", 0.1)
    assert code == 2
    assert "--depth FILE" in err
    code, _, err = call(*arguments, "--depth-model", "nobody/has-this")
    assert code == 2
    assert "--allow-download" in err


def test_the_same_seed_gives_the_same_scene(here, call, tmp_path):
    scenes = []
    for name in ("a", "b"):
        call("lift", here / "photo.png", "-o", tmp_path / name, "--model", here / "tiny-scene.safetensors", "--json")
        scenes.append(Scene.load(tmp_path / name / "scene.wts").layers.points)
    assert np.array_equal(*scenes)


def test_clean_takes_points_out_and_is_said_in_the_manifest(here, call, tmp_path):
    points = {}
    for name, more in (("as-is", []), ("cleaned", ["--clean"])):
        out, model = tmp_path / name, here / "tiny-scene.safetensors"
        code, found, _ = call("lift", here / "photo.png", "-o", out, "--model", model, "--json", *more)
        assert code == 0
        points[name] = found["points"]
        assert json.loads((out / "manifest.json").read_text())["clean"] is bool(more)
    assert 0 < points["cleaned"] < points["as-is"]


def test_several_seeds_get_a_folder_each(here, call, tmp_path):
    model, out = here / "tiny-scene.safetensors", tmp_path / "out"
    code, found, _ = call("lift", here / "photo.png", "-o", out, "--model", model, "--seeds", 3, "--json")
    assert code == 0
    assert [row["seed"] for row in found["seeds"]] == [42, 43, 44]
    clouds = [Scene.load(out / f"seed_{seed}" / "scene.wts").layers.points for seed in (42, 43, 44)]
    assert not np.array_equal(clouds[0], clouds[1])
    call("lift", here / "photo.png", "-o", tmp_path / "one", "--model", model, "--seed", 44, "--json")
    assert np.array_equal(Scene.load(tmp_path / "one" / "scene.wts").layers.points, clouds[2])
    code, _, err = call("lift", here / "photo.png", "-o", out, "--model", model, "--seeds", 0)
    assert code == 2
    assert "at least 1; got 0" in err
