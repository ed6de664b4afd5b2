"""The trainer on a tiny network: it learns, it is exact, and it survives a kill -9."""

import json
import math
import os
import signal
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

sys.path.insert(0, str(Path(__file__).parent))
from tiny_shards import ball_and_wall, write_shards

from wt.errors import WtError
from wt.model.checkpoint import load_model, read_data, read_metadata
from wt.model.config import EncoderConfig
from wt.model.eight_bits import pack
from wt.model.encoder import NeckedEncoder
from wt.training.checkpointing import trainable
from wt.training.dataset import MEAN_DEPTH
from wt.training.held_out import held_out_sources
from wt.training.optim import learning_rate
from wt.training.recipes import Recipe, recipe, shrunk
from wt.training.run_files import RunFolder, atomically, load_state, load_weights, read_curve, trim_curve
from wt.training.trainer import RunOptions, Trainer, train


def tiny(kind="scene", **numbers):
    small = shrunk(recipe(f"mini_{kind}"))
    return replace(small, config=small.config.at_side(28), batch=4, lr=3e-3, **numbers)


def held_out(folder, kind="scene"):
    """Held-out samples without the renderer, where the trainer looks for them."""
    from safetensors.numpy import save_file

    made = [ball_and_wall(np.random.default_rng(900 + i), 192, kind) for i in range(2)]
    tensors = {name: np.stack([m[key] for m in made]) for name, key in (("rgb", "rgb"), ("depth", "depth"), ("k", "K"))}
    atomically(folder / "held-out.safetensors", lambda to: save_file(tensors, to))


def options(data, out, **more):
    return RunOptions(**{"data": data, "out": out, "hours": 1.0, "threads": 1, **more})


@pytest.fixture
def out(tmp_path):
    held_out(tmp_path / "run")
    return tmp_path / "run"


@pytest.mark.parametrize("kind", ["scene", "object"])
def test_a_short_run_learns_and_leaves_every_file(shards, tmp_path, kind):
    out = tmp_path / "run"
    held_out(out, kind)
    record = train(tiny(kind), options(shards, out, max_steps=40))
    files = RunFolder(out)
    rows = [row for row in read_curve(files.curve) if "loss" in row]
    assert [row["step"] for row in rows] == list(range(1, 41))
    assert np.mean([r["loss"] for r in rows[-10:]]) < 0.8 * np.mean([r["loss"] for r in rows[:5]])
    assert record["steps"] == 40
    assert record["samples"] == 160
    for name in ("data", "seconds", "device", "commit", "history"):
        assert record[name] is not None
    model = load_model(files.model)
    assert model.config.kind == kind
    assert read_metadata(files.model)["training"] == record
    raw, averaged, progress = load_weights(files.weights)
    assert progress.step == 40
    assert set(raw) == set(averaged)
    for name, tensor in model.state_dict().items():
        torch.testing.assert_close(tensor, averaged[name], rtol=0, atol=0)
    checks = [row for row in read_curve(files.curve) if "val_absrel" in row]
    assert checks
    assert math.isfinite(checks[-1]["val_absrel"])
    mean = read_data(files.model)[MEAN_DEPTH]
    assert mean.shape == (6, 28, 28)
    if kind == "object":
        assert model.config.mean != recipe("mini_object").config.mean, "its data's, not the published ones"


def test_a_stopped_run_continues_as_if_it_had_not_stopped(shards, tmp_path):
    """Eight steps at once, and five then three, give the same weights bit for bit."""
    for name in ("whole", "parts"):
        held_out(tmp_path / name)
    train(tiny(), options(shards, tmp_path / "whole", max_steps=8))
    # The learning rate follows the planned length, so the stop comes from outside, as SIGTERM's does.
    trainer = Trainer(tiny(), options(shards, tmp_path / "parts", max_steps=8))
    step = trainer.step

    def five(batches):
        row = step(batches)
        trainer.stopping = trainer.progress.step == 5
        return row

    trainer.step = five
    trainer.run()
    assert load_state(RunFolder(tmp_path / "parts").state)["progress"]["step"] == 5
    train(tiny(), options(shards, tmp_path / "parts", max_steps=8))
    whole, parts = (load_state(RunFolder(tmp_path / name).state) for name in ("whole", "parts"))
    for name, tensor in whole["model"].items():
        assert torch.equal(tensor, parts["model"][name]), name
    for name, tensor in whole["ema"].items():
        assert torch.equal(tensor, parts["ema"][name]), name


def test_sigterm_saves_before_it_stops(shards, out):
    trainer = Trainer(tiny(), options(shards, out, max_steps=1000))
    step = trainer.step

    def terminated(batches):
        if trainer.progress.step == 2:
            os.kill(os.getpid(), signal.SIGTERM)
        return step(batches)

    trainer.step = terminated
    before = signal.getsignal(signal.SIGTERM)
    record = trainer.run()
    assert record["steps"] == 3
    assert load_state(RunFolder(out).state)["progress"]["step"] == 3
    assert signal.getsignal(signal.SIGTERM) == before


