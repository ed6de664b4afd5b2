"""Tiny models of both kinds, and whether files were written."""

from dataclasses import replace
from pathlib import Path

import torch

from wt.model.checkpoint import save_model
from wt.model.config import mini
from wt.model.wt_dit import WTDiT


def tiny_model(folder, kind):
    torch.manual_seed(0)
    config = mini(kind)
    config = replace(
        config, width=32, heads=2, decoder_blocks=3, head_blocks=3, image_side=56, default_steps=2, long_side=64,
        encoder=replace(config.encoder, side=64),
    )  # fmt: skip
    data = {"mean_depth": torch.linspace(0, 1, 6)[:, None, None].expand(6, 28, 28)}
    return save_model(WTDiT(config), folder / f"tiny-{kind}.safetensors", training={"samples": 8}, data=data)


def exist(paths):
    for path in paths:
        assert Path(path).is_file(), path
        assert Path(path).stat().st_size > 0
    return {Path(path).name for path in paths}
