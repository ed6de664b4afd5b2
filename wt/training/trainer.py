"""The trainer: one loop for every recipe, on a CPU core or a GPU, that may be killed and continued at any time.

Paper sections 3.1-3.5 and App. B: endpoint loss on forward-filled targets, noise fill of invalid pixels, monotonicity,
AdamW (and Muon) with warm-up and cosine, gradient clipping, EMA, skipped loss spikes. Accelerate carries device and bf16.
"""

import logging
import math
import signal
import subprocess
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from wt.errors import WtError
from wt.flow.loss import endpoint_loss, monotonicity
from wt.model.checkpoint import save_model
from wt.model.wt_dit import WTDiT
from wt.training.dataset import MEAN_DEPTH, Batch, SampleStream, Sampling, Statistics, make_batch, statistics
from wt.training.ema import Ema, swapped
from wt.training.held_out import HeldOut, held_out_sources
from wt.training.muon import Muon
from wt.training.plots import plot_curve
from wt.training.recipes import Recipe
from wt.training.run_files import (
    Progress,
    RunFolder,
    append_curve,
    load_state,
    load_weights,
    read_curve,
    save_state,
    save_weights,
)

LOG = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class RunOptions:
    """Where a recipe runs and for how long."""

    data: Path
    out: Path
    hours: float
    resume: Path | None = None
    """weights.safetensors of another run, or a model file; a run that was stopped continues by itself."""
    threads: int = 0
    """CPU threads; 0 leaves PyTorch's choice."""
    seed: int = 0
    max_steps: int | None = None


