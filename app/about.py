"""About this studio: device, memory, models with state and licence, disk; at the terminal, in the page, for proxies."""

import os
import shutil
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import BaseRoute, Route

from app.config import AppConfig
from app.engine import WORDS, Engine
from app.limits import size_of
from app.markup import escaped, hint, size_words, table
from app.models import KINDS, Model
from app.server_paths import without_paths
from wt import machine
from wt.machine import Memory

Rows = list[tuple[str, str]]
_COUNTED_FOR_S = 30.0
_POLL_S = 0.5
_PROGRAMS = '<p class="hint">Programs can lift, edit and export too: <a href="./api" target="_blank">see how</a>.</p>'


class Disk:
    """The data folder: how much is in it, counted now and then, and how much the disk still takes."""

    def __init__(self, folder: Path, clock: Callable[[], float] = time.monotonic) -> None:
        self.folder = folder
        self._clock = clock
        self._lock = threading.Lock()
        self._counted: tuple[float, int] | None = None

    def used(self) -> int:
        """Bytes in the files below the folder."""
        with self._lock:
            if self._counted is None or self._clock() - self._counted[0] > _COUNTED_FOR_S:
                self._counted = (self._clock(), _bytes_below(self.folder))
            return self._counted[1]

    def free(self) -> int:
        """Bytes that the disk of the folder still takes."""
        return shutil.disk_usage(self.folder).free


@dataclass
class About:
    """What can be told of a running studio; nothing here is of one visitor."""

    config: AppConfig
    engine: Engine
    visitors: Callable[[], int]
    disk: Disk

    def health(self) -> dict[str, object]:
        """For whoever spreads visitors over several studios: whether it serves, and how full it is."""
        state = self.engine.chip()[0]
        most = self.config.max_visitors
        return {"status": state, "engine": self.config.engine, "visitors": self.visitors(), "max_visitors": most}

    def models(self) -> Rows:
        """Every part with its name, licence and state; published models that are not here, with their terms."""
        called: dict[str, str] = {kind: _named(self.engine.offered(kind)[0]) for kind in KINDS}
        called |= {"segmenter": self.engine.selector() or self.config.sam_checkpoint, "editor": self._editors()}
        rows = [(WORDS[part].capitalize(), f"{called[part]} · {self._state(part)}") for part in WORDS]
        if self.config.words_model:
            rows.append(("Words model", f"{self.config.words_model} · loaded when somebody looks for words"))
        for model in (model for kind in KINDS for model in self.engine.elsewhere(kind)):
            rows.append((model.name, f"{model.size} · {model.terms} · not on this machine"))
        return [(part, without_paths(told)) for part, told in rows]

    def machine(self) -> Rows:
        """Device and memory."""
        rows = [("Device", self.engine.device()), ("Memory", _memory_words(machine.host_memory()))]
        gpu = machine.accelerator_memory(self.config.device) if self.config.engine == "local" else None
        return rows if gpu is None else [*rows, ("GPU memory", _memory_words(gpu))]

    def storage(self) -> Rows:
        """What the data folder holds, and the limits."""
        config = self.config
        return [
            ("Data", f"{size_words(self.disk.used())} used, {size_words(self.disk.free())} free"),
            ("Projects are kept", f"{config.keep_days:g} days after their last change"),
            ("Largest upload", _limit_words(config.max_upload)),
            ("Kept of one browser", _limit_words(config.max_kept) if size_of(config.max_kept) else "no limit"),
            ("Visitors", f"{self.visitors()} of at most {config.max_visitors}"),
        ]

    def page(self) -> str:
        """The sheet of the page."""
        programs = _PROGRAMS if self.config.api else ""
        private = f"Models run {self.engine.where}; no outside host is asked."
        parts = (("This machine", self.machine()), ("Models", self.models()), ("Data and limits", self.storage()))
        return "".join(f"<h3>{escaped(title)}</h3>{table(rows)}" for title, rows in parts) + hint(private) + programs

    def _editors(self) -> str:
        config = self.config
        names = ("catalogue" if config.editor == "auto" else config.editor, config.remover)
        return names[0] if names[1] == "auto" else f"{names[0]}, removes: {names[1]}"

    def _state(self, part: str) -> str:
        if problem := self.engine.problem(part):
            return f"not available: {problem}"
        return "ready" if self.engine.loaded(part) else "loading"


def about_routes(about: About) -> list[BaseRoute]:
    """`/healthz`, which is told to everybody, and the sheet of the page."""

    def health(request: Request) -> Response:
        return JSONResponse(about.health(), headers={"Cache-Control": "no-store"})

    def page(request: Request) -> Response:  # not a coroutine: it may import torch and count files
        return HTMLResponse(about.page(), headers={"Cache-Control": "no-store"})

    return [Route("/healthz", health), Route("/studio/about", page)]


def welcome(about: About, url: str) -> str:
    """What a person sees at the terminal when the page can be opened."""
    config = about.config
    models = ", ".join(f"{model.title} ({model.terms})" for model in (about.engine.offered(kind)[0] for kind in KINDS))
    used, free = size_words(about.disk.used()), size_words(about.disk.free())
    reach = "other machines can reach it" if config.public else "this machine only"
    asks = (", asks for its secret" if config.token else "") + (", asks for a login" if config.auth else "")
    rows = [
        ("address", f"{url} ({reach}{asks})"),
        ("memory", _memory_words(machine.host_memory())),
        ("models", f"{models}: loading"),
        ("data", f"{config.data_dir}: {used} used, {free} free, projects kept {config.keep_days:g} days"),
    ]
    if config.api:
        rows.append(("programs", f"{url.rstrip('/')}/api tells how they lift, edit and export"))
    if config.public and not config.guarded:
        rows.append(("WARNING", "whoever reaches this address may use the studio. Ask for a secret: --token SECRET."))
    return "\n".join(["World Tracing Studio", *(f"  {name:8} {said}" for name, said in rows), "Ctrl+C stops it."])


def tell_when_ready(about: About, tell: Callable[[str], object], closed: threading.Event) -> threading.Thread:
    """Say once how the loading of the models ended, and on what they run; not if the studio is closed before."""

    def wait() -> None:
        began = time.monotonic()
        while not about.engine.ready:
            if closed.wait(_POLL_S):
                return
        seconds, device = time.monotonic() - began, about.engine.device()
        tell("\n  ".join([f"After {seconds:.0f} s on {device}: {about.engine.chip()[1]}", *about.engine.problems()]))

    thread = threading.Thread(target=wait, name="tells-when-ready", daemon=True)
    thread.start()
    return thread


def _named(model: Model) -> str:
    return model.label if model.title == model.name else f"{model.name} · {model.label}"


def _limit_words(size: str) -> str:
    """A size as the command line has it, for a person."""
    return f"{size[:-2].strip()} {size[-2:].upper()}"


def _memory_words(memory: Memory) -> str:
    used, free, total = (f"{size / 1e9:.1f}" for size in (memory.used, memory.free, memory.total))
    return f"{used} GB used here, {free} of {total} GB free"


def _bytes_below(folder: Path) -> int:
    size = 0
    for where, _, names in os.walk(folder):
        for name in names:
            try:
                size += os.lstat(os.path.join(where, name)).st_size
            except OSError:  # deleted in between
                continue
    return size
