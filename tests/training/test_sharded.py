"""Two processes that share one network (FSDP 2, gloo, on this CPU) against one that has it alone."""

import json
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch

sys.path.insert(0, str(Path(__file__).parent))
from test_objective import small, whole
from test_trainer import held_out

from wt.errors import WtError
from wt.model.checkpoint import load_model, read_metadata
from wt.training import sharding
from wt.training import trainer as trainer_module
from wt.training.checkpointing import trainable
from wt.training.feed import collated
from wt.training.objective import Draws, draw
from wt.training.processes import sharding_wanted
from wt.training.run_files import RunFolder, load_state, load_weights, read_curve
from wt.training.trainer import RunOptions, Trainer

ROOT = Path(__file__).resolve().parents[2]
FLAGS = "--use_fsdp --fsdp_version 2 --num_processes 2 --num_machines 1 --mixed_precision no --dynamo_backend no"
CHILD = """
import sys
from pathlib import Path
sys.path[:0] = [{here!r}, {root!r}]
from test_sharded import in_a_process
in_a_process(Path({data!r}), Path({encoder!r}), Path({out!r}))
"""
STEPS = 3


def plan(**numbers):
    """The paper's: recomputed activations, two batches a step, a ViT inside; with Muon, so that both optimisers run."""
    paper = small("paper_object", optimizer="muon", precision="no", first_side=None)
    return replace(paper, **{"batch": 1, "accumulation": 2, **numbers})


def options(data, encoder, out, **more):
    return RunOptions(data=data, out=out, hours=100.0, threads=1, encoder=encoder, **more)


def quarters(trainer):
    """Four batches with unequal numbers of valid rays, and the draws of all of them together."""
    batches = [collated([trainer.feed.stream.read(i)], trainer.sampling, 1, None) for i in range(4)]
    batches[0] = replace(batches[0], weight=batches[0].weight * (torch.arange(28) < 12))
    times = torch.Generator().manual_seed(1)
    return batches, draw(trainer.recipe.schedule, whole(batches), 6, 0.0, times, times)


def after_a_step(trainer, batches):
    """What the step did, with everything whole."""
    row = trainer.step(batches)
    gradients = {name: sharding.whole(p.grad).clone() for name, p in trainable(trainer.model).items()}
    return {"row": row, "gradients": gradients, "state": trainer.learned.state(keep=True)}


def to_the_end(trainer):
    """`Trainer.run` but for its end, after which a process cannot train again: others have their turn in it."""
    trainer._loop()
    trainer.save()


class Killed(Exception):
    """Stands for SIGKILL: nothing is tidied up or saved."""


def in_a_process(data, encoder, out):
    """What each of the two does: a step on its half, a run, the same run killed and continued, another's run saved."""
    trainer = Trainer(plan(), options(data, encoder, out / "step"))
    rank, (batches, drawn) = trainer.rank, quarters(trainer)
    mine = range(2 * rank, 2 * rank + 2)
    chunks = iter([Draws(drawn.t[i : i + 1], drawn.noise[i : i + 1], drawn.fill[i : i + 1]) for i in mine])
    trainer_module.draw = lambda *_: next(chunks)
    found = after_a_step(trainer, [batches[i] for i in mine])
    trainer_module.draw = draw
    moments = [t for optimizer in trainer.optimizers for held in optimizer.state.values() for t in held.values()]
    kept = {"weights": trainable(trainer.model).values(), "ema": trainer.ema.weights.values(), "moments": moments}
    found["kept"] = {name: sum(t.to_local().numel() for t in held if t.ndim) for name, held in kept.items()}
    torch.save(found, out / f"step-{rank}.pt")
    loss = trainer.loss
    trainer.loss = lambda *given: (loss(*given)[0] * (torch.nan if rank else 1.0), {})
    torch.save(after_a_step(trainer, [batches[i] for i in mine]), out / f"spike-{rank}.pt")

    to_the_end(Trainer(plan(held_out=2), options(data, encoder, out / "unkilled", max_steps=STEPS)))
    killed = Trainer(plan(save_minutes=0.0), options(data, encoder, out / "killed", max_steps=STEPS))
    step = killed.step

    def one(batches):
        row = step(batches)
        if row["step"] > 1:
            raise Killed
        return row

    killed.step = one
    try:
        to_the_end(killed)
    except Killed:
        reached = load_state(RunFolder(out / "killed").state)["progress"]["step"]
        (out / f"killed-{rank}.json").write_text(json.dumps(reached))
    to_the_end(Trainer(plan(), options(data, encoder, out / "killed", max_steps=STEPS)))
    Trainer(plan(), options(data, encoder, out / "passed-on")).save()


