"""Training whose weights, gradients, averages and moments lie in parts on the processes (FSDP 2, ZeRO-3).

Accelerate's own preparation of such a network knows no CPU and casts every weight to bfloat16, the time network's too,
which has to be float32 (ARCHITECTURE section 6). So its launcher's flags decide, and `fully_shard` is called here: the
arithmetic stays that of the other modes, on every device.
"""

from collections.abc import Iterable, Mapping

import torch
from torch import Tensor, nn
from torch.distributed.tensor import DTensor, distribute_tensor

from wt.model.blocks import Block


def shard(module: nn.Module) -> nn.Module:
    """Spread the trained weights over the processes, in place: each block is gathered when it runs, the rest at once.

    Frozen weights stay whole: the encoder runs outside of the module's `forward`.
    """
    from torch.distributed.fsdp import fully_shard

    for block in [part for part in module.modules() if isinstance(part, Block)]:
        fully_shard(block)
    fully_shard(module, ignored_params={p for p in module.parameters() if not p.requires_grad})
    return module


def whole(tensor: Tensor) -> Tensor:
    """The tensor itself, or all of a sharded one, for which every process has to ask."""
    return tensor.full_tensor() if isinstance(tensor, DTensor) else tensor


def spread(values: Tensor, like: Tensor) -> Tensor:
    """Whole `values` in parts, as those of `like`, for which every process has to call it; unchanged if that is whole.

    A shape that is not that of `like` (an optimiser's count of steps) is everybody's own.
    """
    if isinstance(like, DTensor) and values.shape == like.shape:
        return distribute_tensor(values.to(like.device), like.device_mesh, like.placements)
    return values


def gather(tensors: Mapping[str, Tensor], device: torch.device, *, keep: bool) -> dict[str, Tensor]:
    """Whole tensors on `device`, one after the other; {} for a process that helps but does not `keep` them."""
    found = {}
    for name, tensor in tensors.items():
        complete = whole(tensor.detach())
        if keep:
            found[name] = complete.to(device)
    return found


def clip_gradients(parameters: Iterable[Tensor], most: float) -> float:
    """Scale the gradients down to a norm of `most` over all of them; returns the norm that they had."""
    return float(whole(torch.nn.utils.clip_grad_norm_(parameters, most)))
