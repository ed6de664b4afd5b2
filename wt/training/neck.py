"""Training of the neck (`wt.model.neck`) by plain regression: photo in, layered geometry of the coarse grid out.

What a WT-DiT says in one step from pure noise is the mean of what the photo allows, and most of its error lies in the
coarse shape. A neck learns that part faster: it has 49 tokens where WT-DiT has six for every patch, and no noise to
see through. Then it is frozen, and WT-DiT is trained on top of it as on any pretrained encoder (paper section 3.2).

    python -m wt train neck_object --data DATA --out RUN --hours 0.5
    python -m wt train mini_object --encoder RUN/neck.safetensors --data DATA --out RUN2 --hours 1

The frozen convolutions cost as much as the neck, so encoded samples are kept in a pool and used `REUSE` times each.

RUN/neck.safetensors   the weights in eight bits, and those of the layer that answers; `--resume` takes them, and a run
                       that did so ends with the mean of old and new weights where held-out samples prefer it
RUN/state.pt           what the same command goes on from after a kill; the pool is filled anew
RUN/curve.jsonl        one JSON object per logged step
"""

import json
import logging
import signal
import time
from dataclasses import dataclass, replace
from typing import Any, Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from wt.model.config import NECKED_LITE2, mini
from wt.model.eight_bits import pack
from wt.model.encoder import NeckedEncoder, shared_encoder
from wt.model.neck import CELL, see
from wt.training.checkpointing import kept_statistics
from wt.training.dataset import Batch, Sampling
from wt.training.feed import Feed
from wt.training.held_out import held_out_batches
from wt.training.mixing import described, open_stream
from wt.training.muon import Muon
from wt.training.recipes import RunOptions, recipe
from wt.training.run_files import (
    RunFolder,
    append_curve,
    atomically,
    commit,
    device_name,
    load_encoder,
    load_state,
    save_state,
)
from wt.types import Float

LOG = logging.getLogger(__name__)
FORMAT = "wt-neck"
FINE = 6
"""Target pixels along the side of a cell: rendered geometry is averaged over so many squared."""
REUSE = 4
POOL = 16384
"""Encoded samples, 0.13 MB each."""
BATCH = 64
LR = 2e-3
WARMUP_STEPS = 60
DECAY_SHARE = 0.6
"""Of the run, at its end, over which the learning rate falls to zero."""
CHECK_MINUTES = 2.0


@dataclass(frozen=True)
class Encoded:
    """Samples that went through the frozen convolutions."""

    seen: Float[Tensor, "n _ g g"]
    """What the neck is given (`wt.model.neck.see`)."""
    x0: Float[Tensor, "n _ c c"]
    """Mean geometry of every cell: x, y, z of layer after layer, in the network's coordinates."""
    weight: Float[Tensor, "n c c"]
    """Mean validity weight of every cell."""

    def tensors(self) -> tuple[Tensor, Tensor, Tensor]:
        """All three."""
        return self.seen, self.x0, self.weight

    def to(self, device: torch.device) -> "Encoded":
        """The samples on another device."""
        return Encoded(*(tensor.to(device) for tensor in self.tensors()))


class Pool:
    """Room for `capacity` samples in half precision: `put` writes over the oldest, `draw` takes any."""

    def __init__(self, like: Encoded, capacity: int) -> None:
        self.kept = [torch.empty(capacity, *t.shape[1:], dtype=torch.half) for t in like.tensors()]
        self.capacity, self.filled, self.next = capacity, 0, 0

    def put(self, fresh: Encoded) -> None:
        """Take in samples."""
        count = len(fresh.seen)
        where = torch.arange(self.next, self.next + count) % self.capacity
        for own, new in zip(self.kept, fresh.tensors(), strict=True):
            own[where] = new.half()
        self.next = (self.next + count) % self.capacity
        self.filled = min(self.capacity, self.filled + count)

    def draw(self, count: int, generator: torch.Generator) -> Encoded:
        """`count` of them, in full precision."""
        chosen = torch.randint(self.filled, (count,), generator=generator)
        return Encoded(*(tensor[chosen].float() for tensor in self.kept))


