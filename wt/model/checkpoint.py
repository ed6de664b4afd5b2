"""Model files: ours are safetensors with the configuration as JSON in their metadata, published ones are read strictly.

No pickle code ever runs: safetensors, or torch.load(weights_only=True).
"""

import hashlib
import json
import os
import warnings
import zipfile
from dataclasses import replace
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from wt.errors import WtError
from wt.model.config import WTDiTConfig
from wt.model.eight_bits import unpack
from wt.model.encoder import SHARED_FILE
from wt.model.memory import memory_need, require_host_memory
from wt.model.names import infer_config, is_published, our_name, plain_name
from wt.model.precision import round_weights
from wt.model.wt_dit import WTDiT

FORMAT = "wt-dit"
NECK = "encoder.neck."
"""Of a neck's tensors, in a model."""
WEIGHTS = SHARED_FILE.parent
"""What all models share: the convolutions, and a neck for each kind as its training wrote it (`wt.training.neck`)."""
SHARED_NECK = "shared_neck"
"""Entry of a model file without a neck of its own: the digest of the file that has it."""
SHARED_BASE = "shared_base"
"""Entry of a model file that holds only what differs from another of ours: that file's name and digest."""
ZIP_BEGIN = b"PK\x03\x04"
DATA = "data."
"""Tensors of our files under this prefix describe the training set; they are not weights."""


def save_model(
    model: WTDiT,
    path: str | Path,
    *,
    training: dict[str, Any] | None = None,
    data: dict[str, Tensor] | None = None,
    dtype: torch.dtype = torch.float16,
    base: Path | None = None,
) -> Path:
    """Write the weights (in half precision) with the configuration and a training record, atomically.

    `data` is what is worth keeping about the training set; it is no part of the network: see `read_data`. The shared
    encoder of small models is not part of the file, nor is the shared neck: a model with another neck holds its own.
    With `base`, a model file that will lie beside it, the tensors that are the same there are left out, too.
    """
    path = Path(path)
    tensors = {name: tensor.detach().cpu().to(dtype).contiguous() for name, tensor in model.state_dict().items()}
    neck = {name: tensor for name, tensor in tensors.items() if name.startswith(NECK)}
    shared = neck_file(model.config)
    shares = bool(neck) and shared.is_file() and _same(neck, _read_neck(shared))
    if shares:
        tensors = {name: tensor for name, tensor in tensors.items() if name not in neck}
    if base is not None:
        theirs = read_tensors(base)[0]
        tensors = {n: t for n, t in tensors.items() if n not in theirs or not torch.equal(t, theirs[n].to(t))}
    tensors |= {DATA + name: tensor.detach().cpu().contiguous() for name, tensor in (data or {}).items()}
    metadata = {"format": FORMAT, "config": model.config.to_json(), "training": json.dumps(training or {})}
    metadata |= {SHARED_NECK: _digest(shared)} if shares else {}
    metadata |= {} if base is None else {SHARED_BASE: f"{base.name} {_digest(base)}"}
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    save_file(tensors, temporary, metadata=metadata)
    temporary.chmod(0o644)
    temporary.replace(path)
    return path


def load_model(path: str | Path, config: WTDiTConfig | None = None, *, dtype: torch.dtype = torch.float32) -> WTDiT:
    """Build the network that a file holds, ready for inference.

    Args:
        path: our safetensors, or a published model.pt or its tensors as safetensors.
        config: what to expect; by default the file's own, or what a published file's shapes imply.
        dtype: of the arithmetic that it will run in (`wt.model.precision.round_weights`).

    Raises:
        WtError: missing, damaged, not a WT-DiT, tensors that do not fit the configuration, or too little memory.
    """
    path = Path(path)
    tensors, stored = read_tensors(path)
    config = config or stored or infer_config(tensors)
    require_host_memory(f"Loading {path.name}", replace(memory_need(config, dtype), working=0))
    return assemble(config, tensors, path.name, dtype=dtype)


