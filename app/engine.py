"""The models behind the page: loaded once, in a background thread, so that the page is there first.

What every visitor needs is loaded at the start, part by part; a model that somebody chooses, when they lift with it.
Nothing is ever downloaded from here.
"""

import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from functools import partial
from typing import Any, Literal

from app import zero_gpu
from app.config import AppConfig
from app.models import CLIP_MODELS, KNOWN, Kind, Model, named
from app.server_paths import without_paths
from wt.errors import WtError, out_of_memory
from wt.machine import device_words

log = logging.getLogger(__name__)

_TICK_S = 0.1
Part = Literal["segmenter", "scene", "object", "editor"]
WORDS: dict[Part, str] = {
    "segmenter": "selection",
    "scene": "scene model",
    "object": "object model",
    "editor": "photo editors",
}

DETECTOR = "words model"
"""A further part, which is loaded when somebody first looks for words."""

Waiting = Callable[[str], None]
"""Told now and then what is waited for; may raise `Cancelled`."""


def patient(words: str) -> None:
    """Waits for as long as it takes."""


class Engine:
    """Hands out loaded parts and models; asking for one that is still loading waits for it."""

    def __init__(self, config: AppConfig) -> None:
        self.config = config
        self._makers: dict[str, Callable[[], Any]] = {
            "segmenter": self._load_segmenter,
            "scene": lambda: self._load_lifter(config.scene_model),
            "object": lambda: self._load_lifter(config.object_model),
            "editor": self._load_editor,
            DETECTOR: self._load_detector,
        }
        self._named: dict[Kind, Model] = {
            "scene": named(config.scene_model, "scene"),
            "object": named(config.object_model, "object"),
        }
        self._here: frozenset[str] | None = None
        """Which of the known models are on this machine; None until it was looked."""
        self._parts: dict[str, Future[Any]] = {}
        """Of every part, and of every further lifter by what `wt.load` takes."""
        self._lock = threading.RLock()
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="model-loader")

    @property
    def slots(self) -> int:
        """Jobs that may run at once: one where there is one device."""
        return 1

    @property
    def where(self) -> str:
        """Where models run, for whoever asks where their photo goes."""
        return "on this machine"

    def device(self) -> str:
        """What models run on; it may take a moment to find out."""
        return device_words(self.config.device)

    def close(self) -> None:
        """Let go of the models."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def start(self) -> None:
        """Begin to load, one part after the other; calls after the first do nothing."""
        with self._lock:
            if not self._parts:
                self._looked = self.look()
                for part in WORDS:
                    self._loading(part)

    def look(self) -> "Future[None]":
        """See behind the page which models are on this machine: somebody may have downloaded one."""
        return self._pool.submit(self._look)

    def get(self, part: Part, waiting: Waiting = patient) -> Any:
        """A loaded part, waiting for it if need be.

        Raises:
            WtError: it could not be loaded; the sentence says why.
        """
        self.start()
        _wait(self._parts[part], partial(waiting, f"Loading the {WORDS[part]}"))
        return self._parts[part].result()

    def offered(self, kind: Kind) -> list[Model]:
        """The models that may be chosen: the command line's, then those that are on this machine."""
        first = self._named[kind]
        return [first, *(model for model in KNOWN[kind] if model.name in (self._here or ()) and model != first)]

    def elsewhere(self, kind: Kind) -> list[Model]:
        """Published models whose weights are not on this machine."""
        return [m for m in KNOWN[kind] if self._here is not None and m.size and m.name not in self._here]

    def chosen(self, kind: Kind, name: str) -> Model:
        """The offered model of that name, else the command line's."""
        offered = self.offered(kind)
        return next((model for model in offered if model.name == name), offered[0])

    def lifter(self, kind: Kind, name: str, waiting: Waiting = patient) -> Any:
        """The chosen model, loaded once for all visitors; a load that failed is tried again.

        Args:
            name: of an offered model; any other means the command line's.
            waiting: told what is waited for; if it raises, the load itself goes on.

        Raises:
            WtError: it could not be loaded; the sentence says why.
        """
        self.start()
        _wait(self._looked, partial(waiting, "Looking for the models"))
        model = self.chosen(kind, name)
        return self._when_loaded(self._part(kind, model), model.name, waiting)

    def clip_model(self) -> str | None:
        """A model on this machine that sees all frames of a clip at once; None if there is none."""
        return next((name for name in CLIP_MODELS if name in (self._here or ())), None)

    def clip_lifter(self, name: str, waiting: Waiting = patient) -> Any:
        """A model for clips, loaded when it is first used.

        Raises:
            WtError: it could not be loaded; the sentence says why.
        """
        return self._when_loaded(name, name, waiting)

    def only(self, part: Part, waiting: Waiting = patient) -> Any:
        """A part where the others are not wanted.

        Raises:
            WtError: it could not be loaded; the sentence says why.
        """
        return self._when_loaded(part, f"The {WORDS[part]}", waiting)

    def detector(self, waiting: Waiting = patient) -> Any:
        """What finds words on a photo; only where the configuration names it.

        Raises:
            WtError: it could not be loaded; the sentence says why.
        """
        return self._when_loaded(DETECTOR, "The words model", waiting)

    def own_steps(self, kind: Kind, name: str) -> int | None:
        """The chosen model's own number of steps; None while it is not known."""
        model = self.chosen(kind, name)
        part = self._part(kind, model)
        return self._parts[part].result().default_steps if self.loaded(part) else model.steps

    def loaded(self, part: str) -> bool:
        """Whether it is there already."""
        future = self._parts.get(part)
        return future is not None and future.done() and future.exception() is None

    def problem(self, part: str) -> str:
        """Why a part is missing; empty while it loads or when it is there."""
        future = self._parts.get(part)
        error = future.exception() if future is not None and future.done() else None
        return "" if error is None else _words(error)

    @property
    def ready(self) -> bool:
        """Whether loading has ended, well or not."""
        return all(self.loaded(part) or self.problem(part) for part in WORDS)

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
        """Name and licence of the command line's models, if they are loaded."""
        parts: tuple[Part, ...] = ("scene", "object")
        lifters = [self.get(part) for part in parts if self.loaded(part)]
        return [{"name": lifter.name, "licence": lifter.licence} for lifter in lifters]

    def new_segmenter(self) -> Any:
        """A segmenter of one visitor's own: it remembers a photo, so it must not be shared."""
        return self.get("segmenter").fresh()

    def selector(self) -> str:
        """Name and licence of what selects; empty while it is not loaded."""
        if not self.loaded("segmenter"):
            return ""
        segmenter = self.get("segmenter")
        return f"{segmenter.name} ({segmenter.licence})"

    def _part(self, kind: Kind, model: Model) -> str:
        return kind if model == self._named[kind] else model.source

    def _loading(self, part: str) -> Future[Any]:
        """The load of a part or a further model, begun if it has not been or has failed.

        An executor keeps whatever a load raises until it can be shown.
        """
        with self._lock:
            known = self._parts.get(part)
            if known is None or (known.done() and known.exception() is not None):
                known = self._parts[part] = self._pool.submit(self._timed, part)
                known.add_done_callback(partial(_log_problem, part))
            return known

    def _when_loaded(self, part: str, name: str, waiting: Waiting) -> Any:
        loading = self._loading(part)
        _wait(loading, partial(waiting, f"Loading {name}"))
        problem = loading.exception()
        if problem is not None:
            raise WtError(f"{name} could not be loaded: {_words(problem)}") from problem
        return loading.result()

    def _timed(self, part: str) -> Any:
        began = time.monotonic()
        made = self._makers.get(part, lambda: self._load_lifter(part))()
        log.info("%s loaded in %.1f s", _called(part), time.monotonic() - began)
        return made

    def _look(self) -> None:
        known = [model.name for models in KNOWN.values() for model in models]
        self._here = frozenset(name for name in (*known, *CLIP_MODELS) if self._is_here(name))

    def _is_here(self, name: str) -> bool:
        from wt.lift import locate

        try:
            locate(name)
        except WtError:
            return False
        return True

    def _load_segmenter(self) -> Any:
        """One network, of which every visitor gets a segmenter."""
        from editors.segment import new_segmenter

        config = self.config
        return new_segmenter(config.sam_checkpoint, device=config.device, allow_download=config.allow_download)

    def _load_detector(self) -> Any:
        from editors.segment.words import load_detector

        config = self.config
        return load_detector(config.words_model, config.device, allow_download=config.allow_download)

    def _load_lifter(self, name: str) -> Any:
        from wt.lift import load

        return zero_gpu.lent(load(name, device=zero_gpu.device(self.config.device)), name)

    def _load_editor(self) -> Callable[[Any, Any], Any]:
        from editors.memory import Memory
        from editors.pipeline import EditPipeline
        from editors.registry import painter_of, remover_of

        config, memory = self.config, Memory()
        asked: dict[str, Any] = {"allow_download": config.allow_download, "device": config.device}
        editors: dict[str, Any] = {
            "editor": painter_of(config.editor, **asked),
            "remover": remover_of(config.remover, **asked),
        }
        return lambda scene, thing: EditPipeline(scene, thing, self.new_segmenter(), **editors, memory=memory)


