"""Batches for the trainer: shards are read, augmented and normalised on the fly, on the core that trains."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from wt.data.shards import ClipFolder, ClipSample, Kind, ShardFolder
from wt.data.source import Source
from wt.errors import WtError
from wt.geometry.normalise import LogMedian, Normalisation, log_median
from wt.preprocess import CROP_FILL
from wt.training.augment import Target, draw_augmentation, object_window, scene_window, target
from wt.training.masks import jitter_mask
from wt.training.photometric import photometric
from wt.training.window import Window
from wt.types import Bool, Float

GREY = 128 / 255
"""What an object's surroundings are painted with before the encoder sees it (ARCHITECTURE 3.3)."""

OBJECT_DEPTH = 2.0
"""Median depth of an object in the unit that our object model speaks."""
MEAN_DEPTH = "mean_depth"
"""Name of `Statistics.mean_depth` among a model file's data: the baseline that knows the training set but no photo."""


@dataclass(frozen=True)
class Batch:
    """One training batch on the network's grid."""

    photo: Float[Tensor, "b 3 e e"]
    """What the encoder sees, [0, 1]."""
    rgb: Float[Tensor, "b 3 s s"]
    """What the network sees, [0, 1]."""
    x0: Float[Tensor, "b v s s 3"]
    """Forward-filled target in the network's coordinates; 0 where `weight` is 0."""
    weight: Float[Tensor, "b s s"]
    single: Bool[Tensor, "b"]
    median: Float[Tensor, "b"]
    """m of Eq. 6 (scenes), 1 for objects."""

    def to(self, device: torch.device) -> "Batch":
        """The batch on another device."""
        return Batch(**{name: value.to(device, non_blocking=True) for name, value in vars(self).items()})


@dataclass(frozen=True)
class Sampling:
    """How samples become batches."""

    kind: Literal["scene", "object"]
    image_side: int
    photo_side: int
    coordinates: Normalisation
    crop_fill: float = CROP_FILL
    photometric_strength: float = 1.0
    augment: bool = True


class SampleStream:
    """An endless stream of samples from a shard folder that may grow while it is read.

    Every sample is used once before any is used again; `refresh` lets new shards in at once. `draw` says which sample
    is next, `read` reads it; iteration does both.
    """

    def __init__(self, folder: Path, kind: Kind, rng: np.random.Generator, part: tuple[int, int] = (0, 1)) -> None:
        """`part` = (rank, count): of `count` processes that train together this one reads its own samples only."""
        self.shards: ShardFolder | ClipFolder = ClipFolder(folder) if kind == "clip" else ShardFolder(folder, kind)
        self.rng, self.part = rng, part
        self.known = 0
        self.queue: list[int] = []
        self.refresh()
        if self.known <= part[0]:
            what = f"Only {self.known} {kind}s for {part[1]} processes" if self.known else f"No {kind} shards"
            raise WtError(f"{what} in {folder}. Make some: python -m wt data generate --kind {kind}s.")

    def refresh(self) -> int:
        """Look for new shards; returns how many samples there are, those of other processes included."""
        self.shards.refresh()
        fresh = self._mine(self.known, len(self.shards))
        self.known = len(self.shards)
        if fresh:
            self.queue += fresh
            self.rng.shuffle(self.queue)
        return self.known

    def draw(self) -> int:
        """The index of the next sample."""
        if not self.queue:
            self.queue = self.rng.permutation(self._mine(0, self.known)).tolist()
        return self.queue.pop()

    def __iter__(self) -> Iterator[Source | ClipSample]:
        while True:
            yield self.read(self.draw())

    def read(self, index: int) -> Source | ClipSample:
        """One stored sample; clips come as they are stored."""
        if index >= len(self.shards):
            self.shards.refresh()
        sample = self.shards[index]
        return sample if isinstance(sample, ClipSample) else Source(sample.rgb, sample.depth, sample.k)

    def _mine(self, start: int, end: int) -> list[int]:
        rank, count = self.part
        return [index for index in range(start, end) if index % count == rank]


def make_batch(sources: list[Source], sampling: Sampling, rng: np.random.Generator | None) -> Batch:
    """Augment (where `rng` is given and sampling says so), crop, resample and normalise a list of sources.

    Sources may differ in size; single-layer ones are marked in `Batch.single`.
    """
    rng = rng if sampling.augment else None
    photos, targets = [], []
    for source, picture in zip(sources, _pictures(sources, sampling, rng), strict=True):
        window, mask = _window(source, sampling, rng)
        if sampling.kind == "object":
            mask = source.depth[0] > 0 if mask is None else mask
            picture = torch.where(torch.from_numpy(mask), picture, GREY)
        photos.append(resample(picture[None], [window], sampling.photo_side))
        targets.append(_in_unit(target(source, window, sampling.image_side, mask), sampling.kind))
    photo = torch.cat(photos)
    rgb = F.interpolate(photo, size=(sampling.image_side,) * 2, mode="area")
    x0, weight, median = normalised(targets, sampling.coordinates)
    return Batch(photo, rgb, x0, weight, torch.tensor([source.single for source in sources]), median)


