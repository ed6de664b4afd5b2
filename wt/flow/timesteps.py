"""Distributions of the diffusion time t in [0, 1] for training (t = 1 is pure noise).

The paper's two schedules, their mixture and its two phases (section 3.3, App. B, Fig. 6), and the shift of the time
towards noise that a small model needs (DESIGN section 5): geometry is so smooth that a patch average shows it plainly
at t = 0.9, so with the paper's densities hardly any draw makes a small network look at the photo.
"""

import math
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import torch
from torch import Tensor

from wt.errors import WtError
from wt.types import Float


@runtime_checkable
class Times(Protocol):
    """A distribution over t with a density, and an atom at t = 1 (0 for the paper's)."""

    @property
    def atom(self) -> float:
        """Probability that t is exactly 1; the density integrates to 1 - atom."""
        ...

    def sample(self, count: int, generator: torch.Generator | None = None) -> Float[Tensor, "n"]:
        """`count` independent draws, float32."""
        ...

    def density(self, t: Float[Tensor, "n"]) -> Float[Tensor, "n"]:
        """The density of the continuous part at 0 < t < 1."""
        ...


@dataclass(frozen=True)
class LogitNormal:
    """sigmoid(n), n normal: mass around t = 1/2, for the deeper layers (App. B)."""

    mean: float = 0.0
    std: float = 1.0
    atom: float = 0.0

    def sample(self, count: int, generator: torch.Generator | None = None) -> Float[Tensor, "n"]:
        """So many times, drawn independently."""
        return torch.sigmoid(self.mean + self.std * torch.randn(count, generator=generator))

    def density(self, t: Float[Tensor, "n"]) -> Float[Tensor, "n"]:
        """Of the part without the atom, at each time."""
        z = (torch.logit(t) - self.mean) / self.std
        return torch.exp(-z * z / 2) / (self.std * math.sqrt(2 * math.pi) * t * (1 - t))


@dataclass(frozen=True)
class PlateauedLogitNormal:
    """p(t) proportional to f(max(t, 1/2)), f the standard logit-normal: a plateau down to t = 0, for layer 0.

    The paper gives no formula; this is our reading of "broadens the central plateau and allocates more probability
    to small t" (App. B).
    """

    atom: float = 0.0

    def sample(self, count: int, generator: torch.Generator | None = None) -> Float[Tensor, "n"]:
        """So many times, drawn independently."""
        plateau = torch.rand(count, generator=generator) < self._plateau_mass / (self._plateau_mass + 0.5)
        low = 0.5 * torch.rand(count, generator=generator)
        high = torch.sigmoid(torch.randn(count, generator=generator).abs())
        return torch.where(plateau, low, high)

    def density(self, t: Float[Tensor, "n"]) -> Float[Tensor, "n"]:
        """Of the part without the atom, at each time."""
        return LogitNormal().density(t.clamp(min=0.5)) / (self._plateau_mass + 0.5)

    @property
    def _plateau_mass(self) -> float:
        """0.5 * f(1/2): the plateau's area before normalisation; above 1/2 the logit-normal has area 0.5."""
        return 0.5 * 4 / math.sqrt(2 * math.pi)


@dataclass(frozen=True)
class NoiseShift:
    """t = 1 with probability `atom`, else s u / (1 + (s - 1) u) with u uniform (DESIGN section 5: 0.35 and s = 12)."""

    atom: float = 0.35
    shift: float = 12.0

    def __post_init__(self) -> None:
        if not 0 <= self.atom <= 1 or self.shift <= 0:
            raise WtError(f"NoiseShift needs 0 <= atom <= 1 and shift > 0; got {self.atom}, {self.shift}.")

    def sample(self, count: int, generator: torch.Generator | None = None) -> Float[Tensor, "n"]:
        """So many times, drawn independently."""
        pure = torch.rand(count, generator=generator) < self.atom
        u = torch.rand(count, generator=generator)
        return torch.where(pure, torch.ones(count), self.shift * u / (1 + (self.shift - 1) * u))

    def density(self, t: Float[Tensor, "n"]) -> Float[Tensor, "n"]:
        """Of the part without the atom, at each time."""
        return (1 - self.atom) * self.shift / (self.shift - (self.shift - 1) * t) ** 2


@dataclass(frozen=True)
class Mixture:
    """The two distributions with equal weight (the paper's phase (ii) of the curriculum)."""

    first: Times
    second: Times

    @property
    def atom(self) -> float:
        """Share of the draws that are t = 1."""
        return (self.first.atom + self.second.atom) / 2

    def sample(self, count: int, generator: torch.Generator | None = None) -> Float[Tensor, "n"]:
        """So many times, drawn independently."""
        pick = torch.rand(count, generator=generator) < 0.5
        return torch.where(pick, self.first.sample(count, generator), self.second.sample(count, generator))

    def density(self, t: Float[Tensor, "n"]) -> Float[Tensor, "n"]:
        """Of the part without the atom, at each time."""
        return (self.first.density(t) + self.second.density(t)) / 2


@dataclass(frozen=True)
class Schedule:
    """How a training step draws the times of a batch.

    `shared` is drawn once per sample for all layers (phase ii); with `layer_aware` steps left (phase i) every layer
    has its own draw, layer 0 from `visible` and the deeper ones from `hidden`.
    """

    shared: Times
    visible: Times | None = None
    hidden: Times | None = None
    layer_aware_until: float = 0.0
    """Share of the training for which phase (i) lasts."""

    def draw(
        self, batch: int, layers: int, progress: float, generator: torch.Generator | None = None
    ) -> Float[Tensor, "b v"]:
        """Times for every sample and layer; `progress` in [0, 1] is how much of the training is done."""
        if progress < self.layer_aware_until and self.visible is not None and self.hidden is not None:
            first = self.visible.sample(batch, generator)[:, None]
            rest = self.hidden.sample(batch * (layers - 1), generator).reshape(batch, layers - 1)
            return torch.cat([first, rest], dim=1)
        return self.shared.sample(batch, generator)[:, None].expand(batch, layers)


def paper_schedule(layer_aware_until: float = 0.5) -> Schedule:
    """The paper's curriculum: independent per layer first, then a shared draw from the equal mixture."""
    visible, hidden = PlateauedLogitNormal(), LogitNormal()
    return Schedule(Mixture(visible, hidden), visible, hidden, layer_aware_until)
