"""What this server keeps of one browser, how much that may be, and how all of it goes."""

import shutil
from pathlib import Path
from stat import S_ISREG

from app import projects
from app.markup import size_words
from app.session import Session, Sessions
from wt.errors import WtError

_END_S = 20.0
"""A cancelled job ends at its next step."""
_RESERVE, _RESERVE_BYTES = 0.02, 512 << 20
"""Of the disk, but no more bytes than these: room in which work that is open can still be saved."""


def kept(home: Path) -> str:
    """How many projects there are and what they and what was exported weigh; empty if there is nothing."""
    size = _weight(home)
    if not size:
        return ""
    count = len(projects.saved(home))
    named = f"{count} project{'' if count == 1 else 's'}" if count else "Exports"
    return f"{named}, {max(1, round(size / 1e6))} MB on this server"


def require_room(home: Path, most: int) -> None:
    """Before a project is begun, which may lie here for days.

    Args:
        home: a visitor's own folder; it need not be there yet.
        most: bytes that may be kept of one visitor; 0 sets no limit.

    Raises:
        WtError: there is as much of this visitor as may be, or the disk is almost full.
    """
    size = _weight(home)
    if most and size >= most:
        raise WtError(
            f"{size_words(size)} of your work are kept on this server, and at most {size_words(most)} may be. "
            "Delete an earlier project in the Photo step, or all of your data, then open this again."
        )
    disk = shutil.disk_usage(next(folder for folder in (home, *home.parents) if folder.is_dir()))
    if disk.free < min(_RESERVE * disk.total, _RESERVE_BYTES):
        raise WtError(
            f"The disk of this studio is almost full ({size_words(disk.free)} are left), so nothing new is begun. "
            "Your work is safe; delete projects that you need no longer."
        )


def erase(sessions: Sessions, session: Session) -> Session:
    """Delete projects, exports, uploads and 3D views of this browser, in all its tabs; the page goes on as a new one.

    Raises:
        WtError: a job does not end, or a file cannot be deleted.
    """
    for job in sessions.jobs_of(session.key):
        job.cancel()
        if not job.wait(_END_S):
            raise WtError("A job of yours is still ending, so nothing was deleted yet. Try again in a moment.")
    sessions.autosaver.flush(_END_S)
    fresh = sessions.renewed(session)
    sessions.uploads.forget(session.key)
    shutil.rmtree(session.folder, ignore_errors=True)
    if session.folder.exists():
        raise WtError("Not all of your files could be deleted. Tell whoever runs this studio.")
    fresh.message = "Everything that was kept of you here is deleted. Open a photo to begin."
    return fresh


def _weight(home: Path) -> int:
    return sum(_size(path) for path in home.rglob("*"))


def _size(path: Path) -> int:
    try:
        status = path.stat()
    except OSError:  # it is being written or deleted right now
        return 0
    return status.st_size if S_ISREG(status.st_mode) else 0