def encoded(batch: Batch) -> Encoded:
    """A batch through the frozen convolutions, its geometry averaged over cells."""
    shared = shared_encoder(batch.photo.device, batch.photo.shape[-1])
    with torch.no_grad():
        seen = see(shared.maps(batch.photo), batch.photo)
    weight = F.avg_pool2d(batch.weight[:, None], FINE)
    points = batch.x0.permute(0, 1, 4, 2, 3).flatten(1, 2)
    x0 = F.avg_pool2d(points * batch.weight[:, None], FINE) / weight.clamp(min=1e-6)
    return Encoded(seen, x0, weight[:, 0])


class NeckTrainer:
    """One run: built from a kind and its options, then `run()`."""

    def __init__(
        self, kind: Literal["object", "scene"], options: RunOptions, batch: int = BATCH, lr: float = LR
    ) -> None:
        if options.threads:
            torch.set_num_threads(options.threads)
        torch.manual_seed(options.seed)
        self.options, self.batch, self.lr = options, batch, lr
        self.files = RunFolder(options.out)
        config, encoder = mini(kind), NECKED_LITE2
        side = encoder.side or 0
        # The feed makes what is new in a step.
        self.recipe = replace(recipe(f"mini_{kind}"), batch=max(1, batch // REUSE))
        self.feed = Feed(open_stream(options, kind, (0, 1)), self.recipe, options.workers)
        sampling = Sampling(kind, FINE * side // CELL, side, config.coordinates(), config.crop_fill)
        if config.normalisation == "zscore":
            found = kept_statistics(options.out / "statistics.npz", self.feed.stream, sampling)
            config = replace(config, mean=found.mean, std=found.std)
        self.sampling = replace(sampling, coordinates=config.coordinates())
        self.layers = config.layers
        self.device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        self.neck = NeckedEncoder(encoder).neck.to(self.device)
        self.answer = nn.Conv2d(self.neck.channels, 3 * config.layers, 1).to(self.device)
        """For this training only: WT-DiT conditions on what it is given."""
        self.both = nn.ModuleDict({"neck": self.neck, "answer": self.answer})
        matrices = [self.neck.first.weight, *(p for p in self.neck.blocks.parameters() if p.ndim == 2)]
        inner = set(map(id, matrices))
        rest = [p for p in self.both.parameters() if id(p) not in inner]
        self.optimizers = [
            torch.optim.AdamW(rest, lr=lr, betas=(0.9, 0.98)),
            Muon(matrices, lr=lr, weight_decay=0.05),
        ]
        self.chance = torch.Generator().manual_seed(options.seed)
        self.pool: Pool | None = None
        self.step, self.seconds, self.stopping = 0, 0.0, False
        self.began: dict[str, Tensor] | None = None
        self._start()

    def _start(self) -> None:
        """From the state of a run that was killed, or from given weights, or from nothing."""
        if self.files.state.is_file():
            state = load_state(self.files.state)
            self.both.load_state_dict(state["weights"])
            for optimizer, stored in zip(self.optimizers, state["optimizers"], strict=True):
                optimizer.load_state_dict(stored)
            self.step, self.seconds, self.began = state["step"], state["seconds"], state["began"]
        elif self.options.resume is not None:
            load_encoder(self.both, self.options.resume)
            self.began = _copied(self.both)

    def share_done(self) -> float:
        """How much of the planned time (or of the planned steps) is over."""
        by_steps = self.step / self.options.max_steps if self.options.max_steps else 0.0
        return max(self.seconds / (3600 * self.options.hours), by_steps)

    def run(self) -> dict[str, Any]:
        """Train until the hours are over, `max_steps` are done or SIGTERM arrives; returns the training record."""
        previous = signal.signal(signal.SIGTERM, self._stop)
        self.feed.start(self.sampling)
        clock = checked = time.monotonic()
        row: dict[str, float] = {}
        try:
            while self.share_done() < 1 and not self.stopping:
                row = self.train_step()
                now = time.monotonic()
                self.seconds += now - clock
                clock = now
                if now - checked > 60 * CHECK_MINUTES:
                    self._log(row | self.check())
                    self.save()
                    checked = time.monotonic()
            if row:
                self._log(row | self.check())
                if not self.stopping:
                    self._meet_halfway()
            return self.save()
        finally:
            signal.signal(signal.SIGTERM, previous)

    def _meet_halfway(self) -> None:
        """Take the mean of the weights that a resumed run began and ended with, if held-out samples prefer it.

        Trainings that follow each other err in different places and often share a valley (Wortsman et al. 2022, "Model
        soups").
        """
        if self.began is None or not self.recipe.held_out:
            return
        ended, loss = _copied(self.both), self.check()["val_loss"]
        self.both.load_state_dict({name: (ended[name] + began) / 2 for name, began in self.began.items()})
        found = self.check()
        if found["val_loss"] > loss:
            self.both.load_state_dict(ended)
            return
        self._log({"averaged_with_start": 1.0, **found})

    def train_step(self) -> dict[str, float]:
        """One step on a draw from the pool, which takes in what is new first."""
        fresh = self._fresh()
        self.pool = self.pool or Pool(fresh, POOL)
        self.pool.put(fresh)
        while self.pool.filled < self.batch:
            self.pool.put(self._fresh())
        lr = self.lr * min(1.0, (self.step + 1) / WARMUP_STEPS, max(0.0, 1 - self.share_done()) / DECAY_SHARE)
        for optimizer in self.optimizers:
            for group in optimizer.param_groups:
                group["lr"] = lr
        self.both.zero_grad(set_to_none=True)
        loss, layer0 = self.loss(self.pool.draw(self.batch, self.chance).to(self.device))
        loss.backward()
        nn.utils.clip_grad_norm_(self.both.parameters(), 1.0)
        for optimizer in self.optimizers:
            optimizer.step()
        self.step += 1
        return {"loss": loss.item(), "layer0": layer0.item(), "lr": lr}

    def _fresh(self) -> Encoded:
        batch = self.feed.next()
        assert isinstance(batch, Batch)
        return encoded(batch.to(self.device))

    def loss(self, drawn: Encoded) -> tuple[Float[Tensor, ""], Float[Tensor, ""]]:
        """Mean squared error over valid cells: of layer 0 plus that of the mean hidden layer; and of layer 0 alone."""
        error = (self.answer(self.neck(drawn.seen)) - drawn.x0).square().unflatten(1, (self.layers, 3)).mean(dim=2)
        per_layer = (error * drawn.weight[:, None]).sum(dim=(0, 2, 3)) / drawn.weight.sum().clamp(min=1)
        return per_layer[0] + per_layer[1:].mean(), per_layer[0].detach()

    @torch.no_grad()
    def check(self) -> dict[str, float]:
        """The same on held-out samples."""
        if not self.recipe.held_out:
            return {}
        cache = self.options.out / "held-out.safetensors"
        kind, count = self.recipe.kind, self.recipe.held_out
        batches = [b for b in held_out_batches(cache, kind, count, self.sampling, 1) if isinstance(b, Batch)]
        rows = [self.loss(encoded(batch.to(self.device))) for batch in batches]
        loss, layer0 = torch.tensor(rows).mean(dim=0).tolist()
        return {"val_loss": loss, "val_layer0": layer0}

    def save(self) -> dict[str, Any]:
        """Weights and state; returns the record that the weights carry."""
        from safetensors.torch import save_file

        record = {
            "recipe": f"neck_{self.recipe.kind}",
            "data": described(self.feed.stream, self.recipe.kind),
            "steps": self.step,
            "samples": self.step * self.batch,
            "seconds": round(self.seconds),
            "device": device_name(self.device),
            "commit": commit(),
        }
        weights = self.both.state_dict()
        about = {"format": FORMAT, "training": json.dumps(record)}
        atomically(self.files.neck, lambda to: save_file(pack(weights), to, metadata=about))
        state = {"weights": weights, "optimizers": [o.state_dict() for o in self.optimizers]}
        save_state(self.files.state, state | {"step": self.step, "seconds": self.seconds, "began": self.began})
        return record

    def _log(self, row: dict[str, float]) -> None:
        where = {"step": self.step, "samples": self.step * self.batch, "seconds": round(self.seconds, 1)}
        LOG.info("%s", {**where, **row})
        append_curve(self.files.curve, {**where, **row})

    def _stop(self, *_: object) -> None:
        self.stopping = True


def _copied(module: nn.Module) -> dict[str, Tensor]:
    return {name: tensor.clone() for name, tensor in module.state_dict().items()}
