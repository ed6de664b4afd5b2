"""What holds for every command: JSON alone on standard output, one sentence and code 2 for problems, help, a stop."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import wt.__main__ as program
from wt.errors import Cancelled

ROOT = Path(__file__).resolve().parent.parent.parent
COMMANDS = ("lift", "edit", "remove", "export", "train", "data", "eval", "bench", "convert", "doctor")


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


@pytest.mark.parametrize(("rank", "speaks"), [("0", True), ("1", False)])
def test_of_several_processes_the_first_speaks(monkeypatch, capfd, tmp_path, rank, speaks):
    monkeypatch.setenv("RANK", rank)
    assert program.main(["train", "--plot-schedules", str(tmp_path / "times.png"), "--json"]) == 0
    assert bool(capfd.readouterr().out) is speaks


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
    assert program.plain({"rows": [{"up": np.array([0.0, -1.0])}]}) == "rows:\n  up\n  0, -1\n"


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
