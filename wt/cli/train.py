"""`python -m wt train`: run or continue a training."""

import argparse
from pathlib import Path
from typing import Any

from wt.cli.common import Subparsers, add_command


def register(subparsers: Subparsers) -> None:
    """Add the parser."""
    parser = add_command(subparsers, "train", run, "Train a recipe; run the same command again to continue it.")
    parser.add_argument("recipe", help="mini_scene or mini_object")
    parser.add_argument("--data", type=Path, required=True, help="folder of shards; it may grow during the run")
    parser.add_argument("--out", type=Path, required=True, help="folder of the run")
    parser.add_argument("--hours", type=float, required=True, help="length of the run; sets the learning-rate schedule")
    parser.add_argument(
        "--resume", type=Path, help="weights.safetensors of another run, or a model file, to start from"
    )
    parser.add_argument("--side", type=int, default=112, help="network input in pixels, a multiple of 14 (112)")
    parser.add_argument("--batch", type=int, help="samples a step")
    parser.add_argument("--lr", type=float, help="peak learning rate")
    parser.add_argument("--warmup", type=int, help="warm-up steps")
    parser.add_argument("--threads", type=int, default=0, help="CPU threads (0: PyTorch's choice)")
    parser.add_argument("--steps", type=int, help="stop after this many steps even if time is left")
    parser.add_argument("--seed", type=int, default=0)


def run(arguments: argparse.Namespace) -> dict[str, Any]:
    """Train; the JSON object is what the model file says about its training, and where the files are."""
    from dataclasses import replace

    from wt.training.recipes import recipe
    from wt.training.run_files import RunFolder
    from wt.training.trainer import RunOptions, train

    chosen = recipe(arguments.recipe, arguments.side)
    given = {"batch": arguments.batch, "lr": arguments.lr, "warmup_steps": arguments.warmup}
    chosen = replace(chosen, **{name: value for name, value in given.items() if value is not None})
    options = RunOptions(
        data=arguments.data,
        out=arguments.out,
        hours=arguments.hours,
        resume=arguments.resume,
        threads=arguments.threads,
        seed=arguments.seed,
        max_steps=arguments.steps,
    )
    record = train(chosen, options)
    files = RunFolder(arguments.out)
    return {**record, "files": [path.as_posix() for path in (files.model, files.weights, files.curve)]}
