"""Held-out samples during a run: made once from seeds that are never trained on, lifted in one step, drawn."""

import logging
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from torch import Tensor

from wt.evaluation.metrics import align_depth, depth_errors
from wt.geometry.layers import real_surfaces
from wt.model.wt_dit import WTDiT
from wt.training.augment import Source
from wt.training.dataset import Batch, Sampling, make_batch
from wt.training.plots import depth_colours, sample_sheet
from wt.training.run_files import atomically
from wt.types import Float

LOG = logging.getLogger(__name__)
FIRST_SEED = 2_000_000_000
"""Samples of seeds from here on are never trained on."""
CHUNK = 8


def held_out_sources(cache: Path, kind: Literal["scene", "object"], count: int) -> list[Source]:
    """`count` samples of the held-out seeds, rendered at the first call and read from `cache` afterwards."""
    from safetensors.numpy import load_file, save_file

    if cache.is_file():
        stored = load_file(cache)
        if len(stored["rgb"]) >= count:
            return [Source(stored["rgb"][i], stored["depth"][i], stored["k"][i]) for i in range(count)]
    from wt.data.generate import make_sample

    LOG.info("rendering %d held-out %ss", count, kind)
    samples = [make_sample(kind, FIRST_SEED + i) for i in range(count)]
    tensors = {
        "rgb": np.stack([s.rgb for s in samples]),
        "depth": np.stack([s.depth for s in samples]),
        "k": np.stack([s.k for s in samples]),
    }
    atomically(cache, lambda to: save_file(tensors, to))
    return [Source(*parts) for parts in zip(tensors["rgb"], tensors["depth"], tensors["k"], strict=True)]


class HeldOut:
    """Checks a network on fixed samples: L0 AbsRel after scale-shift alignment, and a sheet to look at."""

    def __init__(self, sources: list[Source], sampling: Sampling, device: torch.device) -> None:
        self.sampling, self.device = sampling, device
        chunks = [sources[i : i + CHUNK] for i in range(0, len(sources), CHUNK)]
        self.batches = [make_batch(chunk, sampling, None) for chunk in chunks]

    @torch.no_grad()
    def predict(self, model: WTDiT, batch: Batch) -> Float[Tensor, "b v s s 3"]:
        """Camera-space points from one evaluation at t = 1, the noise always the same."""
        generator = torch.Generator().manual_seed(0)
        noise = torch.randn(batch.x0.shape, generator=generator).to(self.device)
        here = batch.to(self.device)
        tokens = model.condition(model.encode(here.photo))
        mask = here.weight[:, None] > 0
        x0 = model(noise, torch.ones(len(noise), device=self.device), tokens, here.rgb, mask, noise)
        return self.sampling.coordinates.inverse(x0.float()).cpu()

    def check(self, model: WTDiT, sheet: Path | None = None, drawn: int = 8) -> dict[str, float]:
        """`val_absrel`, `val_delta1`, and `val_hidden`: the mean depth error of layers 1-5 over the layer-0 depth."""
        rows: list[tuple[float, float, float]] = []
        pictures: list[list[np.ndarray]] = []
        for batch in self.batches:
            points = self.predict(model, batch).numpy()
            truth = self.sampling.coordinates.inverse(batch.x0, batch.median[:, None, None, None]).numpy()
            for i in range(len(points)):
                valid = batch.weight[i].numpy() > 0
                scale, shift = align_depth(points[i, 0, ..., 2], truth[i, 0, ..., 2], valid)
                depth = scale * points[i, ..., 2] + shift
                errors = depth_errors(depth[0], truth[i, 0, ..., 2], valid)
                hidden = np.abs(depth - truth[i, ..., 2])[1:, valid] / truth[i, 0, ..., 2][valid]
                rows.append((errors.absrel, errors.delta1, float(hidden.mean())))
                if len(pictures) < drawn:
                    pictures.append(_row(batch.rgb[i].numpy(), depth, truth[i, ..., 2], valid))
        if sheet is not None:
            sample_sheet(sheet, pictures)
        absrel, delta1, hidden = np.mean(rows, axis=0)
        return {"val_absrel": float(absrel), "val_delta1": float(delta1), "val_hidden": float(hidden)}


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
