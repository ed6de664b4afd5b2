"""The worst samples of an evaluation as sheets to look at: photo, layers true and predicted, and where they differ."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from wt.evaluation.metrics import TOLERANCE, Fit, SampleMetrics
from wt.evaluation.report import figure
from wt.evaluation.samples import Case
from wt.geometry.layers import real_surfaces
from wt.training.plots import depth_colours
from wt.types import Bool, Float, UInt8

LAYERS = (0, 1, 3)
LARGEST_ERROR = 0.2
"""Relative depth error that is drawn hottest."""
CELL = 256
NOTHING = 225
_HEADER, _CAPTION, _GAP = 66, 18, 6


@dataclass(frozen=True, eq=False)
class Shown:
    """What is kept of a sample until it is known whether it is among the worst."""

    case: Case
    rank: tuple[float, float]
    metrics: SampleMetrics
    frame: int
    aligned: Float[np.ndarray, "layers h w 3"]
    valid: Bool[np.ndarray, "h w"]


class Worst:
    """Collects the `count` samples with the highest all-layer CD-L1 (AbsRel where hidden layers are not known)."""

    def __init__(self, count: int) -> None:
        self.count = count
        self.shown: list[Shown] = []

    def add(self, case: Case, fit: Fit) -> None:
        """One sample with the model's fit; of a clip its middle frame is shown."""
        frame = len(case.frames) // 2
        entry = Shown(case, fit.rank, fit.metrics(), frame, fit.aligned[frame], fit.valid[frame])
        self.shown = sorted([*self.shown, entry], key=lambda shown: shown.rank, reverse=True)[: self.count]

    def sheets(self) -> Iterator[tuple[str, SampleMetrics, UInt8[np.ndarray, "h w 3"]]]:
        """(name, figures, picture) of each, the worst first."""
        for shown in self.shown:
            yield shown.case.name, shown.metrics, sheet(shown)


def sheet(shown: Shown) -> UInt8[np.ndarray, "h w 3"]:
    """Three rows: photo and true layers, aligned prediction, relative depth error; one colour scale for all depths.

    Layers are shown where they are surfaces, errors where the truth has one (the prediction forward-filled). Layers
    that a truth does not know are left out.
    """
    truth = shown.case.frames[shown.frame]
    true = _surfaces(truth.points, truth.alpha)
    ours = _surfaces(shown.aligned, shown.valid)
    layers = [layer for layer in LAYERS if layer < len(true)]
    low, high = (float(value) for value in np.nanpercentile(true[layers], (2, 98)))
    with np.errstate(invalid="ignore"):
        error = np.abs(shown.aligned[: len(true), ..., 2] - true) / true
    error[:, ~shown.valid] = np.nan
    cells = [[truth.rgb], [_scale(low, high)], [_scale(0.0, LARGEST_ERROR, hot_low=False)]]
    names = [["photo"], ["depth"], ["error / depth"]]
    for layer in layers:
        for row, picture in enumerate(
            (
                coloured(true[layer], low, high),
                coloured(ours[layer], low, high),
                coloured(error[layer], 0.0, LARGEST_ERROR, hot_low=False),
            )
        ):
            cells[row].append(picture)
            names[row].append(f"{('true', 'predicted', 'error')[row]} layer {layer}")
    return assembled(cells, names, _title(shown))


def _surfaces(points: Float[np.ndarray, "layers h w 3"], valid: Bool[np.ndarray, "h w"]) -> np.ndarray:
    depth = np.where(valid, points[..., 2], np.nan)
    return np.where(real_surfaces(depth, TOLERANCE), depth, np.nan)


def _title(shown: Shown) -> str:
    found = shown.metrics
    clip = f", frame {shown.frame + 1} of {len(shown.case.frames)}" if len(shown.case.frames) > 1 else ""
    lines = [
        f"{shown.case.name}{clip}",
        f"L0: AbsRel {figure(found.depth.absrel)}, delta1 {figure(found.depth.delta1)}, "
        f"F@0.05 {figure(found.layer0.f05)}",
        f"hidden: F@0.05 {figure(found.hidden.f05)}, CD-L1 {figure(found.hidden.cd_l1)}    "
        f"all: F@0.05 {figure(found.all.f05)}, CD-L1 {figure(found.all.cd_l1)}",
    ]
    return "\n".join(lines)


def coloured(
    values: Float[np.ndarray, "h w"], low: float, high: float, hot_low: bool = True
) -> UInt8[np.ndarray, "h w 3"]:
    """Hot at one end; light grey where there is nothing, which the ramp has nowhere."""
    colours = depth_colours(values, low, high) if hot_low else depth_colours(-values, -high, -low)
    return np.where(np.isfinite(values)[..., None], colours, np.uint8(NOTHING))


def _scale(low: float, high: float, hot_low: bool = True) -> UInt8[np.ndarray, "h w 3"]:
    """A cell with the colour bar: its top is `low`."""
    values = np.broadcast_to(np.linspace(low, high, CELL)[:, None], (CELL, CELL // 5))
    cell = Image.new("RGB", (CELL, CELL), "white")
    cell.paste(Image.fromarray(coloured(values, low, high, hot_low)), (CELL // 5, 0))
    draw = ImageDraw.Draw(cell)
    for share in (0.08, 0.5, 0.92):
        value = low + share * (high - low)
        draw.text((CELL // 2, round(share * CELL)), f"{value:.3g}", "black", _font(16), anchor="lm")
    return np.asarray(cell)


def assembled(
    cells: Sequence[Sequence[UInt8[np.ndarray, "_ _ 3"]]], names: Sequence[Sequence[str]], title: str
) -> UInt8[np.ndarray, "h w 3"]:
    """A table of pictures, each with its name above it, all as large as the photo's cell."""
    height, width = cells[0][0].shape[:2]
    factor = CELL / max(height, width)
    size = (round(width * factor), round(height * factor))
    step = (size[0] + _GAP, size[1] + _GAP + _CAPTION)
    page = Image.new("RGB", (step[0] * len(cells[0]) + _GAP, step[1] * len(cells) + _HEADER), "white")
    draw = ImageDraw.Draw(page)
    draw.multiline_text((_GAP, _GAP), title, "black", _font(14))
    for row, (pictures, captions) in enumerate(zip(cells, names, strict=True)):
        for column, (picture, caption) in enumerate(zip(pictures, captions, strict=True)):
            left, top = _GAP + column * step[0], _HEADER + row * step[1]
            draw.text((left, top), caption, "black", _font(13))
            page.paste(Image.fromarray(picture).resize(size, Image.Resampling.NEAREST), (left, top + _CAPTION))
    return np.asarray(page)


def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)
