"""`python -m wt lift DIR`: every photo of a folder, one after the other, with one load of the model.

Beside the results of each photo lies lift.json, written last: the settings and the hash of the photo. What is done with
the same of both is not done again, so that a run that was killed goes on where it was. A photo that cannot be lifted
gets a sentence in the report and stops nothing.
"""

import argparse
import hashlib
import json
import logging
import time
from collections import Counter
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from wt.cli.batch_files import Found, find
from wt.cli.common import LOG, peak_rss_mb
from wt.cli.contact_sheet import PREVIEW, write_preview, write_sheets
from wt.errors import Cancelled, WtError
from wt.files import json_text, write_atomic

RECORD, REPORT = "lift.json", "batch.json"
SETTINGS = (
    *("steps", "seed", "seeds", "sampler", "windows", "clean", "formats"),
    *("depth_model", "depth_kind", "focal"),
)
"""Arguments that change a result."""
_ONE_PHOTO_ONLY = {"mask": "--mask", "depth": "--depth", "depth_scale": "--depth-scale"}
_ENDS = 1 << 20
_log = logging.getLogger(__name__)

LiftOne = Callable[[Any, Path, Path], dict[str, Any]]
"""(lifter, photo, folder for its results) -> what `python -m wt lift PHOTO --json` says of it."""


def run_batch(arguments: argparse.Namespace, lift_one: LiftOne) -> dict[str, Any]:
    """Lift every photo that was not lifted yet; OUT/batch.json and the returned report have a row for each.

    Raises:
        WtError: no photo, options that belong to a single one, a model that cannot be loaded.
    """
    _refuse_options_of_one_photo(arguments)
    found, ignored = find(arguments.photo, arguments.out, recursive=arguments.recursive)
    settings = _settings(arguments)
    began, batch = time.monotonic(), _Batch(arguments.out, len(found))
    todo = []
    for photo in found:
        digest = _digest(photo.path)
        known = read_record(photo.out, settings, digest)
        if known is None:
            todo.append((photo, digest))
        else:
            batch.note(photo, "skipped", known)
    lifter = _load(arguments) if todo else None
    for photo, digest in todo:
        LOG.info("%s", batch.progress(photo, len(todo)))
        began_one = time.monotonic()
        result, problem = _attempt(partial(_lift_and_show, lift_one, lifter, photo))
        if result is None:
            LOG.info("%s: %s", photo.shown, problem)
            batch.note(photo, "failed", problem=problem)
        else:
            files = [Path(name).relative_to(photo.out).as_posix() for name in result.pop("files")]
            seconds = round(time.monotonic() - began_one, 2)
            record = {"settings": settings, "sha256": digest, "seconds": seconds, "files": files, "lift": result}
            write_atomic(photo.out / RECORD, json_text(record).encode())
            batch.note(photo, "done", record)
    sheets = write_sheets([(photo.shown, photo.out / PREVIEW) for photo in found], arguments.out)
    return {
        "model": settings["model"],
        **batch.counts(),
        "ignored": [path.name for path in ignored],
        "ok": not batch.failed,
        "seconds": round(time.monotonic() - began, 2),
        "peak_rss_mb": peak_rss_mb(),
        "photos": batch.rows,
        "files": [path.as_posix() for path in (arguments.out / REPORT, *sheets)],
    }


def read_record(out: Path, settings: dict[str, Any], digest: str) -> dict[str, Any] | None:
    """What was recorded of a photo that is done with these settings, all of its files still there; else None."""
    try:
        record = json.loads((out / RECORD).read_text(encoding="utf-8"))
        done = record["settings"] == settings and record["sha256"] == digest
        return record if done and all((out / name).is_file() for name in record["files"]) else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


