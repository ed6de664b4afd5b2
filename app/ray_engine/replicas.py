"""What runs in a replica: blocking work in a thread, told to whoever asked step by step, stopped at its next step.

Every call is one stream of events: ("began", where), any number of ("step", values), and one ending of `ENDINGS`.
"""

import asyncio
import hashlib
import logging
import os
import socket
import threading
import time
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from app.config import AppConfig
from wt.errors import Cancelled, WtError

log = logging.getLogger(__name__)

Event = tuple[str, Any]
Report = Callable[..., None]
"""Tells a step's values; raises `Cancelled` if nobody wants the result any more."""
ENDINGS: dict[str, type[Exception] | None] = {
    "done": None,
    "problem": WtError,
    "memory": MemoryError,
    "broken": RuntimeError,
}
"""How a call ends, and what is raised by it for whoever asked."""
PREVIEW_EVERY_S = 0.3
PHOTOS = 16
"""So many photos are remembered by what selects."""
_BROKEN_FOR_GOOD = 3


class Replica:
    """Runs its own methods, called as (report, ...), for whoever asks."""

    def __init__(self, at_once: int = 1) -> None:
        self._pool = ThreadPoolExecutor(at_once)
        self._broken = 0
        """Calls in a row that ended in an error that nobody expected."""

    async def run(self, method: str, *given: Any, **how: Any) -> AsyncIterator[Event]:
        """One call of a method; whoever stops listening ends it at its next step."""
        loop, stop = asyncio.get_running_loop(), threading.Event()
        events: asyncio.Queue[Event | None] = asyncio.Queue()

        def report(*values: Any) -> None:
            if stop.is_set():
                raise Cancelled
            loop.call_soon_threadsafe(events.put_nowait, ("step", values))

        work = loop.run_in_executor(self._pool, partial(getattr(self, method), report, *given, **how))
        work.add_done_callback(lambda _: events.put_nowait(None))
        try:
            yield "began", f"{socket.gethostname()}/{os.getpid()}"
            while (event := await events.get()) is not None:
                yield event
            yield self._ending(work)
        finally:
            stop.set()
            await asyncio.wait([work])  # until then the device is not free for the next call

    def check_health(self) -> None:
        """Ray Serve asks now and then, and puts another replica in the place of one that raises.

        Raises:
            RuntimeError: call after call ends in an error that nobody expected, as when a device is lost.
        """
        if self._broken >= _BROKEN_FOR_GOOD:
            raise RuntimeError(f"The last {self._broken} calls ended in internal errors.")

    def _ending(self, work: "asyncio.Future[Any]") -> Event:
        error = work.exception()
        self._broken = self._broken + 1 if error is not None and not isinstance(error, WtError) else 0
        if error is None:
            return "done", work.result()
        if isinstance(error, WtError):
            return "problem", str(error)
        log.error("A call failed", exc_info=error)
        text = next(iter(str(error).splitlines()), "")
        return "memory" if isinstance(error, MemoryError) else "broken", f"{type(error).__name__}: {text}"


class Lifting(Replica):
    """Models, each loaded once; one lift at a time."""

    def __init__(self, device: str, models: Sequence[str]) -> None:
        super().__init__()
        self._device = device
        self._lifters: dict[str, Any] = {}
        for model in models:
            with suppress(WtError):  # it is said to whoever asks for this model
                self._lifter(model)

    def here(self, report: Report, model: str) -> bool:
        """Whether its weights are on this machine."""
        from wt.lift import locate

        try:
            locate(model)
        except WtError:
            return False
        return True

    def facts(self, report: Report, model: str) -> dict[str, Any]:
        """What is told of a model; it is loaded then."""
        lifter = self._lifter(model)
        return {name: getattr(lifter, name) for name in ("name", "licence", "kind", "units", "default_steps")}

    def lift(self, report: Report, model: str, *given: Any, previews: bool, **how: Any) -> Any:
        """See `wt.lift.Lifter.lift`."""
        return self._lifter(model).lift(*given, on_step=_thinned(report, previews), **how)

    def lift_clip(self, report: Report, model: str, *given: Any, **how: Any) -> Any:
        """See `wt.lift.Lifter.lift_clip`; there are no previews."""
        return self._lifter(model).lift_clip(*given, on_step=_thinned(report, previews=False), **how)

    def _lifter(self, model: str) -> Any:
        from wt.lift import load

        if model not in self._lifters:
            self._lifters[model] = load(model, device=self._device)
        return self._lifters[model]


class Selecting(Replica):
    """A segmenter that knows the last few photos, and what finds words where there is such a model."""

    def __init__(self, config: AppConfig) -> None:
        from app.engine import Engine

        super().__init__()
        self._engine = Engine(config)
        self._photos: OrderedDict[str, Any] = OrderedDict()

    def facts(self, report: Report) -> dict[str, str]:
        """Whose segmenter it is."""
        segmenter = self._engine.only("segmenter")
        return {"name": segmenter.name, "licence": segmenter.licence}

    def detector(self, report: Report) -> str:
        """Name of what finds words."""
        return str(self._engine.detector().name)

    def set_image(self, report: Report, key: str, rgb: np.ndarray) -> None:
        """Look at a photo."""
        self._of(key, rgb)

    def predict(self, report: Report, key: str, rgb: np.ndarray, **how: Any) -> Any:
        """See `editors.segment.Segmenter.predict`."""
        return self._of(key, rgb).predict(**how)

    def suggest_sky(self, report: Report, key: str, rgb: np.ndarray) -> Any:
        """See `editors.segment.Segmenter.suggest_sky`."""
        return self._of(key, rgb).suggest_sky()

    def find(self, report: Report, rgb: np.ndarray, words: str) -> Any:
        """What a words model sees."""
        return self._engine.detector().find(rgb, words)

    def _of(self, key: str, rgb: np.ndarray) -> Any:
        if key not in self._photos:
            segmenter = self._engine.only("segmenter").fresh()
            segmenter.set_image(rgb)
            self._photos[key] = segmenter
            while len(self._photos) > PHOTOS:
                self._photos.popitem(last=False)
        self._photos.move_to_end(key)
        return self._photos[key]


class Editing(Replica):
    """The 2D editors; what an edit lifts and selects, the other deployments do."""

    def __init__(self, config: AppConfig, at_once: int, lifting: Any, selecting: Any) -> None:
        from app.ray_engine.remote import RemoteModels

        super().__init__(at_once)
        self._engine = RemoteModels(config, lifting, selecting)

    def edit(self, report: Report, lifters: Sequence[Any], *given: Any, **how: Any) -> Any:
        """See `editors.pipeline.EditPipeline.run`."""
        tell = partial(report, 0, 0)
        asking = [replace(lifter, tell=tell, previews=False) for lifter in lifters]
        return self._engine.get("editor", tell)(*asking).run(*given, on_progress=report, **how)


def photo_key(rgb: np.ndarray) -> str:
    """The same for the same pixels."""
    return hashlib.blake2b(np.ascontiguousarray(rgb).data, digest_size=16).hexdigest() + str(rgb.shape)


def _thinned(report: Report, previews: bool) -> Callable[[int, int, Any], None]:
    """Tells every step, and few of the previews: each is megabytes."""
    last = 0.0

    def on_step(done: int, total: int, preview: Any) -> None:
        nonlocal last
        shown = previews and done < total and time.monotonic() - last >= PREVIEW_EVERY_S
        report(done, total, preview if shown else None)
        last = time.monotonic() if shown else last

    return on_step
