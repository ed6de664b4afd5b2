"""Muon in float32: momentum whose matrices are orthogonalised before they are applied.

PyTorch ships the same optimiser, but it iterates in bfloat16, which CPUs without AMX emulate at a tenth of the speed.
Update sizes follow "Muon is Scalable for LLM Training" (0.2 sqrt(max(rows, columns))), so that AdamW's learning rate
serves both.
"""

from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor

from wt.training.sharding import spread, whole
from wt.types import Float

COEFFICIENTS = (3.4445, -4.7750, 2.0315)
"""Of the quintic Newton-Schulz iteration that pulls every singular value into about [0.7, 1.2]."""
ITERATIONS = 5


class Muon(torch.optim.Optimizer):
    """For weight matrices of hidden layers; embeddings, gains, biases and the outermost layers belong to AdamW."""

    def __init__(
        self,
        params: Iterable[Tensor] | Iterable[dict[str, Any]],
        lr: float = 1e-3,
        momentum: float = 0.95,
        weight_decay: float = 0.01,
    ) -> None:
        super().__init__(params, {"lr": lr, "momentum": momentum, "weight_decay": weight_decay})

    @torch.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> None:  # type: ignore[override]
        """One update with Nesterov momentum; `closure` is not supported.

        A sharded matrix is gathered for it: its parts say nothing about its singular vectors.
        """
        for group in self.param_groups:
            momentum = group["momentum"]
            for p in group["params"]:
                if p.grad is None:
                    continue
                state = self.state[p]
                if not state:
                    state["momentum"] = torch.zeros_like(p)
                state["momentum"].lerp_(p.grad, 1 - momentum)
                update = spread(orthogonalised(whole(p.grad.lerp(state["momentum"], momentum))), p)
                p.mul_(1 - group["lr"] * group["weight_decay"])
                p.add_(update, alpha=-group["lr"] * 0.2 * max(p.shape) ** 0.5)


def orthogonalised(matrix: Float[Tensor, "m n"]) -> Float[Tensor, "m n"]:
    """About U V^T of the matrix's singular value decomposition, by five Newton-Schulz steps."""
    a, b, c = COEFFICIENTS
    wide = matrix.T if matrix.shape[0] > matrix.shape[1] else matrix
    x = wide.float() / (wide.norm() + 1e-7)
    for _ in range(ITERATIONS):
        gram = x @ x.T
        x = torch.addmm(x, torch.addmm(gram, gram, gram, beta=b, alpha=c), x, beta=a)
    return (x.T if matrix.shape[0] > matrix.shape[1] else x).to(matrix.dtype)
