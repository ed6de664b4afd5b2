"""From noise to the network's answer, step by step, and what is shown on the way."""

import time
from collections.abc import Callable, Iterator

import torch
from torch import Tensor

from wt.flow import Sampler
from wt.flow.sampler import channel_major_noise, sampler_steps, time_knots
from wt.geometry.layers import LayeredPointmap
from wt.model.wt_dit import WTDiT
from wt.types import Bool, Float

Guide = Callable[[Tensor], Tensor]
"""An estimate of x_0 [b, v, h, w, 3] -> the same with what is known put in."""
PREVIEW_REST = 4
"""Times as long as a preview took, no other is made: at most a fifth of a lift goes into them."""


def denoise(
    model: WTDiT,
    tokens: Float[Tensor, "b v p k"],
    rgb: Float[Tensor, "b *t 3 h w"],
    mask: Bool[Tensor, "b #v h w"],
    steps: int,
    generator: torch.Generator,
    guide: Guide | None = None,
    sampler: Sampler = "euler",
) -> Iterator[tuple[Tensor, Tensor]]:
    """(state, x0 estimate) [b, v, h, w, 3] after each step, noise filled and drawn as the release does (section 14).

    With a guide, each step goes towards the guided estimate.
    """
    b, v = tokens.shape[:2]
    shape = (b, v, rgb.shape[-2], rgb.shape[-1], 3)
    noise = channel_major_noise(shape, generator, contiguous_draw=True)

    def endpoint(x: Tensor, t: Tensor) -> Tensor:
        fill = channel_major_noise(shape, generator, contiguous_draw=False)
        estimate = model(x, t, tokens, rgb, mask, fill)
        return estimate if guide is None else guide(estimate)

    times = time_knots(steps, generator.device, model.config.sampling_shift)
    yield from sampler_steps(sampler, endpoint, noise, times, model.config.min_t)


class Previews:
    """Lifts of what is estimated on the way, so few that at most a fifth of the time goes into them."""

    def __init__(self, make: Callable[[Tensor], list[LayeredPointmap]]) -> None:
        self.make, self.rested = make, 0.0
        self.latest: list[LayeredPointmap] | None = None

    def of(self, x_0: Tensor) -> list[LayeredPointmap]:
        """A preview of this estimate, or the last one that was made."""
        began = time.perf_counter()
        if self.latest is None or began >= self.rested:
            self.latest = self.make(x_0)
            self.rested = time.perf_counter() + PREVIEW_REST * (time.perf_counter() - began)
        return self.latest
