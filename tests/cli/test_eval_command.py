"""`python -m wt eval`: figures of every method, model cards, comparisons."""

import sys
from pathlib import Path

import pytest
from PIL import Image

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parent.parent / "training"))

from helpers import exist
from tiny_shards import write_clips, write_shards

import wt.__main__ as program
from wt.model.config import mini

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


def test_clips_are_measured_as_they_are_and_steady(here, call, tmp_path):
    data, model, sheet = write_clips(tmp_path, count=1), here / "tiny-object.safetensors", tmp_path / "sheet.png"
    common = ("eval", "--split", "clips", "--data", data, "--limit", 1, "--steps", 1, "--model", model, "--json")
    code, found, err = call(*common, "--steady", "--sheet", sheet)
    assert code == 0, err
    rows = {row["method"]: row for row in found["rows"]}
    plain, steady = f"{mini('object').name}", f"{mini('object').name} +steady"
    (pair,) = found["differences"]
    assert (pair["method"], pair["against"]) == (steady, plain)
    gap = pair["figures"]["l0_jitter"]
    assert gap["mean"] == pytest.approx(rows[steady]["l0_jitter"] - rows[plain]["l0_jitter"])
    assert gap["mean"] != 0
    assert exist(found["files"]) == {"sheet.png"}
    assert Image.open(sheet).width > 500
    code, _, err = call(*common, "--sheet", sheet)
    assert (code, "--split clips --steady" in err) == (2, True)