def test_hours_on_different_machines_add_up(shards, tmp_path):
    for name in ("one", "two", "three"):
        held_out(tmp_path / name)
    train(tiny(), options(shards, tmp_path / "one", max_steps=3))
    weights = RunFolder(tmp_path / "one").weights
    wider = replace(tiny(), config=tiny().config.at_side(42), first_side=None)
    trainer = Trainer(wider, options(shards, tmp_path / "two", max_steps=2, resume=weights))
    raw, averaged, _ = load_weights(weights)
    for name, p in trainable(trainer.model).items():
        assert torch.equal(p.detach(), raw[name])
        assert torch.equal(trainer.ema.weights[name], averaged[name])
    record = trainer.run()
    assert record["samples"] == 4 * 5
    assert record["steps"] == 5
    assert [run["image_side"] for run in record["history"]] == [28, 42]
    record = train(tiny(), options(shards, tmp_path / "three", max_steps=1, resume=RunFolder(tmp_path / "two").model))
    assert record["samples"] == 4 * 6, "a model file can be trained on, too"


def test_a_network_that_gets_a_neck_says_at_first_what_it_said_without(shards, tmp_path):
    for name in ("one", "two"):
        held_out(tmp_path / name)
    train(tiny(), options(shards, tmp_path / "one", max_steps=2))
    before = load_model(RunFolder(tmp_path / "one").model)
    neck = EncoderConfig(kind="necked_lite2", channels=520 + 8, side=64, width=16, depth=1, heads=2)
    save_file(pack(NeckedEncoder(neck).state_dict()), tmp_path / "neck.safetensors")
    necked = tiny()
    necked = replace(necked, config=replace(necked.config, encoder=neck))
    more = {"resume": RunFolder(tmp_path / "one").weights, "encoder": tmp_path / "neck.safetensors"}
    trainer = Trainer(necked, options(shards, tmp_path / "two", max_steps=1, **more))
    after = trainer.learned.averaged(trainer.config, keep=True)
    photo = torch.rand(1, 3, 64, 64)
    said = [m.image_proj(m.encoder.features(photo, (2, 2))) for m in (before, after)]
    # The model file holds halves.
    torch.testing.assert_close(said[1], said[0], rtol=1e-2, atol=1e-2)
    assert trainer.run()["samples"] == 4 * 3


def test_weights_of_another_network_are_refused(shards, tmp_path):
    for name in ("one", "two"):
        held_out(tmp_path / name)
    train(tiny(), options(shards, tmp_path / "one", max_steps=1))
    other = tiny()
    other = replace(other, config=replace(other.config, width=64))
    with pytest.raises(WtError, match="in the weights to continue from"):
        Trainer(other, options(shards, tmp_path / "two", resume=RunFolder(tmp_path / "one").weights))


def test_a_spike_and_a_nan_change_nothing(shards, out):
    trainer = Trainer(tiny(), options(shards, out))
    real = trainer.loss
    batch = trainer.feed.next()
    trainer.step([batch])
    before = {name: p.detach().clone() for name, p in trainable(trainer.model).items()}
    for factor in (math.nan, math.inf):
        trainer.loss = lambda *given, k=factor: (real(*given)[0] * k, {})
        assert trainer.step([batch])["skipped"]
    trainer.progress.step = trainer.recipe.warmup_steps + 1
    trainer.loss = lambda *given: (real(*given)[0] * 100, {})
    assert trainer.step([batch])["skipped"]
    for name, p in trainable(trainer.model).items():
        assert torch.equal(p, before[name])
    assert math.isfinite(trainer.progress.running_loss)
    trainer.loss = real
    assert not trainer.step([batch])["skipped"]


def test_shards_may_appear_during_a_run(tmp_path, out):
    data = tmp_path / "data"
    write_shards(data, "scene", shards=1, count=4)
    trainer = Trainer(replace(tiny(), refresh_steps=1), options(data, out, max_steps=3))
    assert trainer.feed.stream.known == 4
    write_shards(data, "scene", shards=1, count=4, first=1)
    trainer.run()
    assert trainer.feed.stream.known == 8


def test_the_learning_rate_warms_up_and_decays():
    plan = Recipe(config=tiny().config, lr=1.0, min_lr=0.1, warmup_steps=10)
    assert learning_rate(plan, 0, 0.0) == pytest.approx(0.1)
    assert learning_rate(plan, 9, 0.0) == pytest.approx(1.0)
    assert learning_rate(plan, 500, 0.5) == pytest.approx(0.55)
    assert learning_rate(plan, 500, 1.0) == pytest.approx(0.1)


def test_half_a_line_at_the_end_of_the_log_is_ignored(tmp_path):
    (tmp_path / "curve.jsonl").write_text(json.dumps({"step": 1}) + '\n{"step": 2, "lo')
    assert read_curve(tmp_path / "curve.jsonl") == [{"step": 1}]


def test_what_a_kill_left_after_the_save_is_taken_out(tmp_path):
    rows = [{"step": n, "loss": 0.5} for n in range(1, 6)]
    (tmp_path / "curve.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows) + '{"step": 6, "lo')
    trim_curve(tmp_path / "curve.jsonl", 3)
    assert read_curve(tmp_path / "curve.jsonl") == rows[:3]


def test_held_out_samples_are_read_from_their_file(out):
    assert len(held_out_sources(out / "held-out.safetensors", "scene", 2)) == 2


def test_plain_sentences(shards, tmp_path):
    with pytest.raises(WtError, match="--hours must be positive"):
        train(tiny(), options(shards, tmp_path, hours=0.0))
    with pytest.raises(WtError, match="no training recipe"):
        recipe("huge")
    with pytest.raises(WtError, match="data generate"):
        Trainer(tiny(), options(tmp_path / "nothing", tmp_path / "run"))
