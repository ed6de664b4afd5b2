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

RUN/weights.safetensors carries the result home; `--resume` it there to go on.
"""

import logging
import math
import os
import signal
import time
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor

from wt.data.rgbd import RgbdFolder
from wt.errors import WtError
from wt.model.checkpoint import save_model
from wt.model.encoder import DinoV2
from wt.model.wt_dit import WTDiT
from wt.training.clips import ClipBatch
from wt.training.dataset import MEAN_DEPTH, Batch, SampleStream, Sampling, Statistics, statistics
from wt.training.ema import Ema, swapped
from wt.training.feed import Feed
from wt.training.held_out import HeldOut, held_out_batches
from wt.training.mixing import MixedStream
from wt.training.objective import Objective, draw
from wt.training.optim import build_optimizers, learning_rate, mixed_precision
from wt.training.plots import plot_curve
from wt.training.recipes import Recipe
from wt.training.run_files import (
    Progress,
    RunFolder,
    append_curve,
    commit,
    copy_weights,
    device_name,
    load_encoder,
    load_state,
    load_weights,
    read_curve,
    save_state,
    save_weights,
    stored_coordinates,
    trim_curve,
)

LOG = logging.getLogger(__name__)
NEW_PARTS = ("decoder.temporal.", "out_mask.")
"""What the weights that a run starts from may lack: temporal blocks start as good as absent."""


@dataclass(frozen=True, kw_only=True)
class RunOptions:
    """Where a recipe runs and for how long."""

    data: Path
    out: Path
    hours: float
    resume: Path | None = None
    """weights.safetensors of another run, or a model file; a run that was stopped continues by itself."""
    rgbd: tuple[Path, ...] = ()
    """Folders of RGB-D frames that are mixed into rendered scenes; they supervise the visible layer only (Eq. 4)."""
    encoder: Path | None = None
    """Weights of a frozen encoder that is part of the model; needed unless `resume` has them."""
    threads: int = 0
    """CPU threads; 0 leaves PyTorch's choice."""
    workers: int = 0
    """Processes that make the batches, for each process that trains."""
    seed: int = 0
    max_steps: int | None = None


