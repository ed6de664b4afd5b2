"""`python -m wt`: one JSON object alone on standard output, the agreed keys, one sentence and code 2 for problems."""

import json
import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

sys.path.insert(0, str(Path(__file__).parent / "training"))
from tiny_shards import write_shards

import wt.__main__ as program
from wt.cli.common import full_size, open_input, pixel
from wt.errors import Cancelled, WtError
from wt.images import Photo
from wt.model.checkpoint import save_model
from wt.model.config import mini
from wt.model.wt_dit import WTDiT
from wt.scene.scene import Scene

ROOT = Path(__file__).resolve().parent.parent
COMMANDS = ("lift", "edit", "remove", "export", "train", "data", "eval", "bench", "convert", "doctor")


def tiny_model(folder, kind):
    torch.manual_seed(0)
    config = mini(kind)
    config = replace(
        config, width=32, heads=2, decoder_blocks=3, head_blocks=3, image_side=56, default_steps=2, long_side=64,
        encoder=replace(config.encoder, side=64),
    )  # fmt: skip
    data = {"mean_depth": torch.linspace(0, 1, 6)[:, None, None].expand(6, 28, 28)}
    return save_model(WTDiT(config), folder / f"tiny-{kind}.safetensors", training={"samples": 8}, data=data)


@pytest.fixture(scope="module")
def here(tmp_path_factory):
    folder = tmp_path_factory.mktemp("cli")
    for kind in ("scene", "object"):
        tiny_model(folder, kind)
    rng = np.random.default_rng(0)
    v, u = np.mgrid[:80, :120]
    photo = np.stack([u * 2, v * 3, 128 + 0 * u], -1) + rng.integers(0, 9, (80, 120, 3))
    Image.fromarray(photo.clip(0, 255).astype(np.uint8)).save(folder / "photo.png")
    mask = np.zeros((80, 120), np.uint8)
    mask[20:60, 40:90] = 255
    Image.fromarray(mask).save(folder / "mask.png")
    return folder


@pytest.fixture
def call(capfd):
    """Run a command in this process; returns (exit code, the JSON object, standard error)."""

    def run(*argv):
        code = program.main([str(argument) for argument in argv])
        found = capfd.readouterr()
        return code, json.loads(found.out) if found.out else None, found.err

    return run


def exist(paths):
    for path in paths:
        assert Path(path).is_file(), path
        assert Path(path).stat().st_size > 0
    return {Path(path).name for path in paths}


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


def test_export_of_a_saved_scene(here, call, tmp_path):
    model = here / "tiny-scene.safetensors"
    call("lift", here / "photo.png", "-o", tmp_path, "--model", model, "--formats", "camera", "--json")
    code, found, _ = call("export", tmp_path / "scene.wts", "-o", tmp_path / "all", "--formats", "all", "--json")
    assert code == 0
    assert {"ply", "glb", "npz", "camera"} <= set(found["files"])
    for paths in found["files"].values():
        exist(paths)
    assert found["roundtrip_px"] < 0.01
    code, found, _ = call("export", tmp_path / "scene.wts", "-o", tmp_path / "one", "--formats", "glb", "--json")
    assert set(found["files"]) == {"glb"}
    assert found["roundtrip_px"] < 0.01
    code, found, err = call("export", tmp_path / "scene.wts", "-o", tmp_path / "one", "--formats", "fbx", "--json")
    assert (code, found) == (2, None)
    assert "'fbx'" in err


ROW = {"method", "l0_absrel", "l0_delta1", "l0_f05", "hidden_f05", "all_f01", "all_f05", "all_cd_l1", "all_cd_l2"}


@pytest.mark.parametrize("kind", ["scene", "object"])
def test_eval_gives_five_methods_and_a_card(here, call, tmp_path, kind):
    data = write_shards(tmp_path / "data", kind, count=2, side=64)
    model, card = here / f"tiny-{kind}.safetensors", tmp_path / "tiny.md"
    common = ("eval", "--split", f"{kind}s", "--data", data, "--limit", 2, "--json")
    code, found, _ = call(*common, "--model", model, "--seeds", 2, "--steps", 1, "--card", card)
    assert code == 0
    assert (found["split"], found["n"], found["seeds"]) == (f"{kind}s", 2, 2)
    name = mini(kind).name
    assert [row["method"] for row in found["rows"]] == [name, "plane", "mean-depth", "own-visible", "visible-truth"]
    for row in found["rows"]:
        assert set(row) >= ROW
    best = found["rows"][-1]
    assert best["l0_absrel"] == 0
    assert best["hidden_cd_l1"] is None, "JSON has no NaN"
    assert exist(found["files"]) == {"tiny.md"}
    assert "| visible-truth |" in card.read_text()
    assert set(found["seconds_per_sample"]) == {"lift", "figures"}
    other = here / f"tiny-{'object' if kind == 'scene' else 'scene'}.safetensors"
    code, found, err = call(*common, "--model", other)
    assert (code, found) == (2, None)
    assert "needs a model for" in err


