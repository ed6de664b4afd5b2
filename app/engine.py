"""The models behind the page: loaded once, in a background thread, part by part, so that the page is there first."""

import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import Any, Literal

from app.config import AppConfig
from wt.errors import WtError

log = logging.getLogger(__name__)

Part = Literal["segmenter", "scene", "object", "editor"]
WORDS: dict[Part, str] = {
    "segmenter": "selection",
    "scene": "scene model",
    "object": "object model",
    "editor": "photo editors",
}


class Engine:
    """Hands out loaded parts; asking for one that is still loading waits for it."""

    def __init__(self, config: AppConfig) -> None:
        self.config = config
        self._makers: dict[Part, Callable[[], Any]] = {
            "segmenter": self._load_segmenter,
            "scene": lambda: self._load_lifter(config.scene_model),
            "object": lambda: self._load_lifter(config.object_model),
            "editor": self._load_editor,
        }
        self._parts: dict[Part, Future[Any]] = {}
        self._lock = threading.Lock()

    def start(self) -> None:
        """Begin to load, one part after the other; calls after the first do nothing."""
        with self._lock:
            if self._parts:
                return
            # An executor keeps whatever a load raises, and `get` raises it again where it can be shown.
            pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="model-loader")
            self._parts = {part: pool.submit(self._timed, part) for part in WORDS}
            for part, future in self._parts.items():
                future.add_done_callback(partial(_log_problem, part))
            pool.shutdown(wait=False)

    def get(self, part: Part) -> Any:
        """A loaded part, waiting for it if need be.

        Raises:
            WtError: it could not be loaded; the sentence says why.
        """
        self.start()
        return self._parts[part].result()

    def loaded(self, part: Part) -> bool:
        """Whether it is there already."""
        future = self._parts.get(part)
        return future is not None and future.done() and future.exception() is None

    def problem(self, part: Part) -> str:
        """Why a part is missing; empty while it loads or when it is there."""
        future = self._parts.get(part)
        error = future.exception() if future is not None and future.done() else None
        return "" if error is None else str(error)

    @property
    def ready(self) -> bool:
        """Whether loading has ended, well or not."""
        return bool(self._parts) and all(future.done() for future in self._parts.values())

    def chip(self) -> tuple[str, str]:
        """(state, text) of the status chip; state is "loading", "ready" or "problem"."""
        if not self.ready:
            waiting = [WORDS[part] for part in WORDS if not self.loaded(part)]
            return "loading", f"models loading… {waiting[0]}"
        missing = [WORDS[part] for part in WORDS if self.problem(part)]
        if missing:
            return "problem", f"not available: {', '.join(missing)}"
        credits = [f"{model['name']} ({whose(model['name'])}{model['licence']})" for model in self.models()]
        return "ready", f"ready: {' · '.join(credits)}"

    def problems(self) -> list[str]:
        """A sentence for every part that could not be loaded."""
        return [problem for part in WORDS if (problem := self.problem(part))]

    def models(self) -> list[dict[str, str]]:
        """Name and licence of every loaded lifter."""
        parts: tuple[Part, ...] = ("scene", "object")
        lifters = [self.get(part) for part in parts if self.loaded(part)]
        return [{"name": lifter.name, "licence": lifter.licence} for lifter in lifters]

    def new_segmenter(self) -> Any:
        """A segmenter of one visitor's own: it remembers a photo, so it must not be shared."""
        return self.get("segmenter")()

    def _timed(self, part: Part) -> Any:
        began = time.monotonic()
        made = self._makers[part]()
        log.info("%s loaded in %.1f s", WORDS[part], time.monotonic() - began)
        return made

    def _load_segmenter(self) -> Callable[[], Any]:
        from editors.segment import new_segmenter

        if self.config.sam_checkpoint is None:
            return new_segmenter
        from editors.segment.sam import SamSegmenter, load_sam

        first = load_sam(self.config.sam_checkpoint, self.config.device)
        return lambda: SamSegmenter(first.model, str(first.model.device))  # one network for all visitors

    def _load_lifter(self, name: str) -> Any:
        from wt.lift import load

        return load(name, device=self.config.device)

    def _load_editor(self) -> Any:
        from editors.pipeline import EditPipeline

        return EditPipeline(self.get("scene"), self.get("object"), self.new_segmenter(), editor=self.config.editor)


def _log_problem(part: Part, future: Future[Any]) -> None:
    error = future.exception()
    if error is not None:
        log.warning("the %s could not be loaded: %s", WORDS[part], error, exc_info=not isinstance(error, WtError))


def whose(name: str) -> str:
    """ "ours, " before the licence of a model that this repository trained."""
    return "ours, " if name.startswith("wt-") else ""


def require(engine: Engine, part: Part) -> Any:
    """A part, or a sentence that names what cannot be done without it.

    Raises:
        WtError: it could not be loaded.
    """
    problem = engine.problem(part)
    if problem:
        raise WtError(f"The {WORDS[part]} could not be loaded, so this step is not available: {problem}")
    return engine.get(part)
