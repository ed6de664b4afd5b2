"""`python -m wt eval`: a model, others beside it, and four baselines on samples that nobody trained on."""

import argparse
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wt.cli.common import LOG, Subparsers, Timer, add_command, names, peak_rss_mb, write_png
from wt.errors import WtError
from wt.files import write_atomic
from wt.types import Float

if TYPE_CHECKING:
    import numpy as np

    from wt.evaluation.worst import Worst
    from wt.lift import Lifter

SPLIT_NAMES = ("scenes", "objects", "clips", "real-meshes", "rgbd")

CARD_SPLITS = SPLIT_NAMES[:3]


def register(subparsers: Subparsers) -> None:
    """Add the parser."""
    parser = add_command(subparsers, "eval", run, "Measure models and four baselines on samples never trained on.")
    parser.add_argument("--split", choices=SPLIT_NAMES, required=True)
    parser.add_argument("--model", help="registry name or model file (wt-s-mini or wt-o-mini, as the split needs)")
    parser.add_argument(
        "--against",
        action="append",
        default=[],
        metavar="MODEL",
        help="another model beside it, such as its previous weights, with the differences; may be repeated",
    )
    parser.add_argument("--limit", type=int, help="samples (64; clips 8, real-meshes 32)")
    parser.add_argument("--seeds", type=int, default=1, help="lifts of each sample, of which the best counts (1)")
    parser.add_argument("--steps", type=int, help="sampling steps (the model's default)")
    parser.add_argument("--windows", type=int, help="of each photo, which a lift is the mean of (the model's default)")
    parser.add_argument("--side", type=int, help="pixels along a side of the samples (192; rgbd 256)")
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda or mps (auto)")
    parser.add_argument(
        "--data", type=Path, help="folder of shards, of mesh files (real-meshes) or of photos with depth (rgbd)"
    )
    parser.add_argument("--cache", type=Path, help="folder that keeps the renderings for the next evaluation")
    parser.add_argument(
        "--depth",
        choices=("true", "noisy5"),
        nargs="+",
        default=[],
        help="also lift with the sample's true layer-0 depth and camera, or with a depth that is 5 %% off",
    )
    parser.add_argument("--steady", action="store_true", help="clips also with depth made steady by the thing's motion")
    parser.add_argument(
        "--sheet", type=Path, metavar="FILE", help="draw a typical clip, as it was and steady (--steady)"
    )
    parser.add_argument("--markdown", type=Path, metavar="FILE", help="also write the tables as Markdown")
    parser.add_argument("--worst", type=int, default=0, metavar="N", help="draw the worst N samples into --out")
    parser.add_argument("-o", "--out", type=Path, help="folder for the pictures of --worst")
    parser.add_argument("--card", type=Path, help="also write the model's card, such as assets/weights/wt-s-mini.md")


def run(arguments: argparse.Namespace) -> dict[str, Any]:
    """The tables, as Markdown without --json; the files that were asked for."""
    from wt.evaluation.benchmark import STEADY, evaluate
    from wt.evaluation.clip_sheet import ClipSheet
    from wt.evaluation.compare import differences
    from wt.evaluation.report import as_markdown
    from wt.evaluation.splits import SPLITS, held_out
    from wt.evaluation.worst import Worst

    _check(arguments)
    timer, split = Timer(), SPLITS[arguments.split]
    name = arguments.model or split.model
    limit = split.limit if arguments.limit is None else arguments.limit
    cases = held_out(arguments.split, limit, arguments.data, cache=arguments.cache, side=arguments.side)
    lifter, *others = (_lifter(model, arguments, split.kind) for model in (name, *arguments.against))
    against = dict(zip(_labels(lifter.name, [o.name for o in others], arguments.against), others, strict=True))
    timer.lap("load")
    film = ClipSheet()
    mean, fill, path = stored_mean(name, split.kind)
    worst = Worst(arguments.worst)
    table = evaluate(
        lifter,
        cases,
        against=against,
        seeds=arguments.seeds,
        steps=arguments.steps,
        stored_mean=mean,
        crop_fill=fill,
        total=limit,
        depths=arguments.depth,
        steady=arguments.steady,
        on_case=worst.add,
        on_steady=film.add if arguments.sheet else None,
    )
    timer.lap("measure")
    result: dict[str, Any] = {
        "split": arguments.split,
        "n": len(table.names),
        "seeds": arguments.seeds,
        "model": lifter.name,
        "steps": arguments.steps or lifter.default_steps,
        "windows": lifter.default_windows,
        "source": split.source if arguments.data is None else f"the folder {arguments.data.name}",
        "rows": table.rows(),
        "differences": [
            *(differences(table, lifter.name, other) for other in against),
            *(differences(table, name, name.removesuffix(STEADY)) for name in table.methods if name.endswith(STEADY)),
        ],
        "worst": _draw(worst, arguments.out),
        "lift_seconds": table.costs()["lift"],
        "seconds_per_sample": table.costs(),
        "seconds": timer.seconds,
        "peak_rss_mb": peak_rss_mb(),
    }
    files = [Path(entry["file"]) for entry in result["worst"]]
    if arguments.sheet is not None:
        files.append(write_png(arguments.sheet, film.picture()))
    result["markdown"] = as_markdown(result)
    if arguments.markdown is not None:
        files.append(write_atomic(arguments.markdown, result["markdown"].encode()))
    if arguments.card is not None:
        files.append(card(arguments.card, path, result["rows"], result))
    return {**result, "files": names(files)}


