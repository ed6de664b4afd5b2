"""Accumulation, gradient checkpointing and the mask of layers: each against the plain computation of the same thing."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from wt.flow.loss import endpoint_loss, mask_loss, real_layers
from wt.model.wt_dit import WTDiT, forward_fill
from wt.training import trainer as trainer_module
from wt.training.dataset import Batch
from wt.training.feed import collated, cut
from wt.training.objective import Draws, Objective, draw
from wt.training.recipes import recipe, shrunk
from wt.training.trainer import RunOptions, Trainer


def small(name, **numbers):
    """In float32: what is compared here is equal to its last digits only."""
    made = shrunk(recipe(name))
    return replace(made, **{"config": made.config.at_side(28), "held_out": 0, "precision": "no", **numbers})


def trainer_of(plan, shards, out):
    return Trainer(plan, RunOptions(data=shards, out=out, hours=100.0, threads=1))


def whole(batches):
    return Batch(**{name: torch.cat([vars(b)[name] for b in batches]) for name in vars(batches[0])})


def gradients(model):
    return {name: p.grad.clone() for name, p in model.named_parameters() if p.grad is not None}


def test_batches_that_count_as_one_step_are_one_batch(shards, tmp_path, monkeypatch):
    """Objects fill different shares of their pictures, so a plain mean of means would be off."""
    parts = trainer_of(small("mini_object", batch=1, accumulation=3), shards, tmp_path / "parts")
    batches = [parts.feed.next() for _ in range(3)]
    # Far from equal, and one sample supervises its visible layer only.
    batches[0] = replace(batches[0], weight=batches[0].weight * (torch.arange(28) < 12))
    batches[1] = replace(batches[1], single=torch.tensor([True]))
    drawn = draw(parts.recipe.schedule, whole(batches), 6, 0.0, torch.Generator().manual_seed(1), parts.noise)
    chunks = iter([Draws(*(vars(drawn)[n][i : i + 1] for n in ("t", "noise", "fill"))) for i in range(3)])
    monkeypatch.setattr(trainer_module, "draw", lambda *_: next(chunks))
    row = parts.step(batches)
    monkeypatch.setattr(trainer_module, "draw", lambda *_: drawn)
    # Built only now: Accelerate shares the number of batches a step between all that lives in a process.
    at_once = trainer_of(small("mini_object", batch=3), shards, tmp_path / "whole")
    expected = at_once.step([whole(batches)])
    assert row["loss"] == pytest.approx(expected["loss"], rel=1e-5)
    assert row["samples"] == expected["samples"] == 3
    found = gradients(parts.model)
    for name, gradient in gradients(at_once.model).items():
        torch.testing.assert_close(found[name], gradient, rtol=1e-3, atol=1e-6)


@pytest.mark.parametrize("name", ["mini_scene", "mini_dynamic"])
def test_checkpointing_changes_neither_loss_nor_gradient(name, shards, tmp_path):
    trainer = trainer_of(small(name, batch=1), shards, tmp_path)
    batch = trainer.feed.next()
    features = trainer.model.encode(batch.photo)
    drawn = draw(trainer.recipe.schedule, batch, 6, 0.0, trainer.times, trainer.noise)
    found = []
    for on in (False, True):
        trainer.model.checkpoint_blocks(on)
        trainer.model.zero_grad()
        loss, _ = trainer.objective(batch, drawn, features, torch.ones(3))
        loss.backward()
        found.append((loss.detach(), gradients(trainer.model)))
    (plain, plain_gradients), (again, again_gradients) = found
    assert torch.equal(plain, again)
    assert len(plain_gradients) > 50
    for parameter, gradient in plain_gradients.items():
        assert torch.equal(gradient, again_gradients[parameter]), parameter


def test_checkpointing_keeps_fewer_activations():
    torch.manual_seed(0)
    model = WTDiT(replace(small("mini_scene").config, refine_channels=0))  # of the blocks alone
    kept = []

    def count(tensor):
        kept[-1] += tensor.numel()
        return tensor

    for on in (False, True):
        model.checkpoint_blocks(on)
        kept.append(0)
        with torch.autograd.graph.saved_tensors_hooks(count, lambda tensor: tensor):
            model(torch.randn(1, 6, 28, 28, 3), torch.ones(1), torch.randn(1, 6, 4, 16), torch.rand(1, 3, 28, 28))
    assert kept[1] < 0.5 * kept[0]


def test_where_layers_have_surfaces_of_their_own():
    rng = np.random.default_rng(0)
    real = np.cumprod(rng.random((2, 6, 5, 4)) < 0.7, axis=1).astype(bool)
    real[:, 0] = True
    points = torch.from_numpy(rng.normal(size=(2, 6, 5, 4, 3)).astype(np.float32))
    filled = forward_fill(points, torch.from_numpy(real), 6)
    for b, layer, y, x in np.ndindex(2, 6, 5, 4):
        source = max(k for k in range(layer + 1) if real[b, k, y, x])
        assert torch.equal(filled[b, layer, y, x], points[b, source, y, x])
    assert torch.equal(real_layers(filled), torch.from_numpy(real))


def test_the_loss_on_real_surfaces_and_its_mask():
    rng = np.random.default_rng(1)
    predicted, target = (torch.from_numpy(rng.normal(size=(2, 3, 4, 4, 3))) for _ in range(2))
    logits = torch.from_numpy(rng.normal(size=(2, 3, 4, 4)))
    real = torch.from_numpy(rng.random((2, 3, 4, 4)) < 0.6)
    weight = torch.from_numpy(rng.choice([0, 0.3, 1], (2, 4, 4)))
    single = torch.tensor([False, True])
    total = count = cross = rays = 0.0
    for b, layer, y, x in np.ndindex(2, 3, 4, 4):
        a = float(weight[b, y, x]) * (layer == 0 or not single[b])
        p = 1 / (1 + np.exp(-float(logits[b, layer, y, x])))
        cross -= a * np.log(p if real[b, layer, y, x] else 1 - p)
        rays += a
        if real[b, layer, y, x]:
            total += a * float(((predicted - target)[b, layer, y, x] ** 2).mean())
            count += a
    assert float(endpoint_loss(predicted, target, weight, single, real).total) == pytest.approx(total / count)
    assert float(mask_loss(logits, real, weight, single)) == pytest.approx(cross / rays)


def test_a_mask_of_layers_fills_what_it_takes_away():
    torch.manual_seed(0)
    config = recipe("mini_scene", ablate="per-layer-mask").config
    model = WTDiT(replace(shrunk(recipe("mini_scene")).config, layer_mask=True, image_side=28)).eval()
    assert config.layer_mask
    x_t, tokens, rgb = torch.randn(1, 6, 28, 28, 3), torch.randn(1, 6, 4, 16), torch.rand(1, 3, 28, 28)
    with torch.no_grad():
        x_0, surface = model.endpoint(x_t, torch.ones(1), tokens, rgb)
        filled = model(x_t, torch.ones(1), tokens, rgb)
    gone = surface[:, 3] <= 0
    assert gone.any()
    assert torch.equal(filled[:, 3][gone], filled[:, 2][gone])
    assert torch.equal(filled[:, 3][~gone], x_0[:, 3][~gone])


def test_workers_make_the_same_batches(shards, tmp_path):
    plan = small("mini_object", batch=2)
    alone = trainer_of(plan, shards, tmp_path / "alone")
    helped = Trainer(plan, RunOptions(data=shards, out=tmp_path / "helped", hours=100.0, threads=1, workers=1))
    for _ in range(3):
        one, two = alone.feed.next(), helped.feed.next()
        for name, tensor in vars(one).items():
            assert torch.equal(tensor, vars(two)[name]), name
        assert alone.feed.state() == helped.feed.state(), "what is made ahead is not yet done"


def test_long_clips_are_cut(shards, tmp_path):
    trainer = trainer_of(small("mini_dynamic"), shards, tmp_path)
    clip = trainer.feed.stream.read(0)
    assert len(clip.rgb) == 4
    assert np.array_equal(cut(clip, 3, None).depth, clip.depth[:3])
    starts = {int(cut(clip, 2, np.random.default_rng(s)).rgb[0].sum()) for s in range(12)}
    assert starts == {int(clip.rgb[n].sum()) for n in range(3)}
    batch = collated([clip], trainer.sampling, 2, np.random.default_rng(0))
    assert batch.x0.shape == (1, 2 * 6, 28, 28, 3)
    assert isinstance(trainer.objective, Objective)