@pytest.fixture(scope="module")
def alone(shards, encoder, tmp_path_factory):
    """A run of one process: its folder, and what it has learned."""
    from accelerate.state import AcceleratorState, GradientState

    out = tmp_path_factory.mktemp("alone")
    trainer = Trainer(plan(batch=4, accumulation=1), options(shards, encoder, out))
    batches, drawn = quarters(trainer)
    trainer_module.draw = lambda *_: drawn
    found = after_a_step(trainer, [whole(batches)])
    trainer_module.draw = draw
    trainer.save()
    AcceleratorState._reset_state(reset_partial_state=True)
    GradientState._reset_state()
    return out, found


@pytest.fixture(scope="module")
def two(alone, shards, encoder, tmp_path_factory):
    """The folder in which two processes did their work."""
    out = tmp_path_factory.mktemp("two")
    held_out(out / "unkilled", "object")
    shutil.copytree(alone[0], out / "passed-on")
    given = {"here": str(Path(__file__).parent), "root": str(ROOT), "data": str(shards), "out": str(out)}
    (out / "child.py").write_text(CHILD.format(encoder=str(encoder), **given))
    launch = [sys.executable, "-m", "accelerate.commands.launch", *FLAGS.split(), "--main_process_port", "0"]
    done = subprocess.run(
        [*launch, str(out / "child.py")], cwd=ROOT, capture_output=True, text=True, timeout=900, check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return out


def same(one, other, **tolerance):
    """Two of `Learned.state`, tensor for tensor."""
    assert one["ema_updates"] == other["ema_updates"]
    for part in ("model", "frozen", "ema"):
        assert list(one[part]) == list(other[part])
        for name, tensor in one[part].items():
            torch.testing.assert_close(tensor, other[part][name], **tolerance, msg=lambda m, n=name: f"{n}: {m}")
    assert len(one["optimizers"]) == len(other["optimizers"]) == 2
    for mine, theirs in zip(one["optimizers"], other["optimizers"], strict=True):
        assert mine["state"].keys() == theirs["state"].keys()
        for index, held in mine["state"].items():
            for name, tensor in held.items():
                torch.testing.assert_close(tensor, theirs["state"][index][name], **tolerance)


def test_two_processes_make_the_step_of_one(two, alone):
    expected = alone[1]
    found = [torch.load(two / f"step-{rank}.pt", weights_only=True) for rank in (0, 1)]
    for each in found:
        assert each["row"]["loss"] == pytest.approx(expected["row"]["loss"], rel=1e-5)
        assert each["row"]["grad_norm"] == pytest.approx(expected["row"]["grad_norm"], rel=1e-4)
        assert each["row"]["samples"] == 4
        for name, gradient in expected["gradients"].items():
            torch.testing.assert_close(each["gradients"][name], gradient, rtol=1e-3, atol=1e-6)
    same(found[0]["state"], found[1]["state"], rtol=0, atol=0)
    lr = expected["row"]["lr"]
    for part in ("model", "ema"):
        for name, tensor in expected["state"][part].items():
            # AdamW's first step is the gradient's sign, which rounding decides where there is no gradient.
            firm = expected["gradients"][name].abs() > 1e-5
            torch.testing.assert_close(found[0]["state"][part][name][firm], tensor[firm], rtol=0, atol=0.02 * lr)


def test_a_loss_that_one_of_them_does_not_have_changes_nothing_in_both(two):
    for rank in (0, 1):
        before, after = (torch.load(two / f"{name}-{rank}.pt", weights_only=True) for name in ("step", "spike"))
        assert after["row"]["skipped"]
        same(before["state"], after["state"], rtol=0, atol=0)


def test_each_process_keeps_about_half(two, alone):
    found = [torch.load(two / f"step-{rank}.pt", weights_only=True)["kept"] for rank in (0, 1)]
    weights = sum(t.numel() for t in alone[1]["state"]["model"].values())
    moments = [t for o in alone[1]["state"]["optimizers"] for held in o["state"].values() for t in held.values()]
    totals = {"weights": weights, "ema": weights, "moments": sum(t.numel() for t in moments if t.ndim)}
    for name, total in totals.items():
        first, second = (kept[name] for kept in found)
        assert first + second == total
        assert max(first, second) < 0.51 * total


def test_a_killed_run_is_the_run_that_was_not(two):
    assert [json.loads((two / f"killed-{rank}.json").read_text()) for rank in (0, 1)] == [1, 1]
    one, other = (RunFolder(two / name) for name in ("unkilled", "killed"))
    losses = [[(r["step"], r["loss"]) for r in read_curve(files.curve) if "loss" in r] for files in (one, other)]
    assert [step for step, _ in losses[0]] == list(range(1, STEPS + 1))
    assert losses[0] == losses[1], "every digit"
    same(load_state(one.state), load_state(other.state), rtol=0, atol=0)


def test_the_files_are_those_of_one_process(two, alone):
    files, single = RunFolder(two / "unkilled"), RunFolder(alone[0])
    model, state = load_model(files.model), load_state(files.state)
    for name, tensor in (state["ema"] | state["frozen"]).items():
        torch.testing.assert_close(model.state_dict()[name], tensor.half().float(), rtol=0, atol=0)
    assert read_metadata(files.model)["training"]["samples"] == 4 * STEPS
    assert {n: t.shape for n, t in load_model(single.model).state_dict().items()} == {
        n: t.shape for n, t in model.state_dict().items()
    }
    for one, other in zip(load_weights(files.weights)[:2], load_weights(single.weights)[:2], strict=True):
        assert {n: t.shape for n, t in one.items()} == {n: t.shape for n, t in other.items()}
    checks = [row for row in read_curve(files.curve) if "val_absrel" in row]
    assert checks, "held-out samples are lifted with the gathered averages"
    assert list(files.samples.glob("*.png"))


def test_a_run_goes_on_with_another_number_of_processes(two, alone, shards, encoder, tmp_path):
    # From one to two processes: they saved what they had read.
    same(*(load_state(RunFolder(folder).state) for folder in (alone[0], two / "passed-on")), rtol=0, atol=0)
    # From two to one.
    shutil.copytree(two / "unkilled", tmp_path / "run")
    trainer = Trainer(plan(), options(shards, encoder, tmp_path / "run"))
    same(trainer.learned.state(keep=True), load_state(RunFolder(two / "unkilled").state), rtol=0, atol=0)
    row = trainer.step([trainer.feed.next() for _ in range(2)])
    assert (row["step"], row["skipped"]) == (STEPS + 1, False)


def test_the_other_version_is_refused(monkeypatch):
    assert not sharding_wanted()
    monkeypatch.setenv("LOCAL_RANK", "1")
    monkeypatch.setenv("ACCELERATE_USE_FSDP", "true")
    with pytest.raises(WtError, match="--fsdp_version 2"):
        sharding_wanted()
    monkeypatch.setenv("FSDP_VERSION", "2")
    assert sharding_wanted()
