"""The recipes' numbers, and every one of them, shrunk, through a real step; the ablations, and the files they leave."""

import re
from dataclasses import replace

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from wt.cli import train as command
from wt.errors import WtError
from wt.model.checkpoint import load_model, read_metadata
from wt.model.vit import DinoV2
from wt.training.checkpointing import trainable
from wt.training.plots import plot_schedules
from wt.training.recipes import ABLATIONS, RECIPES, recipe, shrunk
from wt.training.run_files import RunFolder, load_encoder, load_state
from wt.training.trainer import RunOptions, Trainer, train


def small(name, **numbers):
    return replace(shrunk(recipe(name, ablate=numbers.pop("ablate", None))), held_out=0, **numbers)


def options(data, out, **more):
    return RunOptions(**{"data": data, "out": out, "hours": 100.0, "threads": 1, **more})


def test_the_papers_numbers():
    for name in ("paper_object", "paper_scene", "paper_dynamic"):
        paper = recipe(name)
        assert (paper.lr, paper.min_lr, paper.warmup_steps, paper.weight_decay) == (1e-4, 1e-5, 2000, 0.01)
        assert (paper.betas, paper.clip, paper.ema_decay, paper.spike) == ((0.9, 0.999), 1.0, 0.9995, 4.0)
        assert (paper.mono_weight, paper.precision, paper.optimizer) == (0.1, "bf16", "adamw")
        assert paper.gradient_checkpointing
        assert paper.batch * paper.accumulation * 64 == 512
        assert paper.config.width == 1536
        assert paper.schedule.layer_aware_until > 0
    assert [recipe("paper_object").side(share) for share in (0.0, 0.49, 0.5, 1.0)] == [196, 196, 504, 504]
    assert recipe("paper_dynamic").kind == "clip"


def test_mini_recipes_keep_the_numbers_that_were_measured():
    for name in ("mini_scene", "mini_object"):
        made = recipe(name)
        assert (made.optimizer, made.lr, made.batch, made.config.image_side) == ("muon", 1e-3, 8, 168)
        assert [made.side(share) for share in (0.0, 0.59, 0.6, 1.0)] == [84, 84, 168, 168]
        assert [recipe(name, side).side(0.0) for side in (56, 84, 112)] == [56, 84, 84]
        assert made.accumulation == 1
        assert (made.schedule.shared.atom, made.schedule.shared.shift) == (0.6, 12.0)


@pytest.mark.parametrize("name", RECIPES)
def test_every_recipe_takes_a_real_step(name, shards, tmp_path, encoder):
    trainer = Trainer(small(name), options(shards, tmp_path, max_steps=2, encoder=encoder))
    before = {n: p.detach().clone() for n, p in trainable(trainer.model).items()}
    frozen = {n: t.clone() for n, t in trainer.learned.frozen().items()}
    row = trainer.step([trainer.feed.next() for _ in range(trainer.recipe.accumulation)])
    assert row["loss"] > 0
    assert not row["skipped"]
    assert any(not torch.equal(p.detach(), before[n]) for n, p in trainable(trainer.model).items())
    assert all(torch.equal(t, frozen[n]) for n, t in trainer.learned.frozen().items())
    assert trainer.model.decoder.checkpointing == name.startswith("paper")
    if name.startswith("paper"):
        assert "image_proj.weight" in before, "the paper trains the projection after the frozen encoder"
        assert trainer.accelerator.mixed_precision == "bf16"


def test_a_shrunk_paper_run_goes_through_both_stages_and_resumes(shards, tmp_path, encoder):
    paper = small("paper_object")
    trainer = Trainer(paper, options(shards, tmp_path, max_steps=4, encoder=encoder))
    step, sides = trainer.step, []

    def seen(batches):
        sides.append([batch.x0.shape[2] for batch in batches])
        return step(batches)

    trainer.step = seen
    record = trainer.run()
    assert sides == [[28, 28], [28, 28], [42, 42], [42, 42]]
    assert record["samples"] == 4 * 2 * 2
    files = RunFolder(tmp_path)
    assert load_model(files.model).config.image_side == 42
    # The frozen encoder is in the files: neither the run nor another that starts from it asks for it again.
    again = Trainer(paper, options(shards, tmp_path, max_steps=4))
    kept = load_state(files.state)["frozen"]
    for name, tensor in again.learned.frozen().items():
        assert torch.equal(tensor, kept[name])
    other = Trainer(paper, options(shards, tmp_path / "other", resume=files.weights))
    torch.testing.assert_close(other.model.encoder.pos_embed, again.model.encoder.pos_embed, rtol=1e-3, atol=1e-3)
    assert other.config.mean == pytest.approx(again.config.mean), "weights are continued in the coordinates they speak"


