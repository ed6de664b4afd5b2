"""`python -m wt export`, `bench`, `convert` and `doctor`."""

import sys
from pathlib import Path

import pytest
import torch

sys.path.insert(0, str(Path(__file__).parent))

from helpers import exist

from wt.exports.export import FORMATS


def test_export_of_a_saved_scene(here, call, tmp_path, monkeypatch):
    monkeypatch.setattr("wt.exports.video.FRAMES", 4)  # the films are tested by themselves
    model = here / "tiny-scene.safetensors"
    call("lift", here / "photo.png", "-o", tmp_path, "--model", model, "--formats", "camera", "--json")
    code, found, _ = call("export", tmp_path / "scene.wts", "-o", tmp_path / "all", "--formats", "all", "--json")
    assert code == 0
    assert set(found["files"]) == set(FORMATS) - {"png"}, "a saved scene has no photo of its own"
    assert set(found["roundtrip"]) == {"ply", "glb", "npz", "transforms", "colmap"}
    assert found["notes"] == []
    for paths in found["files"].values():
        exist(paths)
    assert found["roundtrip_px"] < 0.01
    code, found, _ = call("export", tmp_path / "scene.wts", "-o", tmp_path / "one", "--formats", "glb", "--json")
    assert set(found["files"]) == {"glb"}
    assert found["roundtrip_px"] < 0.01
    argv = ("--formats", "png,camera", "--photo", here / "photo.png", "--axes", "z-up", "--hidden", "photo", "--json")
    code, found, _ = call("export", tmp_path / "scene.wts", "-o", tmp_path / "two", *argv)
    assert {Path(path).name for paths in found["files"].values() for path in paths} == {"before.png", "camera.json"}
    assert "z up" in (tmp_path / "two" / "camera.json").read_text()
    code, found, err = call("export", tmp_path / "scene.wts", "-o", tmp_path / "one", "--formats", "fbx", "--json")
    assert (code, found) == (2, None)
    assert "'fbx'" in err


def test_bench(call, here):
    model = here / "tiny-scene.safetensors"
    code, found, _ = call("bench", "--model", model, "--random-weights", "--repeat", 1, "--steps", 1, "--json")
    assert code == 0
    keys = {"model", "device", "dtype", "image", "steps", "seconds", "tflops", "peak_share", "peak_memory_mb"}
    assert set(found) >= keys
    assert set(found["seconds"]) >= {"encode", "step", "total"}
    assert found["image"] == [56, 56]
    assert 0 < found["peak_share"] < 1.5
    assert found["tflops"] == pytest.approx(found["step_gflop"] / 1e3 / found["seconds"]["step"])


def test_convert_keeps_the_network(call, here, tmp_path):
    from wt.model.checkpoint import load_model

    source, out = here / "tiny-scene.safetensors", tmp_path / "new.safetensors"
    code, found, _ = call("convert", source, "-o", out, "--dtype", "float32", "--json")
    assert code == 0
    assert found["files"] == [out.as_posix()]
    first, second = load_model(source), load_model(out)
    assert first.config == second.config
    for name, tensor in first.state_dict().items():
        assert torch.equal(tensor, second.state_dict()[name])
    assert call("convert", source, "-o", tmp_path / "new.pt", "--json")[0] == 2
    assert "does not exist" in call("convert", tmp_path / "none.pt", "-o", out, "--json")[2]


def test_doctor_names_what_is_missing(call, monkeypatch):
    from wt.cli import doctor

    code, found, _ = call("doctor", "--json")
    assert code == (0 if found["ok"] else 1)
    assert {"python", "torch", "image encoder", "wt-s-mini", "wt-o-mini", "disk"} <= {
        c["name"] for c in found["checks"]
    }
    assert all(set(c) == {"name", "ok", "needed", "detail"} for c in found["checks"])
    monkeypatch.setattr(doctor, "REQUIRED", (*doctor.REQUIRED, "a-package-that-is-not-here"))
    code, found, _ = call("doctor", "--json")
    assert code == 1
    assert any("a-package-that-is-not-here: missing" in problem for problem in found["problems"])