def test_eval_compares_models_and_draws_the_worst(here, call, tmp_path, capfd):
    data, model = write_shards(tmp_path / "data", "object", count=2, side=64), here / "tiny-object.safetensors"
    text = tmp_path / "table.md"
    common = ("eval", "--split", "objects", "--data", data, "--limit", 2, "--steps", 1, "--model", model)
    more = ("--against", model, "--against", model, "--worst", 1, "--out", tmp_path / "worst", "--markdown", text)
    code, found, _ = call(*common, *more, "--json")
    assert code == 0
    labels = [row["method"] for row in found["rows"]][:3]
    assert len(set(labels)) == 3
    assert labels[0] == mini("object").name
    for pair, label in zip(found["differences"], labels[1:], strict=True):
        assert (pair["method"], pair["against"]) == (labels[0], label)
        assert pair["figures"]["l0_absrel"] == {"mean": 0.0, "se": 0.0, "n": 2, "verdict": "same"}
    (worst,) = found["worst"]
    assert exist(found["files"]) == {"table.md", Path(worst["file"]).name}
    assert Image.open(worst["file"]).width > 1000
    assert text.read_text() == found["markdown"]
    assert program.main([str(argument) for argument in (*common, "--limit", 1)]) == 0
    assert capfd.readouterr().out.startswith(f"# {labels[0]} on objects\n")
    for wrong in (("--worst", 1), ("--out", tmp_path), ("--worst", -1, "--out", tmp_path)):
        code, _, err = call(*common, *wrong)
        assert (code, "--worst N --out FOLDER" in err) == (2, True)


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


@dataclass(frozen=True)
class Step:
    kind: str
    what: str


class FakePipeline:
    """Paints the region white; the real one is tested with the editors."""

    def __init__(self, asked):
        self.asked = asked

    def run(self, scene, photo, text, *, at=None, mask=None, seed=0, on_progress=None):
        self.asked.update(text=text, at=at, mask=mask, seed=seed, size=(photo.width, photo.height))
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
    monkeypatch.setattr(program, "make_pipeline", lambda scene, thing, editor: FakePipeline(told))
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


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("edit", "photo.png", " ", "-o", "out"), "instruction is empty"),
        (("edit", "photo.png", "add a zorble", "-o", "out"), "zorble"),
        (("edit", "none.png", "add a chair", "-o", "out"), "could not be read"),
        (("edit", "photo.png", "add a chair", "--at", "500,3", "-o", "out"), "lies outside the photo"),
        (("lift", "photo.png", "--model", "wt-huge", "-o", "out"), "no model named"),
        (("lift", "photo.png", "--mask", "small.png", "-o", "out"), "must be the same"),
        (("lift", "photo.png", "--mask", "black.png", "-o", "out"), "selects nothing"),
        (("eval", "--split", "scenes", "--seeds", "0"), "--seeds"),
        (("eval", "--split", "rgbd"), "--data"),
        (("eval", "--split", "rgbd", "--card", "x.md"), "card"),
        (("data", "generate", "--kind", "scenes", "--count", "0", "--out", "d"), "--count"),
        (("export", "none.wts", "-o", "out"), "none.wts"),
    ],
)
def test_problems_get_one_sentence_and_code_two(here, call, monkeypatch, arguments, sentence):
    monkeypatch.chdir(here)
    Image.new("L", (60, 40), 255).save("small.png")
    Image.new("L", (120, 80), 0).save("black.png")
    code, found, err = call(*arguments, "--json")
    assert (code, found) == (2, None)
    assert sentence in err
    assert "Traceback" not in err
    assert not (here / "out").exists()


@pytest.mark.parametrize("error", [KeyboardInterrupt, Cancelled])
def test_a_stop_is_no_crash(here, call, monkeypatch, tmp_path, error):
    def stopped(*_, **__):
        raise error

    monkeypatch.setattr("wt.lift.load", stopped)
    code, found, err = call("lift", here / "photo.png", "-o", tmp_path, "--json")
    assert (code, found) == (130, None)
    assert err.endswith("Stopped.\n")