def _pictures(sources: list[Source], sampling: Sampling, rng: np.random.Generator | None) -> list[Tensor]:
    """The photos as [3, h, w] in [0, 1], their colours treated; those of one size together, which is faster."""
    sizes: dict[tuple[int, ...], list[int]] = {}
    for i, source in enumerate(sources):
        sizes.setdefault(source.rgb.shape, []).append(i)
    found: dict[int, Tensor] = {}
    for members in sizes.values():
        photos = torch.from_numpy(np.stack([sources[i].rgb for i in members])).permute(0, 3, 1, 2).float() / 255
        if rng is not None:
            photos = photometric(photos, rng, sampling.photometric_strength)
        found.update(zip(members, photos, strict=True))
    return [found[i] for i in range(len(sources))]


def _window(
    source: Source, sampling: Sampling, rng: np.random.Generator | None
) -> tuple[Window, Bool[np.ndarray, "h w"] | None]:
    drawn = None if rng is None else draw_augmentation(sampling.kind, rng, turns=not source.sparse)
    if sampling.kind == "scene":
        return scene_window(source.rgb.shape[:2], drawn, source.pixel_aspect), None
    mask = source.depth[0] > 0
    if drawn is None:
        return object_window(mask, None, sampling.crop_fill), None
    mask = jitter_mask(mask, drawn.mask)
    return object_window(mask, drawn, sampling.crop_fill, source.pixel_aspect), mask


def _in_unit(found: Target, kind: str) -> Target:
    """Objects: scaled so that the median depth of all layers is `OBJECT_DEPTH`; scenes are divided by it later.

    One photo does not tell how far away an object is. Left in, that guess is most of the loss and the shape hardly any.
    """
    if kind == "scene" or not found.valid.any():
        return found
    median = float(np.median(found.points[..., 2][:, found.weight > 0]))
    return replace(found, points=(found.points * (OBJECT_DEPTH / median)).astype(np.float32))


def normalised(
    targets: list[Target], coordinates: Normalisation
) -> tuple[Float[Tensor, "b v s s 3"], Float[Tensor, "b s s"], Float[Tensor, "b"]]:
    """(x0, weight, median) of a list of targets; invalid rays become 0."""
    points = torch.from_numpy(np.stack([t.points for t in targets]))
    weight = torch.from_numpy(np.stack([t.weight for t in targets]))
    median = torch.ones(len(targets))
    if isinstance(coordinates, LogMedian):
        valid = torch.from_numpy(np.stack([t.valid for t in targets]))
        median = log_median(points, valid)
        median = torch.where(median.isfinite(), median, 1.0)
    seen = (weight > 0)[:, None, :, :, None]
    safe = torch.where(seen, points, 1.0)
    x0 = coordinates.forward(safe, median[:, None, None, None])
    return torch.where(seen, x0, 0.0), weight, median


def resample(photos: Float[Tensor, "b 3 h w"], windows: list[Window], side: int) -> Float[Tensor, "b 3 side side"]:
    """Bilinear resampling of a window of each photo; outside the photo is grey."""
    height, width = photos.shape[-2:]
    matrices = np.stack([window.matrix() for window in windows]) / np.array([[width], [height]])
    # Torch counts places from -1 to 1 in the source and in the square.
    matrices[:, :, 2] = 2 * matrices[:, :, 2] + matrices[:, :, :2].sum(axis=2) - 1
    theta = torch.from_numpy(matrices).float()
    grid = F.affine_grid(theta, [len(windows), 3, side, side], align_corners=False)
    return F.grid_sample(photos - GREY, grid, mode="bilinear", padding_mode="zeros", align_corners=False) + GREY


@dataclass(frozen=True)
class Statistics:
    """What is measured on the training set before the first step."""

    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    mean_depth: Float[np.ndarray, "layers g g"]
    """Mean layered depth on a small grid, in network coordinates' z (scenes: log of depth over median)."""


def statistics(stream: SampleStream, sampling: Sampling, count: int = 512, grid: int = 28) -> Statistics:
    """Channel means and deviations of forward-filled camera-space points over valid rays, and the mean depth."""
    plain = replace(sampling, augment=False, image_side=grid)
    picked = np.random.default_rng(0).permutation(stream.known)[:count]
    targets = []
    for source in (still for index in picked for still in _stills(stream.read(int(index)))):
        window, mask = _window(source, plain, None)
        targets.append(_in_unit(target(source, window, grid, mask), plain.kind))
    points = np.stack([t.points for t in targets])
    weight = np.stack([t.weight for t in targets]) > 0
    rays = points.transpose(0, 2, 3, 1, 4)[weight].reshape(-1, 3).astype(np.float64)
    depth = points[..., 2]
    if plain.kind == "scene":
        valid = np.stack([t.valid for t in targets])
        median = log_median(points, valid)
        depth = np.log(np.where(weight[:, None], depth / median[:, None, None, None], 1.0))
    seen = weight.sum(axis=0)
    total = np.where(weight[:, None], depth, 0).sum(axis=0)
    overall = total.sum(axis=(1, 2)) / max(int(seen.sum()), 1)
    mean_depth = np.where(seen[None] > 0, total / np.maximum(seen, 1), overall[:, None, None])
    return Statistics(tuple(rays.mean(axis=0)), tuple(rays.std(axis=0)), mean_depth.astype(np.float32))


def _stills(sample: Source | ClipSample) -> list[Source]:
    """The sample, or a clip's first, middle and last frame."""
    if isinstance(sample, Source):
        return [sample]
    chosen = sorted({0, len(sample.rgb) // 2, len(sample.rgb) - 1})
    return [Source(sample.rgb[i], sample.depth[i], sample.k) for i in chosen]