class Trainer:
    """One run: built from a recipe and its options, then `run()`."""

    def __init__(self, recipe: Recipe, options: RunOptions) -> None:
        from accelerate import Accelerator

        if options.threads:
            torch.set_num_threads(options.threads)
        torch.manual_seed(options.seed)
        self.recipe, self.options = recipe, options
        self.files = RunFolder(options.out)
        self.accelerator = Accelerator(mixed_precision="bf16" if bf16_is_faster() else "no")
        self.device = self.accelerator.device
        self.rng = np.random.default_rng(options.seed)
        self.noise = torch.Generator().manual_seed(options.seed)
        self.progress = Progress()
        self.stopping = False
        self.stream = SampleStream(options.data, recipe.kind, self.rng)
        self._build()

    def _build(self) -> None:
        """Network, optimiser, averages; the weights of an earlier run if there is one."""
        state = load_state(self.files.state) if self.files.state.is_file() else None
        raw, averaged = None, None
        if state is None and self.options.resume is not None:
            raw, averaged, earlier = load_weights(self.options.resume)
            self._count_earlier(earlier)
        found = self._statistics()
        config = self.recipe.config
        if config.normalisation == "zscore":
            mean, std = state["coordinates"] if state else (found.mean, found.std)
            config = replace(config, mean=tuple(mean), std=tuple(std))
        self.config, self.statistics = config, found
        self.sampling = Sampling(
            kind=self.recipe.kind,
            image_side=config.image_side,
            photo_side=config.encoder.side or config.image_side,
            coordinates=config.coordinates(),
            photometric_strength=self.recipe.photometric,
        )
        self.model = WTDiT(config).to(self.device)
        trainable = dict(self._trainable())
        if raw is not None:
            _copy_weights(trainable, raw)
        self.ema = Ema(self.model, self.recipe.ema_decay)
        if averaged is not None:
            self.ema.load({name: averaged[name] for name in self.ema.weights}, updates=0)
        self.optimizers = build_optimizers(self.recipe, trainable)
        if state is not None:
            self._restore(state)

    def _trainable(self) -> list[tuple[str, torch.nn.Parameter]]:
        return [(name, p) for name, p in self.model.named_parameters() if p.requires_grad]

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
        sampling = Sampling(self.recipe.kind, 28, 28, self.recipe.config.coordinates())
        found = statistics(self.stream, sampling)
        cache.parent.mkdir(parents=True, exist_ok=True)
        np.savez(cache, mean=found.mean, std=found.std, mean_depth=found.mean_depth)
        return found

    def run(self) -> dict[str, Any]:
        """Train until the hours are over, `max_steps` are done or SIGTERM arrives; returns the model's metadata."""
        previous = signal.signal(signal.SIGTERM, self._stop)
        try:
            self._loop()
        finally:
            signal.signal(signal.SIGTERM, previous)
        return self.save()

    def _loop(self) -> None:
        recipe, progress = self.recipe, self.progress
        held_out = HeldOut(
            held_out_sources(self.options.out / "held-out.safetensors", recipe.kind, recipe.held_out),
            self.sampling,
            self.device,
        )
        self.model.train()
        clock = saved = time.monotonic()
        checked = clock - 60 * recipe.check_minutes + 60
        samples = iter(self.stream)
        while not self.stopping and progress.seconds < 3600 * self.options.hours:
            if self.options.max_steps is not None and progress.step >= self.options.max_steps:
                break
            if progress.step % recipe.refresh_steps == 0:
                self.stream.refresh()
            batch = make_batch([next(samples) for _ in range(recipe.batch)], self.sampling, self.rng)
            row = self.step(batch.to(self.device))
            now = time.monotonic()
            progress.seconds, clock = progress.seconds + now - clock, now
            append_curve(self.files.curve, {**row, "seconds": round(progress.seconds, 1)})
            if now - checked > 60 * recipe.check_minutes:
                self.check(held_out)
                checked = time.monotonic()
            if now - saved > 60 * recipe.save_minutes:
                self.save()
                saved = time.monotonic()
        self.check(held_out)

    def step(self, batch: Batch) -> dict[str, Any]:
        """One optimiser step; returns what the log says about it."""
        recipe, progress = self.recipe, self.progress
        lr = learning_rate(recipe, progress.step, self.share_done())
        for optimizer in self.optimizers:
            for group in optimizer.param_groups:
                group["lr"] = lr
        loss, parts = self.loss(batch)
        value = loss.item()
        skipped = not math.isfinite(value) or (
            progress.step > recipe.warmup_steps and value > recipe.spike * progress.running_loss
        )
        norm = 0.0
        if not skipped:
            self.model.zero_grad(set_to_none=True)
            self.accelerator.backward(loss)
            norm = float(torch.nn.utils.clip_grad_norm_([p for _, p in self._trainable()], recipe.clip))
            for optimizer in self.optimizers:
                optimizer.step()
            self.ema.update(self.model)
        if math.isfinite(value):
            seen = progress.running_loss or value
            progress.running_loss = 0.98 * seen + 0.02 * min(value, recipe.spike * seen)
        progress.step += 1
        progress.samples += len(batch.x0)
        row = {"step": progress.step, "samples": progress.samples, "loss": value, **parts, "lr": lr, "grad_norm": norm}
        return {k: float(f"{v:.5g}") if isinstance(v, float) else v for k, v in row.items()} | {"skipped": skipped}

    def loss(self, batch: Batch) -> tuple[Tensor, dict[str, float]]:
        """Eq. 3 with Eq. 4's gate plus the weighted Eq. 8, at freshly drawn times and noise (Eq. 7 always on)."""
        b, layers = batch.x0.shape[:2]
        t = self.recipe.schedule.draw(b, layers, self.share_done(), self.noise).to(self.device)
        noise = torch.randn(batch.x0.shape, generator=self.noise).to(self.device)
        fill = torch.randn(batch.x0.shape, generator=self.noise).to(self.device)
        at = t[:, :, None, None, None]
        x_t = (1 - at) * batch.x0 + at * noise
        with torch.no_grad(), self.accelerator.autocast():
            features = self.model.encode(batch.photo)
        with self.accelerator.autocast():
            tokens = self.model.condition(features)
            predicted = self.model(x_t, t, tokens, batch.rgb, batch.weight[:, None] > 0, fill)
        predicted = predicted.float()
        endpoint = endpoint_loss(predicted, batch.x0, batch.weight, batch.single)
        mono = monotonicity(predicted[..., 2], batch.weight)
        total = endpoint.total + self.recipe.mono_weight * mono
        parts = {"layer0": endpoint.layer0.item(), "hidden": endpoint.hidden.item(), "mono": mono.item()}
        return total, parts

    def share_done(self) -> float:
        """How much of the planned time (or of the planned steps) is over."""
        by_time = self.progress.seconds / max(3600 * self.options.hours, 1e-9)
        by_steps = self.progress.step / self.options.max_steps if self.options.max_steps else 0.0
        return min(max(by_time, by_steps), 1.0)

    def check(self, held_out: HeldOut) -> dict[str, float]:
        """Held-out figures of the averaged weights into the log, with a sheet and the plot."""
        self.model.eval()
        with swapped(self.model, self.ema.weights):
            figures = held_out.check(self.model, self.files.samples / f"{self.progress.step:06d}.png")
        self.model.train()
        LOG.info("step %d: %s", self.progress.step, {k: round(v, 4) for k, v in figures.items()})
        at = {"step": self.progress.step, "samples": self.progress.samples, "seconds": round(self.progress.seconds, 1)}
        append_curve(self.files.curve, {**at, **figures})
        try:
            plot_curve(read_curve(self.files.curve), self.options.out / "curve.png")
        except ImportError:
            LOG.info("no matplotlib: the curve is in %s only", self.files.curve.name)
        return figures

    def save(self) -> dict[str, Any]:
        """Weights that travel, the model file, then the local state; each atomically."""
        raw: dict[str, Tensor] = dict(self._trainable())
        metadata = self.metadata()
        # Who continues from these weights elsewhere finds this run among the earlier ones.
        save_weights(self.files.weights, raw, self.ema.weights, replace(self.progress, history=metadata["history"]))
        with swapped(self.model, self.ema.weights):
            mean_depth = torch.from_numpy(self.statistics.mean_depth.astype(np.float32))
            save_model(self.model, self.files.model, training=metadata, data={MEAN_DEPTH: mean_depth})
        save_state(
            self.files.state,
            {
                "model": {n: p.detach().cpu() for n, p in raw.items()},
                "ema": {n: w.cpu() for n, w in self.ema.weights.items()},
                "ema_updates": self.ema.updates,
                "optimizers": [optimizer.state_dict() for optimizer in self.optimizers],
                "progress": asdict(self.progress),
                "noise": self.noise.get_state(),
                "sampler": str(self.rng.bit_generator.state),
                "queue": list(self.stream.queue),
                "known": self.stream.known,
                "coordinates": (list(map(float, self.config.mean)), list(map(float, self.config.std))),
            },
        )
        return metadata

    def _restore(self, state: dict[str, Any]) -> None:
        import ast

        _copy_weights(dict(self._trainable()), state["model"])
        self.ema.load(state["ema"], state["ema_updates"])
        for optimizer, stored in zip(self.optimizers, state["optimizers"], strict=True):
            optimizer.load_state_dict(stored)
        self.progress = Progress(**state["progress"])
        self.noise.set_state(state["noise"])
        self.rng.bit_generator.state = ast.literal_eval(state["sampler"])
        self.stream.queue, self.stream.known = list(state["queue"]), state["known"]
        self.stream.refresh()

    def metadata(self) -> dict[str, Any]:
        """What the model file and its card say about the training."""
        p = self.progress
        run = {
            "recipe": self.config.name,
            "image_side": self.config.image_side,
            "device": device_name(self.device),
            "steps": p.step,
            "samples": p.samples,
            "seconds": round(p.seconds),
        }
        return {
            "data": f"{self.stream.known} procedural {self.recipe.kind} renderings of this repository",
            "steps": p.step + sum(h.get("steps", 0) for h in p.history),
            "samples": p.samples + p.earlier_samples,
            "seconds": round(p.seconds + p.earlier_seconds),
            "device": device_name(self.device),
            "commit": commit(),
            "history": [*p.history, run],
        }

    def _stop(self, *_: object) -> None:
        self.stopping = True


