"""The command line: `python -m wt COMMAND`. Progress goes to standard error; --json prints one object, alone."""

import argparse
import contextlib
import json
import logging
import os
import sys
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from wt.cli import (
    bench,
    clip,
    convert,
    data,
    doctor,
    download,
    edit,
    evaluate,
    export,
    lift,
    remove,
    train,
    trellis,
    views,
)
from wt.errors import Cancelled, WtError
from wt.files import json_text

if TYPE_CHECKING:
    from wt.lift import Lifter

LIFTING, LEARNING = (lift,), (export, views, trellis, data, train, evaluate, bench, download, convert)


def parser() -> argparse.ArgumentParser:
    """The parser with every subcommand."""
    root = argparse.ArgumentParser(prog="python -m wt", description="World Tracing Studio on the command line.")
    subparsers = root.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for command in LIFTING:
        command.register(subparsers)
    clip.register(subparsers, follow)
    edit.register(subparsers, make_pipeline, read_instruction, say_operations)
    remove.register(subparsers, make_pipeline, removal)
    for command in LEARNING:
        command.register(subparsers)
    doctor.register(subparsers, editor_checks)
    return root


def make_pipeline(
    scene_lifter: "Lifter",
    object_lifter: "Lifter",
    editor: str,
    remover: str,
    *,
    allow_download: bool,
    device: str,
) -> Any:
    """The editors' pipeline. This module alone of `wt` may import them."""
    from editors.pipeline import EditPipeline
    from editors.registry import painter_of, remover_of
    from editors.segment import new_segmenter

    asked: dict[str, Any] = {"allow_download": allow_download, "device": device}
    painting, removing = painter_of(editor, **asked), remover_of(remover, **asked)
    return EditPipeline(scene_lifter, object_lifter, new_segmenter(), editor=painting, remover=removing)


def follow(frames: Any, at: int, click: Any, mask: Any, on_frame: Any) -> Any:
    """The masks of all frames of a clip from a click, or a mask, in one of them."""
    from editors.segment.propagate import propagate

    if click is not None:
        from editors.segment import new_segmenter

        segmenter = new_segmenter()
        segmenter.set_image(frames[at])
        found = segmenter.predict([(*click, True)])[-1].mask
        mask = found if mask is None else mask | found
    return propagate(frames, mask, at, on_frame=on_frame)


def editor_checks() -> list[dict[str, Any]]:
    """Every 2D editor for `doctor`: whether it is here, what it can do, its licence."""
    from editors.registry import checks

    return checks()


def read_instruction(text: str) -> Any:
    """The operations of an instruction; words that are not known are said back before any model is loaded."""
    from editors.instruction import parse

    return parse(text)


def say_operations(operations: Any) -> list[str]:
    """Operations in plain sentences."""
    from editors.operations import understood

    return understood(operations)


def removal(what: str) -> Any:
    """The operation of taking away what is selected, whatever its name."""
    from editors.operations import RemoveOp

    return (RemoveOp(what, text=f"remove the {what}"),)


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command.

    Returns:
        0 if it worked; 2, with one sentence on standard error, if the person has to change something; 1 if the
        command looked and found something wrong ("ok" is false); 130 after Ctrl-C.
    """
    arguments = parser().parse_args(argv)
    try:
        with quiet_stdout(), progress_on_stderr():
            result = arguments.run(arguments)
    except WtError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    except (KeyboardInterrupt, Cancelled):
        sys.stderr.write("Stopped.\n")
        return 130
    # Of the processes that torchrun or accelerate start, the first one speaks.
    if os.environ.get("RANK", "0") == "0":
        # Strict JSON (no NaN), on one line.
        sys.stdout.write(json.dumps(json.loads(json_text(result))) + "\n" if arguments.json else for_reader(result))
    return 1 if result.get("ok") is False else 0


@contextlib.contextmanager
def progress_on_stderr() -> Iterator[None]:
    """What our own modules log is the progress that a person sees; other packages stay quiet up to warnings."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(message)s"))
    loggers = [logging.getLogger(name) for name in ("wt", "editors")]
    for logger in loggers:
        logger.addHandler(handler)
        logger.setLevel(logging.INFO)
    try:
        yield
    finally:
        for logger in loggers:
            logger.removeHandler(handler)


@contextlib.contextmanager
def quiet_stdout() -> Iterator[None]:
    """What libraries print, native code included, goes to standard error, so that the JSON object stays alone."""
    sys.stdout.flush()
    kept = os.dup(1)
    os.dup2(2, 1)
    try:
        with contextlib.redirect_stdout(sys.stderr):
            yield
    finally:
        os.dup2(kept, 1)
        os.close(kept)


def for_reader(result: dict[str, Any]) -> str:
    """What is shown without --json: the command's own Markdown where it makes some."""
    return result["markdown"] if "markdown" in result else plain(result)


def plain(result: dict[str, Any], indent: str = "") -> str:
    """The result for a reader without --json: a line for every key, a table for a list of equal rows."""
    lines = []
    for key, value in result.items():
        if isinstance(value, dict) and value:
            lines.append(f"{indent}{key}:\n{plain(value, indent + '  ')}")
        elif isinstance(value, list) and value and all(isinstance(row, dict) for row in value):
            lines.append(f"{indent}{key}:\n{table(value, indent + '  ')}")
        elif isinstance(value, list) and value and all(isinstance(entry, str) for entry in value):
            lines.append(f"{indent}{key}:\n" + "".join(f"{indent}  {entry}\n" for entry in value))
        else:
            lines.append(f"{indent}{key}: {text(value)}\n")
    return "".join(lines)


def table(rows: list[dict[str, Any]], indent: str) -> str:
    """Rows under their keys, columns as wide as they need to be."""
    keys = list(dict.fromkeys(key for row in rows for key in row))
    cells = [keys, *([text(row.get(key)) for key in keys] for row in rows)]
    widths = [max(len(line[i]) for line in cells) for i in range(len(keys))]
    return "".join(
        indent + "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() + "\n"
        for line in cells
    )


def text(value: Any) -> str:
    """One value in a few characters."""
    value = value.tolist() if hasattr(value, "tolist") else value  # of NumPy
    if value is None or value == []:
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, list | tuple):
        return ", ".join(text(entry) for entry in value)
    return str(value)


if __name__ == "__main__":
    sys.exit(main())
