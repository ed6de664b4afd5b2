"""`python -m wt train`: run or continue a training."""

import argparse
from pathlib import Path
from typing import Any, Literal

from wt.cli.common import Subparsers, add_command
from wt.errors import WtError

RECIPES = "mini_scene, mini_object, mini_dynamic; paper_object, paper_scene, paper_dynamic"
NECKS = ("neck_object", "neck_scene")
"""What is trained before the small models, and frozen (`wt.training.neck`)."""
ABLATIONS = (
    "per-layer-mask, schedule=plateaued, schedule=logit-normal, schedule=mixture, no-ray, no-layerscale, "
    "layerscale=1e-4, no-refinement, no-neck, huber=0.1"
)


def register(subparsers: Subparsers) -> None:
    """Add the parser."""
    parser = add_command(subparsers, "train", run, "Train a recipe; run the same command again to continue it.")
    parser.add_argument("recipe", nargs="?", help=f"{RECIPES}; {', '.join(NECKS)}")
    parser.add_argument("--data", type=Path, help="folder of shards; it may grow during the run")
    parser.add_argument(
        "--rgbd", type=Path, action="append", default=[], help="folder of RGB-D frames to mix with scenes; repeatable"
    )
    parser.add_argument("--out", type=Path, help="folder of the run")
    parser.add_argument("--hours", type=float, help="length of the run; sets the learning-rate schedule")
    parser.add_argument(
        "--resume", type=Path, help="weights.safetensors of another run, or a model file, to start from"
    )
    parser.add_argument("--encoder", type=Path, help="weights of the frozen part: a ViT's (MoGe, DINOv2) or a neck's")
    parser.add_argument("--ablate", help=f"change one thing: {ABLATIONS}")
    parser.add_argument("--side", type=int, help="network input in pixels, a multiple of 14 (the recipe's)")
    parser.add_argument("--batch", type=int, help="samples that a process takes through the network at a time")
    parser.add_argument("--accumulate", type=int, help="so many batches make one step")
    parser.add_argument("--lr", type=float, help="peak learning rate")
    parser.add_argument("--warmup", type=int, help="warm-up steps")
    parser.add_argument("--save-minutes", type=float, help="how often the run is saved")
    parser.add_argument("--held-out", type=int, help="samples looked at during the run; 0 needs no renderer")
    parser.add_argument("--threads", type=int, default=0, help="CPU threads (0: PyTorch's choice)")
    parser.add_argument("--workers", type=int, default=0, help="processes that make batches (0: the one that trains)")
    parser.add_argument("--steps", type=int, help="stop after this many steps even if time is left")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--plot-schedules", type=Path, metavar="PNG", help="only draw the densities of the diffusion time (Fig. 6)"
    )


def run(arguments: argparse.Namespace) -> dict[str, Any]:
    """Train; the JSON object is what the model file says about its training, and where the files are."""
    from wt.training.run_files import RunFolder
    from wt.training.trainer import RunOptions, train

    if arguments.plot_schedules is not None:
        return _plot(arguments.plot_schedules)
    needed = {"RECIPE": arguments.recipe, "--data": arguments.data, "--out": arguments.out, "--hours": arguments.hours}
    missing = [name for name, value in needed.items() if value is None]
    if missing:
        raise WtError(f"A training needs {', '.join(missing)}. Recipes: {RECIPES}; {', '.join(NECKS)}.")
    options = RunOptions(
        data=arguments.data,
        out=arguments.out,
        hours=arguments.hours,
        resume=arguments.resume,
        rgbd=tuple(arguments.rgbd),
        encoder=arguments.encoder,
        threads=arguments.threads,
        workers=arguments.workers,
        seed=arguments.seed,
        max_steps=arguments.steps,
    )
    files = RunFolder(arguments.out)
    if arguments.recipe in NECKS:
        return {**_train_neck(arguments, options), "files": [p.as_posix() for p in (files.neck, files.curve)]}
    record = train(_chosen(arguments), options)
    return {**record, "files": [path.as_posix() for path in (files.model, files.weights, files.curve)]}


def _chosen(arguments: argparse.Namespace) -> Any:
    """The recipe with what was said on the command line."""
    from dataclasses import replace

    from wt.training.recipes import recipe

    given = {
        "batch": arguments.batch,
        "accumulation": arguments.accumulate,
        "lr": arguments.lr,
        "warmup_steps": arguments.warmup,
        "save_minutes": arguments.save_minutes,
        "held_out": arguments.held_out,
    }
    chosen = recipe(arguments.recipe, arguments.side, arguments.ablate)
    return replace(chosen, **{name: value for name, value in given.items() if value is not None})


def _train_neck(arguments: argparse.Namespace, options: Any) -> dict[str, Any]:
    from wt.training.neck import BATCH, LR, NeckTrainer

    kind: Literal["object", "scene"] = "object" if arguments.recipe == NECKS[0] else "scene"
    return NeckTrainer(kind, options, arguments.batch or BATCH, arguments.lr or LR).run()


def _plot(path: Path) -> dict[str, Any]:
    from wt.training.plots import plot_schedules

    try:
        plot_schedules(path)
    except ImportError as error:
        raise WtError("Drawing needs matplotlib: pip install matplotlib.") from error
    return {"files": [path.as_posix()]}