class Trainer:
    """One run: built from a recipe and its options, then `run()`."""

    def __init__(self, recipe: Recipe, options: RunOptions) -> None:
        from accelerate import Accelerator
        from accelerate.utils import is_tensorboard_available

        if options.threads:
            torch.set_num_threads(options.threads)
        self.recipe, self.options = recipe, options
        self.files = RunFolder(options.out)
        state = load_state(self.files.state) if self.files.state.is_file() else None
        several = int(os.environ.get("WORLD_SIZE", "1")) > 1
        self.accelerator = Accelerator(
            cpu=several and not torch.cuda.is_available(),
            mixed_precision=mixed_precision(recipe, state.get("precision") if state else None),
            gradient_accumulation_steps=recipe.accumulation,
            log_with="tensorboard" if is_tensorboard_available() else None,
            project_dir=options.out,
        )
        way = self.accelerator.distributed_type.value
        if way not in ("NO", "MULTI_CPU", "MULTI_GPU"):
            raise WtError(
                f"This training runs on one device or data-parallel, not with {way}. "
                "Start it with `accelerate launch --multi_gpu` or `torchrun`."
            )
        self.device = self.accelerator.device
        rank, count = self.accelerator.process_index, self.accelerator.num_processes
        self.rank, self.count, self.main = rank, count, rank == 0
        self.times = torch.Generator().manual_seed(options.seed + 1_000_003 * rank)
        """Of the diffusion times; on a CPU of the noise, too."""
        self.noise = self.times
        if self.device.type != "cpu":
            self.noise = torch.Generator(self.device).manual_seed(options.seed + 1_000_003 * rank + 1)
        self.progress = Progress()
        self.stopping = False
        self.feed = Feed(self._stream(), recipe, options.workers)
        self._held_out: HeldOut | None = None
        self._build(state)

    def _stream(self) -> SampleStream:
        rng = np.random.default_rng([self.options.seed, self.rank])
        given = (self.options.data, self.recipe.kind, rng, (self.rank, self.count))
        if not self.options.rgbd:
            return SampleStream(*given)
        return MixedStream(*given, rgbd=[RgbdFolder(folder) for folder in self.options.rgbd])

    def _build(self, state: dict[str, Any] | None) -> None:
        """Network, optimiser, averages; the weights of an earlier run if there is one."""
        raw: dict[str, Tensor] = {}
        averaged: dict[str, Tensor] = {}
        coordinates = state["coordinates"] if state else None
        if state is None and self.options.resume is not None:
            raw, averaged, earlier = load_weights(self.options.resume)
            self._count_earlier(earlier)
            coordinates = stored_coordinates(self.options.resume)
        with self.accelerator.main_process_first():
            self.statistics = self._statistics()
        config = self.recipe.config
        if config.normalisation == "zscore":
            mean, std = coordinates or (self.statistics.mean, self.statistics.std)
            config = replace(config, mean=_three(mean), std=_three(std))
        self.config = config
        torch.manual_seed(self.options.seed)
        self.model = WTDiT(config).to(self.device)
        self.model.checkpoint_blocks(self.recipe.gradient_checkpointing)
        self._prepare_encoder({**raw, **(state["model"] if state else {})}, state)
        if raw:
            copy_weights(self.model, raw, may_lack=NEW_PARTS)
        self.ema = Ema(self.model, self.recipe.ema_decay)
        if averaged:
            self.ema.load({name: averaged.get(name, own) for name, own in self.ema.weights.items()}, updates=0)
        self.optimizers = build_optimizers(self.recipe, dict(self._trainable()))
        if state is not None:
            self._restore(state)
        self.objective = Objective(self.model, self.recipe.mono_weight)
        self.module = self.accelerator.prepare_model(self.objective)
        self._enter_stage()

    def _prepare_encoder(self, weights: dict[str, Tensor], state: dict[str, Any] | None) -> None:
        """A frozen encoder that is part of the model gets its weights; the paper trains the layer after it."""
        if not isinstance(self.model.encoder, DinoV2):
            return
        self.model.image_proj.requires_grad_(True)
        if state is not None:
            copy_weights(self.model, {**weights, **state["frozen"]})
        elif self.options.encoder is not None:
            load_encoder(self.model.encoder, self.options.encoder)
        elif not any(name.startswith("encoder.") for name in weights):
            raise WtError(
                f"{self.config.name} looks at photos through a frozen DINOv2-style ViT and needs its weights: "
                "--encoder FILE (a MoGe or DINOv2 checkpoint, or a published model), or --resume a model that has them."
            )

    def _trainable(self) -> list[tuple[str, torch.nn.Parameter]]:
        return [(name, p) for name, p in self.model.named_parameters() if p.requires_grad]

    def _frozen(self) -> dict[str, Tensor]:
        trained = {name for name, _ in self._trainable()}
        return {name: t.detach().cpu() for name, t in self.model.state_dict().items() if name not in trained}

    def _count_earlier(self, earlier: Progress) -> None:
        self.progress.earlier_samples = earlier.earlier_samples + earlier.samples
        self.progress.earlier_seconds = earlier.earlier_seconds + earlier.seconds
        self.progress.history = list(earlier.history)
        untold = self.progress.earlier_samples - sum(run.get("samples", 0) for run in earlier.history)
        if untold > 0:
            seconds = round(earlier.seconds)
            self.progress.history.append({"steps": earlier.step, "samples": untold, "seconds": seconds})

    # The statistics of a growing folder change while it grows; a run keeps the ones it began with.
    def _statistics(self) -> Statistics:
        cache = self.options.out / "statistics.npz"
        if cache.is_file():
            with np.load(cache, allow_pickle=False) as stored:
                return Statistics(tuple(stored["mean"]), tuple(stored["std"]), stored["mean_depth"])
        config = self.recipe.config
        sampling = Sampling(self._shown(), 28, 28, config.coordinates(), config.crop_fill)
        found = statistics(self.feed.stream, sampling)
        cache.parent.mkdir(parents=True, exist_ok=True)
        np.savez(cache, mean=found.mean, std=found.std, mean_depth=found.mean_depth)
        return found

    def _shown(self) -> Literal["scene", "object"]:
        return "scene" if self.recipe.kind == "scene" else "object"

    def _enter_stage(self) -> None:
        """Network and batches at the side of this part of the run."""
        side = self.recipe.side(self.share_done())
        self.config = self.model.config = self.config.at_side(side)
        self.sampling = Sampling(
            kind=self._shown(),
            image_side=side,
            photo_side=self.config.encoder.side or side,
            coordinates=self.config.coordinates(),
            crop_fill=self.config.crop_fill,
            photometric_strength=self.recipe.photometric,
        )
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
                group["lr"] = lr
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
            norm = float(torch.nn.utils.clip_grad_norm_([p for _, p in self._trainable()], recipe.clip))
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
        with torch.no_grad(), self.accelerator.autocast():
            features = self.model.encode(batch.photo)
        return self.module(batch, draws, features, shares)

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
        if not self.main:
            return
        at = {"step": self.progress.step, "samples": self.progress.samples, "seconds": round(self.progress.seconds, 1)}
        if self.recipe.held_out:
            self.model.eval()
            with swapped(self.model, self.ema.weights):
                figures = self.held_out().check(self.model, self.files.samples / f"{self.progress.step:06d}.png")
            self.model.train()
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
        """Weights that travel, the model file, then the local state; each atomically, and by the first process."""
        from accelerate.utils import gather_object

        mine = {"noise": self.times.get_state(), **self.feed.state()}
        if self.noise is not self.times:
            mine["device_noise"] = self.noise.get_state()
        chances = gather_object([mine]) if self.count > 1 else [mine]
        metadata = self.metadata()
        if not self.main:
            return metadata
        raw: dict[str, Tensor] = dict(self._trainable())
        frozen = self._frozen()
        coordinates = (list(map(float, self.config.mean)), list(map(float, self.config.std)))
        # Who continues from these weights elsewhere finds this run among the earlier ones.
        told = replace(self.progress, history=metadata["history"])
        save_weights(self.files.weights, raw, self.ema.weights, told, frozen=frozen, coordinates=coordinates)
        with swapped(self.model, self.ema.weights):
            mean_depth = torch.from_numpy(self.statistics.mean_depth.astype(np.float32))
            save_model(self.model, self.files.model, training=metadata, data={MEAN_DEPTH: mean_depth})
        save_state(
            self.files.state,
            {
                "model": {n: p.detach().cpu() for n, p in raw.items()},
                "frozen": frozen,
                "ema": {n: w.cpu() for n, w in self.ema.weights.items()},
                "ema_updates": self.ema.updates,
                "optimizers": [optimizer.state_dict() for optimizer in self.optimizers],
                "progress": asdict(self.progress),
                "coordinates": coordinates,
                "precision": self.accelerator.mixed_precision,
                **chances[0],
                "others": chances[1:],
            },
        )
        return metadata

    def _restore(self, state: dict[str, Any]) -> None:
        copy_weights(self.model, state["model"])
        self.ema.load(state["ema"], state["ema_updates"])
        for optimizer, stored in zip(self.optimizers, state["optimizers"], strict=True):
            optimizer.load_state_dict(stored)
        self.progress = Progress(**state["progress"])
        chances = [state, *state.get("others", [])]
        if len(chances) == self.count:
            mine = chances[self.rank]
            self.times.set_state(mine["noise"])
            if self.noise is not self.times and "device_noise" in mine:
                self.noise.set_state(mine["device_noise"])
            self.feed.restore(mine)
        if self.main:
            trim_curve(self.files.curve, self.progress.step)

    def metadata(self) -> dict[str, Any]:
        """What the model file and its card say about the training."""
        p = self.progress
        where = f"{self.count} x " * (self.count > 1) + device_name(self.device)
        run = {
            "recipe": self.config.name,
            "image_side": self.config.image_side,
            "device": where,
            "steps": p.step,
            "samples": p.samples,
            "seconds": round(p.seconds),
        }
        data = f"{self.feed.stream.known} procedural {self.recipe.kind} renderings of this repository"
        if isinstance(self.feed.stream, MixedStream):
            data += f", and {sum(map(len, self.feed.stream.rgbd))} RGB-D frames"
        return {
            "data": data,
            "steps": p.step + sum(h.get("steps", 0) for h in p.history),
            "samples": p.samples + p.earlier_samples,
            "seconds": round(p.seconds + p.earlier_seconds),
            "device": where,
            "commit": commit(),
            "history": [*p.history, run],
        }

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
