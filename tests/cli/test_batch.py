"""`python -m wt lift FOLDER`: every photo once, whatever happens to the run or to one of them."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from wt.scene.scene import Scene

ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.fixture
def shots(tmp_path):
    """Three pictures that differ, in a folder and in one below it; one has a name that shells and URLs dislike."""
    folder = tmp_path / "shots"
    (folder / "day 2").mkdir(parents=True)
    for number, name in enumerate(("a.png", "Zoë & 'co' #1 [x] 100%.png", "day 2/a.jpg")):
        pixels = np.random.default_rng(number).integers(0, 255, (48, 64, 3), np.uint8)
        Image.fromarray(pixels).save(folder / name)
    return folder


@pytest.fixture
def lift(call, here, tmp_path):
    def run(*given, out=tmp_path / "out", more=("--formats", "camera")):
        model = here / "tiny-scene.safetensors"
        return call("lift", *given, "-o", out, "--model", model, "--steps", 1, "--json", *more)

    return run


def states(report):
    return {row["photo"]: row["state"] for row in report["photos"]}


def test_every_photo_of_a_folder_gets_a_folder_of_its_own(lift, shots, tmp_path):
    (shots / "notes.txt").write_text("not a picture, and not called one")
    code, found, err = lift(shots)
    assert (code, found["ok"]) == (0, True)
    assert (found["total"], found["done"], found["failed"], found["ignored"]) == (2, 2, 0, ["notes.txt"])
    assert "2 of 2: a.png, about" in err
    for row in found["photos"]:
        scene = Scene.load(Path(row["out"]) / "scene.wts")
        assert scene.background.present.sum() == row["points"] > 0
    assert {Path(row["out"]).name for row in found["photos"]} == {"a", "Zoë & 'co' #1 [x] 100%"}
    assert json.loads((tmp_path / "out" / "batch.json").read_text())["done"] == 2
    with Image.open(tmp_path / "out" / "contact_sheet_1.png") as sheet:
        assert sheet.width > 900  # two cells side by side
        assert np.asarray(sheet).std() > 20


def test_folders_below_are_mirrored_and_same_names_kept_apart(lift, shots, tmp_path):
    Image.new("RGB", (64, 48), (9, 90, 9)).save(shots / "a.webp")
    code, found, _ = lift(shots, more=("--recursive", "--formats", "camera"))
    assert code == 0
    outs = {row["photo"]: Path(row["out"]).relative_to(tmp_path / "out").as_posix() for row in found["photos"]}
    assert outs["day 2/a.jpg"] == "day 2/a"
    assert (outs["a.png"], outs["a.webp"]) == ("a.png", "a.webp")
    code, again, _ = lift(shots / "*.png", out=tmp_path / "by pattern")
    assert (code, again["total"]) == (0, 2)


def test_what_is_done_with_the_same_settings_is_not_done_again(lift, shots, tmp_path):
    lift(shots)
    scene = tmp_path / "out" / "a" / "scene.wts"
    before = scene.stat().st_mtime_ns
    code, found, _ = lift(shots)
    assert (code, found["skipped"], found["done"]) == (0, 2, 0)
    assert scene.stat().st_mtime_ns == before
    Image.new("RGB", (64, 48), (200, 90, 9)).save(shots / "a.png")
    assert states(lift(shots)[1]) == {"a.png": "done", "Zoë & 'co' #1 [x] 100%.png": "skipped"}
    assert lift(shots, more=("--formats", "camera", "--seed", 7))[1]["done"] == 2
    (tmp_path / "out" / "a" / "camera.json").unlink()
    assert states(lift(shots, more=("--formats", "camera", "--seed", 7))[1])["a.png"] == "done"


def test_a_bad_file_stops_nothing_and_is_reported(lift, shots):
    whole = (shots / "day 2" / "a.jpg").read_bytes()
    (shots / "cut.jpg").write_bytes(whole[: len(whole) // 3])
    (shots / "letter.jpg").write_text("Dear reader")
    (shots / "empty.png").write_bytes(b"")
    code, found, err = lift(shots)
    assert (code, found["ok"], found["done"], found["failed"]) == (1, False, 2, 3)
    problems = {row["photo"]: row["problem"] for row in found["photos"] if row["state"] == "failed"}
    assert "is damaged or cut short" in problems["cut.jpg"]
    assert "is not a picture" in problems["letter.jpg"]
    assert "is empty" in problems["empty.png"]
    assert "Traceback" not in err
    (shots / "cut.jpg").write_bytes(whole)
    assert states(lift(shots)[1])["cut.jpg"] == "done"


def test_nothing_to_lift_and_what_belongs_to_one_photo_are_said(lift, shots, here, tmp_path):
    (tmp_path / "none").mkdir()
    code, _, err = lift(tmp_path / "none")
    assert code == 2
    assert "There is no picture in" in err
    assert "--recursive" in err
    code, _, err = lift(shots, tmp_path / "gone")
    assert (code, "There is no file or folder" in err) == (2, True)
    code, _, err = lift(shots, more=("--mask", here / "mask.png"))
    assert (code, "--mask belongs to one photo" in err) == (2, True)


def test_a_killed_run_goes_on(lift, shots, here, tmp_path):
    for number in range(12):
        Image.new("RGB", (640, 480), (number * 20, 90, 9)).save(shots / f"more {number:02}.png")
    command = [sys.executable, "-m", "wt", "lift", shots, "-o", tmp_path / "out", "--formats", "camera"]
    command += ["--model", here / "tiny-scene.safetensors", "--steps", "1"]
    run = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.DEVNULL, env={**os.environ, "OMP_NUM_THREADS": "1"})
    try:
        give_up = time.monotonic() + 120
        while not (tmp_path / "out" / "batch.json").exists() and time.monotonic() < give_up:
            time.sleep(0.01)
    finally:
        run.send_signal(signal.SIGKILL)
        run.wait(10)
    kept = {path: path.stat().st_mtime_ns for path in (tmp_path / "out").glob("*/lift.json")}
    assert 0 < len(kept) < 14
    assert json.loads((tmp_path / "out" / "batch.json").read_text())["total"] == 14  # whole, though it was killed
    code, found, _ = lift(shots)
    assert (code, found["done"], found["skipped"]) == (0, 14 - len(kept), len(kept))
    assert {path: path.stat().st_mtime_ns for path in kept} == kept
    assert all((Path(row["out"]) / "scene.wts").is_file() for row in found["photos"])
    assert not list((tmp_path / "out").rglob("*.tmp"))
