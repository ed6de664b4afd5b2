"""`python -m wt data generate | preview`: render training samples, or look at some."""

import argparse
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wt.cli.common import LOG, Subparsers, names, peak_rss_mb, write_png
from wt.errors import WtError

if TYPE_CHECKING:
    from wt.data.shards import Kind

KINDS: dict[str, "Kind"] = {"scenes": "scene", "objects": "object"}


def register(subparsers: Subparsers) -> None:
    """Add the parser and its two subcommands."""
    text = "Render samples of the procedural world: pictures with peeled depth."
    parser = subparsers.add_parser("data", help=text, description=text)
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    make = _action(actions, "generate", run_generate, "Write shards of training samples; shards that exist are kept.")
    make.add_argument("--count", type=int, required=True, help="samples, rounded up to whole shards of 64")
    make.add_argument("--out", type=Path, required=True, help="folder of shards; a training may read it meanwhile")
    make.add_argument("--start", type=int, default=0, help="first seed; processes may each write a range (0)")
    make.add_argument("--processes", type=int, default=1, help="renderers side by side (1)")
    look = _action(actions, "preview", run_preview, "Draw a sheet of samples with their visible and hidden depth.")
    look.add_argument("--count", type=int, default=64, help="samples (64)")
    look.add_argument("--start", type=int, default=0, help="first seed; from 2000000000 on, held-out ones (0)")
    look.add_argument("--columns", type=int, default=8, help="samples in a row (8)")
    look.add_argument("-o", "--out", type=Path, required=True, help="PNG file")


def _action(actions: Subparsers, name: str, run: Any, text: str) -> argparse.ArgumentParser:
    parser = actions.add_parser(name, help=text, description=text)
    parser.add_argument("--kind", choices=tuple(KINDS), required=True)
    parser.add_argument("--json", action="store_true", help="print one JSON object, alone, on standard output")
    parser.set_defaults(run=run)
    return parser


def run_generate(arguments: argparse.Namespace) -> dict[str, Any]:
    """Write the shards."""
    _check(arguments)
    from wt.data.generate import generate
    from wt.data.shards import ShardFolder

    began = time.perf_counter()
    kind, out = KINDS[arguments.kind], arguments.out
    more = {"processes": arguments.processes} if arguments.processes > 1 else {}
    paths = generate(kind, arguments.count, out, start=arguments.start, on_progress=_said, **more)
    return {
        "kind": arguments.kind,
        "count": arguments.count,
        "start": arguments.start,
        "samples_in_folder": len(ShardFolder(out, kind)),
        "seconds": round(time.perf_counter() - began, 2),
        "peak_rss_mb": peak_rss_mb(),
        "files": names(paths),
    }


def run_preview(arguments: argparse.Namespace) -> dict[str, Any]:
    """Draw the sheet."""
    _check(arguments)
    if arguments.columns < 1:
        raise WtError(f"--columns must be at least 1; got {arguments.columns}.")
    from wt.data.generate import preview_sheet

    began = time.perf_counter()
    seeds = list(range(arguments.start, arguments.start + arguments.count))
    sheet = preview_sheet(KINDS[arguments.kind], seeds, columns=min(arguments.columns, arguments.count))
    write_png(arguments.out, sheet)
    return {
        "kind": arguments.kind,
        "samples": arguments.count,
        "start": arguments.start,
        "seconds": round(time.perf_counter() - began, 2),
        "files": names([arguments.out]),
    }


def _check(arguments: argparse.Namespace) -> None:
    if arguments.count < 1 or arguments.start < 0:
        raise WtError(
            f"--count must be at least 1 and --start at least 0; got {arguments.count} and {arguments.start}."
        )


def _said(done: int, total: int, *_: float) -> None:
    LOG.info("data: %d of %d", done, total)
