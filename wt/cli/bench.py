"""`python -m wt bench`: how long a lift takes here, and how much of the machine it uses."""

import argparse
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from wt.cli.common import LOG, Subparsers, add_command, peak_rss_mb

if TYPE_CHECKING:
    import torch

    from wt.lift import Lifter

DTYPES = ("float32", "bfloat16", "float16")


def register(subparsers: Subparsers) -> None:
    """Add the parser."""
    parser = add_command(
        subparsers, "bench", run, "Time a model: encoding, one step, a whole lift; and its share of peak."
    )
    parser.add_argument("--model", default="wt-s-mini", help="registry name or model file (wt-s-mini)")
    parser.add_argument("--random-weights", action="store_true", help="build the network without its weights file")
    parser.add_argument("--side", type=int, help="network input in pixels, a multiple of 14 (the model's)")
    parser.add_argument("--steps", type=int, help="sampling steps of the whole lift (the model's default)")
    parser.add_argument("--repeat", type=int, default=3, help="timed runs, of which the median counts (3)")
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda or mps (auto)")
    parser.add_argument("--dtype", choices=DTYPES, help="arithmetic of the network (the faster one)")


def run(arguments: argparse.Namespace) -> dict[str, Any]:
    """Time the parts of a lift of a random picture."""
    import torch

    from wt.lift import Lifter
    from wt.model.memory import memory_need

    dtype = getattr(torch, arguments.dtype) if arguments.dtype else None
    model = network(arguments, dtype)
    lifter = Lifter(model, name=arguments.model, device=arguments.device, dtype=dtype)
    config, device = lifter.model.config, lifter.device
    steps = arguments.steps or lifter.default_steps
    encode, step, flops = parts(lifter, arguments.repeat)
    LOG.info("bench: encode %.3f s, step %.3f s", encode, step)
    total = whole_lift(lifter, steps)
    rate = flops / step / 1e12
    return {
        "model": arguments.model,
        "device": torch.cuda.get_device_name(device) if device.type == "cuda" else device.type,
        "dtype": str(lifter.dtype).removeprefix("torch."),
        "image": [config.image_side, config.image_side],
        "steps": steps,
        "windows": lifter.default_windows,
        "seconds": {"encode": encode, "step": step, "total": total},
        "tflops": rate,
        "peak_share": rate / peak_tflops(device, lifter.dtype),
        "peak_memory_mb": peak_memory_mb(device),
        "estimated_memory_mb": memory_need(config, lifter.dtype).total >> 20,
        "step_gflop": flops / 1e9,
        "parameters": sum(p.numel() for p in lifter.model.parameters()),
        "random_weights": arguments.random_weights,
        "threads": torch.get_num_threads(),
    }


def network(arguments: argparse.Namespace, dtype: "torch.dtype | None") -> Any:
    """The model, with its weights or without."""
    import torch

    from wt.lift import load
    from wt.model.checkpoint import read_metadata
    from wt.model.precision import pick_device
    from wt.model.registry import find
    from wt.model.wt_dit import WTDiT

    if not arguments.random_weights:
        model = load(arguments.model, arguments.device, dtype).model
        if arguments.side:
            model.config = model.config.at_side(arguments.side)
        return model
    is_file = Path(arguments.model).suffix == ".safetensors"
    config = read_metadata(arguments.model)["config"] if is_file else find(arguments.model).config
    config = config.at_side(arguments.side) if arguments.side else config
    torch.manual_seed(0)
    with torch.device(pick_device(arguments.device)):
        return WTDiT(config).eval()


def parts(lifter: "Lifter", repeat: int) -> tuple[float, float, int]:
    """(seconds to encode a photo, seconds of one step, floating point operations of one step)."""
    import torch
    from torch.utils.flop_counter import FlopCounterMode

    from wt.model.precision import autocast

    # The counter of operations hooks into every weight that wants a gradient.
    config, device, model = lifter.model.config, lifter.device, lifter.model.requires_grad_(False)
    side, views = config.image_side, config.layers
    generator = torch.Generator().manual_seed(0)
    photo = torch.rand(1, 3, *(config.encoder.side or side,) * 2, generator=generator).to(device)
    rgb = torch.rand(1, 3, side, side, generator=generator).to(device)
    noise = torch.randn(1, views, side, side, 3, generator=generator).to(device)
    mask, t = torch.ones(1, 1, side, side, dtype=torch.bool, device=device), torch.ones(1, device=device)
    with torch.inference_mode(), autocast(device, lifter.dtype):
        encode = median_seconds(lambda: model.condition(model.encode(photo)), device, repeat)
        tokens = model.condition(model.encode(photo))
        step = median_seconds(lambda: model(noise, t, tokens, rgb, mask, noise), device, repeat)
        with FlopCounterMode(display=False) as counter:
            model(noise, t, tokens, rgb, mask, noise)
    return encode, step, counter.get_total_flops()


def whole_lift(lifter: "Lifter", steps: int) -> float:
    """Seconds of one lift of a random square picture, everything included."""
    side = max(lifter.long_side, 64)
    picture = np.random.default_rng(0).integers(0, 256, (side, side, 3), dtype=np.uint8)
    mask = np.zeros((side, side), dtype=bool)
    mask[side // 5 : -side // 5, side // 5 : -side // 5] = True
    began = time.perf_counter()
    lifter.lift(picture, mask, steps=steps)
    return time.perf_counter() - began


def peak_tflops(device: "torch.device", dtype: "torch.dtype") -> float:
    """The best rate of a large matrix product here, in 10^12 operations a second."""
    import torch

    side = 8192 if device.type == "cuda" else 1024
    a = torch.randn(side, side, device=device).to(dtype)
    b = torch.randn(side, side, device=device).to(dtype)
    best = min(median_seconds(lambda: a @ b, device, 1) for _ in range(5))
    return 2 * side**3 / best / 1e12


def median_seconds(work: Callable[[], Any], device: "torch.device", repeat: int) -> float:
    """Median time of `repeat` runs after one that is not counted."""
    import torch

    seconds = []
    for _ in range(repeat + 1):
        began = time.perf_counter()
        work()
        if device.type == "cuda":
            torch.cuda.synchronize(device)
        seconds.append(time.perf_counter() - began)
    return float(np.median(seconds[1:]))


def peak_memory_mb(device: "torch.device") -> int:
    """Most memory ever held: of the GPU where there is one, else of the process."""
    import torch

    return torch.cuda.max_memory_allocated(device) >> 20 if device.type == "cuda" else peak_rss_mb()
