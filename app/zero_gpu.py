"""Lifts on a ZeroGPU Space, where a GPU is lent for the time of one call, to a process that is forked for it.

There the package `spaces` is installed, and a function under its decorator runs in the fork; what it is given and what
it yields goes through pipes. So this process keeps each model on the CPU, for what is told of it, and the fork loads
its own onto the GPU. Without the package nothing of this is used.
"""

import importlib.util
import os
import queue
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

from wt.errors import Cancelled, WtError

PRESENT = importlib.util.find_spec("spaces") is not None
_LONGEST_S = 120
"""Of a lift, for the platform, which bills and queues by it."""

_owner = os.getpid()
_lifters: dict[str, Any] = {}
"""Loaded by the process that owns them, by what `wt.load` takes."""


def device(named: str) -> str:
    """Where this process loads its models: on ZeroGPU it has no GPU of its own."""
    return "cpu" if PRESENT and os.environ.get("SPACES_ZERO_GPU", "").lower() in ("1", "true") else named


def lent(lifter: Any, source: str) -> Any:
    """The lifter itself; where GPUs are lent, one that asks for a GPU for every lift."""
    if not PRESENT:
        return lifter
    _lifters[source] = lifter
    return _Lent(lifter, source)


class _Lent:
    """Looks like the lifter that it stands for."""

    def __init__(self, lifter: Any, source: str) -> None:
        self._lifter = lifter
        self._source = source

    def __getattr__(self, name: str) -> Any:
        return getattr(self._lifter, name)

    def lift(self, *arguments: Any, on_step: Callable[..., None] | None = None, **more: Any) -> Any:
        """See `wt.lift.Lifter.lift`."""
        return self._run("lift", arguments, more, on_step)

    def lift_clip(self, *arguments: Any, on_step: Callable[..., None] | None = None, **more: Any) -> Any:
        """See `wt.lift.Lifter.lift_clip`."""
        return self._run("lift_clip", arguments, more, on_step)

    def _run(self, call: str, arguments: Any, more: dict[str, Any], on_step: Callable[..., None] | None) -> Any:
        with closing(on_gpu(self._source, call, arguments, more)) as told:
            for kind, said in told:
                if kind == "done":
                    return said
                if kind == "problem":
                    raise WtError(said)
                if on_step is not None:
                    on_step(*said)  # may raise Cancelled; closing then ends the lift at its next step
        raise WtError("The GPU was taken away before the lift was done. Try again.")


def _steps(source: str, call: str, arguments: Any, more: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yields ("step", (done, total, preview)) after each step, at last ("done", result) or ("problem", sentence)."""
    told: queue.Queue[tuple[str, Any]] = queue.Queue()
    stopped = threading.Event()

    def on_step(*step: Any) -> None:
        if stopped.is_set():
            raise Cancelled
        told.put(("step", step))

    def work() -> None:
        try:
            told.put(("done", getattr(_here(source), call)(*arguments, on_step=on_step, **more)))
        except Cancelled:
            return
        except WtError as error:
            told.put(("problem", str(error)))
        except BaseException as error:
            told.put(("failed", error))

    threading.Thread(target=work, name="lift-on-gpu", daemon=True).start()
    try:
        while True:
            kind, said = told.get()
            if kind == "failed":
                raise said
            yield kind, said
            if kind != "step":
                return
    finally:
        stopped.set()


def _here(source: str) -> Any:
    """The model in this process: a fork loads its own, which then finds the GPU."""
    global _owner
    if _owner != os.getpid():
        _owner = os.getpid()
        _lifters.clear()
    if source not in _lifters:
        from wt.lift import load

        _lifters[source] = load(source)
    return _lifters[source]


def _decorated() -> Callable[..., Any]:
    if not PRESENT:
        return _steps
    import spaces

    return spaces.GPU(duration=_LONGEST_S)(_steps)


on_gpu = _decorated()
"""The platform looks for a decorated function when the program starts, so it is decorated at once."""
