"""WT-D from WT-O: one frame gives the still model's answer bit for bit, and clips train from there."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from wt.model.checkpoint import load_model
from wt.model.config import published
from wt.model.wt_dit import TEMPORAL_LAYERSCALE, WTDiT
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


def test_temporal_blocks_start_as_good_as_absent(dynamic):
    scales = [block.ls1.gamma for block in dynamic.model.decoder.temporal]
    assert len(scales) == 2
    for gamma in scales:
        assert torch.equal(gamma.detach(), torch.full_like(gamma, 1e-5))
    assert pytest.approx(published("dynamic").layerscale_init / 10) == TEMPORAL_LAYERSCALE
    batch = dynamic.feed.next()
    model = dynamic.model.eval()
    with torch.no_grad():
        noise, t = torch.randn(batch.x0.shape), torch.ones(1)
        tokens = model.condition(model.encode(batch.photo))
        both = model(noise, t, tokens, batch.rgb)
        model.decoder.temporal = torch.nn.ModuleList()
        torch.testing.assert_close(both, model(noise, t, tokens, batch.rgb), rtol=0, atol=1e-3)


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
