"""The files of a training run: weights that travel, a local state that resumes exactly, the curve.

RUN/weights.safetensors   raw and averaged weights in half precision: hours on different machines add up
RUN/state.pt              float32 weights, moments and random states of this machine (plain tensors)
RUN/model.safetensors     the averaged weights as a model, written anew at every save
RUN/curve.jsonl           one JSON object per logged step
"""

import json
import os
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from wt.errors import WtError
from wt.model.checkpoint import DATA


@dataclass
class Progress:
    """What a run has done so far, over all its resumptions."""

    step: int = 0
    samples: int = 0
    seconds: float = 0.0
    """Time spent in this run (sets the learning rate)."""
    earlier_samples: int = 0
    """What the weights had seen before this run began (another resolution, another machine)."""
    earlier_seconds: float = 0.0
    running_loss: float = 0.0
    history: list[dict[str, Any]] = field(default_factory=list)
    """Earlier runs: device, side, samples, seconds."""


@dataclass(frozen=True)
class RunFolder:
    """Paths of one run."""

    root: Path

    @property
    def weights(self) -> Path:
        """Raw and averaged weights."""
        return self.root / "weights.safetensors"

    @property
    def state(self) -> Path:
        """Everything that an exact continuation needs."""
        return self.root / "state.pt"

    @property
    def model(self) -> Path:
        """The averaged weights as a model file."""
        return self.root / "model.safetensors"

    @property
    def curve(self) -> Path:
        """The log, one JSON object a line."""
        return self.root / "curve.jsonl"

    @property
    def samples(self) -> Path:
        """Sample sheets."""
        return self.root / "samples"


def atomically(path: Path, write: Callable[[Path], None]) -> None:
    """Call `write` on a temporary name and move the result into place, so that a kill leaves old or new, never half."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.stem}.{os.getpid()}{path.suffix}")
    write(temporary)
    temporary.replace(path)


def save_weights(path: Path, raw: dict[str, Tensor], averaged: dict[str, Tensor], progress: Progress) -> None:
    """Both sets of weights in half precision, with the progress as metadata."""
    from safetensors.torch import save_file

    tensors = {f"raw.{n}": w.detach().half().contiguous().cpu() for n, w in raw.items()}
    tensors |= {f"ema.{n}": w.detach().half().contiguous().cpu() for n, w in averaged.items()}
    metadata = {"format": "wt-training-weights", "progress": json.dumps(asdict(progress))}
    atomically(path, lambda to: save_file(tensors, to, metadata=metadata))


def load_weights(path: Path) -> tuple[dict[str, Tensor], dict[str, Tensor], Progress]:
    """(raw, averaged, progress) from `save_weights`, or from a model file, whose weights then serve as both.

    Raises:
        WtError: missing, or neither kind of file.
    """
    from safetensors import SafetensorError, safe_open

    if not path.is_file():
        raise WtError(f"There are no weights at {path.name} to continue from. Check --resume.")
    try:
        with safe_open(path, framework="pt") as file:
            metadata = file.metadata() or {}
            tensors = {name: file.get_tensor(name).float() for name in file.keys()}  # noqa: SIM118
    except SafetensorError as error:
        raise WtError(
            f"{path.name} is not a safetensors file ({error}). Give weights.safetensors or a model."
        ) from error
    raw = {n.removeprefix("raw."): w for n, w in tensors.items() if n.startswith("raw.")}
    averaged = {n.removeprefix("ema."): w for n, w in tensors.items() if n.startswith("ema.")}
    if raw and averaged:
        return raw, averaged, Progress(**json.loads(metadata.get("progress", "{}")))
    tensors = {name: tensor for name, tensor in tensors.items() if not name.startswith(DATA)}
    training = json.loads(metadata.get("training", "{}"))
    known = {"samples": training.get("samples", 0), "seconds": float(training.get("seconds", 0))}
    return tensors, tensors, Progress(**known, history=training.get("history", []))


def save_state(path: Path, state: dict[str, Any]) -> None:
    """A dictionary of tensors and plain values."""
    atomically(path, lambda to: torch.save(state, to))


def load_state(path: Path) -> dict[str, Any]:
    """Read `save_state`; no code in the file can run."""
    return torch.load(path, map_location="cpu", weights_only=True)


def append_curve(path: Path, row: dict[str, Any]) -> None:
    """Add one line to the log."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as file:
        file.write(json.dumps(row) + "\n")


def read_curve(path: Path) -> list[dict[str, Any]]:
    """Every complete line of the log (a kill may leave half of the last one)."""
    rows = []
    for line in path.read_text().splitlines():
        try:
            rows.append(json.loads(line))
        except json.JSONDecodeError:
            continue
    return rows
