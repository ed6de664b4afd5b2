"""What each optimisation gives: `python benchmarks/speed.py --json`; on a GPU at full size, on a CPU with `--side 112`.

One step of the published networks with random weights as they ship here, then with one thing undone at a time, all in
one run. `share` is of the best rate of a large matrix product on this machine in the same arithmetic.
"""

import argparse
import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT)]

import torch  # noqa: E402
from torch import nn  # noqa: E402
from torch.nn.attention import SDPBackend, sdpa_kernel  # noqa: E402
from torch.utils.flop_counter import FlopCounterMode  # noqa: E402

from wt.cli.bench import median_seconds, network, peak_memory_mb, peak_tflops  # noqa: E402
from wt.lift import Lifter  # noqa: E402
from wt.model.precision import autocast  # noqa: E402

MODELS = ("world-tracing-object", "world-tracing-scene")
SHIPPED = "as shipped"


def main() -> None:
    """Parse, time, print one JSON object or a Markdown table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", nargs="+", default=list(MODELS))
    parser.add_argument("--side", type=int, help="network input in pixels (the model's)")
    parser.add_argument("--device", default="auto")
    parser.add_argument("--dtype", choices=("float32", "bfloat16"), help="arithmetic (the faster one)")
    parser.add_argument("--repeat", type=int, default=5, help="timed steps, of which the median counts (5)")
    parser.add_argument("--compile", action="store_true", help="also through torch.compile, which takes minutes")
    parser.add_argument("--json", action="store_true", help="one JSON object in place of the table")
    options = parser.parse_args()
    reports = [timed(name, options) for name in options.models]
    print(json.dumps(reports) if options.json else "\n\n".join(as_markdown(report) for report in reports))


@torch.inference_mode()
def timed(name: str, options: argparse.Namespace) -> dict[str, Any]:
    """All variants of one model."""
    dtype = getattr(torch, options.dtype) if options.dtype else None
    asked = SimpleNamespace(model=name, side=options.side, device=options.device, random_weights=True)
    model = network(asked, dtype).requires_grad_(False)  # type: ignore[arg-type]
    lifter = Lifter(model, name=name, device=options.device, dtype=dtype)
    device, config = lifter.device, model.config
    step, encode = one_step(lifter), one_encoding(lifter)

    def seconds(work: Callable[[], Any] = step, dtype: torch.dtype = lifter.dtype) -> float:
        with autocast(device, dtype):
            return median_seconds(work, device, options.repeat)

    with autocast(device, lifter.dtype), FlopCounterMode(display=False) as counter:
        step()
    rows = {SHIPPED: seconds()}
    rows["photo encoded at every step"] = rows[SHIPPED] + seconds(encode)
    with sdpa_kernel(SDPBackend.MATH):
        rows["attention without fused kernels"] = seconds()
    if lifter.dtype != torch.float32:
        with in_float32(model.head, device.type):
            rows["head in float32, as the release"] = seconds()
        model.float()
        rows["weights rounded at every use"] = seconds()
        rows["all in float32"] = seconds(dtype=torch.float32)
    if options.compile:
        model.compile()
        rows["compiled"] = seconds()
    rate = counter.get_total_flops() / rows[SHIPPED] / 1e12
    return {
        "model": name,
        "device": torch.cuda.get_device_name(device) if device.type == "cuda" else device.type,
        "dtype": str(lifter.dtype).removeprefix("torch."),
        "side": config.image_side,
        "step_tflop": counter.get_total_flops() / 1e12,
        "tflops": rate,
        "share": rate / peak_tflops(device, lifter.dtype),
        "peak_memory_mb": peak_memory_mb(device),
        "seconds": rows,
    }


def one_step(lifter: Lifter) -> Callable[[], Any]:
    """A step of the sampler, the photo's tokens at hand."""
    model, config, device = lifter.model, lifter.model.config, lifter.device
    side, frame = config.image_side, (1, config.layers, config.image_side, config.image_side, 3)
    rgb, noise = torch.rand(1, 3, side, side, device=device), torch.randn(frame, device=device)
    mask, t = torch.ones(1, 1, side, side, dtype=torch.bool, device=device), torch.ones(1, device=device)
    with autocast(device, lifter.dtype):
        tokens = model.condition(model.encode(rgb))
    return lambda: model(noise, t, tokens, rgb, mask, noise)


def one_encoding(lifter: Lifter) -> Callable[[], Any]:
    """From the photo to its tokens."""
    side = lifter.model.config.encoder.side or lifter.model.config.image_side
    rgb = torch.rand(1, 3, side, side, device=lifter.device)
    return lambda: lifter.model.condition(lifter.model.encode(rgb))


@contextmanager
def in_float32(module: nn.Module, device_type: str) -> Iterator[None]:
    """The module's linear layers run in float32 inside; its attention core stays as it was."""
    held = {linear: linear.weight.dtype for linear in module.modules() if isinstance(linear, nn.Linear)}
    plain = [(linear, linear.forward) for linear in held]

    def exact(linear: nn.Linear) -> Callable[[torch.Tensor], torch.Tensor]:
        def forward(x: torch.Tensor) -> torch.Tensor:
            with torch.autocast(device_type, enabled=False):
                return nn.functional.linear(x.float(), linear.weight, linear.bias)

        return forward

    for linear in held:
        linear.float().forward = exact(linear)  # type: ignore[method-assign]
    try:
        yield
    finally:
        for linear, forward in plain:
            linear.to(held[linear]).forward = forward  # type: ignore[method-assign]


def as_markdown(report: dict[str, Any]) -> str:
    """The report for people."""
    shipped = report["seconds"][SHIPPED]
    head = (
        f"{report['model']} at {report['side']} px, {report['dtype']} on {report['device']}: "
        f"{report['step_tflop']:.2f} TFLOP a step, {report['tflops']:.2f} TFLOP/s, {report['share']:.0%} of a large "
        "product's rate"
    )
    lines = [head, "", "| a step | s | times as shipped |", "|---|---|---|"]
    lines += [f"| {name} | {s:.3f} | {s / shipped:.2f} |" for name, s in report["seconds"].items()]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
