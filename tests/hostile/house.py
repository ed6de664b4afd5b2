"""A studio of quick parts with its doors, and a watch on what goes on behind them."""

import os
import re
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
from cases import CANARY, Case
from doubles import QuickEngine
from PIL import Image

from app.config import AppConfig
from app.controller import Controller
from app.jobs import Job, Worker, attempt
from app.session import Sessions
from app.work import History
from wt.clips.read import is_clip
from wt.model.checkpoint import load_model

MOST_BYTES = 1_700_000_000
"""What one input may cost in memory; the largest clip that is allowed needs as much."""
MOST_SECONDS = 60.0


_TAGS = re.compile("<(script|img|svg|iframe|b>)", re.IGNORECASE)
"""None of our own markup has these where a person's words are shown."""


@dataclass
class Watch:
    """What Python opened for writing or changed, and what it unpickled or started, while it was on."""

    on: bool = False
    wrote: list[str] = field(default_factory=list)
    read: list[str] = field(default_factory=list)
    ran: list[str] = field(default_factory=list)

    def hear(self, event: str, args: tuple[Any, ...]) -> None:
        """The audit hook."""
        if not self.on:
            return
        if event == "open":
            path, _, flags = args
            if isinstance(path, str | bytes | os.PathLike):
                changes = (flags or 0) & (os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND)
                (self.wrote if changes else self.read).append(os.path.realpath(os.fsdecode(path)))
        elif event in ("os.rename", "os.remove", "os.mkdir", "os.symlink", "os.link", "os.truncate", "shutil.rmtree"):
            self.wrote.append(os.path.realpath(os.fsdecode(args[-1 if event == "os.symlink" else 0])))
        elif event in ("pickle.find_class", "subprocess.Popen", "os.system", "os.exec", "os.posix_spawn"):
            self.ran.append(f"{event} {args!r:.80}")


WATCH = Watch()
_hooked = False


def _hook() -> None:
    """Hooks stay until the process ends, so there is one."""
    global _hooked
    if not _hooked:
        sys.addaudithook(WATCH.hear)
        _hooked = True


@dataclass(frozen=True)
class Found:
    """What became of an input."""

    words: str
    """What the person is told if it was refused; empty if it was taken."""
    seconds: float
    bytes: int
    """Growth of the process at its peak."""
    harm: tuple[str, ...]
    """What must not be; empty if all is well."""


class House:
    """The studio, one visitor in it, and what lies around."""

    def __init__(self, root: Path) -> None:
        _hook()
        self.root, self.inbox = root, root / "inbox"
        self.inbox.mkdir()
        self.secret = root / "outside" / CANARY
        self.secret.parent.mkdir()
        self.secret.write_text(CANARY)
        config = AppConfig(data_dir=root / "data", point_budget=3000)
        self.worker, self.sessions = Worker(), Sessions(config)
        self.controller = Controller(QuickEngine(config), self.sessions, self.worker)
        self.session = self.sessions.attach("page")
        self.good = root / "good.png"
        Image.effect_mandelbrot((96, 64), (-2, -1, 1, 1), 40).convert("RGB").save(self.good)
        self.still_works()

    def close(self) -> None:
        """Stop everything."""
        self.worker.stop()
        self.sessions.close()

    def open(self, path: Path) -> None:
        """As the page opens a file."""
        (self.controller.clip if is_clip(path) else self.controller.photo).open(self.session, path)

    def still_works(self) -> None:
        """The next good request is done as if nothing had been."""
        self.open(self.good)
        photo = self.session.now.photo
        assert photo is not None
        assert (photo.name, photo.width, photo.height) == ("good.png", 96, 64)
        self.controller.select.click(self.session, 40, 30)
        assert self.session.now.selection.mask is not None

    def enter(self, case: Case) -> Found:
        """Put an input through its door and see what happens; a good one is opened afterwards."""
        path = self.inbox / case.file.replace("/", "_")
        path.write_bytes(case.make())
        doors: dict[str, Callable[[], object]] = {
            "mask": lambda: self.controller.select.load_mask(self.session, path),
            "depth map": lambda: self.controller.geometry.load_depth(self.session, path),
            "model file": lambda: load_model(path),
        }
        act = doors.get(case.kind, lambda: self.open(path))
        before = self._around()
        with _measured() as spent:
            WATCH.wrote, WATCH.read, WATCH.ran, WATCH.on = [], [], [], True
            words = attempt("Opening it", lambda: (act(), self._seen()))
            self._settle()
            WATCH.on = False
        seconds, grown = spent
        harm = [*self._harm(words, path), *(f"changed {name}" for name in self._around() ^ before)]
        if seconds > MOST_SECONDS:
            harm.append(f"took {seconds:.0f} s")
        if grown > MOST_BYTES:
            harm.append(f"took {grown >> 20} MB")
        path.unlink()
        self.session.history = History()
        self.still_works()
        return Found(words, seconds, grown, tuple(harm))

    def _seen(self) -> None:
        """All that the page shows of it."""
        from app.view import describe

        for name, told in describe(self.session, self.controller.engine).items():
            markup = told.get("value")  # what is no text, the page's scripts put in as text
            assert not isinstance(markup, str) or not _TAGS.search(markup), f"a name became a part of {name}"
        for name in ("photo", "before", "overlay"):
            self.session.picture(name)

    def _settle(self) -> None:
        assert self.worker.submit(Job("Nothing", lambda _: None)).wait(60), "the worker is gone"
        assert self.sessions.autosaver.flush(60), "nothing is saved any more"

    def _harm(self, words: str, path: Path) -> Iterator[str]:
        own = (str(self.session.folder), str(path), "/dev/null", "/proc/")
        if "internal error" in words or "Traceback" in words or "\n" in words:
            yield f"said {words!r}"
        if str(self.root) in words:
            yield f"told a path: {words!r}"
        if len(words) > 1500:
            yield f"said {len(words)} characters"
        yield from (f"wrote {name}" for name in WATCH.wrote if not name.startswith(own))
        yield from (f"read {name}" for name in WATCH.read if CANARY in name or name == "/etc/passwd")
        yield from (f"ran {what}" for what in WATCH.ran)

    def _around(self) -> set[tuple[str, int]]:
        """Everything beside the visitor's folder, with what was last done to it."""
        own = (self.session.folder, self.inbox)
        every = [path for path in self.root.rglob("*") if not any(path.is_relative_to(folder) for folder in own)]
        return {(str(path), path.stat().st_mtime_ns) for path in every} | {
            (str(path), 0) for path in Path.cwd().glob(f"{CANARY}*")
        }


@contextmanager
def _measured() -> Iterator[list[float]]:
    """Seconds and peak growth in bytes, known at the end."""
    spent: list[Any] = []
    process, over = psutil.Process(), threading.Event()
    base = peak = process.memory_info().rss

    def look() -> None:
        nonlocal peak
        while not over.wait(0.01):
            peak = max(peak, process.memory_info().rss)

    thread = threading.Thread(target=look, daemon=True)
    thread.start()
    began = time.monotonic()
    try:
        yield spent
    finally:
        seconds = time.monotonic() - began
        over.set()
        thread.join()
        spent += [seconds, max(peak, process.memory_info().rss) - base]
