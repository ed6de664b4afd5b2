"""What sam-mini is trained to: masks by focal and dice loss, the best of three counting, and their own overlap."""

from torch import Tensor
from torch.nn import functional as F

from wt.types import Bool, Float

FOCAL, DICE = 10.0, 2.0
"""Weights of the two losses of a mask."""


def losses(
    logits: Float[Tensor, "k 4 m m"], quality: Float[Tensor, "k 4"], target: Bool[Tensor, "k m m"]
) -> tuple[Float[Tensor, ""], Float[Tensor, "k 4"]]:
    """The loss, and the true IoU of every mask.

    Focal and dice loss of the single mask and of the best of the three, and how far each predicted IoU is off.
    """
    from torchvision.ops import sigmoid_focal_loss

    wanted = target[:, None].expand_as(logits).float()
    focal = sigmoid_focal_loss(logits, wanted, alpha=-1, gamma=2).mean(dim=(2, 3))
    chance = logits.sigmoid()
    dice = 1 - (2 * (chance * wanted).sum(dim=(2, 3)) + 1) / ((chance + wanted).sum(dim=(2, 3)) + 1)
    each = FOCAL * focal + DICE * dice
    true = overlap(logits > 0, target[:, None])
    # The share of the others keeps every one of the three alive.
    masks = each[:, 0] + 0.9 * each[:, 1:].min(dim=1).values + 0.1 * each[:, 1:].mean(dim=1)
    return masks.mean() + F.mse_loss(quality, true), true


def overlap(a: Bool[Tensor, "*#n h w"], b: Bool[Tensor, "*#n h w"]) -> Float[Tensor, "*#n"]:
    """Intersection over union."""
    return (a & b).sum(dim=(-2, -1)) / (a | b).sum(dim=(-2, -1)).clamp(min=1)
