"""`python -m wt edit`: an instruction changes a photo and its scene."""

import argparse
from collections.abc import Callable
from typing import Any

from wt.cli.common import Subparsers, add_command
from wt.cli.editing import MakePipeline, add_editing_arguments, run_edit
from wt.errors import WtError


def register(subparsers: Subparsers, make_pipeline: MakePipeline, read: Callable[[str], Any]) -> None:
    """Add the parser; `make_pipeline` builds the editors, `read` makes operations of a text."""

    def run(arguments: argparse.Namespace) -> dict[str, Any]:
        text = arguments.text.strip()
        if not text:
            raise WtError('The instruction is empty. Say what to do, such as "add a red chair".')
        return run_edit(arguments, make_pipeline, read(text), text)

    parser = add_command(
        subparsers, "edit", run, 'Edit a photo by text ("add a red chair") and place the result in 3D.'
    )
    add_editing_arguments(parser)
    parser.add_argument(
        "text", metavar="TEXT", help='"add a red chair next to the table", "replace the box with a plant"'
    )
