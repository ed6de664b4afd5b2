"""Pipelines onto the machine and into its memory: whole, one part at a time, in 4 bits, or layer by layer."""

import importlib.util
import logging
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from wt.errors import WtError

if TYPE_CHECKING:
    import torch

Fit = Literal["full", "model offload", "nf4", "sequential offload"]
"""What is on the GPU: everything; one part at a time; the same in 4 bits; one layer at a time, which is slow."""
WORKING_BYTES = 2e9
"""For activations beside the weights."""
_NF4_SHARE = 0.28
"""Of the bytes of 16-bit weights, with the scales."""
LORA_FILE = "pytorch_lora_weights.safetensors"
_QUANTISED = ("transformer", "text_encoder")
log = logging.getLogger(__name__)


def fetch(source: str, *, allow_download: bool, variant: str | None = None) -> Path:
    """The folder of a pipeline: one on this machine, or the hub's copy in its cache.

    Args:
        source: folder, or owner/name on the hub.
        allow_download: the person's explicit act; without it no request is made.
        variant: of the weights' files, such as "fp16".

    Raises:
        WtError: not here and not to be downloaded, or the hub cannot give it.
    """
    if Path(source).is_dir():
        return Path(source)
    from wt.model.hub import HubFile, explained

    index = HubFile(source, "model_index.json")
    if index.cached() is None and not allow_download:
        raise WtError(
            f"{source} is not on this machine, and nothing is downloaded unasked. Add --allow-download, give a folder "
            "that holds it, or use the catalogue editor, which needs no download."
        )
    from diffusers import DiffusionPipeline

    if allow_download:
        log.info("Fetching %s, unless it is here", source)
    options = {"local_files_only": not allow_download, "use_safetensors": True, "variant": variant}
    with explained(index):
        try:
            return Path(DiffusionPipeline.download(source, **options))
        except (OSError, ValueError) as error:
            raise _unreadable(source, error) from error


def plan(folder: Path, device: "torch.device") -> Fit:
    """How this pipeline fits into the memory that is free now; only a GPU's is short enough to plan for."""
    import torch

    if device.type != "cuda":
        return "full"
    fit = fit_for(*weight_bytes(folder), torch.cuda.mem_get_info(device)[0], nf4=has_nf4())
    if fit == "sequential offload" and not has_nf4():
        log.info("With bitsandbytes it would run in 4 bits and much sooner: pip install bitsandbytes")
    return fit


def read(pipeline_class: Any, folder: Path, device: "torch.device", fit: Fit, variant: str | None = None) -> Any:
    """A pipeline from its folder, in the machine's main memory; no code of the folder's is run.

    Raises:
        WtError: the folder is incomplete, or of another kind.
    """
    import torch

    from wt.model.precision import arithmetic

    dtype = arithmetic(device) if device.type == "cpu" else torch.bfloat16
    options: dict[str, Any] = {"dtype": dtype, "use_safetensors": True, "local_files_only": True, "variant": variant}
    if fit == "nf4":
        options["quantization_config"] = _nf4(folder)
    try:
        pipe = pipeline_class.from_pretrained(str(folder), **options)
    except (OSError, ValueError) as error:
        raise _unreadable(str(folder), error) from error
    pipe.set_progress_bar_config(disable=True)
    return pipe


def put(pipe: Any, device: "torch.device", fit: Fit) -> None:
    """Onto the device, as planned."""
    if fit == "sequential offload":
        pipe.enable_sequential_cpu_offload(device=device)
    elif fit in ("model offload", "nf4"):
        pipe.enable_model_cpu_offload(device=device)
    else:
        pipe.to(device)


def fit_for(total: float, largest: float, free: float, *, nf4: bool) -> Fit:
    """How to hold a pipeline.

    Args:
        total: bytes of all weights in 16 bits.
        largest: bytes of its largest part.
        free: bytes free on the GPU.
        nf4: whether 4 bits are possible.
    """
    room = free - WORKING_BYTES
    if total <= room:
        return "full"
    if largest <= room:
        return "model offload"
    return "nf4" if nf4 and largest * _NF4_SHARE <= room else "sequential offload"


def has_nf4() -> bool:
    """Whether bitsandbytes, which brings the 4-bit kernels, is installed."""
    return importlib.util.find_spec("bitsandbytes") is not None


def weight_bytes(folder: Path) -> tuple[float, float]:
    """(all weights, those of the largest part) in 16 bits, from the files' headers."""
    from safetensors import safe_open

    parts: dict[str, float] = {}
    for file in folder.glob("*/*.safetensors"):
        with safe_open(file, framework="numpy") as opened:
            shapes = [opened.get_slice(key).get_shape() for key in opened.keys()]  # noqa: SIM118
        count = sum(_product(shape) for shape in shapes)
        twice = file.name.count(".fp16.") and file.with_name(file.name.replace(".fp16.", ".")).exists()
        parts[file.parent.name] = parts.get(file.parent.name, 0.0) + (0.0 if twice else 2.0 * count)
    return sum(parts.values()), max(parts.values(), default=0.0)


def use_lcm(pipe: Any, lora: str, *, allow_download: bool) -> None:
    """Make a Stable Diffusion pipeline a latent consistency model: its LoRA and its scheduler, for few steps.

    Raises:
        WtError: peft is missing, or the LoRA is not here.
    """
    if importlib.util.find_spec("peft") is None:
        raise WtError("A few-step LoRA needs the package peft. Run: pip install peft, or use the editor without lcm.")
    from diffusers import LCMScheduler

    try:
        # Without a file's name the hub would be asked for one.
        pipe.load_lora_weights(lora, weight_name=LORA_FILE, local_files_only=not allow_download, use_safetensors=True)
    except (OSError, ValueError) as error:
        raise _unreadable(lora, error) from error
    pipe.fuse_lora()
    pipe.unload_lora_weights()
    pipe.scheduler = LCMScheduler.from_config(pipe.scheduler.config)


def _nf4(folder: Path) -> Any:
    import torch
    from diffusers import PipelineQuantizationConfig

    kwargs: dict[str, Any] = {
        "load_in_4bit": True,
        "bnb_4bit_quant_type": "nf4",
        "bnb_4bit_compute_dtype": torch.bfloat16,
    }
    parts = [name for name in _QUANTISED if (folder / name).is_dir()]
    return PipelineQuantizationConfig(
        quant_backend="bitsandbytes_4bit", quant_kwargs=kwargs, components_to_quantize=parts
    )


def _product(shape: list[int]) -> int:
    count = 1
    for side in shape:
        count *= side
    return count


def _unreadable(source: str, error: Exception) -> WtError:
    first = next(iter(str(error).strip().splitlines()), type(error).__name__)
    return WtError(
        f"{source} is not on this machine as a whole, or cannot be read ({first[:200]}). Add --allow-download to fetch "
        "what is missing, or give another folder."
    )
