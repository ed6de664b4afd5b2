"""The training loss: alpha-masked endpoint error with the single-layer gate, and the monotonicity penalty.

Sources: paper Eq. 3 (endpoint loss), Eq. 4 (gate for single-layer supervision), Eq. 8 (monotonicity).
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from wt.types import Bool, Float

FLICKER_HUBER = 0.02
"""Below it, in normalised depth, a wrong step between frames counts by its square."""


@dataclass(frozen=True)
class EndpointLoss:
    """Mean squared endpoint errors in normalised coordinates: of all supervised layers, of layer 0, of the rest."""

    total: Float[Tensor, ""]
    layer0: Float[Tensor, ""]
    hidden: Float[Tensor, ""]


def gate_layers(
    weight: Float[Tensor, "b h w"], single: Bool[Tensor, "b"], layers: int
) -> Float[Tensor, "b layers h w"]:
    """The validity weight A spread over the layers, zero below layer 0 of single-layer samples (Eq. 4)."""
    gate = torch.ones(len(weight), layers, device=weight.device, dtype=weight.dtype)
    gate[:, 1:] *= 1 - single.to(weight.dtype)[:, None]
    return weight[:, None] * gate[:, :, None, None]


def endpoint_loss(
    predicted: Float[Tensor, "b v h w 3"],
    target: Float[Tensor, "b v h w 3"],
    weight: Float[Tensor, "b h w"],
    single: Bool[Tensor, "b"],
    real: Bool[Tensor, "b v h w"] | None = None,
    huber: float | None = None,
) -> EndpointLoss:
    """Weighted mean of |x0_hat - x0|^2 over valid pixels, layers and channels (Eq. 3).

    `weight` is 1 on valid rays, 0 outside (what the target holds there does not matter) and in between for pseudo
    targets of a jittered mask; `single` marks samples that supervise layer 0 only. With `real`, layers count only
    where it is True (the ablation without depth filling). With `huber` = d, errors well above d count by their size,
    not its square (pseudo-Huber, as Song and Dhariwal 2023 train few-step models): what is learnt goes from the mean
    of what is possible towards its median.
    """
    layers = predicted.shape[1]
    gated = gate_layers(weight, single, layers)
    if real is not None:
        gated = gated * real
    # Invalid targets may hold anything, NaN included: taken out before the square, whose gradient would spread them.
    difference = torch.where(gated[..., None] > 0, predicted - target, 0.0)
    error = difference.square().mean(dim=-1)
    if huber is not None:
        error = 2 * huber**2 * ((1 + error / huber**2).sqrt() - 1)
    error = error * gated
    per_layer = error.sum(dim=(0, 2, 3))
    counts = gated.sum(dim=(0, 2, 3))
    return EndpointLoss(
        total=per_layer.sum() / counts.sum().clamp(min=1),
        layer0=per_layer[0] / counts[0].clamp(min=1),
        hidden=per_layer[1:].sum() / counts[1:].sum().clamp(min=1),
    )


def monotonicity(z: Float[Tensor, "b v h w"], weight: Float[Tensor, "b h w"]) -> Float[Tensor, ""]:
    """Mean over valid pixels and adjacent pairs of relu(z_l - z_(l+1))^2, z the normalised depth (Eq. 8)."""
    wrong = (z[:, :-1] - z[:, 1:]).relu().square()
    valid = (weight > 0)[:, None]
    return torch.where(valid, wrong, 0.0).sum() / (valid.sum() * (z.shape[1] - 1)).clamp(min=1)


def flicker(
    z: Float[Tensor, "b t layers h w"], truth: Float[Tensor, "b t layers h w"], weight: Float[Tensor, "b t h w"]
) -> Float[Tensor, ""]:
    """Mean size (pseudo-Huber) of dz - dz_true, d the step from a frame to the next, where both are supervised.

    Ours, not the paper's, for clips: the endpoint loss alone counts an error that flickers like one that stays.
    """
    both = (weight[:, 1:] * weight[:, :-1])[:, :, None]
    wrong = torch.where(both > 0, (z - truth).diff(dim=1), 0.0)
    size = (wrong.square() + FLICKER_HUBER**2).sqrt() - FLICKER_HUBER
    return (size * both).sum() / (both.sum() * z.shape[2]).clamp(min=1)


def real_layers(x_0: Float[Tensor, "b v h w 3"]) -> Bool[Tensor, "b v h w"]:
    """Where a forward-filled stack has a surface of its own: filled layers repeat the one before them exactly (Eq. 2).

    Layer 0 always counts; which of its rays are valid is the weight's business.
    """
    own = (x_0[:, 1:] != x_0[:, :-1]).any(dim=-1)
    return torch.cat([torch.ones_like(own[:, :1]), own], dim=1)


def mask_loss(
    logits: Float[Tensor, "b v h w"],
    real: Bool[Tensor, "b v h w"],
    weight: Float[Tensor, "b h w"],
    single: Bool[Tensor, "b"],
) -> Float[Tensor, ""]:
    """Cross-entropy of "this layer has a surface here" over valid rays and supervised layers (the paper's ablation)."""
    gated = gate_layers(weight, single, logits.shape[1])
    error = torch.nn.functional.binary_cross_entropy_with_logits(logits, real.to(logits.dtype), reduction="none")
    return (error * gated).sum() / gated.sum().clamp(min=1)
