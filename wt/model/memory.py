"""How much memory a network needs, and who may stay on an accelerator when not all models fit (8 and 12 GB cards)."""

import functools
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

import torch
from torch import nn

from wt.errors import WtError
from wt.model.config import WTDiTConfig
from wt.model.precision import round_weights
from wt.model.wt_dit import WTDiT

GB = 1e9
PER_TOKEN_CHANNEL = {torch.float32: 58, torch.bfloat16: 40, torch.float16: 40}
"""Bytes alive at once for every token and channel of the width in the widest place of a block, its attention, as
`python benchmarks/memory.py` counts them."""
PER_POINT = 120
"""Bytes for every point of the pointmap: state, noise, fill, estimate and copies of them, 12 bytes each."""


@dataclass(frozen=True)
class MemoryNeed:
    """Bytes of a network and of a step that it takes."""

    weights: int
    working: int

    @property
    def total(self) -> int:
        """Both."""
        return self.weights + self.working

    def __str__(self) -> str:
        parts = f" ({self.weights / GB:.1f} GB of weights)" if self.weights and self.working else ""
        return f"{self.total / GB:.1f} GB of memory{parts}"


@functools.cache
def memory_need(config: WTDiTConfig, dtype: torch.dtype = torch.float32, frames: int = 1) -> MemoryNeed:
    """What a lift takes on the device that runs it, without what torch itself takes there.

    Args:
        config: of the network; it is not built.
        dtype: of the arithmetic; weights that are used in it are kept in it (`round_weights`).
        frames: seen at once, more than one by a dynamic model.
    """
    with torch.device("meta"):
        model = WTDiT(config)
    round_weights(model, dtype)
    weights = sum(tensor.nbytes for tensor in model.state_dict().values())
    views = frames * config.layers
    working = views * config.grid**2 * config.width * PER_TOKEN_CHANNEL[dtype]
    return MemoryNeed(weights, working + views * config.image_side**2 * PER_POINT)


def require_host_memory(what: str, need: MemoryNeed) -> None:
    """Say so before the system begins to swap, or kills the program.

    Raises:
        WtError: less is free.
    """
    import psutil

    free = psutil.virtual_memory().available + psutil.swap_memory().free
    if need.total > free:
        raise WtError(
            f"{what} needs about {need}, and {free / GB:.1f} GB are free here. Close other programs, or use a smaller "
            "model such as wt-s-mini."
        )


def free_bytes(device: torch.device) -> int:
    """What an accelerator can still give, torch's own reserve included."""
    free, _ = torch.cuda.mem_get_info(device)
    return free + torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)


class Residents:
    """The models that share an accelerator: those that nobody uses wait in host memory when another needs the room."""

    def __init__(self, free: Callable[[torch.device], int] = free_bytes) -> None:
        self._free = free
        self._lock = threading.Condition()
        self._users: dict[nn.Module, int] = {}
        """Every model on an accelerator, the longest unused first, and how many lifts use it now."""

    @contextmanager
    def using(self, model: nn.Module, device: torch.device, need: MemoryNeed, what: str) -> Iterator[None]:
        """The model is on the device inside, with room for what it does there.

        Where memory cannot be asked for, it is moved there and stays.

        Raises:
            WtError: too little memory even with every idle model away.
        """
        if device.type != "cuda":
            if device.type == "cpu":
                require_host_memory(what, replace(need, weights=0))
            model.to(device)
            yield
            return
        with self._lock:
            while not self._admitted(model, device, need):
                if not any(self._users.values()):
                    raise WtError(
                        f"{what} needs about {need} on {device}, and {self._free(device) / GB:.1f} GB are free. Close "
                        'other programs that use it, or use a smaller model such as wt-s-mini, or device "cpu".'
                    )
                self._lock.wait()
        try:
            yield
        finally:
            with self._lock:
                self._users[model] -= 1
                self._lock.notify_all()

    def _admitted(self, model: nn.Module, device: torch.device, need: MemoryNeed) -> bool:
        """Whether there was room, or could be made."""
        wanted = need.working if model in self._users else need.total
        idle = [other for other, users in self._users.items() if not users and other is not model]
        while self._free(device) < wanted and idle:
            other = idle.pop(0)
            other.to("cpu")
            del self._users[other]
            torch.cuda.empty_cache()
        if self._free(device) < wanted:
            return False
        model.to(device)
        self._users[model] = self._users.pop(model, 0) + 1
        return True


RESIDENTS = Residents()
"""Of this process."""
