"""Exponential moving average of a network's trainable weights."""

import torch
from torch import Tensor, nn

from wt.training.sharding import spread


class Ema:
    """Averages the trainable parameters in float32; early on over a short horizon, so that it follows at once.

    After n updates the decay is min(decay, (1 + n) / (10 + n)). The averages of a sharded network are sharded as it is.
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
        """Continue from saved averages, which are whole."""
        self.updates = updates
        for name, average in self.weights.items():
            average.copy_(spread(weights[name], average))
