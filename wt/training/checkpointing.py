"""Saving a run and continuing it: the same files from one process, from several, and from several that share it.

All processes take part in `Learned.state`, which gathers; the first one alone keeps and writes what comes of it.
"""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from wt.errors import WtError
from wt.model.checkpoint import assemble, neck_file, save_model
from wt.model.config import WTDiTConfig
from wt.model.encoder import NeckedEncoder
from wt.model.wt_dit import WTDiT
from wt.training.dataset import MEAN_DEPTH, SampleStream, Sampling, Statistics, statistics
from wt.training.ema import Ema
from wt.training.feed import Feed
from wt.training.run_files import (
    Coordinates,
    Progress,
    RunFolder,
    commit,
    copy_weights,
    load_encoder,
    save_state,
    save_weights,
)
from wt.training.sharding import gather, spread

CPU = torch.device("cpu")
NEW_PARTS = ("decoder.temporal.", "out_mask.", "refine.")
"""What the weights that a run starts from may lack: temporal blocks and the refinement start as good as absent."""


def kept_statistics(cache: Path, stream: SampleStream, sampling: Sampling) -> Statistics:
    """Those of `cache`, or measured and put there: a growing folder's change, a run keeps the ones it began with."""
    if cache.is_file():
        with np.load(cache, allow_pickle=False) as stored:
            return Statistics(tuple(stored["mean"]), tuple(stored["std"]), stored["mean_depth"])
    found = statistics(stream, sampling)
    cache.parent.mkdir(parents=True, exist_ok=True)
    np.savez(cache, mean=found.mean, std=found.std, mean_depth=found.mean_depth)
    return found


def fill_network(
    model: WTDiT, weights: dict[str, Tensor], encoder: Path | None, may_lack: tuple[str, ...] = ()
) -> None:
    """Weights to start from, if there are any; a frozen encoder that is part of the model needs its own.

    Raises:
        WtError: weights of another network, or none for such an encoder.
    """
    # The paper trains the layer after the frozen encoder.
    model.image_proj.requires_grad_(True)
    if isinstance(model.encoder, nn.Module) and not any(name.startswith("encoder.") for name in weights):
        if encoder is None and isinstance(model.encoder, NeckedEncoder):
            encoder = neck_file(model.config)
        if encoder is None:
            raise WtError(
                f"{model.config.name} looks at photos through a frozen DINOv2-style ViT and needs its weights: "
                "--encoder FILE (a MoGe or DINOv2 checkpoint, or a published model), or --resume a model that has them."
            )
        load_encoder(model.encoder, encoder)
    if weights:
        copy_weights(model, weights, may_lack)


def keep_only(model: nn.Module, trained: tuple[str, ...]) -> None:
    """Freeze all but the parts whose names begin with one of `trained`; with none named, nothing more is frozen."""
    for name, p in model.named_parameters():
        if trained and not name.startswith(trained):
            p.requires_grad_(False)


def trainable(model: nn.Module) -> dict[str, nn.Parameter]:
    """By name."""
    return {name: p for name, p in model.named_parameters() if p.requires_grad}


@dataclass(frozen=True)
class Learned:
    """What training changes: a network, its averages and the moments of its optimisers, whole or sharded."""

    model: WTDiT
    ema: Ema
    optimizers: list[torch.optim.Optimizer]

    def frozen(self) -> dict[str, Tensor]:
        """The rest of the network's tensors; they are never sharded."""
        trained = trainable(self.model)
        return {name: t.detach() for name, t in self.model.state_dict().items() if name not in trained}

    def averaged(self, config: WTDiTConfig, *, keep: bool) -> WTDiT | None:
        """A network with the averaged weights, for the process that is to `keep` it."""
        device = next(self.model.parameters()).device
        weights = gather(self.ema.weights, device, keep=keep)
        return assemble(config, weights | self.frozen()).to(device) if keep else None

    def state(self, *, keep: bool) -> dict[str, Any]:
        """Whole tensors on the CPU, for the process that is to `keep` them."""
        optimizers = []
        for optimizer in self.optimizers:
            stored = optimizer.state_dict()
            moments = {index: gather(held, CPU, keep=keep) for index, held in stored["state"].items()}
            optimizers.append({**stored, "state": moments})
        return {
            "model": gather(trainable(self.model), CPU, keep=keep),
            "frozen": gather(self.frozen(), CPU, keep=keep),
            "ema": gather(self.ema.weights, CPU, keep=keep),
            "ema_updates": self.ema.updates,
            "optimizers": optimizers,
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Averages and moments from `state`; the network has its weights already."""
        self.ema.load(state["ema"], state["ema_updates"])
        for optimizer, stored in zip(self.optimizers, state["optimizers"], strict=True):
            params = [p for group in optimizer.param_groups for p in group["params"]]
            # Copies, as what was read is the file itself.
            moments = {
                index: {name: spread(values, params[index]).clone() for name, values in held.items()}
                for index, held in stored["state"].items()
            }
            optimizer.load_state_dict({**stored, "state": moments})


@dataclass(frozen=True)
class Chance:
    """Where a process's random numbers come from."""

    times: torch.Generator
    """Of the diffusion times; on a CPU of the noise, too."""
    noise: torch.Generator
    feed: Feed

    def state(self) -> dict[str, Any]:
        """What the next step's numbers follow from."""
        mine = {"noise": self.times.get_state(), **self.feed.state()}
        if self.noise is not self.times:
            mine["device_noise"] = self.noise.get_state()
        return mine

    def restore(self, mine: dict[str, Any]) -> None:
        """Continue from `state`."""
        self.times.set_state(mine["noise"])
        if self.noise is not self.times and "device_noise" in mine:
            self.noise.set_state(mine["device_noise"])
        self.feed.restore(mine)


def write_run(
    files: RunFolder, state: dict[str, Any], config: WTDiTConfig, record: dict[str, Any], mean_depth: np.ndarray
) -> None:
    """Weights that travel, the model file, then the local state; each atomically."""
    # Who continues from these weights elsewhere finds this run among the earlier ones.
    told = replace(Progress(**state["progress"]), history=record["history"])
    coordinates: Coordinates = state["coordinates"]
    save_weights(files.weights, state["model"], state["ema"], told, frozen=state["frozen"], coordinates=coordinates)
    averaged = assemble(config, state["ema"] | state["frozen"])
    depth = torch.from_numpy(mean_depth.astype(np.float32))
    save_model(averaged, files.model, training=record, data={MEAN_DEPTH: depth})
    save_state(files.state, state)


def training_record(config: WTDiTConfig, progress: Progress, where: str, data: str) -> dict[str, Any]:
    """What the model file and its card say about the training: this run's part, and all of it."""
    run = {
        "recipe": config.name,
        "image_side": config.image_side,
        "device": where,
        "steps": progress.step,
        "samples": progress.samples,
        "seconds": round(progress.seconds),
    }
    return {
        "data": data,
        "steps": progress.step + sum(h.get("steps", 0) for h in progress.history),
        "samples": progress.samples + progress.earlier_samples,
        "seconds": round(progress.seconds + progress.earlier_seconds),
        "device": where,
        "commit": commit(),
        "history": [*progress.history, run],
    }
