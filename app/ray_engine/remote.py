"""The page's side of the replicas: a lifter, a segmenter and so on that have the work done elsewhere."""

import logging
from collections.abc import Callable, Generator, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import closing
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np

from app.config import AppConfig
from app.engine import Engine, Waiting, patient
from app.models import Kind
from app.ray_engine.replicas import ENDINGS, Event, photo_key
from wt.errors import WtError

log = logging.getLogger(__name__)

TRIES = 3
"""A call whose replica dies is made again on another, so many times in all."""
_TICK_S = 0.1
OnStep = Callable[..., None]


@dataclass(frozen=True)
class Deployment:
    """Replicas of one kind, wherever they are."""

    handle: Any
    """Ray's, which streams."""

    def ask(
        self,
        method: str,
        *given: Any,
        on_step: OnStep | None = None,
        idle: OnStep | None = None,
        tell: Waiting = patient,
        **how: Any,
    ) -> Any:
        """Have a replica do something; if it dies, another one.

        Args:
            method: of the replica's class; what it takes follows.
            on_step: told what the replica reports; what it raises stops the replica at its next step.
            idle: told the last step again and again while nothing happens, so that it may raise.
            tell: the same before the first step, with words.

        Raises:
            WtError: the replica's own; too many ask at once; replica after replica died.
        """
        from ray.exceptions import RayActorError
        from ray.serve.exceptions import BackPressureError, DeploymentUnavailableError

        words = "Waiting for a free replica"
        for tries_left in reversed(range(TRIES)):
            hear = _Hearing(on_step, idle, tell, words)
            try:
                with closing(_events(self.handle.run.remote(method, *given, **how))) as events:
                    return hear.until_the_end(events)
            except RayActorError as error:
                log.warning("%s: the replica on %s died: %s", method, hear.where, str(error).partition("\n")[0])
                words = "A replica was lost, so this begins again on another one"
                if tries_left:
                    tell(words)
            except BackPressureError as error:
                raise WtError("The studio is busy: too many jobs wait for its models. Try again later.") from error
            except DeploymentUnavailableError as error:
                raise WtError("The models are not available now; the log says why. Try again later.") from error
        raise WtError(f"{TRIES} replicas in a row were lost during this, perhaps for want of memory. Try again later.")


@dataclass
class _Hearing:
    """Passes on what a replica tells."""

    on_step: OnStep | None
    idle: OnStep | None
    tell: Waiting
    words: str
    where: str = "no machine yet"
    last: tuple[Any, ...] | None = None

    def until_the_end(self, events: Iterable[Event | None]) -> Any:
        for event in events:
            if event is None:
                self._nothing_new()
                continue
            kind, value = event
            if kind in ENDINGS:
                return _ended(kind, value)
            if kind == "began":
                self.where = value
                log.debug("begun by the replica on %s", value)
            else:
                self.last = value
                if self.on_step is not None:
                    self.on_step(*value)
        raise WtError("The replica ended without an answer. Try again.")

    def _nothing_new(self) -> None:
        if self.last is None:
            self.tell(self.words)
        elif self.idle is not None:
            self.idle(*self.last)


def _ended(kind: str, value: Any) -> Any:
    error = ENDINGS[kind]
    if error is not None:
        raise error(value)
    return value


def _events(responses: Any) -> Generator[Event | None, None, None]:
    """What a replica tells, and None while it tells nothing; closed early, the replica is cancelled."""
    with ThreadPoolExecutor(1) as listener:
        try:
            while True:
                coming = listener.submit(next, responses, None)
                while not wait([coming], _TICK_S).done:
                    yield None
                event = coming.result()
                if event is None:
                    return
                yield event
        finally:
            responses.cancel()


