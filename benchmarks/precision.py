"""How far bfloat16 is from float32: `python benchmarks/precision.py --model wt-o-mini --limit 8 --cache FILE --json`.

Held-out samples of the model's kind are sampled from the same noise in float32, in bfloat16 as a GPU runs it by
default, and in bfloat16 with the head in float32, as the official release does (ARCHITECTURE section 17). Distance and
error are those of `benchmarks/samplers.py`.
"""

import argparse
import json
import logging
import sys
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

import numpy as np
import torch

FOLDER = Path(__file__).resolve().parent
sys.path[:0] = [str(FOLDER.parent), str(FOLDER)]

from samplers import absrel, distance, end, held_out_singly  # noqa: E402
from speed import in_float32  # noqa: E402

from wt.lift import load as load_lifter  # noqa: E402
from wt.model.precision import autocast  # noqa: E402

CPU = torch.device("cpu")
EXACT, HALF, RELEASE = "float32", "bfloat16", "bfloat16, head in float32"
log = logging.getLogger("precision")


def main() -> None:
    """Parse, sample, print one JSON object or a Markdown table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="wt-o-mini", help="registry name or model file of stills (wt-o-mini)")
    parser.add_argument("--limit", type=int, default=8, help="held-out samples (8)")
    parser.add_argument("--steps", type=int, nargs="+", default=[1, 20])
    parser.add_argument("--cache", type=Path, required=True, help="file that keeps the rendered samples")
    parser.add_argument("--json", action="store_true", help="compact output in place of the table")
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    report = measured(options)
    print(json.dumps(report) if options.json else as_markdown(report))


@torch.inference_mode()
def measured(options: argparse.Namespace) -> dict[str, Any]:
    """Mean distance from float32 and mean AbsRel of layer 0, for every arithmetic and number of steps."""
    model = load_lifter(options.model, device="cpu", dtype=torch.float32).model
    found: dict[tuple[str, int], list[tuple[float, float]]] = {}
    for done, one in enumerate(held_out_singly(model.config, options.limit, options.cache), start=1):
        log.info("sample %d of %d", done, options.limit)
        for steps in options.steps:
            exact = end(model, one, "euler", steps)
            for arithmetic in (EXACT, HALF, RELEASE):
                head: AbstractContextManager = in_float32(model.head, "cpu") if arithmetic == RELEASE else nullcontext()
                dtype = torch.float32 if arithmetic == EXACT else torch.bfloat16
                with autocast(CPU, dtype), head:
                    state = end(model, one, "euler", steps)
                row = (distance(state, exact, one), absrel(model, state, one))
                found.setdefault((arithmetic, steps), []).append(row)
    rows = [
        {
            "arithmetic": arithmetic,
            "steps": steps,
            "distance": float(np.mean([d for d, _ in values])),
            "l0_absrel": float(np.mean([e for _, e in values])),
        }
        for (arithmetic, steps), values in found.items()
    ]
    return {"model": model.config.name, "n": options.limit, "rows": rows}


def as_markdown(report: dict[str, Any]) -> str:
    """One row an arithmetic and a number of steps."""
    lines = ["| arithmetic | steps | distance from float32 | L0 AbsRel |", "|---|---|---|---|"]
    lines += [
        f"| {r['arithmetic']} | {r['steps']} | {r['distance']:.4f} | {r['l0_absrel']:.4f} |" for r in report["rows"]
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
