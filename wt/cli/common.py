"""What the subcommands share."""

import argparse
import resource
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

Command = Callable[[argparse.Namespace], dict[str, Any]]
Subparsers = Any
"""argparse's private type of `add_subparsers()`."""


def add_command(subparsers: Subparsers, name: str, run: Command, text: str) -> argparse.ArgumentParser:
    """A subparser with `--json` whose `run` is called by `python -m wt`."""
    parser = subparsers.add_parser(name, help=text, description=text)
    parser.add_argument("--json", action="store_true", help="print one JSON object, alone, on standard output")
    parser.set_defaults(run=run)
    return parser


def peak_rss_mb() -> int:
    """Largest resident memory of this process so far."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(peak / (1 << 20 if sys.platform == "darwin" else 1 << 10))


def names(paths: list[Path]) -> list[str]:
    """Paths as strings with forward slashes."""
    return [path.as_posix() for path in paths]
