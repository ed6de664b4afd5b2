"""The neck's own training: it learns, it goes on after a kill, and its file serves WT-DiT."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from wt.errors import WtError
from wt.training.dataset import Batch
from wt.training.neck import Encoded, NeckTrainer, Pool, encoded
from wt.training.recipes import RunOptions, recipe
from wt.training.run_files import RunFolder, load_encoder, load_state, read_curve
from wt.training.trainer import Trainer, train


def options(shards, out, **changes):
    given = {"hours": 100.0, "max_steps": 3, "threads": 1}
    return RunOptions(data=shards, out=out, **{**given, **changes})


def trainer(shards, out, kind="object", **changes):
    made = NeckTrainer(kind, options(shards, out, **changes), batch=8)
    made.recipe = replace(made.recipe, held_out=0)
    return made


def samples(values):
    values = torch.as_tensor(values, dtype=torch.float32)
    return Encoded(values[:, None, None, None], values[:, None, None, None], values[:, None, None])


def test_the_pool_writes_over_the_oldest():
    pool = Pool(samples([0]), 4)
    for first in (0, 3):
        pool.put(samples(range(first, first + 3)))
    assert pool.filled == 4
    assert sorted(pool.kept[0].flatten().tolist()) == [2, 3, 4, 5]
    drawn = pool.draw(64, torch.Generator().manual_seed(0))
    assert drawn.seen.dtype == torch.float32
    assert set(drawn.x0.flatten().tolist()) == {2, 3, 4, 5}
    assert torch.equal(drawn.seen.flatten(), drawn.weight.flatten())


def test_a_cell_is_the_mean_of_its_valid_pixels():
    rng = np.random.default_rng(0)
    x0 = torch.from_numpy(rng.normal(size=(1, 6, 84, 84, 3))).float()
    weight = torch.from_numpy(rng.random((1, 84, 84)) * (rng.random((1, 84, 84)) < 0.5)).float()
    weight[:, :6, :6] = 0
    photo = torch.rand(1, 3, 224, 224)
    found = encoded(Batch(photo, torch.rand(1, 3, 84, 84), x0, weight, torch.tensor([False]), torch.ones(1)))
    assert found.x0.shape == (1, 18, 14, 14)
    w = weight[0, 12:18, 30:36].double()
    expected = (x0[0, 3, 12:18, 30:36, 1].double() * w).sum() / w.sum()
    assert found.x0[0, 3 * 3 + 1, 2, 5].item() == pytest.approx(expected.item(), rel=1e-5)
    assert found.weight[0, 2, 5].item() == pytest.approx(w.mean().item(), rel=1e-5)
    assert found.weight[0, 0, 0] == 0
    assert found.x0[0, :, 0, 0].abs().max() == 0


def test_it_learns_its_samples(shards, tmp_path):
    made = trainer(shards, tmp_path, max_steps=18)
    made.run()
    rows = read_curve(RunFolder(tmp_path).curve)
    first = NeckTrainer("object", options(shards, tmp_path / "fresh"), batch=8)
    with torch.no_grad():
        drawn = made.pool.draw(16, torch.Generator().manual_seed(1))
        assert made.loss(drawn)[0] < 0.6 * first.loss(drawn)[0]
    assert rows[-1]["samples"] == 18 * 8
    assert rows[-1]["lr"] < made.lr / 10


def test_a_killed_run_goes_on_where_it_was(shards, tmp_path):
    trainer(shards, tmp_path).run()
    before = {k: v.clone() for k, v in load_state(RunFolder(tmp_path).state)["weights"].items()}
    again = trainer(shards, tmp_path, max_steps=4)
    assert again.step == 3
    for name, tensor in again.both.state_dict().items():
        assert torch.equal(tensor, before[name])
    assert again.run()["samples"] == 4 * 8


@pytest.mark.parametrize("halfway_is_better", [True, False])
def test_a_resumed_run_ends_halfway_if_held_out_samples_prefer_it(shards, tmp_path, monkeypatch, halfway_is_better):
    trainer(shards, tmp_path / "first", max_steps=1).run()
    made = trainer(shards, tmp_path / "second", max_steps=2, resume=RunFolder(tmp_path / "first").neck)
    made.recipe = replace(made.recipe, held_out=1)
    began = made.answer.weight.detach().clone()
    ended = []

    def check():
        ended.append(made.answer.weight.detach().clone())
        return {"val_loss": 1.0 - len(ended) if halfway_is_better else float(len(ended))}

    monkeypatch.setattr(made, "check", check)
    made.run()
    assert not torch.equal(ended[0], began)
    torch.testing.assert_close(ended[-1], (began + ended[0]) / 2)
    assert torch.equal(made.answer.weight, ended[-1] if halfway_is_better else ended[0])
    assert ("averaged_with_start" in read_curve(RunFolder(tmp_path / "second").curve)[-1]) == halfway_is_better


def test_scenes_have_one_too(shards, tmp_path):
    record = trainer(shards, tmp_path, "scene").run()
    assert record["recipe"] == "neck_scene"
    assert read_curve(RunFolder(tmp_path).curve)[-1]["loss"] > 0


def test_its_file_serves_wt_dit_and_another_run(shards, tmp_path):
    made = trainer(shards, tmp_path)
    record = made.run()
    assert record["recipe"] == "neck_object"
    file = RunFolder(tmp_path).neck
    plan = replace(recipe("mini_object", 28), batch=2, held_out=0)
    run = Trainer(plan, options(shards, tmp_path / "run", max_steps=1, encoder=file))
    own = made.neck.state_dict()
    for name, tensor in run.model.encoder.neck.state_dict().items():
        torch.testing.assert_close(tensor, own[name], atol=1e-3, rtol=1e-3)
    other = trainer(shards, tmp_path / "other", resume=file)
    torch.testing.assert_close(other.answer.weight, made.answer.weight, atol=1e-3, rtol=1e-3)


def test_a_neck_that_is_named_takes_the_place_of_the_one_in_the_weights(shards, tmp_path):
    for seed in (0, 1):
        trainer(shards, tmp_path / f"neck{seed}", max_steps=1, seed=seed).run()
    first, second = (RunFolder(tmp_path / f"neck{seed}").neck for seed in (0, 1))
    assert not torch.equal(*(load_file(file)["neck.positions"] for file in (first, second)))
    plan = replace(recipe("mini_object", 28), batch=1, held_out=0)
    train(plan, options(shards, tmp_path / "run", max_steps=1, encoder=first))
    weights = RunFolder(tmp_path / "run").weights
    for given, expected in ((None, first), (second, second)):
        run = Trainer(plan, options(shards, tmp_path / f"then-{expected.parent.name}", resume=weights, encoder=given))
        found = run.model.encoder.neck.state_dict()["positions"]
        torch.testing.assert_close(found, load_file(expected)["neck.positions"].float(), atol=0, rtol=0)


def test_a_file_without_a_neck_is_refused(shards, tmp_path, encoder):
    with pytest.raises(WtError, match="holds no such encoder"):
        trainer(shards, tmp_path, resume=encoder)
    with pytest.raises(WtError, match="no file"):
        load_encoder(trainer(shards, tmp_path / "b").both, tmp_path / "gone.safetensors")
