"""Memory at full size, with random weights: `python benchmarks/memory.py --model world-tracing-object --json`.

Writes a checkpoint of the published form (an average and nothing else, float32), loads it in processes of their own, in
float32 and bfloat16, and says how many copies of it each needed at most, with every weight looked at once. Then one
step at a reduced side counts the bytes that are alive at once, beside what `wt.model.memory` estimates.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
import weakref
from dataclasses import replace
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT)]

import psutil  # noqa: E402
import torch  # noqa: E402
from torch.utils._python_dispatch import TorchDispatchMode  # noqa: E402
from torch.utils._pytree import tree_leaves  # noqa: E402

from wt.model.checkpoint import load_model  # noqa: E402
from wt.model.config import WTDiTConfig  # noqa: E402
from wt.model.memory import memory_need  # noqa: E402
from wt.model.names import PREFIXES  # noqa: E402
from wt.model.precision import autocast, round_weights  # noqa: E402
from wt.model.registry import find  # noqa: E402
from wt.model.wt_dit import WTDiT  # noqa: E402

GB = 1e9
DTYPES = ("float32", "bfloat16")


def main() -> None:
    """Parse, measure, print one JSON object or a Markdown table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="world-tracing-object", help="a published model's name")
    parser.add_argument("--side", type=int, default=112, help="network input of the step in pixels (112)")
    parser.add_argument("--folder", type=Path, help="where the checkpoint is written for a while (temporary folder)")
    parser.add_argument("--json", action="store_true", help="one JSON object in place of the table")
    parser.add_argument("--write", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--load", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--dtype", choices=DTYPES, default="float32", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.write:
        write(find(options.model).config, options.write)
    elif options.load:
        print(json.dumps(loaded(options.load, getattr(torch, options.dtype))))
    else:
        report = measured(options)
        print(json.dumps(report) if options.json else as_markdown(report))


def measured(options: argparse.Namespace) -> dict[str, Any]:
    """All rows; the checkpoint is deleted at the end."""
    config = find(options.model).config
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        file = Path(folder) / "model.pt"
        again(options.model, "--write", str(file))
        size = file.stat().st_size
        loads = [json.loads(again(options.model, "--load", str(file), "--dtype", dtype)) for dtype in DTYPES]
    rows = [
        {"dtype": dtype, **row, "copies": row["peak_bytes"] / size, "own_copies": row["own_bytes"] / size}
        for dtype, row in zip(DTYPES, loads, strict=True)
    ]
    shrunk = replace(config, decoder_blocks=3, head_blocks=3, temporal_blocks=min(config.temporal_blocks, 1))
    steps = [step_bytes(shrunk.at_side(options.side), getattr(torch, dtype)) for dtype in DTYPES]
    needs = {dtype: str(memory_need(config, getattr(torch, dtype))) for dtype in DTYPES}
    return {"model": options.model, "file_bytes": size, "loads": rows, "steps": steps, "a lift needs": needs}


def again(model: str, *arguments: str) -> str:
    """This script in a process of its own, so that peaks do not mix."""
    command = [sys.executable, __file__, "--model", model, *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def write(config: WTDiTConfig, file: Path) -> None:
    """A random checkpoint under the published names."""
    with torch.device("meta"):
        shapes = {published_name(name): tensor.shape for name, tensor in WTDiT(config).state_dict().items()}
    torch.save({name: torch.rand(shape) for name, shape in shapes.items()}, file)


def published_name(ours: str) -> str:
    """The other way of `wt.model.names.our_name`."""
    if ours.startswith("decoder.temporal."):
        index, rest = ours.removeprefix("decoder.temporal.").split(".", 1)
        return f"temporal_blocks.{index}.block.{rest}"
    return next(theirs + ours[len(prefix) :] for theirs, prefix in PREFIXES if ours.startswith(prefix))


def loaded(file: Path, dtype: torch.dtype) -> dict[str, Any]:
    """Peak of resident memory above what the process had before."""
    before, began = peak_bytes(), time.perf_counter()
    model = load_model(file, dtype=dtype)
    seconds = time.perf_counter() - began
    for tensor in model.state_dict().values():
        tensor.sum()
    return {"peak_bytes": peak_bytes() - before, "own_bytes": own_bytes(), "seconds": seconds}


def own_bytes() -> int:
    """Resident memory now without what is mapped from files, which the system drops when it needs room."""
    process = psutil.Process().memory_info()
    return process.rss - getattr(process, "shared", 0)


def peak_bytes() -> int:
    """Of this process so far, what is mapped from files included."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else 1024 * peak


class AliveBytes(TorchDispatchMode):
    """Counts the bytes of all tensors that operations inside made and that are still held."""

    def __init__(self) -> None:
        super().__init__()
        self.now = self.peak = 0
        self._seen: set[int] = set()

    def __torch_dispatch__(self, function: Any, types: Any, args: tuple = (), kwargs: Any = None) -> Any:
        given = {leaf.untyped_storage()._cdata for leaf in tree_leaves((args, kwargs)) if torch.is_tensor(leaf)}
        out = function(*args, **(kwargs or {}))
        for leaf in tree_leaves(out):
            if torch.is_tensor(leaf):
                storage = leaf.untyped_storage()
                if storage._cdata not in given | self._seen:
                    self._seen.add(storage._cdata)
                    self.now += storage.nbytes()
                    weakref.finalize(storage, self._gone, storage._cdata, storage.nbytes())
        self.peak = max(self.peak, self.now)
        return out

    def _gone(self, key: int, size: int) -> None:
        self._seen.discard(key)
        self.now -= size


def step_bytes(config: WTDiTConfig, dtype: torch.dtype) -> dict[str, Any]:
    """Most bytes alive at once in a step, weights apart, and the estimate."""
    torch.manual_seed(0)
    model = WTDiT(config).eval().requires_grad_(False)
    round_weights(model, dtype)
    side = config.image_side
    rgb, noise = torch.rand(1, 3, side, side), torch.randn(1, config.layers, side, side, 3)
    with torch.inference_mode(), autocast(torch.device("cpu"), dtype):
        tokens = model.condition(torch.randn(1, config.grid**2, config.encoder.channels))
        with AliveBytes() as alive:
            model(noise, torch.ones(1), tokens, rgb, torch.ones(1, 1, side, side, dtype=torch.bool), noise)
    name = str(dtype).removeprefix("torch.")
    return {"dtype": name, "side": side, "counted": alive.peak, "estimated": memory_need(config, dtype).working}


def as_markdown(report: dict[str, Any]) -> str:
    """The report for people."""
    lines = [f"{report['model']}: a checkpoint of {report['file_bytes'] / GB:.2f} GB", ""]
    lines += ["| arithmetic | peak while loading, copies of the file | not mapped from it | s |", "|---|---|---|---|"]
    lines += [
        f"| {row['dtype']} | {row['copies']:.2f} | {row['own_copies']:.2f} | {row['seconds']:.1f} |"
        for row in report["loads"]
    ]
    lines += ["", "| arithmetic | side | a step counted, MB | estimated, MB |", "|---|---|---|---|"]
    lines += [
        f"| {row['dtype']} | {row['side']} | {row['counted'] / 1e6:.0f} | {row['estimated'] / 1e6:.0f} |"
        for row in report["steps"]
    ]
    lines += ["", *(f"A lift in {dtype}: {need}." for dtype, need in report["a lift needs"].items())]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
