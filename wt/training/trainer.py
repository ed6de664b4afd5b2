"""The trainer: one loop for every recipe, on a CPU core, a GPU or several; it may be killed and continued at any time.

Paper sections 3.1-3.5 and App. B: endpoint loss on forward-filled targets, noise fill of invalid pixels, monotonicity,
AdamW (and Muon) with warm-up and cosine, gradient clipping, EMA, skipped loss spikes, two stages of resolution.
Accelerate carries device, bf16, accumulation and processes.

A machine with nothing but torch, numpy, Pillow, safetensors and accelerate (and trimesh and embreex, unless the
held-out samples lie in RUN already) is enough:

    python -m wt data generate --kind objects -o DATA          # there, or copy a folder of shards
    python -m wt train mini_object --data DATA --out RUN --hours 1 --workers 14 --batch 64
    accelerate launch --multi_gpu -m wt train paper_object --data DATA --out RUN --hours 100 --encoder model.pt
    torchrun --nproc-per-node 2 -m wt train mini_scene --data DATA --out RUN --hours 1      # two processes on a CPU
    accelerate launch --use_fsdp --fsdp_version 2 --num_processes 8 -m wt train paper_scene ...   # weights in parts

The last one is for networks whose weights, averages and moments do not fit into one GPU's memory; losses and files are
those of the other ways, and a run may be continued in any of them. Of Accelerate's flags for FSDP it follows these two.

RUN/weights.safetensors carries the result home; `--resume` it there to go on.
"""

import logging
import math
import signal
import time
from collections.abc import Iterable
from dataclasses import asdict, replace
from typing import Any

import torch
from torch import Tensor

from wt.errors import WtError
from wt.model.wt_dit import WTDiT
from wt.training.checkpointing import (
    NEW_PARTS,
    Chance,
    Learned,
    fill_network,
    keep_only,
    kept_statistics,
    trainable,
    training_record,
    write_run,
)
from wt.training.clips import ClipBatch
from wt.training.dataset import Batch, Sampling
from wt.training.ema import Ema
from wt.training.feed import Feed
from wt.training.held_out import HeldOut, held_out_batches
from wt.training.mixing import described, open_stream
from wt.training.objective import Objective, draw
from wt.training.optim import build_optimizers, learning_rate, mixed_precision
from wt.training.plots import plot_curve
from wt.training.processes import build_accelerator, sharding_wanted
from wt.training.recipes import Recipe, RunOptions
from wt.training.run_files import (
    Progress,
    RunFolder,
    append_curve,
    device_name,
    load_state,
    load_weights,
    read_curve,
    stored_coordinates,
    trim_curve,
    widened,
)
from wt.training.sharding import clip_gradients, shard

LOG = logging.getLogger(__name__)