def assemble(
    config: WTDiTConfig, tensors: dict[str, Tensor], what: str = "the file", *, dtype: torch.dtype = torch.float32
) -> WTDiT:
    """A network whose every weight is one of `tensors` (ours by name), strictly; evaluation mode.

    It is built without memory and takes the tensors over, so a large checkpoint exists once: those of a file that is
    mapped into memory stay there if they need no rounding. `dtype` is as of `load_model`.
    """
    with torch.device("meta"):
        model = WTDiT(config)
    round_weights(model, dtype)
    expected = model.state_dict()
    _compare({n: tuple(t.shape) for n, t in expected.items()}, {n: tuple(t.shape) for n, t in tensors.items()}, what)
    model.load_state_dict({n: tensors[n].to(t.dtype) for n, t in expected.items()}, assign=True)
    # Taking tensors over as parameters sets requires_grad anew.
    model.freeze_encoder()
    return model.eval()


def read_tensors(path: Path) -> tuple[dict[str, Tensor], WTDiTConfig | None]:
    """(our name -> tensor, the configuration if the file holds one).

    Raises:
        WtError: missing, damaged, or names that no release has.
    """
    if not path.is_file():
        raise WtError(f"The model file {path} does not exist. Check the path.")
    config = None
    if path.suffix == ".safetensors":
        tensors, metadata = _read_safetensors(path)
        if metadata.get("format") == FORMAT:
            config = WTDiTConfig.from_json(metadata["config"])
            tensors = {name: tensor for name, tensor in tensors.items() if not name.startswith(DATA)}
            if SHARED_BASE in metadata:
                tensors = _base(path, metadata[SHARED_BASE]) | tensors
            if SHARED_NECK in metadata:
                tensors |= _shared_neck(neck_file(config), metadata[SHARED_NECK], path.name)
    else:
        tensors = _read_torch(path)
    if config is None or is_published(list(tensors)):
        tensors = _translate(tensors, path.name)
    return tensors, config


def read_metadata(path: str | Path) -> dict[str, Any]:
    """What one of our files says about itself: {"config": WTDiTConfig, "training": dict}."""
    _, metadata = _read_safetensors(Path(path), tensors=False)
    if metadata.get("format") != FORMAT:
        raise WtError(f"{Path(path).name} is not a model file of World Tracing Studio.")
    return {"config": WTDiTConfig.from_json(metadata["config"]), "training": json.loads(metadata["training"])}


def read_data(path: str | Path) -> dict[str, Tensor]:
    """What `save_model` was given as `data`; empty for files without it."""
    tensors, _ = _read_safetensors(Path(path))
    return {name.removeprefix(DATA): tensor for name, tensor in tensors.items() if name.startswith(DATA)}


def neck_file(config: WTDiTConfig) -> Path:
    """Where the neck lies that small models of this kind share; clips are looked at as objects are."""
    return WEIGHTS / f"neck-{'scene' if config.kind == 'scene' else 'object'}.safetensors"


def _base(path: Path, told: str) -> dict[str, Tensor]:
    """The tensors of the file beside `path` that it shares the rest with."""
    name, digest = told.split()
    file = path.with_name(name)
    if not file.is_file() or _digest(file) != digest:
        raise WtError(f"{path.name} holds only what differs from {name}, which must lie beside it as it was then.")
    return read_tensors(file)[0]


def _shared_neck(file: Path, digest: str, what: str) -> dict[str, Tensor]:
    """The neck in `file`, if it is the one with the digest that `what` needs."""
    if not file.is_file() or _digest(file) != digest:
        raise WtError(f"{what} needs the neck that it was trained with: put its {file.name} into assets/weights.")
    return _read_neck(file)


def _read_neck(file: Path) -> dict[str, Tensor]:
    """A neck's tensors under the names that they have in a model."""
    tensors, _ = _read_safetensors(file)
    return {f"encoder.{name}": tensor for name, tensor in unpack(tensors).items() if name.startswith("neck.")}