@dataclass(frozen=True)
class RemoteLifter:
    """A model in replicas, used like `wt.lift.Lifter`."""

    lifting: Deployment
    source: str
    """What `wt.load` takes, there."""
    name: str
    licence: str
    kind: str
    units: str
    default_steps: int
    tell: Waiting = patient
    previews: bool = True

    def lift(self, *given: Any, on_step: OnStep | None = None, **how: Any) -> Any:
        """See `wt.lift.Lifter.lift`; `on_step` has a preview now and then, else None."""
        shown = self.previews and on_step is not None
        return self._ask("lift", given, on_step, previews=shown, **how)

    def lift_clip(self, *given: Any, on_step: OnStep | None = None, **how: Any) -> Any:
        """See `wt.lift.Lifter.lift_clip`; without previews."""
        return self._ask("lift_clip", given, on_step, **how)

    def _ask(self, method: str, given: Sequence[Any], on_step: OnStep | None, **how: Any) -> Any:
        idle = None if on_step is None else lambda done, total, _: on_step(done, total, None)
        return self.lifting.ask(method, self.source, *given, on_step=on_step, idle=idle, tell=self.tell, **how)


class RemoteSegmenter:
    """What selects, in replicas; it remembers its photo itself, so that any of them may answer."""

    def __init__(self, selecting: Deployment, name: str, licence: str) -> None:
        self.selecting, self.name, self.licence = selecting, name, licence
        self._photo: tuple[str, Any] | None = None

    def fresh(self) -> "RemoteSegmenter":
        """See `editors.segment.Segmenter`, as the others."""
        return RemoteSegmenter(self.selecting, self.name, self.licence)

    def set_image(self, rgb: np.ndarray) -> None:
        """Of `Segmenter`."""
        import ray

        self._photo = photo_key(rgb), ray.put(rgb)
        self._ask("set_image")

    def predict(self, points: Sequence[Any] = (), box: Any = None) -> Any:
        """Of `Segmenter`."""
        return self._ask("predict", points=list(points), box=box)

    def suggest_sky(self) -> Any:
        """Of `Segmenter`."""
        return self._ask("suggest_sky")

    def _ask(self, method: str, **how: Any) -> Any:
        if self._photo is None:
            raise WtError("No photo was set to select on. Open a photo first.")
        return self.selecting.ask(method, *self._photo, **how)


@dataclass(frozen=True)
class RemoteDetector:
    """What finds words, in replicas."""

    selecting: Deployment
    name: str

    def find(self, rgb: np.ndarray, words: str) -> Any:
        """What it sees on a photo."""
        return self.selecting.ask("find", rgb, words)


@dataclass(frozen=True)
class RemotePipeline:
    """Edits, in replicas, used like `editors.pipeline.EditPipeline`."""

    editing: Deployment
    lifters: tuple[RemoteLifter, ...]

    def run(self, *given: Any, on_progress: OnStep, **how: Any) -> Any:
        """See `editors.pipeline.EditPipeline.run`."""
        lifters = [replace(lifter, tell=patient) for lifter in self.lifters]
        tell = partial(on_progress, 0, 0)
        return self.editing.ask("edit", lifters, *given, on_step=on_progress, idle=on_progress, tell=tell, **how)


class RemoteModels(Engine):
    """The engine with models in replicas; only the editors are its own."""

    def __init__(self, config: AppConfig, lifting: Deployment | None, selecting: Deployment | None) -> None:
        super().__init__(config)
        self._lifting, self._selecting = lifting, selecting

    def lifter(self, kind: Kind, name: str, waiting: Waiting = patient) -> Any:
        """See `app.engine.Engine.lifter`; `waiting` is also told when its lifts begin again."""
        return replace(super().lifter(kind, name, waiting), tell=waiting)

    def clip_lifter(self, name: str, waiting: Waiting = patient) -> Any:
        """See `app.engine.Engine.clip_lifter`; likewise."""
        return replace(super().clip_lifter(name, waiting), tell=waiting)

    @property
    def lifting(self) -> Deployment:
        """Where models are."""
        assert self._lifting is not None
        return self._lifting

    @property
    def selecting(self) -> Deployment:
        """Where the segmenter is."""
        assert self._selecting is not None
        return self._selecting

    def _is_here(self, name: str) -> bool:
        return bool(self.lifting.ask("here", name))

    def _load_lifter(self, name: str) -> Any:
        return RemoteLifter(self.lifting, name, **self.lifting.ask("facts", name))

    def _load_segmenter(self) -> Any:
        return RemoteSegmenter(self.selecting, **self.selecting.ask("facts"))

    def _load_detector(self) -> Any:
        return RemoteDetector(self.selecting, self.selecting.ask("detector"))
