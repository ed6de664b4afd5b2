"""Matrices in eight bits a weight: what a file holds of weights that are never trained again.

Every row is divided by its own scale, so that its largest weight becomes 127, and rounded (absmax quantisation by
rows). A weight is then off by at most 0.4 % of its row's largest one.
"""

import torch
from torch import Tensor

SCALE = ".row_scale"
"""Ending of the name under which a matrix's scales lie beside it."""


def pack(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """Matrices ("...weight") as int8 [rows, columns] and float32 [rows, 1] scales, the rest in half precision."""
    packed = {}
    for name, tensor in tensors.items():
        if tensor.ndim != 2 or not name.endswith("weight"):
            packed[name] = tensor.half().contiguous()
            continue
        scale = (tensor.float().abs().amax(dim=1, keepdim=True) / 127).clamp(min=1e-12)
        packed[name] = (tensor.float() / scale).round().to(torch.int8)
        packed[name + SCALE] = scale
    return packed


def unpack(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """What `pack` was given, in half precision; tensors that were not packed pass through."""
    return {
        name: (tensor.float() * tensors[name + SCALE]).half() if name + SCALE in tensors else tensor
        for name, tensor in tensors.items()
        if not name.endswith(SCALE)
    }
