"""How far few steps end from many: `python benchmarks/samplers.py --model wt-s-mini --limit 4 --json`.

Held-out samples of the model's kind are sampled from the same noise with every sampler and number of steps. The
distance is the root mean square over valid points between an end and that of a long Euler run, in the network's
coordinates, over their standard deviation. Beside it the error of the visible depth against the truth: the end of the
flow is not the best answer of a small model.
"""

import argparse
import json
import logging
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT)]

from wt.denoising import denoise  # noqa: E402
from wt.evaluation.metrics import align_depth, depth_errors  # noqa: E402
from wt.flow import SAMPLERS, Sampler  # noqa: E402
from wt.lift import load as load_lifter  # noqa: E402
from wt.model.config import WTDiTConfig  # noqa: E402
from wt.model.wt_dit import WTDiT  # noqa: E402
from wt.training.dataset import Batch, Sampling  # noqa: E402
from wt.training.held_out import held_out_batches  # noqa: E402
from wt.training.objective import view_mask  # noqa: E402

log = logging.getLogger("samplers")


def main() -> None:
    """Parse, sample, print one JSON object or a Markdown table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="wt-s-mini", help="registry name or model file of stills (wt-s-mini)")
    parser.add_argument("--limit", type=int, default=4, help="held-out samples (4)")
    parser.add_argument("--steps", type=int, nargs="+", default=[1, 2, 4, 8, 20])
    parser.add_argument("--reference", type=int, default=200, help="Euler steps of the run that all are compared to")
    parser.add_argument("--cache", type=Path, required=True, help="file that keeps the rendered samples")
    parser.add_argument("--json", action="store_true", help="compact output in place of the table")
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    report = measured(options)
    print(json.dumps(report) if options.json else as_markdown(report))


@torch.inference_mode()
def measured(options: argparse.Namespace) -> dict[str, Any]:
    """Mean distance and mean AbsRel of layer 0 for every sampler and number of steps."""
    model = load_lifter(options.model, device="cpu", dtype=torch.float32).model
    found: dict[tuple[str, int], list[tuple[float, float]]] = {}
    for done, one in enumerate(held_out_singly(model.config, options.limit, options.cache), start=1):
        log.info("sample %d of %d", done, options.limit)
        reference = end(model, one, "euler", options.reference)
        runs = [("euler", options.reference), *((s, n) for s in SAMPLERS for n in options.steps)]
        for sampler, steps in runs:
            state = reference if steps == options.reference else end(model, one, sampler, steps)
            row = (distance(state, reference, one), absrel(model, state, one))
            found.setdefault((sampler, steps), []).append(row)
    rows = [
        {
            "sampler": sampler,
            "steps": steps,
            "evaluations": 2 * steps - 1 if sampler == "heun" else steps,
            "distance": float(np.mean([d for d, _ in values])),
            "l0_absrel": float(np.mean([e for _, e in values])),
        }
        for (sampler, steps), values in found.items()
    ]
    return {"model": model.config.name, "n": len(next(iter(found.values()))), "rows": rows}


def held_out_singly(config: WTDiTConfig, limit: int, cache: Path) -> Iterator[Batch]:
    """Held-out samples of the model's kind, rendered once into `cache`."""
    side = config.image_side
    sampling = Sampling(config.kind, side, config.encoder.side or side, config.coordinates(), config.crop_fill)
    for batch in held_out_batches(cache, config.kind, limit, sampling, 1):
        assert isinstance(batch, Batch)
        for index in range(len(batch.x0)):
            yield Batch(**{name: value[index : index + 1] for name, value in vars(batch).items()})


def end(model: WTDiT, batch: Batch, sampler: Sampler, steps: int) -> Tensor:
    """Where the flow ends, [1, v, s, s, 3] in the network's coordinates; the noise is always the same."""
    tokens = model.condition(model.encode(batch.photo))
    generator = torch.Generator().manual_seed(42)
    *_, (state, _) = denoise(model, tokens, batch.rgb, view_mask(batch), steps, generator, sampler=sampler)
    return state


def distance(state: Tensor, reference: Tensor, batch: Batch) -> float:
    """Over valid points, relative to the deviation of the reference."""
    valid = (batch.weight > 0)[0]
    a, b = state[0][:, valid], reference[0][:, valid]
    return float((a - b).square().mean().sqrt() / b.flatten(0, 1).std(dim=0).square().mean().sqrt())


def absrel(model: WTDiT, state: Tensor, batch: Batch) -> float:
    """Of the visible depth, after alignment by scale and shift."""
    coordinates = model.config.coordinates()
    depth = coordinates.inverse(state)[0, 0, ..., 2].numpy()
    true = coordinates.inverse(batch.x0, batch.median[:, None, None, None])[0, 0, ..., 2].numpy()
    valid = (batch.weight > 0)[0].numpy()
    scale, shift = align_depth(depth, true, valid)
    return depth_errors(scale * depth + shift, true, valid).absrel


def as_markdown(report: dict[str, Any]) -> str:
    """One row a sampler and a number of steps."""
    lines = ["| sampler | steps | evaluations | distance | L0 AbsRel |", "|---|---|---|---|---|"]
    for row in report["rows"]:
        lines.append(
            f"| {row['sampler']} | {row['steps']} | {row['evaluations']} | {row['distance']:.4f} | "
            f"{row['l0_absrel']:.4f} |"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    main()
