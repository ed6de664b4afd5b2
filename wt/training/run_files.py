"""The files of a training run: weights that travel, a local state that resumes exactly, the curve.

RUN/weights.safetensors   raw and averaged weights in half precision: hours on different machines add up
RUN/state.pt              float32 weights, moments and random states of this machine (plain tensors)
RUN/model.safetensors     the averaged weights as a model, written anew at every save
RUN/curve.jsonl           one JSON object per logged step; RUN/curve.png shows it
RUN/samples/              held-out samples as they are lifted during the run
RUN/events/               the same numbers for TensorBoard, where that is installed
"""

import json
import os
import subprocess
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from wt.errors import WtError
from wt.geometry.normalise import PUBLISHED_MEAN, PUBLISHED_STD
from wt.model.checkpoint import read_metadata, read_tensors
from wt.model.eight_bits import unpack

WEIGHTS = "wt-training-weights"
Coordinates = tuple[list[float], list[float]]
"""Mean and deviation of the network's coordinates (Eq. 5)."""


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

    def followed(self) -> "Progress":
        """What a run that starts from the weights of this one has behind it."""
        history = list(self.history)
        samples = self.earlier_samples + self.samples
        untold = samples - sum(run.get("samples", 0) for run in history)
        if untold > 0:
            history.append({"steps": self.step, "samples": untold, "seconds": round(self.seconds)})
        seconds = self.earlier_seconds + self.seconds
        return Progress(earlier_samples=samples, earlier_seconds=seconds, history=history)


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
    def neck(self) -> Path:
        """Weights of a neck, if that is what was trained."""
        return self.root / "neck.safetensors"

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
    temporary.chmod(0o644)  # safetensors' own lets nobody else read
    temporary.replace(path)


def save_weights(
    path: Path,
    raw: dict[str, Tensor],
    averaged: dict[str, Tensor],
    progress: Progress,
    *,
    frozen: dict[str, Tensor] | None = None,
    coordinates: Coordinates | None = None,
) -> None:
    """Both sets of weights, and those of a frozen encoder, in half precision, with the progress as metadata."""
    from safetensors.torch import save_file

    sets = {"raw": raw, "ema": averaged, "frozen": frozen or {}}
    tensors = {
        f"{prefix}.{n}": w.detach().half().contiguous().cpu() for prefix, held in sets.items() for n, w in held.items()
    }
    metadata = {"format": WEIGHTS, "progress": json.dumps(asdict(progress)), "coordinates": json.dumps(coordinates)}
    atomically(path, lambda to: save_file(tensors, to, metadata=metadata))


def load_weights(path: Path) -> tuple[dict[str, Tensor], dict[str, Tensor], Progress]:
    """(raw with those of a frozen encoder, averaged, progress) from `save_weights`.

    A model file, ours or a published one, will do: its weights then serve as both.

    Raises:
        WtError: missing, or neither kind of file.
    """
    from safetensors import safe_open

    metadata = _metadata(path)
    if metadata.get("format") == WEIGHTS:
        with safe_open(path, framework="pt") as file:
            tensors = {name: file.get_tensor(name).float() for name in file.keys()}  # noqa: SIM118
        raw, averaged, frozen = (
            {n.removeprefix(prefix): w for n, w in tensors.items() if n.startswith(prefix)}
            for prefix in ("raw.", "ema.", "frozen.")
        )
        return raw | frozen, averaged, Progress(**json.loads(metadata["progress"]))
    found = {name: tensor.float() for name, tensor in read_tensors(path)[0].items()}
    training = json.loads(metadata.get("training", "{}"))
    known = {"samples": training.get("samples", 0), "seconds": float(training.get("seconds", 0))}
    return found, found, Progress(**known, history=training.get("history", []))


def stored_coordinates(path: Path) -> Coordinates | None:
    """The coordinates that the weights of `load_weights` speak; None where an older file does not say."""
    metadata = _metadata(path)
    if metadata.get("format") == WEIGHTS:
        stored = json.loads(metadata.get("coordinates", "null"))
        return (stored[0], stored[1]) if stored else None
    if "config" in metadata:
        config = read_metadata(path)["config"]
        return list(config.mean), list(config.std)
    return list(PUBLISHED_MEAN), list(PUBLISHED_STD)


def _metadata(path: Path) -> dict[str, str]:
    from safetensors import SafetensorError, safe_open

    if not path.is_file():
        raise WtError(f"There are no weights at {path.name} to continue from. Check --resume.")
    if path.suffix != ".safetensors":
        return {}
    try:
        with safe_open(path, framework="pt") as file:
            return file.metadata() or {}
    except SafetensorError as error:
        raise WtError(
            f"{path.name} is not a safetensors file ({error}). Give weights.safetensors or a model."
        ) from error


