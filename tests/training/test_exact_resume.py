"""`python -m wt train` killed with SIGKILL and started again is the run that was never killed, bit for bit."""

import json
import subprocess
import sys
import time
from pathlib import Path

import torch

from wt.__main__ import main
from wt.training.run_files import RunFolder, load_state, read_curve

ROOT = Path(__file__).resolve().parents[2]
STEPS = 7


def command(data, out, *more):
    run = ["train", "mini_scene", "--data", str(data), "--out", str(out), "--hours", "1000", "--steps", str(STEPS)]
    return [*run, "--side", "28", "--batch", "1", "--threads", "1", "--held-out", "0", "--warmup", "2", "--json", *more]


def losses(out):
    return [(row["step"], row["loss"]) for row in read_curve(RunFolder(out).curve)]


def test_a_killed_run_is_the_run_that_was_not(shards, tmp_path, capsys):
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    main(command(shards, whole))
    assert json.loads(capsys.readouterr().out)["steps"] == STEPS
    arguments = [sys.executable, "-m", "wt", *command(shards, killed, "--save-minutes", "0")]
    child = subprocess.Popen(arguments, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    files = RunFolder(killed)
    try:
        deadline = time.monotonic() + 300
        while child.poll() is None and (not files.curve.is_file() or len(read_curve(files.curve)) < 3):
            assert time.monotonic() < deadline, "no progress"
            time.sleep(0.01)
    finally:
        child.kill()
        child.wait()
    reached = load_state(files.state)["progress"]["step"]
    assert 2 <= reached < STEPS, "killed on its way"
    main(command(shards, killed))
    assert json.loads(capsys.readouterr().out)["steps"] == STEPS
    assert losses(killed) == losses(whole), "every digit"
    one, two = (load_state(RunFolder(out).state) for out in (whole, killed))
    for part in ("model", "ema"):
        for name, tensor in one[part].items():
            assert torch.equal(tensor, two[part][name]), name
