"""Exponential moving average of a network's trainable weights."""

import torch
from torch import Tensor, nn


class Ema:
    """Averages the trainable parameters in float32; early on over a short horizon, so that it follows at once.

    After n updates the decay is min(decay, (1 + n) / (10 + n)).
    """

    def __init__(self, model: nn.Module, decay: float) -> None:
        self.decay = decay
        self.updates = 0
        self.weights: dict[str, Tensor] = {
            name: p.detach().clone().float() for name, p in model.named_parameters() if p.requires_grad
        }

    @torch.no_grad()
    def update(self, model: nn.Module) -> None:
        """Take in the present weights."""
        self.updates += 1
        decay = min(self.decay, (1 + self.updates) / (10 + self.updates))
        for name, p in model.named_parameters():
            if p.requires_grad:
                self.weights[name].lerp_(p.detach().to(self.weights[name]), 1 - decay)

    def load(self, weights: dict[str, Tensor], updates: int) -> None:
        """Continue from saved averages."""
        self.updates = updates
        for name, average in self.weights.items():
            average.copy_(weights[name])


class swapped:
    """`with swapped(model, ema.weights):` runs the network with other weights and puts its own back."""

    def __init__(self, model: nn.Module, weights: dict[str, Tensor]) -> None:
        self.model, self.weights = model, weights
        self.own: dict[str, Tensor] = {}

    def __enter__(self) -> nn.Module:
        self.own = {name: p.detach().clone() for name, p in self.model.named_parameters() if name in self.weights}
        self._put(self.weights)
        return self.model

    def __exit__(self, *_: object) -> None:
        self._put(self.own)

    @torch.no_grad()
    def _put(self, weights: dict[str, Tensor]) -> None:
        for name, p in self.model.named_parameters():
            if name in weights:
                p.copy_(weights[name])
