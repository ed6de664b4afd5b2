"""Held-out samples as an evaluation sees them: a picture, the valid rays, and the true layered points."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from wt.data.source import Source
from wt.geometry.camera import Intrinsics, unproject
from wt.training.augment import fill_depth
from wt.types import Bool, Float, UInt8

Kind = Literal["scene", "object"]


@dataclass(frozen=True, eq=False)
class Truth:
    """One picture; scenes in metres, objects in units of the longest side of their bounding box."""

    kind: Kind
    rgb: UInt8[np.ndarray, "h w 3"]
    alpha: Bool[np.ndarray, "h w"]
    """Rays with a known surface: those that count."""
    points: Float[np.ndarray, "layers h w 3"]
    """Forward-filled (Eq. 2), float64, OpenCV camera frame; 0 where not `alpha`. One layer: no others known."""
    intrinsics: Intrinsics
    mask: Bool[np.ndarray, "h w"] | None = field(default=None)
    """What the lifter is told of the valid rays: the object, or a scene without its sky; None is the whole picture."""


@dataclass(frozen=True, eq=False)
class Case:
    """One sample of a split: a picture, or the frames of a clip."""

    name: str
    frames: Sequence[Truth]


def truth_of(source: Source, kind: Kind) -> Truth:
    """A stored sample's geometry, exact at the pixel centres; layer 0 alone, and no mask, of an RGB-D frame."""
    height, width = source.rgb.shape[:2]
    fx, fy, cx, cy = (float(value) for value in source.k)
    camera = Intrinsics(fx, fy, cx, cy, width, height)
    depth = (source.depth[:1] if source.single else source.depth).astype(np.float64)
    alpha = depth[0] > 0
    # Depth that a sensor did not see says nothing about the ray.
    mask = None if source.single or (kind == "scene" and alpha.all()) else alpha
    return Truth(kind, source.rgb, alpha, unproject(fill_depth(depth, depth > 0), camera), camera, mask)
