"""Work that survives: the present state of each project in a folder of its own, written behind the person's back.

A state is several files, and the process may be killed between any two of them. So whatever changed is written under
a new name, and the document, which tells the names, is replaced last: that one rename is the step from the state before
to the new one. What no document names any more is deleted after it.
"""

import json
import logging
import queue
import secrets
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path, PurePath

from app import frames, project
from app.jobs import attempt
from app.pictures import thumbnail
from app.work import Work
from wt.clips.clip import Clip
from wt.errors import WtError
from wt.files import json_text, write_atomic
from wt.scene import archive
from wt.scene.scene import Scene

log = logging.getLogger(__name__)

THUMBNAIL = "thumbnail.jpg"
_SCENE = "scene.wts"
_CLIP = "clip.wtc"
_FILES = "files"
"""In the document: piece -> name of the file that holds it."""
_RETRY_S = 15.0
_REMEMBERED = 64
"""Folders whose last state is known, so that only what differs from it is written."""


@dataclass(frozen=True)
class Written:
    """The state that a folder holds."""

    work: Work = field(default_factory=Work)
    files: dict[str, str] = field(default_factory=dict)


class Autosaver:
    """One thread that writes the newest state of every project that was changed; what fails is tried again."""

    def __init__(self, retry_s: float = _RETRY_S) -> None:
        self._retry_s = retry_s
        self._queue: queue.Queue[Path | None] = queue.Queue()
        self._newest: dict[Path, Work] = {}
        self._unsaved: dict[Path, tuple[Work, str]] = {}
        """The newest state of a folder that could not be written, and why."""
        self._written: dict[Path, Written] = {}
        self._changed = threading.Condition()
        self._writing: Path | None = None
        self._thread = threading.Thread(target=self._loop, name="autosave", daemon=True)
        self._thread.start()

    def save(self, folder: Path, work: Work) -> None:
        """Write soon; only the newest state of a folder is written."""
        with self._changed:
            known = folder in self._newest
            self._newest[folder] = work
            self._unsaved.pop(folder, None)
        if not known:
            self._queue.put(folder)

    def flush(self, seconds: float = 20.0, folder: Path | None = None) -> bool:
        """Wait until everything, or all of one folder, is on disk or has failed; whether it came to that."""

        def over() -> bool:
            if folder is None:
                return not self._newest and self._writing is None
            return folder not in self._newest and self._writing != folder

        with self._changed:
            return self._changed.wait_for(over, seconds)

    def problem(self, folder: Path) -> str:
        """Why the newest state of a folder is not on disk, one sentence; empty if it is, or is being written."""
        with self._changed:
            return self._unsaved.get(folder, (None, ""))[1]

    def forget(self, folder: Path) -> None:
        """Stop remembering what was written there and below."""
        with self._changed:
            for known in [known for known in self._written if known.is_relative_to(folder)]:
                del self._written[known]
            for known in [known for known in self._unsaved if known.is_relative_to(folder)]:
                del self._unsaved[known]

    def stop(self) -> None:
        """Write what waits, then stop."""
        self._queue.put(None)
        self._thread.join(timeout=20)

    def _loop(self) -> None:
        while True:
            try:
                folder = self._queue.get(timeout=self._retry_s if self._unsaved else None)
            except queue.Empty:
                self._try_again()
                continue
            if folder is None:
                return
            self._write(folder)

    def _try_again(self) -> None:
        with self._changed:
            waiting = {folder: work for folder, (work, _) in self._unsaved.items()}
        for folder, work in waiting.items():
            self.save(folder, work)

    def _write(self, folder: Path) -> None:
        with self._changed:
            work, self._writing = self._newest.pop(folder), folder
            before = self._written.get(folder, Written())
        written: list[Written] = []
        problem = attempt("Saving", lambda: written.append(_written(folder, work, before)))
        if problem:  # a full disk must not stop the work itself, nor the saving of others
            log.warning("work could not be saved to %s: %s", folder, problem)
            problem = (
                f"Your last changes are not saved yet ({problem}). Keep this page open: it is tried again by itself."
            )
        with self._changed:
            self._written.pop(folder, None)
            self._written[folder] = written[0] if written else before
            if len(self._written) > _REMEMBERED:
                del self._written[next(iter(self._written))]
            if problem and folder not in self._newest:
                self._unsaved[folder] = (work, problem)
            self._writing = None
            self._changed.notify_all()


