"""The two invertible maps between camera space and the network's coordinates (paper Eq. 5-6, ARCHITECTURE section 15).

Every function takes NumPy arrays or torch tensors whose last axis is (x, y, z) and returns the same kind.
"""

from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import numpy as np

from wt.errors import WtError

PUBLISHED_MEAN = (-0.002366, -0.004008, 1.904278)
PUBLISHED_STD = (0.280865, 0.315927, 0.706423)


@runtime_checkable
class Normalisation(Protocol):
    """What both maps offer."""

    def forward(self, points: Any, median: Any = None) -> Any:
        """Camera space to network coordinates."""
        ...

    def inverse(self, points: Any, median: Any = 1.0) -> Any:
        """Network coordinates to camera space."""
        ...


@dataclass(frozen=True)
class ZScore:
    """Per-channel z-score with the statistics of a training set (Eq. 5): objects and clips. `median` is not used."""

    mean: tuple[float, float, float] = PUBLISHED_MEAN
    std: tuple[float, float, float] = PUBLISHED_STD

    def __post_init__(self) -> None:
        if len(self.mean) != 3 or len(self.std) != 3 or min(self.std) <= 0:
            raise WtError(f"A z-score needs three means and three positive deviations; got {self.mean}, {self.std}.")

    def forward(self, points: Any, median: Any = None) -> Any:
        """(x - mean) / std."""
        return (points - _like(self.mean, points)) / _like(self.std, points)

    def inverse(self, points: Any, median: Any = 1.0) -> Any:
        """x * std + mean."""
        return points * _like(self.std, points) + _like(self.mean, points)


@dataclass(frozen=True)
class LogMedian:
    """Signed logarithm after division by a median depth (Eq. 6): scenes, correct up to one global scale.

    `median` is a number, or an array that broadcasts against the points with the last axis dropped
    (for a batch [b, l, h, w, 3]: [b, 1, 1, 1]).
    """

    def forward(self, points: Any, median: Any = None) -> Any:
        """z -> ln(z/m), x -> sign(x) ln(1 + |x|/m), y the same; z must be positive."""
        if median is None:
            raise WtError("LogMedian.forward needs the sample's median depth; use log_median(points, valid).")
        ops = _ops(points)
        x, y, z = (points[..., i] / median for i in range(3))
        return ops.stack([ops.sign(x) * ops.log1p(ops.abs(x)), ops.sign(y) * ops.log1p(ops.abs(y)), ops.log(z)], -1)

    def inverse(self, points: Any, median: Any = 1.0) -> Any:
        """The exact inverse; at inference the median is unknown and taken as 1."""
        ops = _ops(points)
        x, y, z = (points[..., i] for i in range(3))
        lateral = [ops.sign(c) * ops.expm1(ops.abs(c)) * median for c in (x, y)]
        return ops.stack([*lateral, ops.exp(z) * median], -1)


def log_median(points: Any, valid: Any) -> Any:
    """Median depth over the valid points of a stack (m of Eq. 6): [..., l, h, w, 3] and [..., l, h, w] give [...].

    NaN for a sample without a valid point.
    """
    depth = points[..., 2]
    if isinstance(depth, np.ndarray):
        flat = np.where(valid, depth, np.nan).reshape(*depth.shape[:-3], -1)
        some: Any = np.isfinite(flat).any(axis=-1)
        return np.where(some, np.nanmedian(np.where(some[..., None], flat, 0.0), axis=-1), np.nan).astype(depth.dtype)
    import torch

    return torch.where(valid, depth, torch.nan).flatten(-3).nanmedian(dim=-1).values


def _ops(points: Any) -> Any:
    if isinstance(points, np.ndarray):
        return np
    import torch

    return torch


def _like(values: tuple[float, float, float], points: Any) -> Any:
    if isinstance(points, np.ndarray):
        return np.asarray(values, dtype=points.dtype)
    return points.new_tensor(values)
