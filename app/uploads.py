"""Files that browsers send: Gradio keeps them in one folder for everybody, so each is deleted once it was read."""

import shutil
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

LINGER_S = 60.0
"""Two people who send the same file get the same path: the second one's may not have been read yet."""
ABANDONED_S = 86400.0
"""A file that was sent and never read is deleted after this."""
CALLS = "calls"
"""In it is a folder for each call of the API, with what was handed back."""
CALLS_KEPT_S = 6 * 3600.0
"""That is deleted after this."""


@dataclass(frozen=True)
class _Read:
    visitor: str
    inode: int
    """Another one at the same path was sent later, by somebody who will read it."""
    when: float


class Uploads:
    """What was read, by whom; deletes it soon, or at once where its owner asks for that."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._read: dict[Path, _Read] = {}
        self._lock = threading.Lock()

    def read(self, path: str | None, visitor: str) -> None:
        """A visitor's file is needed no longer."""
        try:
            if path:
                with self._lock:
                    self._read[Path(path)] = _Read(visitor, Path(path).stat().st_ino, time.monotonic())
        except OSError:  # it is gone already
            return

    def forget(self, visitor: str) -> None:
        """Delete at once what this visitor sent."""
        self._delete({path: one for path, one in self._known().items() if one.visitor == visitor})

    def sweep(
        self, linger_s: float = LINGER_S, abandoned_s: float = ABANDONED_S, calls_s: float = CALLS_KEPT_S
    ) -> None:
        """Delete what was read a while ago, what nobody ever read, and what calls handed back long ago."""
        now = time.monotonic()
        self._delete({path: one for path, one in self._known().items() if now - one.when >= linger_s})
        _delete_old((path for path in self.folder.glob("tmp*") if path.is_file()), linger_s)  # Gradio's empty ones
        _delete_old((path for path in self.folder.glob("*") if path.name != CALLS), abandoned_s)
        _delete_old((self.folder / CALLS).glob("*"), calls_s)

    def _known(self) -> dict[Path, _Read]:
        with self._lock:
            return dict(self._read)

    def _delete(self, gone: dict[Path, _Read]) -> None:
        for path, one in gone.items():
            try:
                if path.stat().st_ino == one.inode:
                    path.unlink()
                    path.parent.rmdir()
            except OSError:  # it is gone already, or another file lies beside it
                pass
            with self._lock:
                if self._read.get(path) is one:
                    del self._read[path]


def _delete_old(paths: Iterable[Path], after_s: float) -> None:
    for path in paths:
        if time.time() - _changed(path) > after_s:
            shutil.rmtree(path, ignore_errors=True)
            path.unlink(missing_ok=True) if not path.is_dir() else None


def _changed(path: Path) -> float:
    try:
        return path.stat().st_ctime
    except OSError:
        return time.time()
