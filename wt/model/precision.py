"""Where the network runs, and in which arithmetic."""

import functools
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext

import torch
from torch import Tensor, nn

from wt.errors import WtError
from wt.model.neck import Neck
from wt.model.wt_dit import LayerConditioning, TimeNetwork

EXACT = (TimeNetwork, LayerConditioning, Neck)
"""Parts that run in float32 whatever the rest does."""


def pick_device(name: str = "auto") -> torch.device:
    """ "auto" takes CUDA, then Apple's MPS, then the CPU.

    Raises:
        WtError: a device that this machine does not have.
    """
    if name == "auto":
        if torch.cuda.is_available():
            return torch.device("cuda")
        return torch.device("mps" if torch.backends.mps.is_available() else "cpu")
    try:
        device = torch.device(name)
        torch.empty(1, device=device)
    except (RuntimeError, AssertionError) as error:
        raise WtError(f'This machine cannot run on the device "{name}". Use "auto", "cpu" or "cuda".') from error
    return device


@functools.cache
def bf16_is_faster(device_type: str) -> bool:
    """Always on CUDA; on a CPU it is timed (without AVX-512 or AMX it is many times slower)."""
    if device_type != "cpu":
        return device_type == "cuda"
    single = torch.randn(1024, 512), torch.randn(512, 512)
    half = single[0].bfloat16(), single[1].bfloat16()
    # In turns, and the best of each: other programs only ever slow a product down.
    seconds = [(_seconds(*half), _seconds(*single)) for _ in range(8)]
    in_half, in_single = map(min, zip(*seconds, strict=True))
    return in_half < 0.8 * in_single


def arithmetic(device: torch.device, dtype: torch.dtype | None = None) -> torch.dtype:
    """The asked dtype; by default bfloat16 where it is faster, else float32."""
    return dtype or (torch.bfloat16 if bf16_is_faster(device.type) else torch.float32)


def autocast(device: torch.device, dtype: torch.dtype) -> AbstractContextManager:
    """float32 runs without autocast."""
    return nullcontext() if dtype == torch.float32 else torch.autocast(device.type, dtype=dtype)


def round_weights(model: nn.Module, dtype: torch.dtype) -> None:
    """Keep every weight that autocast would round at each use in that dtype: same results, half the memory.

    What the network computes in float32 (time, layer conditioning, norms, gains, necks) stays as it is. The model then
    runs under `autocast(device, dtype)` only.
    """
    if dtype == torch.float32:
        return
    exact = {part for module in model.modules() if isinstance(module, EXACT) for part in module.modules()}
    for module in model.modules():
        if isinstance(module, (nn.Linear, nn.Conv2d)) and module not in exact:
            module.to(dtype)


@contextmanager
def memory_explained(what: str, device: torch.device) -> Iterator[None]:
    """Turns an allocator's failure inside into advice.

    Raises:
        WtError: out of memory.
    """
    try:
        yield
    except (torch.OutOfMemoryError, RuntimeError, MemoryError) as error:
        # The CPU's allocator has no error class of its own.
        if type(error) is RuntimeError and "can't allocate memory" not in str(error):
            raise
        advice = 'a smaller model such as wt-s-mini, or device "cpu"' if device.type == "cuda" else "a smaller model"
        raise WtError(
            f"{what} ran out of memory on {device.type}. Close other programs that use it, or use {advice}; nothing is "
            "lost."
        ) from error.with_traceback(None)  # whose frames hold the memory


def _seconds(a: Tensor, b: Tensor) -> float:
    begin = time.perf_counter()
    a @ b
    return time.perf_counter() - begin
