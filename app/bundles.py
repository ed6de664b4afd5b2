"""What a visitor takes away as one zip: its files are made in a folder that goes, the zip stays until the next one."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

from app.jobs import Job
from app.session import Session
from app.work import Work
from wt.errors import Cancelled, WtError


@contextmanager
def workshop(session: Session, name: str) -> Iterator[Path]:
    """A folder of this name among the visitor's exports, deleted at the end, however that comes about."""
    folder = session.folder / "exports" / name
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def wanted(session: Session, job: Job, of: Work, *made: Path) -> Iterator[None]:
    """Under the visitor's lock; what was made goes if it was cancelled, or if another project is open by now.

    Raises:
        Cancelled, WtError: it went.
    """
    with session.lock:
        if job.cancelling or session.now.project != of.project:
            for path in made:
                path.unlink(missing_ok=True)
            if job.cancelling:
                raise Cancelled
            raise WtError(f"Another project was opened in between; what was made of {of.stem} was dropped.")
        yield


def hand_out(session: Session, kind: Literal["exported", "textured"], made: dict[str, Any]) -> None:
    """Offer what was made, in place of the one before; with nothing made, that one merely goes."""
    before = getattr(session, kind).get("zip")
    if before is not None and before != made.get("zip"):  # two of one second have one name
        before.unlink(missing_ok=True)
    setattr(session, kind, made)
