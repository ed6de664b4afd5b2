"""WT-D from WT-O: one frame gives the still model's answer bit for bit, and clips train from there."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from wt.model.checkpoint import load_model
from wt.model.config import published
from wt.model.temporal import LAYERSCALE, TOKEN_STD, mean_block, temporal_block
from wt.model.wt_dit import WTDiT
from wt.training.recipes import recipe, shrunk
from wt.training.run_files import RunFolder
from wt.training.trainer import RunOptions, Trainer, train

OBJECT = Path(__file__).resolve().parents[2] / "assets" / "weights" / "wt-o-mini.safetensors"


@pytest.fixture
def dynamic(shards, tmp_path):
    plan = replace(recipe("mini_dynamic", 28), frames=2, held_out=0)
    return Trainer(plan, RunOptions(data=shards, out=tmp_path, hours=100.0, threads=1, resume=OBJECT))


@torch.no_grad()
def test_one_frame_is_the_still_model_bit_for_bit(dynamic):
    still = load_model(OBJECT)
    assert dynamic.config.kind == "dynamic"
    assert dynamic.config.mean == still.config.mean, "the coordinates come with the weights"
    g = torch.Generator().manual_seed(0)
    x_t, rgb = torch.randn(1, 6, 28, 28, 3, generator=g), torch.rand(1, 3, 28, 28, generator=g)
    features, t = torch.randn(1, 4, still.config.encoder.channels, generator=g), torch.tensor([0.7])
    expected = still(x_t, t, still.condition(features), rgb)
    model = dynamic.model.eval()
    assert torch.equal(model(x_t, t, model.condition(features), rgb), expected)
    clip = model(x_t, t, model.condition(features[:, None]), rgb[:, None])
    assert torch.equal(clip, expected)


def test_the_papers_temporal_blocks_start_as_good_as_absent():
    torch.manual_seed(0)
    config = replace(shrunk(recipe("mini_dynamic")).config, temporal_start="absent")
    assert published("dynamic").temporal_start == "absent"
    block = temporal_block(config)
    assert torch.equal(block.ls1.gamma.detach(), torch.full((config.width,), 1e-5))
    assert pytest.approx(published("dynamic").layerscale_init / 10) == LAYERSCALE
    moved = change(block, torch.randn(1, 12, 4, config.width))
    assert 0 < moved.abs().max() < 1e-3


@torch.no_grad()
def change(block, x):
    """What a temporal block adds to tokens of frames with six layers, the diffusion time's rows being 0."""
    network = WTDiT(shrunk(recipe("mini_dynamic")).config)
    views = network.views(x.shape[1] // 6, 2, 2, x.device)
    return block(x, torch.zeros(1, 1, 6, x.shape[-1]), "time", views) - x


def test_ours_start_as_a_mean_over_time_that_keeps_what_stays():
    torch.manual_seed(0)
    width = shrunk(recipe("mini_dynamic")).config.width
    block = mean_block(width, 2)
    still = TOKEN_STD * torch.nn.functional.layer_norm(torch.randn(1, 6, 4, width), (width,))
    frames = still.repeat(1, 5, 1, 1)
    assert change(block, frames).abs().max() < 1e-4, "a still token stays as it is"
    noise = 0.1 * torch.randn_like(frames)
    after = frames + noise + change(block, frames + noise)

    def flicker(x):
        return x.unflatten(1, (5, 6)).diff(dim=1).square().mean().sqrt()

    assert flicker(after) < 0.6 * flicker(frames + noise)


def test_what_is_not_trained_stays_as_it_is_in_wt_o_mini(dynamic):
    trained = {name for name, p in dynamic.model.named_parameters() if p.requires_grad}
    assert trained
    assert all(name.startswith(("decoder.temporal.", "head.", "out.", "refine.")) for name in trained)
    before = {name: p.detach().clone() for name, p in dynamic.model.named_parameters()}
    dynamic.step([dynamic.feed.next()])
    changed = {name for name, p in dynamic.model.named_parameters() if not torch.equal(p, before[name])}
    assert changed
    assert changed <= trained
    rates = {group["lr"] for optimizer in dynamic.optimizers for group in optimizer.param_groups}
    assert max(rates) == pytest.approx(dynamic.recipe.temporal_lr * min(rates))


def test_a_clip_trains_the_temporal_blocks_and_is_checked_by_frames(shards, tmp_path):
    from safetensors.torch import load_file, save_file

    stored = load_file(shards / "clips-00000.safetensors")
    out = tmp_path / "run"
    out.mkdir()
    held = {"rgb": stored["rgb"][:2], "depth": stored["depth"][:2].float(), "k": stored["K"][:2]}
    save_file({name: tensor.contiguous() for name, tensor in held.items()}, out / "held-out.safetensors")
    plan = replace(shrunk(recipe("mini_dynamic")), warmup_steps=1)
    torch.manual_seed(0)
    before = WTDiT(plan.config).decoder.temporal[0].attn.qkv.weight.detach()
    record = train(plan, RunOptions(data=shards, out=out, hours=100.0, threads=1, max_steps=2))
    assert "clip" in record["data"]
    model = load_model(RunFolder(out).model)
    assert model.config.temporal_blocks == 1
    assert not torch.equal(model.decoder.temporal[0].attn.qkv.weight, before.half().float())
    assert "val_absrel" in (out / "curve.jsonl").read_text()
    assert list((out / "samples").glob("*.png"))
