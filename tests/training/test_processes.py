"""Two processes that train together (gloo, on this CPU) against one that does the work of both."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch

sys.path.insert(0, str(Path(__file__).parent))
from test_objective import gradients, small, whole

from wt.model.checkpoint import load_model
from wt.training import trainer as trainer_module
from wt.training.feed import collated
from wt.training.objective import Draws, draw
from wt.training.run_files import RunFolder, load_state, read_curve
from wt.training.trainer import RunOptions, Trainer

ROOT = Path(__file__).resolve().parents[2]
CHILD = """
import json, os, sys
from pathlib import Path
sys.path[:0] = [{here!r}, {root!r}]
from test_processes import in_a_process
in_a_process(Path({data!r}), Path({out!r}))
"""


def plan():
    return small("mini_object", batch=2, save_minutes=0.0)


def halves(trainer):
    """Two batches with unequal numbers of valid rays, and the draws of both together."""
    samples = [trainer.feed.stream.read(i) for i in range(4)]
    batches = [collated(samples[i : i + 2], trainer.sampling, 1, None) for i in (0, 2)]
    batches[0] = replace(batches[0], weight=batches[0].weight * (torch.arange(28) < 12))
    times = torch.Generator().manual_seed(1)
    return batches, draw(trainer.recipe.schedule, whole(batches), 6, 0.0, times, times)


def in_a_process(data, out):
    """What each of the two does: one step on its half, then a short run."""
    options = RunOptions(data=data, out=out, hours=100.0, threads=1, max_steps=2)
    trainer = Trainer(plan(), options)
    rank = trainer.rank
    batches, drawn = halves(trainer)
    part = slice(2 * rank, 2 * rank + 2)
    trainer_module.draw = lambda *_: Draws(drawn.t[part], drawn.noise[part], drawn.fill[part])
    row = trainer.step([batches[rank]])
    torch.save({"row": row, "gradients": gradients(trainer.model)}, out / f"step-{rank}.pt")
    trainer_module.draw = draw
    read: list[int] = []
    stored = trainer.feed.stream.read

    def noted(index):
        read.append(index)
        return stored(index)

    trainer.feed.stream.read = noted
    written: list[str] = []
    sys.addaudithook(lambda event, given: written.append(str(given[0])) if _writes(event, given, out) else None)
    trainer.run()
    (out / f"rank-{rank}.json").write_text(json.dumps({"read": read, "written": written[:20]}))


def _writes(event, given, out):
    return event == "open" and str(out) in str(given[0]) and any(c in str(given[1] or "") for c in "wax+")


@pytest.fixture(scope="module")
def run(shards, tmp_path_factory):
    out = tmp_path_factory.mktemp("two")
    code = CHILD.format(here=str(Path(__file__).parent), root=str(ROOT), data=str(shards), out=str(out))
    (out / "child.py").write_text(code)
    launch = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    done = subprocess.run(
        [*launch, str(out / "child.py")], cwd=ROOT, capture_output=True, text=True, timeout=900, check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return out


def test_two_processes_make_the_step_of_one_with_both_batches(run, shards, tmp_path, monkeypatch):
    alone = Trainer(replace(plan(), batch=4), RunOptions(data=shards, out=tmp_path, hours=100.0, threads=1))
    batches, drawn = halves(alone)
    monkeypatch.setattr(trainer_module, "draw", lambda *_: drawn)
    row = alone.step([whole(batches)])
    both = [torch.load(run / f"step-{rank}.pt", weights_only=True) for rank in (0, 1)]
    for found in both:
        assert found["row"]["loss"] == pytest.approx(row["loss"], rel=1e-5)
        assert found["row"]["samples"] == 4
        for name, gradient in gradients(alone.model).items():
            torch.testing.assert_close(found["gradients"][name], gradient, rtol=1e-3, atol=1e-6)
    for name, gradient in both[0]["gradients"].items():
        assert torch.equal(gradient, both[1]["gradients"][name]), name


def test_only_the_first_process_writes(run):
    first, second = (json.loads((run / f"rank-{rank}.json").read_text()) for rank in (0, 1))
    assert any("curve.jsonl" in path for path in first["written"])
    assert second["written"] == []
    steps = [row["step"] for row in read_curve(RunFolder(run).curve)]
    assert steps == [2], "the step before the run was not logged, and none is logged twice"
    assert load_model(RunFolder(run).model).config.kind == "object"


def test_different_processes_read_different_samples(run):
    first, second = (json.loads((run / f"rank-{rank}.json").read_text())["read"] for rank in (0, 1))
    assert first
    assert {i % 2 for i in first} == {0}
    assert {i % 2 for i in second} == {1}


def test_every_process_finds_its_own_chance_in_the_state(run):
    state = load_state(RunFolder(run).state)
    assert len(state["others"]) == 1
    assert set(state["queue"]).isdisjoint(state["others"][0]["queue"])
    assert not torch.equal(state["noise"], state["others"][0]["noise"])
