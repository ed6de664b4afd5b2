"""Optimisers and learning rate of a recipe, and the arithmetic that suits the machine."""

import math
import os
from typing import Any

import torch

from wt.model.precision import bf16_is_faster
from wt.training.muon import Muon
from wt.training.recipes import Recipe


def learning_rate(recipe: Recipe, step: int, share_done: float) -> float:
    """Linear warm-up, then a cosine over the planned length down to `min_lr`."""
    cosine = recipe.min_lr + (recipe.lr - recipe.min_lr) * (1 + math.cos(math.pi * share_done)) / 2
    return cosine * min(1.0, (step + 1) / recipe.warmup_steps)


def build_optimizers(recipe: Recipe, trainable: dict[str, torch.nn.Parameter]) -> list[torch.optim.Optimizer]:
    """AdamW for everything, or for what Muon leaves: all but the matrices of the transformer blocks.

    A group's "factor" is what the learning rate is multiplied by for it.
    """
    muon: dict[str, torch.nn.Parameter] = {}
    if recipe.optimizer == "muon":
        muon = {name: p for name, p in trainable.items() if _in_a_block(name) and p.ndim == 2}
    rest = {name: p for name, p in trainable.items() if name not in muon}
    made: list[torch.optim.Optimizer] = [torch.optim.AdamW(_groups(recipe, rest), lr=recipe.lr, betas=recipe.betas)]
    return [*made, Muon(_groups(recipe, muon), lr=recipe.lr)] if muon else made


def _groups(recipe: Recipe, parameters: dict[str, torch.nn.Parameter]) -> list[dict[str, Any]]:
    """By what they have in common: gains and biases do not decay, temporal blocks learn at a rate of their own."""
    found: dict[tuple[bool, bool], list[torch.nn.Parameter]] = {}
    for name, p in parameters.items():
        found.setdefault((p.ndim > 1, "temporal." in name), []).append(p)
    return [
        {
            "params": params,
            "weight_decay": recipe.weight_decay if decays else 0.0,
            "factor": recipe.temporal_lr if temporal else 1.0,
        }
        for (decays, temporal), params in found.items()
    ]


def _in_a_block(name: str) -> bool:
    return "blocks." in name or "temporal." in name


def mixed_precision(recipe: Recipe, before: str | None = None) -> str:
    """Accelerate's word for the recipe's arithmetic on this machine; `before` is what the run began with, if it did.

    On a CPU it is a matter of timing, which two processes may see differently: several take the safe one.
    """
    if recipe.precision != "auto":
        return recipe.precision
    if torch.cuda.is_available():
        return "bf16"
    if int(os.environ.get("WORLD_SIZE", "1")) > 1:
        return "no"
    return before or ("bf16" if bf16_is_faster("cpu") else "no")