def _same(some: dict[str, Tensor], others: dict[str, Tensor]) -> bool:
    return some.keys() == others.keys() and all(torch.equal(t, others[name].to(t)) for name, t in some.items())


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "blake2b").hexdigest()[:32]


def _read_safetensors(path: Path, *, tensors: bool = True) -> tuple[dict[str, Tensor], dict[str, str]]:
    try:
        with safe_open(path, framework="pt") as file:
            names = list(file.keys()) if tensors else []
            return {name: file.get_tensor(name) for name in names}, file.metadata() or {}
    except (OSError, SafetensorError) as error:
        raise WtError(f"{path.name} is not a readable safetensors file ({error}). Download it again.") from error


def _read_torch(path: Path) -> dict[str, Tensor]:
    """A published model.pt: EMA weights where there are any, completed from the raw ones (section 18.1)."""
    if not zipfile.is_zipfile(path):
        with path.open("rb") as file:
            begins_as_one = file.read(len(ZIP_BEGIN)) == ZIP_BEGIN
        what = "is cut off" if begins_as_one else "is not a file that torch saved"
        raise WtError(f"{path.name} ({path.stat().st_size:,} bytes) {what}. Download it again.")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # of pickles that it then refuses
            content = torch.load(path, map_location="cpu", weights_only=True, mmap=True)
    except UnpicklingError as error:
        raise WtError(
            f"{path.name} holds more than plain tensors: to open it, code in it would have to be run, which is never "
            "done here. Use the original model.pt or a safetensors file."
        ) from error
    except (OSError, RuntimeError, EOFError) as error:
        reason = str(error).splitlines()[0]
        raise WtError(f"{path.name} is a damaged torch file ({reason}). Download it again.") from error
    if not isinstance(content, dict):
        raise WtError(f"{path.name} holds a {type(content).__name__}, not named tensors. Use the original model.pt.")
    if "model_state_dict" in content:
        raw = {plain_name(n): t for n, t in content["model_state_dict"].items()}
        averaged = {plain_name(n): t for n, t in (content.get("ema_state_dict") or {}).items()}
        content = raw | averaged
    return {name: value for name, value in content.items() if isinstance(value, Tensor)}


def _translate(tensors: dict[str, Tensor], what: str) -> dict[str, Tensor]:
    translated, unknown = {}, []
    for name, tensor in tensors.items():
        ours = our_name(name)
        if ours is None:
            unknown.append(name)
        else:
            translated[ours] = tensor
    if not translated:
        first = f", such as {unknown[0]}," if unknown else ""
        raise WtError(
            f"None of the {len(tensors)} tensors of {what}{first} is one of a WT-DiT. It belongs to another network: "
            "use the model.pt of a World Tracing release."
        )
    if unknown:
        raise WtError(
            f"{what} has {len(unknown)} tensors that no known WT-DiT release has, such as {unknown[0]}. The published "
            "weights may have changed: pin the older revision with @revision, or report it."
        )
    return translated


def _compare(expected: dict[str, tuple], found: dict[str, tuple], what: str) -> None:
    missing = sorted(set(expected) - set(found))
    extra = sorted(set(found) - set(expected))
    wrong = sorted(name for name in set(expected) & set(found) if expected[name] != found[name])
    if not (missing or extra or wrong):
        return
    parts = []
    if missing:
        parts.append(f"{len(missing)} missing, such as {missing[0]}")
    if extra:
        parts.append(f"{len(extra)} unexpected, such as {extra[0]}")
    if wrong:
        name = wrong[0]
        parts.append(f"{len(wrong)} of another shape, such as {name}: {list(found[name])}, not {list(expected[name])}")
    raise WtError(
        f"{what} does not fit the network: {'; '.join(parts)}. The weights belong to another version: "
        "pin the revision with @revision, or use the matching configuration."
    )