def test_a_paper_recipe_asks_for_its_encoder(shards, tmp_path):
    with pytest.raises(WtError, match="--encoder FILE"):
        Trainer(small("paper_object"), options(shards, tmp_path))


def test_another_vit_is_refused(tmp_path, encoder):
    vit = DinoV2(small("paper_object").config.encoder)
    load_encoder(vit, encoder)
    assert vit.cls_token.abs().max() > 0
    save_file({"head.weight": torch.ones(2)}, tmp_path / "none.safetensors")
    save_file({"cls_token": torch.ones(1, 1, 7)}, tmp_path / "other.safetensors")
    for name, words in (("none", "holds no such encoder"), ("other", "another shape"), ("gone", "no file")):
        with pytest.raises(WtError, match=words):
            load_encoder(vit, tmp_path / f"{name}.safetensors")


@pytest.mark.parametrize("name", ABLATIONS)
def test_every_ablation_takes_a_step_and_its_model_loads_again(name, shards, tmp_path):
    record = train(small("mini_scene", ablate=name), options(shards, tmp_path, max_steps=1))
    path = RunFolder(tmp_path).model
    model = load_model(path)
    assert record["steps"] == 1
    assert read_metadata(path)["config"] == model.config
    assert model.config.name == f"wt-s-mini-{name.replace('=', '-')}"
    told = {
        "per-layer-mask": model.config.layer_mask and model.out_mask is not None,
        "no-ray": not model.config.ray_attention,
        "no-layerscale": model.decoder.blocks[0].ls1 is None,
        "layerscale=1e-4": model.config.layerscale_init == 1e-4,
        "no-refinement": model.refine is None,
        "no-neck": model.config.encoder.kind == "efficientnet_lite2",
        "huber=0.1": recipe("mini_scene", ablate=name).huber == 0.1,
    }
    assert told.get(name, model.config.sampling_shift == 1.0)
    noise = torch.randn(1, 6, 42, 42, 3)
    tokens = model.condition(torch.randn(1, 9, 520))
    assert model(noise, torch.ones(1), tokens, torch.rand(1, 3, 42, 42)).isfinite().all()


def test_rgbd_frames_supervise_their_visible_layer(shards, tmp_path):
    from PIL import Image

    folder = tmp_path / "frames"
    for part in ("rgb", "depth"):
        (folder / part).mkdir(parents=True)
    rng = np.random.default_rng(0)
    for i in range(3):
        Image.fromarray(rng.integers(0, 256, (48, 64, 3), dtype=np.uint8)).save(folder / f"rgb/{i}.png")
        Image.fromarray(rng.integers(800, 4000, (48, 64)).astype(np.uint16)).save(folder / f"depth/{i}.png")
    (folder / "intrinsics.txt").write_text("60 60 32 24")
    given = options(shards, tmp_path / "run", rgbd=(folder,), max_steps=1)
    trainer = Trainer(small("mini_scene", batch=16), given)
    batch = trainer.feed.next()
    assert 0 < int(batch.single.sum()) < 16
    assert not trainer.step([batch])["skipped"]
    assert trainer.metadata()["data"].endswith("and 3 RGB-D frames")


def test_the_command_line_names_them_all():
    assert re.split(r"[,;] ", command.RECIPES) == list(RECIPES)
    assert command.ABLATIONS.split(", ") == list(ABLATIONS)


def test_names_that_do_not_exist():
    with pytest.raises(WtError, match="no training recipe"):
        recipe("huge")
    with pytest.raises(WtError, match="no ablation"):
        recipe("mini_scene", ablate="no-loss")


def test_the_schedules_are_drawn(tmp_path):
    plot_schedules(tmp_path / "times.png")
    assert (tmp_path / "times.png").stat().st_size > 10_000
