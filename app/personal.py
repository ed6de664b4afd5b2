"""What this server keeps of one browser, and how all of it goes."""

import shutil
from pathlib import Path
from stat import S_ISREG

from app import projects
from app.session import Session, Sessions
from wt.errors import WtError

_END_S = 20.0
"""A cancelled job ends at its next step."""


def kept(home: Path) -> str:
    """How many projects there are and what they and what was exported weigh; empty if there is nothing."""
    size = sum(_size(path) for path in home.rglob("*"))
    if not size:
        return ""
    count = len(projects.saved(home))
    named = f"{count} project{'' if count == 1 else 's'}" if count else "Exports"
    return f"{named}, {max(1, round(size / 1e6))} MB on this server"


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


def _size(path: Path) -> int:
    try:
        status = path.stat()
    except OSError:  # it is being written or deleted right now
        return 0
    return status.st_size if S_ISREG(status.st_mode) else 0
