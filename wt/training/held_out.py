"""Held-out samples during a run: made once from seeds that are never trained on, lifted in one step, drawn."""

import logging
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from wt.data.seeds import HELD_OUT_FROM
from wt.data.shards import ClipSample, Kind
from wt.data.source import Source
from wt.evaluation.metrics import align_depth, depth_errors
from wt.geometry.layers import real_surfaces
from wt.model.wt_dit import WTDiT
from wt.training.clips import ClipBatch
from wt.training.dataset import Batch, Sampling
from wt.training.feed import collated
from wt.training.objective import view_mask
from wt.training.plots import depth_colours, sample_sheet
from wt.training.run_files import atomically
from wt.types import Float

LOG = logging.getLogger(__name__)
FIRST_SEED = HELD_OUT_FROM + 100_000
"""`wt eval` starts at the first of the held-out seeds: what a run decides by its checks is measured on others."""
CHUNK = 8


def held_out_sources(cache: Path, kind: Kind, count: int) -> list[Source | ClipSample]:
    """`count` samples of the held-out seeds, rendered at the first call and read from `cache` afterwards."""
    from safetensors.numpy import load_file, save_file

    if cache.is_file():
        stored = load_file(cache)
        if len(stored["rgb"]) >= count:
            return [_sample(kind, *(stored[name][i] for name in ("rgb", "depth", "k"))) for i in range(count)]
    from wt.data.clips import make_clip
    from wt.data.generate import make_sample

    LOG.info("rendering %d held-out %ss", count, kind)
    seeds = range(FIRST_SEED, FIRST_SEED + count)
    samples = [make_clip(seed) if kind == "clip" else make_sample(kind, seed) for seed in seeds]
    tensors = {
        "rgb": np.stack([s.rgb for s in samples]),
        "depth": np.stack([s.depth for s in samples]),
        "k": np.stack([s.k for s in samples]),
    }
    atomically(cache, lambda to: save_file(tensors, to))
    return [_sample(kind, *parts) for parts in zip(tensors["rgb"], tensors["depth"], tensors["k"], strict=True)]


def _sample(kind: Kind, rgb: np.ndarray, depth: np.ndarray, k: np.ndarray) -> Source | ClipSample:
    if kind != "clip":
        return Source(rgb, depth, k)
    return ClipSample(rgb, depth, np.where(depth[:, 0] > 0, 0, 255).astype(np.uint8), k)


def held_out_batches(cache: Path, kind: Kind, count: int, sampling: Sampling, frames: int) -> list[Batch | ClipBatch]:
    """The held-out samples as they are, of clips the first `frames` frames, in batches."""
    found = held_out_sources(cache, kind, count)
    size = 1 if kind == "clip" else CHUNK
    return [collated(found[i : i + size], sampling, frames, None) for i in range(0, len(found), size)]


class HeldOut:
    """Checks a network on fixed samples: L0 AbsRel after scale-shift alignment, and a sheet to look at."""

    def __init__(self, batches: list[Batch | ClipBatch], sampling: Sampling, device: torch.device) -> None:
        self.batches, self.sampling, self.device = batches, sampling, device

    @torch.no_grad()
    def predict(self, model: WTDiT, batch: Batch | ClipBatch) -> Float[Tensor, "b v s s 3"]:
        """Camera-space points from one evaluation at t = 1, the noise always the same."""
        generator = torch.Generator().manual_seed(0)
        noise = torch.randn(batch.x0.shape, generator=generator).to(self.device)
        here = batch.to(self.device)
        tokens = model.condition(model.encode(here.photo))
        x0 = model(noise, torch.ones(len(noise), device=self.device), tokens, here.rgb, view_mask(here), noise)
        return self.sampling.coordinates.inverse(x0.float()).cpu()

    def check(self, model: WTDiT, sheet: Path | None = None, drawn: int = 8) -> dict[str, float]:
        """`val_absrel`, `val_delta1`, and `val_hidden`: the mean depth error of layers 1-5 over the layer-0 depth.

        Clips count frame by frame.
        """
        rows: list[tuple[float, float, float]] = []
        pictures: list[list[np.ndarray]] = []
        for batch in self.batches:
            predicted = _frames(self.predict(model, batch), model.config.layers)
            median = batch.median if isinstance(batch, Batch) else torch.ones(len(batch.x0))
            true = self.sampling.coordinates.inverse(batch.x0, median[:, None, None, None])
            truth, weight = _frames(true, model.config.layers), batch.weight.flatten(0, -3).numpy()
            rgb = batch.rgb.flatten(0, -4).numpy()
            for points, exact, valid, picture in zip(predicted, truth, weight > 0, rgb, strict=True):
                if not valid.any():
                    continue
                scale, shift = align_depth(points[0, ..., 2], exact[0, ..., 2], valid)
                depth = scale * points[..., 2] + shift
                errors = depth_errors(depth[0], exact[0, ..., 2], valid)
                hidden = np.abs(depth - exact[..., 2])[1:, valid] / exact[0, ..., 2][valid]
                rows.append((errors.absrel, errors.delta1, float(hidden.mean())))
                if len(pictures) < drawn:
                    pictures.append(_row(picture, depth, exact[..., 2], valid))
        if sheet is not None:
            sample_sheet(sheet, pictures)
        absrel, delta1, hidden = np.mean(rows, axis=0)
        return {"val_absrel": float(absrel), "val_delta1": float(delta1), "val_hidden": float(hidden)}


def _frames(views: Float[Tensor, "b v s s 3"], layers: int) -> Float[np.ndarray, "n l s s 3"]:
    return views.unflatten(1, (-1, layers)).flatten(0, 1).numpy()


def _row(rgb: np.ndarray, depth: np.ndarray, truth: np.ndarray, valid: np.ndarray) -> list[np.ndarray]:
    """Photo, then predicted and true layers 0, 1 and 3; deeper layers only where they are surfaces."""
    shown = np.where(valid, truth, np.nan)
    low, high = (float(value) for value in np.nanpercentile(shown, (2, 98)))
    row = [(rgb.transpose(1, 2, 0).clip(0, 1) * 255).astype(np.uint8)]
    for layer in (0, 1, 3):
        for stack in (depth, truth):
            masked = np.where(valid, stack, np.nan)
            present = real_surfaces(masked)[layer]
            row.append(depth_colours(np.where(present, masked[layer], np.nan), low, high))
    return row