def train(recipe: Recipe, options: RunOptions) -> dict[str, Any]:
    """Build and run; the CLI's `train`."""
    if options.hours <= 0:
        raise WtError(f"--hours must be positive; got {options.hours}.")
    return Trainer(recipe, options).run()


def learning_rate(recipe: Recipe, step: int, share_done: float) -> float:
    """Linear warm-up, then a cosine over the planned length down to `min_lr`."""
    cosine = recipe.min_lr + (recipe.lr - recipe.min_lr) * (1 + math.cos(math.pi * share_done)) / 2
    return cosine * min(1.0, (step + 1) / recipe.warmup_steps)


def build_optimizers(recipe: Recipe, trainable: dict[str, torch.nn.Parameter]) -> list[torch.optim.Optimizer]:
    """AdamW for everything, or for what Muon leaves: all but the matrices of the transformer blocks."""
    hidden = {n: p for n, p in trainable.items() if recipe.optimizer == "muon" and "blocks." in n and p.ndim == 2}
    rest = [p for n, p in trainable.items() if n not in hidden]
    groups: list[dict[str, Any]] = [
        {"params": [p for p in rest if p.ndim > 1]},
        {"params": [p for p in rest if p.ndim <= 1], "weight_decay": 0.0},
    ]
    adamw = torch.optim.AdamW(groups, lr=recipe.lr, betas=recipe.betas, weight_decay=recipe.weight_decay)
    if not hidden:
        return [adamw]
    return [adamw, Muon(hidden.values(), lr=recipe.lr, weight_decay=recipe.weight_decay)]


def bf16_is_faster() -> bool:
    """Always on a GPU; on a CPU it depends on the instruction set (without AMX it may be ten times slower): timed."""
    if torch.cuda.is_available():
        return True
    a, b = torch.randn(512, 256), torch.randn(256, 256)
    return _time_product(a.bfloat16(), b.bfloat16()) < 0.8 * _time_product(a, b)


def _time_product(a: Tensor, b: Tensor) -> float:
    a @ b
    begin = time.perf_counter()
    for _ in range(5):
        a @ b
    return time.perf_counter() - begin


def device_name(device: torch.device) -> str:
    """A GPU's name, or "CPU" with its number of threads."""
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    return f"CPU, {torch.get_num_threads()} thread(s)"


def commit() -> str:
    """The checkout's commit, or "unknown"."""
    try:
        done = subprocess.run(
            ["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, cwd=Path(__file__).parent
        )
    except OSError:
        return "unknown"
    return done.stdout.strip() or "unknown"


@torch.no_grad()
def _copy_weights(into: dict[str, torch.nn.Parameter], weights: dict[str, Tensor]) -> None:
    missing = sorted(set(into) - set(weights))
    if missing:
        raise WtError(f"The weights to continue from lack {len(missing)} tensors, such as {missing[0]}.")
    for name, p in into.items():
        if p.shape != weights[name].shape:
            raise WtError(
                f"{name} is {list(weights[name].shape)} in the weights to continue from, {list(p.shape)} here."
            )
        p.copy_(weights[name])
