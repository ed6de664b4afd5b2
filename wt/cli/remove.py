"""`python -m wt remove`: take what is selected out of a photo and of its scene."""

import argparse
from typing import Any

from wt.cli.common import Subparsers, add_command
from wt.cli.editing import MakePipeline, add_editing_arguments, run_edit
from wt.errors import WtError


def register(subparsers: Subparsers, make_pipeline: MakePipeline) -> None:
    """Add the parser; `make_pipeline` builds the editors."""

    def run(arguments: argparse.Namespace) -> dict[str, Any]:
        if arguments.at is None and arguments.mask is None:
            raise WtError("Say what to remove: a place on it (--at U,V), or a picture of it in white (--mask FILE).")
        text = f"remove the {arguments.what}"
        return run_edit(arguments, make_pipeline, text, text)

    parser = add_command(
        subparsers, "remove", run, "Remove what lies at a place, or under a mask, from a photo and its scene."
    )
    add_editing_arguments(parser)
    parser.add_argument("--what", default="object", help="what it is called in the manifest (object)")
