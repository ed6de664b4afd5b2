"""`python -m wt data generate | preview | stats`: render training samples, look at some, measure a corpus."""

import argparse
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from wt.cli.common import LOG, Subparsers, names, peak_rss_mb, write_png
from wt.errors import WtError

if TYPE_CHECKING:
    from wt.data.meshes import MeshFolder
    from wt.data.shards import Kind

KINDS: dict[str, "Kind"] = {"scenes": "scene", "objects": "object", "clips": "clip"}


def register(subparsers: Subparsers) -> None:
    """Add the parser and its subcommands."""
    text = "Render samples of the procedural world or of a folder of meshes: pictures with peeled depth."
    parser = subparsers.add_parser("data", help=text, description=text)
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    make = _action(actions, "generate", run_generate, "Write shards of training samples; shards that exist are kept.")
    make.add_argument(
        "--count", type=int, required=True, help="samples, rounded up to whole shards of 64 views (4 clips)"
    )
    make.add_argument("--out", type=Path, required=True, help="folder of shards; a training may read it meanwhile")
    make.add_argument("--start", type=int, default=0, help="first seed; processes may each write a range (0)")
    make.add_argument("--processes", type=int, default=1, help="renderers side by side (1)")
    make.add_argument(
        "--engine",
        choices=("local", "ray"),
        default="local",
        help="ray: the cluster that RAY_ADDRESS names, all of its machines writing to --out (local)",
    )
    look = _action(actions, "preview", run_preview, "Draw a sheet of samples with their visible and hidden depth.")
    look.add_argument("--count", type=int, help="samples (64; clips: 8)")
    look.add_argument("--start", type=int, default=0, help="first seed; from 2000000000 on, held-out ones (0)")
    look.add_argument("--columns", type=int, default=8, help="samples, or frames of a clip, in a row (8)")
    look.add_argument("-o", "--out", type=Path, required=True, help="PNG file")
    count = _action(actions, "stats", run_stats, "Measure how much of a corpus each layer covers, and its depths.")
    count.add_argument("--data", type=Path, help="folder of shards")
    count.add_argument("--count", type=int, help="samples: the first so many of --data, or rendered ones without it")
    count.add_argument("--start", type=int, default=0, help="first seed of rendered samples (0)")
    for action in (make, look, count):
        action.add_argument("--meshes", type=Path, help="folder of GLB, glTF, OBJ, PLY, STL files to draw objects from")
        action.add_argument(
            "--up", choices=("auto", "y", "z"), default="auto", help="the meshes' axis (auto: z in PLY and STL, else y)"
        )


def _action(actions: Subparsers, name: str, run: Any, text: str) -> argparse.ArgumentParser:
    parser = actions.add_parser(name, help=text, description=text)
    parser.add_argument("--kind", choices=tuple(KINDS), required=True)
    parser.add_argument("--json", action="store_true", help="print one JSON object, alone, on standard output")
    parser.set_defaults(run=run)
    return parser


def run_generate(arguments: argparse.Namespace) -> dict[str, Any]:
    """Write the shards."""
    _check(arguments)
    if arguments.processes < 1:
        raise WtError(f"--processes must be at least 1; got {arguments.processes}.")
    from wt.data.generate import generate, shards_in

    began = time.perf_counter()
    kind, out = KINDS[arguments.kind], arguments.out
    meshes = _meshes(arguments)
    paths = generate(
        kind,
        arguments.count,
        out,
        start=arguments.start,
        processes=arguments.processes,
        engine=arguments.engine,
        meshes=meshes,
        on_progress=_said,
    )
    return {
        "kind": arguments.kind,
        "count": arguments.count,
        "start": arguments.start,
        "samples_in_folder": shards_in(out, kind),
        **_mesh_counts(meshes),
        "seconds": round(time.perf_counter() - began, 2),
        "peak_rss_mb": peak_rss_mb(),
        "files": names(paths),
    }


def run_preview(arguments: argparse.Namespace) -> dict[str, Any]:
    """Draw the sheet."""
    arguments.count = (8 if arguments.kind == "clips" else 64) if arguments.count is None else arguments.count
    _check(arguments)
    if arguments.columns < 1:
        raise WtError(f"--columns must be at least 1; got {arguments.columns}.")
    from wt.data.generate import preview_sheet

    began = time.perf_counter()
    seeds = list(range(arguments.start, arguments.start + arguments.count))
    columns = arguments.columns if arguments.kind == "clips" else min(arguments.columns, arguments.count)
    meshes = _meshes(arguments)
    write_png(arguments.out, preview_sheet(KINDS[arguments.kind], seeds, columns=columns, meshes=meshes))
    return {
        "kind": arguments.kind,
        "samples": arguments.count,
        "start": arguments.start,
        **_mesh_counts(meshes),
        "seconds": round(time.perf_counter() - began, 2),
        "files": names([arguments.out]),
    }


def run_stats(arguments: argparse.Namespace) -> dict[str, Any]:
    """Measure; without --json the result is the table as Markdown."""
    if arguments.data is None and arguments.count is None:
        raise WtError("Say what to measure: --data FOLDER of shards, or --count N samples to render.")
    if arguments.data is not None and arguments.meshes is not None:
        raise WtError("--data and --meshes are two corpora. Give one of them.")
    if arguments.count is not None:
        _check(arguments)
    from wt.data.stats import as_markdown, corpus_stats, stored_depths

    began = time.perf_counter()
    kind, meshes = KINDS[arguments.kind], _meshes(arguments)
    if arguments.data is None:
        depths = _rendered_depths(kind, range(arguments.start, arguments.start + arguments.count), meshes)
    else:
        depths = stored_depths(arguments.data, kind)
        if arguments.count is not None:
            depths = islice(depths, arguments.count * (_frames() if kind == "clip" else 1))
    found = corpus_stats(depths)
    samples = found["views"] // _frames() if kind == "clip" else found["views"]
    return {
        "kind": arguments.kind,
        "samples": samples,
        **found,
        **_mesh_counts(meshes),
        "seconds": round(time.perf_counter() - began, 2),
        "markdown": as_markdown(kind, found),
    }


def _rendered_depths(kind: "Kind", seeds: range, meshes: "MeshFolder | None") -> Iterator[np.ndarray]:
    from wt.data.generate import render_depths

    for done, seed in enumerate(seeds):
        yield from render_depths(kind, seed, meshes=meshes)
        _said(done + 1, len(seeds))


def _frames() -> int:
    from wt.data.clips import FRAMES

    return FRAMES


def _meshes(arguments: argparse.Namespace) -> "MeshFolder | None":
    if arguments.meshes is None:
        return None
    if KINDS[arguments.kind] != "object":
        raise WtError(f"--meshes gives objects; it does not go with --kind {arguments.kind}.")
    from wt.data.meshes import MeshFolder

    return MeshFolder(arguments.meshes, arguments.up)


def _mesh_counts(meshes: "MeshFolder | None") -> dict[str, Any]:
    return {} if meshes is None else {"meshes": len(meshes.files), "skipped": len(meshes.skipped)}


def _check(arguments: argparse.Namespace) -> None:
    if arguments.count < 1 or arguments.start < 0:
        raise WtError(
            f"--count must be at least 1 and --start at least 0; got {arguments.count} and {arguments.start}."
        )


def _said(done: int, total: int, *_: float) -> None:
    LOG.info("data: %d of %d", done, total)
