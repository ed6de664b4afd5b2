"""The loss of a batch: Eq. 3 with the gate of Eq. 4, Eq. 7's noise fill and the weighted Eq. 8 (paper section 3).

What is trained is called inside `Objective.forward` alone, so that data parallelism sees all of it.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from wt.flow.loss import endpoint_loss, flicker, gate_layers, mask_loss, monotonicity, real_layers
from wt.flow.path import interpolate
from wt.flow.timesteps import Schedule
from wt.model.wt_dit import WTDiT, forward_fill
from wt.training.clips import ClipBatch
from wt.training.dataset import Batch
from wt.types import Bool, Float

MASK_WEIGHT = 0.1
"""Of the validity mask's cross-entropy in the ablation that has one; the paper gives no number."""


@dataclass(frozen=True)
class Draws:
    """What chance decides for a batch."""

    t: Float[Tensor, "b v"]
    noise: Float[Tensor, "b v h w 3"]
    fill: Float[Tensor, "b v h w 3"]
    """What the network sees on invalid rays (Eq. 7)."""


def draw(
    schedule: Schedule,
    batch: Batch | ClipBatch,
    layers: int,
    share_done: float,
    times: torch.Generator,
    noise: torch.Generator,
) -> Draws:
    """Fresh times and noise; all frames of a clip share the times. `noise` lives on the batch's device."""
    device = batch.x0.device
    t = schedule.draw(len(batch.x0), layers, share_done, times)
    t = t.repeat(1, batch.x0.shape[1] // layers).to(device)
    pure, fill = (torch.randn(batch.x0.shape, generator=noise, device=device) for _ in range(2))
    return Draws(t, pure, fill)


@dataclass(frozen=True)
class Stacks:
    """The frames of a batch one by one."""

    x0: Float[Tensor, "n l h w 3"]
    weight: Float[Tensor, "n h w"]
    single: Bool[Tensor, "n"]
    real: Bool[Tensor, "n l h w"] | None
    """Where layers have surfaces of their own, if only these are supervised."""


def stacks(batch: Batch | ClipBatch, layers: int, *, only_real: bool) -> Stacks:
    """Stills as they are, clips frame by frame."""
    x0, weight = batch.x0.unflatten(1, (-1, layers)).flatten(0, 1), batch.weight
    if isinstance(batch, ClipBatch):
        weight = weight.flatten(0, 1)
        single = torch.zeros(len(weight), dtype=torch.bool, device=weight.device)
    else:
        single = batch.single
    return Stacks(x0, weight, single, real_layers(x0) if only_real else None)


def view_mask(batch: Batch | ClipBatch) -> Bool[Tensor, "b #v h w"]:
    """Valid rays, as the network wants them: of each sample, or of each view of a clip."""
    seen = batch.weight > 0
    if isinstance(batch, Batch):
        return seen[:, None]
    return seen.repeat_interleave(batch.x0.shape[1] // seen.shape[1], dim=1)


class Objective(nn.Module):
    """A network and its loss."""

    def __init__(
        self, model: WTDiT, mono_weight: float, huber: float | None = None, flicker_weight: float = 0.0
    ) -> None:
        super().__init__()
        self.model, self.mono_weight, self.huber, self.flicker_weight = model, mono_weight, huber, flicker_weight

    def counts(self, batch: Batch | ClipBatch) -> Float[Tensor, "3"]:
        """What the means of the loss are taken over: weights of supervised points, valid rays, points with a mask."""
        found = self._stacks(batch)
        gated = gate_layers(found.weight, found.single, found.x0.shape[1])
        points = gated if found.real is None else gated * found.real
        return torch.stack([points.sum(), (found.weight > 0).sum().to(gated), gated.sum()])

    def forward(
        self, batch: Batch | ClipBatch, draws: Draws, features: Tensor, shares: Float[Tensor, "3"]
    ) -> tuple[Float[Tensor, ""], dict[str, Tensor]]:
        """(loss, its parts for the log).

        Args:
            batch: stills or clips.
            draws: times and noise.
            features: `model.encode(batch.photo)`, frozen.
            shares: `counts` of this batch over their mean in all batches of the step, so that the mean of the losses
                is the loss of all batches as one.
        """
        layers = self.model.config.layers
        tokens = self.model.condition(features)
        x_t = interpolate(batch.x0, draws.noise, draws.t)
        predicted, surface = self.model.endpoint(x_t, draws.t, tokens, batch.rgb, view_mask(batch), draws.fill)
        found = self._stacks(batch)
        x0 = predicted.float().unflatten(1, (-1, layers)).flatten(0, 1)
        endpoint = endpoint_loss(x0, found.x0, found.weight, found.single, found.real, self.huber)
        # A layer without a surface of its own repeats the one before it, which is in order.
        filled = x0 if found.real is None else forward_fill(x0, found.real, layers)
        mono = monotonicity(filled[..., 2], found.weight)
        parts = {"layer0": endpoint.layer0, "hidden": endpoint.hidden, "mono": mono}
        total = endpoint.total * shares[0] + self.mono_weight * mono * shares[1]
        if self.flicker_weight and isinstance(batch, ClipBatch):
            z, truth = (x[..., 2].float().unflatten(1, (-1, layers)) for x in (predicted, batch.x0))
            parts["flicker"] = flicker(z, truth, batch.weight)
            total = total + self.flicker_weight * parts["flicker"] * shares[1]
        if surface is not None and found.real is not None:
            logits = surface.float().unflatten(1, (-1, layers)).flatten(0, 1)
            parts["mask"] = mask_loss(logits, found.real, found.weight, found.single)
            total = total + MASK_WEIGHT * parts["mask"] * shares[2]
        return total, {name: part.detach() for name, part in parts.items()}

    def _stacks(self, batch: Batch | ClipBatch) -> Stacks:
        return stacks(batch, self.model.config.layers, only_real=self.model.config.layer_mask)
