"""The straight path between data and noise, and its velocity (ARCHITECTURE sections 13, 14.1; paper section 3.1)."""

from torch import Tensor

from wt.types import Float

MIN_T = 0.05


def interpolate(
    x_0: Float[Tensor, "b *rest"], noise: Float[Tensor, "b *rest"], t: Float[Tensor, "b *views"]
) -> Float[Tensor, "b *rest"]:
    """x_t = (1 - t) x_0 + t noise; t is one per sample or one per view."""
    t = _spread(t, x_0)
    return (1 - t) * x_0 + t * noise


def velocity(
    x_t: Float[Tensor, "b *rest"], x_0: Float[Tensor, "b *rest"], t: Float[Tensor, "b *views"], min_t: float = MIN_T
) -> Float[Tensor, "b *rest"]:
    """(x_t - x_0) / max(t, min_t): what an estimate of the endpoint says about dx/dt."""
    return (x_t - x_0) / _spread(t, x_t).clamp_min(min_t)


def _spread(t: Tensor, like: Tensor) -> Tensor:
    return t.reshape(*t.shape, *[1] * (like.ndim - t.ndim))
