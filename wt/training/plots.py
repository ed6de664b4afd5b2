"""Pictures of a run: its curve, and sheets of held-out samples."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image

from wt.flow.timesteps import LogitNormal, Mixture, NoiseShift, PlateauedLogitNormal, Times
from wt.types import Float, UInt8

_RAMP = np.array(
    [[48, 18, 59], [70, 107, 227], [40, 187, 236], [49, 242, 153], [163, 253, 61], [237, 208, 58], [251, 129, 36],
     [211, 49, 5], [122, 4, 3]]
)  # fmt: skip


def depth_colours(depth: Float[np.ndarray, "h w"], low: float, high: float) -> UInt8[np.ndarray, "h w 3"]:
    """Depth as colours between `low` (warm: near) and `high` (cold: far); black where it is NaN."""
    place = np.clip((high - depth) / max(high - low, 1e-9), 0, 1)
    place = np.where(np.isfinite(place), place, 0) * (len(_RAMP) - 1)
    index = np.minimum(place.astype(int), len(_RAMP) - 2)
    mix = (place - index)[..., None]
    colours = _RAMP[index] * (1 - mix) + _RAMP[index + 1] * mix
    colours[~np.isfinite(depth)] = 0
    return colours.astype(np.uint8)


def sample_sheet(path: Path, rows: Sequence[Sequence[UInt8[np.ndarray, "h w 3"]]], gap: int = 2) -> None:
    """Write equally large pictures as a PNG table."""
    height, width = rows[0][0].shape[:2]
    sheet = np.full((len(rows) * (height + gap), len(rows[0]) * (width + gap), 3), 255, np.uint8)
    for r, row in enumerate(rows):
        for c, picture in enumerate(row):
            top, left = r * (height + gap), c * (width + gap)
            sheet[top : top + height, left : left + width] = picture
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(sheet).save(path)


def plot_curve(rows: list[dict[str, Any]], path: Path) -> None:
    """Losses and held-out error over samples, as a PNG."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    figure, (left, right) = plt.subplots(1, 2, figsize=(11, 4), layout="constrained")
    steps = [row for row in rows if "loss" in row]
    for name in ("loss", "layer0", "hidden"):
        values = np.array([row[name] for row in steps])
        kernel = np.ones(min(20, max(len(values), 1))) / min(20, max(len(values), 1))
        samples = [row["samples"] for row in steps]
        if len(values):
            left.plot(samples[len(kernel) - 1 :], np.convolve(values, kernel, "valid"), label=name)
    left.set(xlabel="samples", ylabel="endpoint loss", yscale="log", title="training")
    left.legend()
    checks = [row for row in rows if "val_absrel" in row]
    right.plot([row["samples"] for row in checks], [row["val_absrel"] for row in checks], "o-")
    right.set(xlabel="samples", ylabel="L0 AbsRel", title="held-out, aligned, one step")
    for axis in (left, right):
        axis.grid(alpha=0.3)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=110)
    plt.close(figure)


def plot_schedules(path: Path) -> None:
    """Densities of the diffusion time: the paper's three (Fig. 6), and the small models' shift with its atom at 1."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    plateaued, normal, shift = PlateauedLogitNormal(), LogitNormal(), NoiseShift(atom=0.6)
    curves: dict[str, Times] = {
        "logit-normal (hidden layers)": normal,
        "plateaued logit-normal (layer 0)": plateaued,
        "equal mixture (phase ii)": Mixture(plateaued, normal),
        f"small models: shift {shift.shift:g} and {shift.atom:.0%} at t = 1": shift,
    }
    t = torch.linspace(0.001, 0.999, 999, dtype=torch.float64)
    figure, axis = plt.subplots(figsize=(7, 4), layout="constrained")
    for (name, times), style in zip(curves.items(), ("-", "-", "-", "--"), strict=True):
        axis.plot(t, times.density(t), style, label=name)
    axis.set(xlabel="diffusion time t (1 is pure noise)", ylabel="density", xlim=(0, 1), ylim=(0, 3))
    axis.set_title("Training times")
    axis.grid(alpha=0.3)
    axis.legend()
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=130)
    plt.close(figure)
