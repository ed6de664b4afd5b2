"""Flow matching."""

from typing import Literal, get_args

Sampler = Literal["euler", "multistep", "heun"]
"""How the flow is followed from noise to data: `wt.flow.sampler`."""
SAMPLERS: tuple[Sampler, ...] = get_args(Sampler)