def stored_mean(name: str, kind: str) -> "tuple[Float[np.ndarray, 'layers g g'] | None, float, Path]":
    """(the training set's mean depth, how much of its crops objects take, the model's file).

    The mean is the model's own, else that of our small model of its kind.
    """
    from wt.model.checkpoint import read_data, read_metadata
    from wt.model.registry import MODELS
    from wt.preprocess import CROP_FILL
    from wt.training.dataset import MEAN_DEPTH

    entry = MODELS.get(name)
    path = Path(name) if entry is None or entry.file is None else entry.file
    ours = next(e.file for e in MODELS.values() if e.kind == kind and e.file is not None)
    for candidate in (path, ours):
        if candidate.suffix == ".safetensors" and candidate.is_file():
            found = read_data(candidate).get(MEAN_DEPTH)
            if found is not None:
                return found.numpy(), read_metadata(candidate)["config"].crop_fill, path
    LOG.info("no model file here knows its training set's mean depth: the mean-depth row is left out")
    return None, CROP_FILL, path


def _check(arguments: argparse.Namespace) -> None:
    if arguments.seeds < 1:
        raise WtError(f"--seeds must be at least 1; got {arguments.seeds}.")
    if arguments.worst < 0 or (arguments.worst > 0) != (arguments.out is not None):
        raise WtError("Pictures of the worst samples need both, how many and where to: --worst N --out FOLDER.")
    if arguments.sheet is not None and (arguments.split != "clips" or not arguments.steady):
        raise WtError("--sheet draws clips that were made steady: use it with --split clips --steady.")
    if arguments.card is not None and arguments.split not in CARD_SPLITS:
        raise WtError(f"A model's card shows its figures on {' or '.join(CARD_SPLITS)}; got --split {arguments.split}.")


def _lifter(name: str, arguments: argparse.Namespace, kind: str) -> "Lifter":
    """A model that fits the split; one of clips lifts objects as clips of one frame."""
    from wt.lift import load

    lifter = load(name, device=arguments.device)
    if lifter.kind != kind and (lifter.kind, kind) != ("dynamic", "object"):
        raise WtError(f"{lifter.name} lifts {lifter.kind}s; the split {arguments.split} needs a model for {kind}s.")
    lifter.default_windows = arguments.windows or lifter.default_windows
    return lifter


def _labels(ours: str, others: Iterable[str], given: Iterable[str]) -> list[str]:
    """A row's name for each other model: its own, or where that is taken, with the name of its file."""
    taken = {ours}
    labels = []
    for other, argument in zip(others, given, strict=True):
        label = other if other not in taken else f"{other} ({Path(argument).name})"
        while label in taken:
            label += "'"
        taken.add(label)
        labels.append(label)
    return labels


def _draw(worst: "Worst", out: Path | None) -> list[dict[str, Any]]:
    """Write the sheets, the worst first."""
    if out is None:
        return []
    entries = []
    for place, (name, found, picture) in enumerate(worst.sheets(), start=1):
        path = write_png(out / f"worst-{place:02d}-{name}.png", picture)
        figures = {"l0_absrel": found.depth.absrel, "all_cd_l1": found.all.cd_l1}
        entries.append({"sample": name, **figures, "file": path.as_posix()})
    return entries


def card(out: Path, model: Path, rows: list[dict[str, Any]], facts: dict[str, Any]) -> Path:
    """Write the model's card from its file and the table."""
    from wt.evaluation.card import card_text
    from wt.model.checkpoint import read_metadata

    known = read_metadata(model)
    return write_atomic(out, card_text(out.stem, known["config"], known["training"], rows, facts).encode())
