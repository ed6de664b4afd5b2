"""Work that survives: the present state of each project in a folder of its own, written behind the person's back."""

import logging
import queue
import shutil
import threading
import time
from functools import partial
from pathlib import Path

from app import frames, project
from app.pictures import thumbnail
from app.work import Work
from wt.clips.clip import Clip
from wt.errors import WtError
from wt.files import write_atomic
from wt.scene.scene import Scene

log = logging.getLogger(__name__)

THUMBNAIL = "thumbnail.jpg"
_SCENE = "scene.wts"
_CLIP = "clip.wtc"


class Autosaver:
    """One thread that writes the newest state of every project that was changed."""

    def __init__(self) -> None:
        self._queue: queue.Queue[Path | None] = queue.Queue()
        self._newest: dict[Path, Work] = {}
        self._written: dict[Path, Work] = {}
        self._lock = threading.Lock()
        self._idle = threading.Event()
        self._idle.set()
        self._thread = threading.Thread(target=self._loop, name="autosave", daemon=True)
        self._thread.start()

    def save(self, folder: Path, work: Work) -> None:
        """Write soon; only the newest state of a folder is written."""
        with self._lock:
            known = folder in self._newest
            self._newest[folder] = work
            self._idle.clear()
        if not known:
            self._queue.put(folder)

    def flush(self, seconds: float = 20.0) -> bool:
        """Wait until everything is on disk."""
        return self._idle.wait(seconds)

    def forget(self, folder: Path) -> None:
        """Stop remembering what was written there and below."""
        with self._lock:
            for known in [known for known in self._written if known.is_relative_to(folder)]:
                del self._written[known]

    def stop(self) -> None:
        """Write what waits, then stop."""
        self._queue.put(None)
        self._thread.join(timeout=20)

    def _loop(self) -> None:
        while (folder := self._queue.get()) is not None:
            with self._lock:
                work = self._newest.pop(folder)
                before = self._written.get(folder, Work())
            try:
                write(folder, work, before)
                before = work
            except (OSError, WtError) as error:  # a full disk must not stop the work itself
                log.warning("work could not be saved to %s: %s", folder, error)
            with self._lock:
                self._written[folder] = before
                if not self._newest:
                    self._idle.set()


def write(folder: Path, work: Work, before: Work) -> None:
    """Write what differs from `before`, the document last; a pending proposal is not kept, the state under it is."""
    if work.photo is None or work.rgb is None:
        return
    if not (folder / project.DOCUMENT).is_file():  # deleted in between, so nothing of it is there
        before = Work()
    if work.rgb is not before.rgb:
        write_atomic(folder / THUMBNAIL, thumbnail(work.rgb))
    if work.scene is None:
        (folder / _SCENE).unlink(missing_ok=True)
    elif work.scene is not before.scene:
        work.scene.save(folder / _SCENE)
    if work.clip is None:
        (folder / _CLIP).unlink(missing_ok=True)
    elif work.clip is not before.clip:
        work.clip.save(folder / _CLIP)
    for name, data in project.pieces(work, before):
        if data is None:
            (folder / name).unlink(missing_ok=True)
        else:
            write_atomic(folder / name, data)


def read(folder: Path) -> Work | None:
    """The state saved in a project's folder; None if there is none.

    Raises:
        WtError: it is there but cannot be read.
    """
    if not (folder / project.DOCUMENT).is_file():
        return None
    scene = folder / _SCENE
    try:
        found = Scene.load(scene) if scene.is_file() else None
        work = project.restored(partial(_content, folder), found, folder.name, "Your saved work")
        clip = folder / _CLIP
        return frames.rejoined(work, Clip.load(clip)) if clip.is_file() else work
    except (OSError, ValueError, KeyError, TypeError, IndexError) as error:
        raise WtError(f"Your saved work could not be read ({error}). Open the photo again.") from error


def _content(folder: Path, name: str) -> bytes | None:
    path = folder / name
    return path.read_bytes() if path.is_file() else None


def sweep(sessions: Path, keep_days: float, keep: set[str]) -> int:
    """Delete projects that were not changed for so long, and folders of visitors who have none; how many were deleted.

    Args:
        sessions: of all visitors.
        keep: names of projects and of visitors' folders that are in use.
    """
    old = time.time() - keep_days * 86400

    def stale(folder: Path) -> bool:
        return folder.is_dir() and folder.name not in keep and _touched(folder) < old

    gone = [folder for folder in sessions.glob("*/projects/*") if stale(folder)]
    for folder in gone:
        shutil.rmtree(folder, ignore_errors=True)
    left = [folder for folder in sessions.glob("*") if stale(folder) and not any(folder.glob("projects/*"))]
    for folder in left:
        shutil.rmtree(folder, ignore_errors=True)
    return len(gone) + len(left)


def _touched(folder: Path) -> float:
    try:
        return max(path.stat().st_mtime for path in (folder, *folder.iterdir()))
    except OSError:  # it is being written or deleted right now
        return time.time()
