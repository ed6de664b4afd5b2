"""`python -m wt remove`: take what is selected out of a photo and of its scene."""

import argparse
from collections.abc import Callable
from typing import Any

from wt.cli.common import Subparsers, add_command
from wt.cli.editing import MakePipeline, add_editing_arguments, run_edit
from wt.errors import WtError


def register(subparsers: Subparsers, make_pipeline: MakePipeline, removal: Callable[[str], Any]) -> None:
    """Add the parser; `make_pipeline` builds the editors, `removal` the operation on a thing of a name."""

    def run(arguments: argparse.Namespace) -> dict[str, Any]:
        if arguments.at is None and arguments.mask is None:
            raise WtError("Say what to remove: a place on it (--at U,V), or a picture of it in white (--mask FILE).")
        what = arguments.what.strip() or "object"
        return run_edit(arguments, make_pipeline, removal(what), f"remove the {what}")

    parser = add_command(
        subparsers, "remove", run, "Remove what lies at a place, or under a mask, from a photo and its scene."
    )
    add_editing_arguments(parser)
    parser.add_argument("--what", default="object", help="what it is called in the manifest (object)")
