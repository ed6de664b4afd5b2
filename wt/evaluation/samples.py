"""Held-out samples as an evaluation sees them: a picture, the valid rays, and the true layered points."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from wt.errors import WtError
from wt.geometry.camera import Intrinsics, unproject
from wt.training.augment import Source, fill_depth
from wt.training.held_out import FIRST_SEED
from wt.types import Bool, Float, UInt8

Kind = Literal["scene", "object"]
SPLITS: dict[str, Kind] = {"scenes": "scene", "objects": "object"}


@dataclass(frozen=True, eq=False)
class Truth:
    """One sample; scenes in metres, objects in units of the longest side of their bounding box."""

    kind: Kind
    rgb: UInt8[np.ndarray, "h w 3"]
    alpha: Bool[np.ndarray, "h w"]
    """Rays with a surface."""
    points: Float[np.ndarray, "layers h w 3"]
    """Forward-filled (Eq. 2), float64, OpenCV camera frame; 0 where `alpha` is False."""
    intrinsics: Intrinsics


def truth_of(source: Source, kind: Kind) -> Truth:
    """A stored sample's geometry, exact at the pixel centres."""
    height, width = source.rgb.shape[:2]
    fx, fy, cx, cy = (float(value) for value in source.k)
    camera = Intrinsics(fx, fy, cx, cy, width, height)
    depth = source.depth.astype(np.float64)
    return Truth(kind, source.rgb, source.depth[0] > 0, unproject(fill_depth(depth, depth > 0), camera), camera)


def held_out(split: str, limit: int, data: Path | None = None) -> Iterator[Truth]:
    """The first `limit` samples of a split: rendered from the held-out seeds, or read from a folder of shards.

    Raises:
        WtError: no such split, nothing asked for, or too few stored samples.
    """
    if split not in SPLITS:
        raise WtError(f"There is no split {split!r}. Choose one of {', '.join(SPLITS)}.")
    if limit < 1:
        raise WtError(f"--limit must be at least 1; got {limit}.")
    kind = SPLITS[split]
    return _stored(kind, limit, data) if data is not None else _rendered(kind, limit)


def _rendered(kind: Kind, limit: int) -> Iterator[Truth]:
    from wt.data.generate import make_sample

    for index in range(limit):
        sample = make_sample(kind, FIRST_SEED + index)
        yield truth_of(Source(sample.rgb, np.nan_to_num(sample.depth), sample.k), kind)


def _stored(kind: Kind, limit: int, folder: Path) -> Iterator[Truth]:
    from wt.data.shards import ShardFolder

    shards = ShardFolder(folder, kind)
    if len(shards) < limit:
        raise WtError(f"{folder.name} holds {len(shards)} {kind} samples, fewer than the {limit} asked for.")
    for index in range(limit):
        sample = shards[index]
        yield truth_of(Source(sample.rgb, sample.depth, sample.k), kind)