def _written(folder: Path, work: Work, before: Written) -> Written:
    """As `write`; what the system says of the disk is all that a person needs to hear."""
    try:
        return write(folder, work, before)
    except (OSError, WtError) as error:
        raise WtError(str(getattr(error.__cause__ or error, "strerror", None) or error).rstrip(".")) from error


def write(folder: Path, work: Work, before: Written) -> Written:
    """Write what differs from `before`, the document last; a pending proposal is not kept, the state under it is.

    Raises:
        WtError: it could not be written; the folder holds what it held before.
    """
    if work.photo is None or work.rgb is None:
        return before
    if not (folder / project.DOCUMENT).is_file():  # deleted in between, so nothing of it is there
        before = Written()
    files = dict(before.files)
    try:
        if work.rgb is not before.work.rgb:
            write_atomic(folder / THUMBNAIL, thumbnail(work.rgb))
        document = b""
        for name, data in _pieces(work, before.work):
            if name == project.DOCUMENT:
                document = data or b""
                continue
            files.pop(name, None)
            if data is not None:
                files[name] = _fresh(name)
                write_atomic(folder / files[name], data, durable=True)
        told = {**json.loads(document), _FILES: files}
        write_atomic(folder / project.DOCUMENT, json_text(told).encode(), durable=True)
    except (OSError, WtError):
        for name in set(files.values()) - set(before.files.values()):
            (folder / name).unlink(missing_ok=True)
        raise
    _tidy(folder, files)
    return Written(work, files)


def read(folder: Path) -> Work | None:
    """The state saved in a project's folder; None if there is none.

    Raises:
        WtError: it is there but cannot be read.
    """
    if not (folder / project.DOCUMENT).is_file():
        return None
    try:
        find = _finder(folder)
        scene, clip = find(_SCENE), find(_CLIP)
        found = Scene.load(scene) if scene.is_file() else None
        work = project.restored(partial(_content, find), found, folder.name, "Your saved work")
        return frames.rejoined(work, Clip.load(clip)) if clip.is_file() else work
    except (OSError, ValueError, KeyError, TypeError, IndexError) as error:
        raise WtError(f"Your saved work could not be read ({error}). Open the photo again.") from error


def _pieces(work: Work, before: Work) -> Iterator[tuple[str, bytes | None]]:
    """As `project.pieces`, with the scene and the clip before them."""
    if work.scene is not before.scene or work.scene is None:
        yield _SCENE, None if work.scene is None else archive.packed(archive.members(work.scene))
    if work.clip is not before.clip or work.clip is None:
        yield _CLIP, None if work.clip is None else archive.packed(work.clip.members())
    yield from project.pieces(work, before)


def _fresh(name: str) -> str:
    path = PurePath(name)
    return f"{path.stem}-{secrets.token_hex(4)}{path.suffix}"


def _finder(folder: Path) -> Callable[[str], Path]:
    """Where a piece is; documents of earlier programs name no files, theirs have the pieces' own names."""
    files = json.loads((folder / project.DOCUMENT).read_bytes()).get(_FILES)
    return lambda name: folder / (name if files is None or name == project.DOCUMENT else str(files.get(name, "-")))


def _content(find: Callable[[str], Path], name: str) -> bytes | None:
    path = find(name)
    return path.read_bytes() if path.is_file() else None


def _tidy(folder: Path, files: dict[str, str]) -> None:
    """Delete what no document names: states before, and halves that a killed process left."""
    keep = {project.DOCUMENT, THUMBNAIL, *files.values()}
    for path in folder.iterdir():
        if path.name not in keep:
            path.unlink(missing_ok=True)


def sweep(sessions: Path, keep_days: float, keep: set[str]) -> int:
    """Delete projects that were not changed for so long, and folders of visitors who have none; how many were deleted.

    What visitors who are gone had built to take away goes at once.

    Args:
        sessions: of all visitors.
        keep: names of projects and of visitors' folders that are in use.
    """
    old = time.time() - keep_days * 86400

    def stale(folder: Path) -> bool:
        return folder.is_dir() and folder.name not in keep and _touched(folder) < old

    for folder in sessions.glob("*/exports"):  # whose links have died with their page
        if folder.parent.name not in keep:
            shutil.rmtree(folder, ignore_errors=True)
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