class Trainer:
    """One run: built from a recipe and its options, then `run()`."""

    def __init__(self, recipe: Recipe, options: RunOptions) -> None:
        if options.threads:
            torch.set_num_threads(options.threads)
        self.recipe, self.options = recipe, options
        self.files = RunFolder(options.out)
        state = load_state(self.files.state) if self.files.state.is_file() else None
        self.sharded = sharding_wanted()
        precision = mixed_precision(recipe, state.get("precision") if state else None)
        self.accelerator = build_accelerator(options.out, precision, recipe.accumulation, sharded=self.sharded)
        self.device = self.accelerator.device
        rank, count = self.accelerator.process_index, self.accelerator.num_processes
        self.rank, self.count, self.main = rank, count, rank == 0
        self.times = self.noise = torch.Generator().manual_seed(options.seed + 1_000_003 * rank)
        if self.device.type != "cpu":
            self.noise = torch.Generator(self.device).manual_seed(options.seed + 1_000_003 * rank + 1)
        self.progress = Progress()
        self.stopping = False
        self.feed = Feed(open_stream(options, recipe.kind, (rank, count)), recipe, options.workers)
        self.chance = Chance(self.times, self.noise, self.feed)
        self._held_out: HeldOut | None = None
        self._build(state)

    def _build(self, state: dict[str, Any] | None) -> None:
        """Network, averages, optimisers; the weights of an earlier run if there is one."""
        weights: dict[str, Tensor] = {}
        averaged: dict[str, Tensor] = {}
        coordinates = None
        if state is not None:
            weights, coordinates = state["model"] | state["frozen"], state["coordinates"]
        elif self.options.resume is not None:
            weights, averaged, earlier = load_weights(self.options.resume)
            if self.options.encoder is not None:
                weights = {name: tensor for name, tensor in weights.items() if not name.startswith("encoder.")}
            self.progress = earlier.followed()
            coordinates = stored_coordinates(self.options.resume)
        recipe = self.recipe
        config = self.config = recipe.config
        with self.accelerator.main_process_first():
            self.statistics = kept_statistics(self.options.out / "statistics.npz", self.feed.stream, self._at_side(28))
        if config.normalisation == "zscore":
            mean, std = coordinates or (self.statistics.mean, self.statistics.std)
            config = replace(config, mean=_three(mean), std=_three(std))
        self.config = config
        torch.manual_seed(self.options.seed)
        self.model = WTDiT(config).to(self.device)
        self.model.checkpoint_blocks(self.recipe.gradient_checkpointing)
        weights, averaged = widened(weights, self.model), widened(averaged, self.model)
        fill_network(self.model, weights, self.options.encoder, may_lack=() if state else NEW_PARTS)
        keep_only(self.model, recipe.trained)
        self.objective = Objective(self.model, recipe.mono_weight, recipe.huber, recipe.flicker_weight)
        self.module = shard(self.objective) if self.sharded else self.accelerator.prepare_model(self.objective)
        self.ema = Ema(self.model, self.recipe.ema_decay)
        if averaged:
            self.ema.load({n: averaged.get(n, own) for n, own in self.ema.weights.items()}, updates=0)
        self.optimizers = build_optimizers(self.recipe, trainable(self.model))
        self.learned = Learned(self.model, self.ema, self.optimizers)
        if state is not None:
            self._restore(state)
        self._enter_stage()

    def _restore(self, state: dict[str, Any]) -> None:
        self.learned.restore(state)
        self.progress = Progress(**state["progress"])
        chances = [state, *state.get("others", [])]
        if len(chances) == self.count:
            self.chance.restore(chances[self.rank])
        if self.main:
            trim_curve(self.files.curve, self.progress.step)

    def _at_side(self, side: int) -> Sampling:
        return Sampling(
            kind="scene" if self.recipe.kind == "scene" else "object",
            image_side=side,
            photo_side=self.config.encoder.side or side,
            coordinates=self.config.coordinates(),
            crop_fill=self.config.crop_fill,
            photometric_strength=self.recipe.photometric,
        )

    def _enter_stage(self) -> None:
        """Network and batches at the side of this part of the run."""
        side = self.recipe.side(self.share_done())
        self.config = self.model.config = self.config.at_side(side)
        self.sampling = self._at_side(side)
        self.feed.start(self.sampling)
        self._held_out = None

    def run(self) -> dict[str, Any]:
        """Train until the hours are over, `max_steps` are done or SIGTERM arrives; returns the model's metadata."""
        previous = signal.signal(signal.SIGTERM, self._stop)
        self.accelerator.init_trackers("events")
        try:
            self._loop()
            return self.save()
        finally:
            signal.signal(signal.SIGTERM, previous)
            self.accelerator.end_training()

    def _loop(self) -> None:
        recipe, progress = self.recipe, self.progress
        self.model.train()
        saved, checked = progress.seconds, progress.seconds - 60 * recipe.check_minutes + 60
        clock = time.monotonic()
        while not self._over():
            if recipe.side(self.share_done()) != self.config.image_side:
                self._enter_stage()
            row = self.step([self.feed.next().to(self.device) for _ in range(recipe.accumulation)])
            now = time.monotonic()
            self._agree(now - clock)
            clock = now
            self._log({**row, "seconds": round(progress.seconds, 1)})
            if progress.seconds - checked > 60 * recipe.check_minutes:
                self.check()
                checked = progress.seconds
            if progress.seconds - saved > 60 * recipe.save_minutes:
                self.save()
                saved = progress.seconds
        self.check()

    def _over(self) -> bool:
        most = self.options.max_steps
        late = self.progress.seconds >= 3600 * self.options.hours
        return self.stopping or late or (most is not None and self.progress.step >= most)

    def _agree(self, seconds: float) -> None:
        """Every process goes by the first one's clock, and all stop when any was told to."""
        if self.count > 1:
            told = torch.tensor([seconds * self.main, float(self.stopping)], device=self.device)
            seconds, stop = self.accelerator.reduce(told, "sum").tolist()
            self.stopping = stop > 0
        self.progress.seconds += seconds

    def step(self, batches: list[Batch | ClipBatch]) -> dict[str, Any]:
        """One optimiser step on batches that count as one; returns what the log says about it."""
        recipe, progress = self.recipe, self.progress
        lr = learning_rate(recipe, progress.step, self.share_done())
        for optimizer in self.optimizers:
            for group in optimizer.param_groups:
                group["lr"] = lr * group["factor"]
        self.model.zero_grad(set_to_none=True)
        told = []
        for batch, shares in zip(batches, self.shares(batches), strict=True):
            with self.accelerator.accumulate(self.module):
                loss, parts = self.loss(batch, shares)
                self.accelerator.backward(loss)
            told.append(torch.stack([loss.detach(), *parts.values()]))
        value, *rest = self._mean(torch.stack(told)).tolist()
        skipped = not math.isfinite(value) or (
            progress.step > recipe.warmup_steps and value > recipe.spike * progress.running_loss
        )
        norm = 0.0
        if not skipped:
            norm = clip_gradients(trainable(self.model).values(), recipe.clip)
            for optimizer in self.optimizers:
                optimizer.step()
            self.ema.update(self.model)
        if math.isfinite(value):
            seen = progress.running_loss or value
            progress.running_loss = 0.98 * seen + 0.02 * min(value, recipe.spike * seen)
        progress.step += 1
        progress.samples += self.count * sum(len(batch.x0) for batch in batches)
        row = {**dict(zip(parts, rest, strict=True)), "lr": lr, "grad_norm": norm}
        # The loss itself is written in full: it shows whether a resumed run is the run that was killed.
        return (
            {"step": progress.step, "samples": progress.samples, "loss": value}
            | {name: float(f"{number:.5g}") for name, number in row.items()}
            | {"skipped": skipped}
        )

    def shares(self, batches: list[Batch | ClipBatch]) -> Tensor:
        """[batch, 3]: what each batch counts for in a mean over all batches of this step and all processes."""
        counts = torch.stack([self.objective.counts(batch) for batch in batches])
        return counts / self._mean(counts).clamp(min=1)

    def loss(self, batch: Batch | ClipBatch, shares: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        """The objective at freshly drawn times and noise."""
        draws = draw(self.recipe.schedule, batch, self.config.layers, self.share_done(), self.times, self.noise)
        with self.accelerator.autocast():
            return self.module(batch, draws, self.model.encode(batch.photo), shares)

    def _mean(self, rows: Tensor) -> Tensor:
        """Over the rows of all processes."""
        mean = rows.mean(dim=0)
        return self.accelerator.reduce(mean, "mean") if self.count > 1 else mean

    def share_done(self) -> float:
        """How much of the planned time (or of the planned steps) is over."""
        by_time = self.progress.seconds / max(3600 * self.options.hours, 1e-9)
        by_steps = self.progress.step / self.options.max_steps if self.options.max_steps else 0.0
        return min(max(by_time, by_steps), 1.0)

    def check(self) -> None:
        """Held-out figures of the averaged weights into the log, with a sheet and the plot."""
        network = self.learned.averaged(self.config, keep=self.main) if self.recipe.held_out else None
        if not self.main:
            return
        at = {"step": self.progress.step, "samples": self.progress.samples, "seconds": round(self.progress.seconds, 1)}
        if network is not None:
            figures = self.held_out().check(network, self.files.samples / f"{self.progress.step:06d}.png")
            LOG.info("step %d: %s", self.progress.step, {k: round(v, 4) for k, v in figures.items()})
            self._log({**at, **figures})
        if not self.files.curve.is_file():
            return
        try:
            plot_curve(read_curve(self.files.curve), self.options.out / "curve.png")
        except ImportError:
            LOG.info("no matplotlib: the curve is in %s only", self.files.curve.name)

    def held_out(self) -> HeldOut:
        """The held-out samples at the present side."""
        if self._held_out is None:
            recipe = self.recipe
            cache = self.options.out / "held-out.safetensors"
            batches = held_out_batches(cache, recipe.kind, recipe.held_out, self.sampling, recipe.frames)
            self._held_out = HeldOut(batches, self.sampling, self.device)
        return self._held_out

    def _log(self, row: dict[str, Any]) -> None:
        if self.main:
            append_curve(self.files.curve, row)
            numbers = {name: value for name, value in row.items() if name != "step"}
            self.accelerator.log(numbers, step=row["step"])

    def save(self) -> dict[str, Any]:
        """The files of the run, gathered from all processes and written by the first."""
        from accelerate.utils import gather_object

        mine = self.chance.state()
        chances = gather_object([mine]) if self.count > 1 else [mine]
        learned = self.learned.state(keep=self.main)
        record = self.metadata()
        if self.main:
            about = {
                "progress": asdict(self.progress),
                "coordinates": (list(map(float, self.config.mean)), list(map(float, self.config.std))),
                "precision": self.accelerator.mixed_precision,
                "others": chances[1:],
            }
            write_run(self.files, learned | about | chances[0], self.config, record, self.statistics.mean_depth)
        return record

    def metadata(self) -> dict[str, Any]:
        """What the model file and its card say about the training."""
        where = f"{self.count} x " * (self.count > 1) + device_name(self.device)
        return training_record(self.config, self.progress, where, described(self.feed.stream, self.recipe.kind))

    def _stop(self, *_: object) -> None:
        self.stopping = True


def _three(numbers: Iterable[float]) -> tuple[float, float, float]:
    x, y, z = map(float, numbers)
    return x, y, z


def train(recipe: Recipe, options: RunOptions) -> dict[str, Any]:
    """Build and run; the CLI's `train`."""
    if options.hours <= 0:
        raise WtError(f"--hours must be positive; got {options.hours}.")
    return Trainer(recipe, options).run()