def test_without_json_a_reader_gets_lines(here, capfd, tmp_path):
    model = here / "tiny-scene.safetensors"
    assert program.main(["lift", str(here / "photo.png"), "-o", str(tmp_path), "--model", str(model)]) == 0
    out = capfd.readouterr().out
    assert "photo: 120, 80\n" in out
    assert "seconds:\n  load: " in out
    with pytest.raises(json.JSONDecodeError):
        json.loads(out)
    rows = [{"method": "plane", "f": 0.123456, "cd": None}, {"method": "a", "f": 1.0, "cd": 2.0}]
    assert program.plain({"rows": rows, "ok": True}) == (
        "rows:\n  method  f       cd\n  plane   0.1235  none\n  a       1       2\nok: yes\n"
    )


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help(command, capsys):
    with pytest.raises(SystemExit) as stop:
        program.main([command, "--help"])
    assert stop.value.code == 0
    assert len(capsys.readouterr().out) > 200


@pytest.mark.parametrize("argv", [[], ["fly"], ["lift"], ["edit", "a.png", "b", "-o", "c", "--at", "1;2"]])
def test_wrong_arguments_exit_with_two(argv, capsys):
    with pytest.raises(SystemExit) as stop:
        program.main(argv)
    assert stop.value.code == 2
    assert capsys.readouterr().out == ""


def test_as_a_process_with_native_output_on_fd_1(here, tmp_path):
    """Even what native code writes to descriptor 1 stays off standard output."""
    code = (
        "import os, sys, wt.__main__ as p, wt.cli.lift as c\n"
        "real = c.open_input\n"
        "c.open_input = lambda *a: (os.write(1, b'native\\n'), real(*a))[1]\n"
        "sys.exit(p.main(sys.argv[1:]))"
    )
    argv = ["lift", here / "photo.png", "-o", tmp_path, "--model", here / "tiny-scene.safetensors", "--json"]
    done = subprocess.run(
        [sys.executable, "-c", code, *map(str, argv)], capture_output=True, text=True, cwd=ROOT, timeout=120
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["layers"] == 6
    assert done.stdout.count("\n") == 1
    assert "native" in done.stderr


def test_places_and_masks_are_in_the_files_pixels(tmp_path):
    rng = np.random.default_rng(0)
    Image.fromarray(rng.integers(0, 255, (1000, 3000, 3), dtype=np.uint8)).save(tmp_path / "wide.png")
    mask = np.zeros((1000, 3000), np.uint8)
    mask[:, 1500:] = 255
    Image.fromarray(mask).save(tmp_path / "mask.png")
    opened = open_input(tmp_path / "wide.png", tmp_path / "mask.png", (1500.0, 600.0))
    assert opened.size == [3000, 1000]
    assert opened.photo.width == 2048
    assert opened.mask.shape == (opened.photo.height, 2048)
    assert opened.mask[:, 1024:].all()
    assert not opened.mask[:, :1023].any()
    assert opened.at == pytest.approx((1024, 600 * opened.photo.height / 1000))


def test_a_shrunk_edit_goes_back_into_the_large_photo():
    rng = np.random.default_rng(0)
    full = Photo(rng.integers(0, 255, (400, 600, 3), dtype=np.uint8))
    small = rng.integers(0, 255, (200, 300, 3), dtype=np.uint8)
    region = np.zeros((200, 300), bool)
    region[50:100, 60:90] = True
    after, inside = full_size(small, region, full)
    assert after.shape == (400, 600, 3)
    assert inside.sum() == 4 * region.sum()
    assert np.array_equal(after[~inside], full.rgb[~inside])
    assert not np.array_equal(after[inside], full.rgb[inside])
    same, _ = full_size(full.rgb, np.ones((400, 600), bool), full)
    assert same is full.rgb


def test_pixels_as_text():
    import argparse

    assert pixel("3,4.5") == (3.0, 4.5)
    for text in ("3", "a,b", "1,2,3"):
        with pytest.raises(argparse.ArgumentTypeError):
            pixel(text)


def test_a_mask_may_be_an_alpha_channel(tmp_path):
    Image.new("RGB", (64, 64)).save(tmp_path / "photo.png")
    rgba = np.zeros((64, 64, 4), np.uint8)
    rgba[:32, :, 3] = 255
    Image.fromarray(rgba).save(tmp_path / "mask.png")
    opened = open_input(tmp_path / "photo.png", tmp_path / "mask.png")
    assert opened.mask[:32].all()
    assert not opened.mask[32:].any()
    with pytest.raises(WtError, match="could not be read"):
        open_input(tmp_path / "photo.png", tmp_path / "none.png")