@torch.no_grad()
def copy_weights(model: nn.Module, weights: dict[str, Tensor], may_lack: tuple[str, ...] = ()) -> None:
    """Put `weights` into a network: all that is trained, and what they have of the rest.

    Parts whose names start with one of `may_lack` keep their own weights if none of theirs is there.

    Raises:
        WtError: trained weights that are missing, or another shape.
    """
    absent = tuple(part for part in may_lack if not any(name.startswith(part) for name in weights))
    trained = {name for name, p in model.named_parameters() if p.requires_grad and not name.startswith(absent)}
    missing = sorted(trained - set(weights))
    if missing:
        raise WtError(f"The weights to continue from lack {len(missing)} tensors, such as {missing[0]}.")
    for name, own in model.state_dict(keep_vars=True).items():
        if name not in weights:
            continue
        if own.shape != weights[name].shape:
            raise WtError(
                f"{name} is {list(weights[name].shape)} in the weights to continue from, {list(own.shape)} here."
            )
        own.copy_(weights[name])


def widened(weights: dict[str, Tensor], model: nn.Module) -> dict[str, Tensor]:
    """`weights`, made to fit a network that sees the photo through more channels (it got a neck): those begin at zero.

    The convolutions' channels are the first in either network.
    """
    name = "image_proj.weight"
    missing = model.state_dict()[name].shape[1] - weights[name].shape[1] if name in weights else 0
    return {**weights, name: F.pad(weights[name], (0, missing))} if missing > 0 else weights


def load_encoder(encoder: nn.Module, path: Path) -> None:
    """Fill a frozen encoder, whatever prefix its names have: a ViT from a DINOv2 or MoGe checkpoint or a published
    model, a neck from its own training or from one of our models.

    Raises:
        WtError: unreadable, or not this encoder.
    """
    tensors = _named_tensors(path)
    own = encoder.state_dict()
    landmark = next(name for name in own if name in ("cls_token", "neck.positions"))
    places = [name.removesuffix(landmark) for name in tensors if name.endswith(landmark)]
    if not places:
        raise WtError(f"{path.name} holds no such encoder (no tensor is called {landmark}). Check --encoder.")
    prefix = min(places, key=len)
    found = {name.removeprefix(prefix): t for name, t in tensors.items() if name.startswith(prefix)}
    # The picture's mean and deviation and the never used mask token are not in every file.
    needed = [name for name in own if name not in ("mask_token", "image_mean", "image_std")]
    wrong = [name for name in needed if name not in found or found[name].shape != own[name].shape]
    if wrong:
        raise WtError(
            f"The encoder in {path.name} is not the one that this model needs: {len(wrong)} tensors are missing or of "
            f"another shape, such as {wrong[0]}."
        )
    encoder.load_state_dict(
        {name: found[name].float().reshape(t.shape) for name, t in own.items() if name in found}
        | {name: t for name, t in own.items() if name not in found}
    )


def _named_tensors(path: Path) -> dict[str, Tensor]:
    """Every tensor of a safetensors file or of a plain PyTorch file; of nested ones, those of the largest part."""
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    if not path.is_file():
        raise WtError(f"There is no file {path}. Check --encoder.")
    try:
        if path.suffix == ".safetensors":
            return unpack(load_file(path))
        content = torch.load(path, map_location="cpu", weights_only=True, mmap=True)
    except (OSError, RuntimeError, EOFError, SafetensorError, torch.serialization.pickle.UnpicklingError) as error:
        raise WtError(f"{path.name} could not be read as plain tensors ({str(error).splitlines()[0]}).") from error
    parts: Iterable[Any] = [content, *(part for part in content.values() if isinstance(part, dict))]
    named = [{n: t for n, t in part.items() if isinstance(t, Tensor)} for part in parts]
    return max(named, key=len)


def save_state(path: Path, state: dict[str, Any]) -> None:
    """A dictionary of tensors and plain values."""
    atomically(path, lambda to: torch.save(state, to))


def load_state(path: Path) -> dict[str, Any]:
    """Read `save_state`; no code in the file can run. The tensors are the file itself, which processes share."""
    return torch.load(path, map_location="cpu", weights_only=True, mmap=True)


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


def trim_curve(path: Path, step: int) -> None:
    """Take out what a killed run logged after the save that it continues from."""
    if path.is_file():
        kept = [row for row in read_curve(path) if row.get("step", 0) <= step]
        text = "".join(json.dumps(row) + "\n" for row in kept)

        def write(to: Path) -> None:
            to.write_text(text)

        atomically(path, write)


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
