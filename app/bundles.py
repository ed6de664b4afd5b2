"""What a visitor takes away as one zip: its files are made in a folder that goes, the zip stays until the next one."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

from app.session import Session


@contextmanager
def workshop(session: Session, name: str) -> Iterator[Path]:
    """A folder of this name among the visitor's exports, deleted at the end, however that comes about."""
    folder = session.folder / "exports" / name
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def hand_out(session: Session, kind: Literal["exported", "textured"], made: dict[str, Any]) -> None:
    """Offer what was made, in place of the one before; with nothing made, that one merely goes."""
    before = getattr(session, kind).get("zip")
    if before is not None:
        before.unlink(missing_ok=True)
    setattr(session, kind, made)
