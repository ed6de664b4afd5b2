"""`python -m wt eval`: a model beside four baselines on held-out renderings."""

import argparse
from pathlib import Path
from typing import Any

import numpy as np

from wt.cli.common import LOG, Subparsers, Timer, add_command, peak_rss_mb
from wt.errors import WtError
from wt.files import write_atomic
from wt.types import Float

DEFAULT_MODEL = {"scenes": "wt-s-mini", "objects": "wt-o-mini"}


def register(subparsers: Subparsers) -> None:
    """Add the parser."""
    parser = add_command(subparsers, "eval", run, "Measure a model and four baselines on seeds never trained on.")
    parser.add_argument("--split", choices=tuple(DEFAULT_MODEL), required=True)
    parser.add_argument("--model", help="registry name or model file (wt-s-mini for scenes, wt-o-mini for objects)")
    parser.add_argument("--limit", type=int, default=64, help="samples (64)")
    parser.add_argument("--seeds", type=int, default=1, help="lifts of each sample, of which the best counts (1)")
    parser.add_argument("--steps", type=int, help="sampling steps (the model's default)")
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda or mps (auto)")
    parser.add_argument("--data", type=Path, help="folder of shards to measure on instead of rendering held-out seeds")
    parser.add_argument(
        "--depth",
        choices=("true", "noisy5"),
        nargs="+",
        default=[],
        help="also lift with the sample's true layer-0 depth and camera, or with a depth that is 5 %% off",
    )
    parser.add_argument("--card", type=Path, help="also write the model's card, such as assets/weights/wt-s-mini.md")


def run(arguments: argparse.Namespace) -> dict[str, Any]:
    """The table; with --card also the card."""
    from wt.evaluation.benchmark import evaluate
    from wt.evaluation.card import HELD_OUT
    from wt.evaluation.samples import SPLITS, held_out
    from wt.lift import load

    timer = Timer()
    if arguments.seeds < 1:
        raise WtError(f"--seeds must be at least 1; got {arguments.seeds}.")
    name = arguments.model or DEFAULT_MODEL[arguments.split]
    kind = SPLITS[arguments.split]
    lifter = load(name, device=arguments.device)
    if lifter.kind != kind:
        raise WtError(f"{lifter.name} lifts {lifter.kind}s; the split {arguments.split} needs a model for {kind}s.")
    timer.lap("load")
    samples = held_out(arguments.split, arguments.limit, arguments.data)
    mean, path = stored_mean(name, kind)
    table = evaluate(
        lifter,
        samples,
        seeds=arguments.seeds,
        steps=arguments.steps,
        stored_mean=mean,
        total=arguments.limit,
        depths=arguments.depth,
    )
    timer.lap("measure")
    facts = {
        "split": arguments.split,
        "n": arguments.limit,
        "seeds": arguments.seeds,
        "model": lifter.name,
        "steps": arguments.steps or lifter.default_steps,
        "source": HELD_OUT if arguments.data is None else f"the shards in {arguments.data.name}",
    }
    rows = table.rows()
    files = [] if arguments.card is None else [card(arguments.card, path, rows, facts).as_posix()]
    return {
        **facts,
        "rows": rows,
        "lift_seconds": float(np.median(table.lift_seconds)),
        "seconds": timer.seconds,
        "peak_rss_mb": peak_rss_mb(),
        "files": files,
    }


def stored_mean(name: str, kind: str) -> tuple[Float[np.ndarray, "layers g g"] | None, Path]:
    """(the training set's mean depth, the model's file): the model's own, else that of our small model of its kind."""
    from wt.model.checkpoint import read_data
    from wt.model.registry import MODELS
    from wt.training.dataset import MEAN_DEPTH

    entry = MODELS.get(name)
    path = Path(name) if entry is None or entry.file is None else entry.file
    ours = next(e.file for e in MODELS.values() if e.kind == kind and e.file is not None)
    for candidate in (path, ours):
        if candidate.suffix == ".safetensors" and candidate.is_file():
            found = read_data(candidate).get(MEAN_DEPTH)
            if found is not None:
                return found.numpy(), path
    LOG.info("no model file here knows its training set's mean depth: the mean-depth row is left out")
    return None, path


def card(out: Path, model: Path, rows: list[dict[str, Any]], facts: dict[str, Any]) -> Path:
    """Write the model's card from its file and the table."""
    from wt.evaluation.card import card_text
    from wt.model.checkpoint import read_metadata

    known = read_metadata(model)
    return write_atomic(out, card_text(out.stem, known["config"], known["training"], rows, facts).encode())