class _Batch:
    """The rows so far, on disk after each."""

    def __init__(self, out: Path, total: int) -> None:
        self.rows: list[dict[str, Any]] = []
        self.out, self.total = out, total
        self._seconds: list[float] = []

    @property
    def failed(self) -> int:
        """How many."""
        return self.counts()["failed"]

    def note(self, photo: Found, state: str, record: dict[str, Any] | None = None, problem: str = "") -> None:
        """One photo is done, was done before, or failed."""
        lift: dict[str, Any] = record["lift"] if record else {}
        row = {
            "photo": photo.shown,
            "state": state,
            "seconds": record["seconds"] if record else None,
            "points": lift.get("points"),
            "residual_px": lift.get("intrinsics", {}).get("residual_px"),
            "out": photo.out.as_posix(),
            "problem": problem,
        }
        if state == "done":
            self._seconds.append(row["seconds"])
        self.rows.append(row)
        write_atomic(self.out / REPORT, json_text({**self.counts(), "photos": self.rows}).encode())

    def counts(self) -> dict[str, int]:
        """How many in all, and of each state."""
        states = Counter(row["state"] for row in self.rows)
        return {"total": self.total, **{state: states[state] for state in ("done", "skipped", "failed")}}

    def progress(self, photo: Found, todo: int) -> str:
        """Which one it is, and how long the rest will take."""
        at, left = len(self.rows) + 1, todo - len(self._seconds) - self.failed
        told = f"{at} of {self.total}: {photo.shown}"
        if not self._seconds:
            return told
        return f"{told}, about {_duration(left * sum(self._seconds) / len(self._seconds))} left"


def _lift_and_show(lift_one: LiftOne, lifter: Any, photo: Found) -> dict[str, Any]:
    for half in photo.out.rglob(".*.tmp"):  # of a run that was killed
        half.unlink()
    result = lift_one(lifter, photo.path, photo.out)
    write_preview(photo.path, photo.out)
    return result


def _attempt(lift: Callable[[], dict[str, Any]]) -> tuple[dict[str, Any] | None, str]:
    """(result, sentence of what went wrong): the boundary of one photo, for the next one has nothing to do with it."""
    try:
        return lift(), ""
    except (Cancelled, KeyboardInterrupt):
        raise
    except WtError as error:
        return None, str(error)
    except MemoryError:
        return None, "There was not enough memory for it. Close other programs and run the command again."
    except Exception as error:
        _log.debug("a photo of a batch failed", exc_info=True)
        first = next(iter(str(error).splitlines()), "")
        return None, f"It stopped with an internal error ({type(error).__name__}: {first[:160]})."


def _refuse_options_of_one_photo(arguments: argparse.Namespace) -> None:
    given = [flag for name, flag in _ONE_PHOTO_ONLY.items() if getattr(arguments, name) is not None]
    if given:
        raise WtError(f"{given[0]} belongs to one photo. Give one photo, or leave it out.")


def _settings(arguments: argparse.Namespace) -> dict[str, Any]:
    """All that decides a result but the photo; as JSON values, since they are compared with what was read."""
    from wt.lift import locate

    _, path = locate(arguments.model)
    named = {name: getattr(arguments, name) for name in SETTINGS}
    return dict(json.loads(json_text({"model": arguments.model, "weights": _fingerprint(path), **named})))


def _fingerprint(path: Path) -> str:
    """Of weights, which may be gigabytes: their size, beginning and end. A training changes all of them."""
    with path.open("rb") as stream:
        size = stream.seek(0, 2)
        stream.seek(0)
        ends = stream.read(_ENDS)
        stream.seek(max(size - _ENDS, 0))
        return f"{size}-{hashlib.sha256(ends + stream.read(_ENDS)).hexdigest()}"


def _digest(path: Path) -> str:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:  # the lift will say why
        return ""


def _load(arguments: argparse.Namespace) -> Any:
    from wt.lift import load

    return load(arguments.model, device=arguments.device)


def _duration(seconds: float) -> str:
    if seconds >= 5400:
        return f"{seconds / 3600:.1f} h"
    return f"{seconds / 60:.0f} min" if seconds >= 90 else f"{seconds:.0f} s"
