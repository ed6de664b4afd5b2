"""What every 2D editor of a photo is: pixels, a mask and words in; pixels of the same size out."""

from collections.abc import Callable
from typing import Literal, Protocol, runtime_checkable

import numpy as np

from wt.types import Bool, UInt8

OnStep = Callable[[int, int], None]
"""`on_step(done, total)`; it may raise `wt.errors.Cancelled`, which stops the edit within one step."""

Task = Literal["edit", "inpaint", "remove"]
"""Follow an instruction on the whole picture; paint into a mask what the prompt says; take away what a mask covers."""


@runtime_checkable
class Editor(Protocol):
    """A 2D editor. Geometry is no business of its: what it paints is lifted and placed afterwards."""

    name: str
    """For the manifest, for example "FLUX.2-klein-4B"."""
    licence: str
    """SPDX name of the weights' licence, or of the code where there are no weights."""
    offline: bool
    """True if it never needs the network."""
    tasks: frozenset[Task]
    """What it can do."""

    def edit(
        self,
        image: UInt8[np.ndarray, "h w 3"],
        mask: Bool[np.ndarray, "h w"] | None,
        prompt: str,
        *,
        seed: int = 0,
        on_step: OnStep | None = None,
    ) -> UInt8[np.ndarray, "h w 3"]:
        """The edited picture, of the same size; the same seed gives the same pixels.

        With a mask only its pixels are to change; without one the editor finds the place itself, if it can.

        Raises:
            WtError: the words or the mask do not say what to do, or the weights are not at hand.
            Cancelled: raised by `on_step`.
        """
        ...
