"""The command line: `python -m wt COMMAND`. Progress goes to standard error; --json prints one object, alone."""

import argparse
import json
import logging
import sys
from collections.abc import Sequence
from typing import Any

from wt.cli import train
from wt.errors import WtError

COMMANDS = (train,)


def parser() -> argparse.ArgumentParser:
    """The parser with every subcommand."""
    root = argparse.ArgumentParser(prog="python -m wt", description="World Tracing Studio on the command line.")
    subparsers = root.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for command in COMMANDS:
        command.register(subparsers)
    return root


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; 0 if it worked, 2 with one sentence on standard error if the person has to change something."""
    arguments = parser().parse_args(argv)
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    try:
        result = arguments.run(arguments)
    except WtError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    sys.stdout.write(json.dumps(result) + "\n" if arguments.json else _plain(result))
    return 0


def _plain(result: dict[str, Any]) -> str:
    """The result for a reader without --json: one line a key."""
    return "".join(f"{key}: {_text(value)}\n" for key, value in result.items())


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


if __name__ == "__main__":
    sys.exit(main())
