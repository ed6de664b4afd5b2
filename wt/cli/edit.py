"""`python -m wt edit`: an instruction changes a photo and its scene."""

import argparse
from collections.abc import Callable
from typing import Any

from wt.cli.common import Subparsers, add_command
from wt.cli.editing import MakePipeline, add_editing_arguments, describe, run_edit
from wt.errors import WtError


def register(
    subparsers: Subparsers,
    make_pipeline: MakePipeline,
    read: Callable[[str], Any],
    say: Callable[[Any], list[str]],
) -> None:
    """Add the parser; `make_pipeline` builds the editors, `read` makes operations of a text, `say` tells them."""

    def run(arguments: argparse.Namespace) -> dict[str, Any]:
        text = arguments.text.strip()
        if not text:
            raise WtError('The instruction is empty. Say what to do, such as "add a red chair".')
        operations = read(text)
        if arguments.dry_run:
            return {"understood": say(operations), "operations": [describe(operation) for operation in operations]}
        if arguments.out is None:
            raise WtError("Say where the results shall go (-o FOLDER), or only look at what is understood (--dry-run).")
        return run_edit(arguments, make_pipeline, operations, text)

    parser = add_command(
        subparsers, "edit", run, 'Edit a photo by text ("add a red chair") and place the result in 3D.'
    )
    add_editing_arguments(parser, out_required=False)
    parser.add_argument(
        "--dry-run", action="store_true", help="say what is understood; no photo is read and nothing is written"
    )
    parser.add_argument("text", metavar="TEXT", help='"add a red chair next to the table", "move it to the corner"')
