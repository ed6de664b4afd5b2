"""The projects of one browser on this server: one folder each below the visitor's own, named by an unguessable id."""

import json
import re
import secrets
import shutil
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from app.project import DOCUMENT
from wt.errors import WtError

_IDENT = re.compile(r"[A-Za-z0-9_-]{22}")


@dataclass(frozen=True)
class Saved:
    """A project that was saved."""

    ident: str
    name: str
    """Of its photo."""
    saved: float
    """Seconds since the epoch."""


def new_ident() -> str:
    """128 random bits."""
    return secrets.token_urlsafe(16)


def folder_of(home: Path, ident: object) -> Path:
    """Where a visitor keeps the project of this id.

    Args:
        home: the visitor's own folder; nothing outside of it is ever named.
        ident: from a page or a link, so it may be anything.

    Raises:
        WtError: this visitor has no such project.
    """
    if isinstance(ident, str) and _IDENT.fullmatch(ident):
        folder = home / "projects" / ident
        if (folder / DOCUMENT).is_file():
            return folder
    raise WtError(
        "There is no such project in this browser. It was deleted, or the link is not whole or of another browser."
    )


def saved(home: Path) -> list[Saved]:
    """A visitor's projects, the newest first."""
    found = []
    for document in home.glob(f"projects/*/{DOCUMENT}"):
        try:
            changed = document.stat()
        except OSError:  # it is being deleted right now
            continue
        name = _name(document, changed.st_mtime_ns)
        found.append(Saved(document.parent.name, name, changed.st_mtime))
    return sorted(found, key=lambda one: -one.saved)


def delete(home: Path, ident: object) -> str:
    """Delete a project for good; its name.

    Raises:
        WtError: this visitor has no such project.
    """
    folder = folder_of(home, ident)
    document = folder / DOCUMENT
    name = _name(document, document.stat().st_mtime_ns)
    shutil.rmtree(folder, ignore_errors=True)
    return name


@lru_cache(maxsize=1024)
def _name(document: Path, changed_ns: int) -> str:
    try:
        return str(json.loads(document.read_bytes())["name"])
    except (OSError, ValueError, KeyError, TypeError):
        return "damaged"