def new_engine(config: AppConfig) -> Engine:
    """The engine that the configuration names.

    Raises:
        WtError: what it needs is not installed.
    """
    if config.engine == "local":
        return Engine(config)
    from app.ray_engine.engine import RayEngine

    return RayEngine(config)


def _wait(future: Future[Any], waiting: Callable[[], None]) -> None:
    while not future.done():
        waiting()
        wait([future], _TICK_S)


def _called(part: str) -> str:
    return next((words for known, words in WORDS.items() if known == part), part)


def _words(error: BaseException) -> str:
    """What a visitor is told of what went wrong, in one line; some errors of Python's own say nothing."""
    if out_of_memory(error):
        return "there is not enough memory. Close other programs, then try again."
    return without_paths(next(iter(str(error).splitlines()), type(error).__name__))


def _log_problem(part: str, future: Future[Any]) -> None:
    error = None if future.cancelled() else future.exception()
    if error is not None:
        log.warning("%s could not be loaded: %s", _called(part), error, exc_info=not isinstance(error, WtError))
        error.with_traceback(None)  # whose frames hold what had been read of a large file


def whose(name: str) -> str:
    """ "ours, " before the licence of a model that this repository trained."""
    return "ours, " if name.startswith("wt-") else ""


def require(engine: Engine, part: Part, waiting: Waiting = patient) -> Any:
    """A part, or a sentence that names what cannot be done without it.

    Raises:
        WtError: it could not be loaded.
    """
    problem = engine.problem(part)
    if problem:
        raise WtError(f"The {WORDS[part]} could not be loaded, so this step is not available: {problem}")
    return engine.get(part, waiting)
