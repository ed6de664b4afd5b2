"""Steps from noise to data, and the published order of the random draws (ARCHITECTURE section 14).

Maths only; the caller owns progress, cancel and previews.
"""

import itertools
from collections.abc import Callable, Iterator

import torch
from torch import Tensor

from wt.flow import Sampler
from wt.flow.path import MIN_T, velocity
from wt.types import Float

EndpointFn = Callable[[Tensor, Tensor], Tensor]
"""(x_t [b, v, h, w, 3], t [b]) -> estimate of x_0."""


def time_knots(steps: int, device: torch.device | str = "cpu", shift: float = 1.0) -> Float[Tensor, " knots"]:
    """1 to 0 in `steps` steps, float32: equal ones at shift 1, as the published models want (section 14.2).

    A larger shift s puts the knots at s u / (1 + (s - 1) u), u even, so that more of them lie where a small model was
    trained (the same map as `wt.flow.timesteps.NoiseShift`; Esser and others 2024, Eq. 23).
    """
    even = torch.linspace(1, 0, steps + 1, dtype=torch.float32, device=device)
    return even if shift == 1.0 else shift * even / (1 + (shift - 1) * even)


def euler_steps(
    endpoint: EndpointFn, noise: Float[Tensor, "b v h w c"], times: Float[Tensor, " knots"], min_t: float = MIN_T
) -> Iterator[tuple[Tensor, Tensor]]:
    """Yield (x, x0 estimate) after each step of dx = v dt, v = (x - x0) / max(t, min_t).

    The state keeps the dtype and the memory layout of `noise`.
    """
    x = noise
    for t, t_next in itertools.pairwise(times):
        at = t.expand(len(x))
        x_0 = endpoint(x, at)
        x = x - (t - t_next) * velocity(x, x_0, at, min_t)
        yield x, x_0


def multistep_steps(
    endpoint: EndpointFn, noise: Float[Tensor, "b v h w c"], times: Float[Tensor, " knots"]
) -> Iterator[tuple[Tensor, Tensor]]:
    """As `euler_steps`, second order at the same cost: the endpoint goes on as it did since the step before.

    Without the clamp of t: a step to t = 0 ends at the endpoint itself.
    """
    x, before = noise, None
    for t, t_next in itertools.pairwise(times):
        x_0 = endpoint(x, t.expand(len(x)))
        slope = torch.zeros_like(x_0) if before is None else (x_0 - before[1]) / (t - before[0])
        x, before = _along(x, x_0, slope, t, t_next), (t, x_0)
        yield x, x_0


def heun_steps(
    endpoint: EndpointFn, noise: Float[Tensor, "b v h w c"], times: Float[Tensor, " knots"]
) -> Iterator[tuple[Tensor, Tensor]]:
    """As `multistep_steps`, but a second evaluation says where the endpoint goes; the step to t = 0 has none."""
    x = noise
    for t, t_next in itertools.pairwise(times):
        x_0 = endpoint(x, t.expand(len(x)))
        slope = torch.zeros_like(x_0)
        if t_next > 0:
            ahead = _along(x, x_0, slope, t, t_next)
            slope = (endpoint(ahead, t_next.expand(len(x))) - x_0) / (t_next - t)
        x = _along(x, x_0, slope, t, t_next)
        yield x, x_0


def sampler_steps(
    sampler: Sampler,
    endpoint: EndpointFn,
    noise: Float[Tensor, "b v h w c"],
    times: Float[Tensor, " knots"],
    min_t: float = MIN_T,
) -> Iterator[tuple[Tensor, Tensor]]:
    """(x, x0 estimate) after each step of the named sampler; "euler" is the published one."""
    if sampler == "euler":
        return euler_steps(endpoint, noise, times, min_t)
    return {"multistep": multistep_steps, "heun": heun_steps}[sampler](endpoint, noise, times)


def _along(x: Tensor, x_0: Tensor, slope: Tensor, t: Tensor, t_next: Tensor) -> Tensor:
    """dx/dt = (x - x0(t)) / t solved exactly from t to t_next for x0 = x_0 at t, changing by `slope` a unit of time."""
    ratio = t_next / t
    return ratio * x + (1 - ratio) * (x_0 - t * slope) + torch.xlogy(t_next, t / t_next) * slope


def channel_major_noise(
    shape: tuple[int, int, int, int, int], generator: torch.Generator, *, contiguous_draw: bool
) -> Float[Tensor, "b v h w c"]:
    """Standard normal noise [b, v, h, w, c] in channel-major memory, as the release draws it (section 14.4).

    Args:
        shape: (b, v, h, w, c).
        generator: its device is the noise's device; the global generators are not touched.
        contiguous_draw: True for the start (drawn as a contiguous [b, c, v, h, w]), False for the fill of a step (drawn
            through the transposed view, which consumes the generator in another order on a CPU).
    """
    b, v, h, w, c = shape
    store = torch.empty(b, c, v * h * w, device=generator.device)
    drawn = store if contiguous_draw else store.transpose(1, 2)
    drawn.normal_(generator=generator)
    return store.view(b, c, v, h, w).permute(0, 2, 3, 4, 1)
