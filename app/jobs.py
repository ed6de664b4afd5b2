"""Long work: one worker, progress with time left, cancel, and the one place where every exception is caught."""

import logging
import queue
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from wt.errors import Cancelled, WtError

log = logging.getLogger(__name__)

JobState = Literal["waiting", "running", "done", "failed", "cancelled"]


@dataclass
class Job:
    """One piece of long work; the worker writes, the page reads."""

    label: str
    work: Callable[["Job"], None]
    state: JobState = "waiting"
    message: str = ""
    """What is being done now, or the sentence that explains a failure."""
    part: str = ""
    """Which part of the work that is, said first."""
    done: int = 0
    total: int = 0
    asked: float = field(default_factory=time.monotonic)
    started: float = 0.0
    finished: float = 0.0
    _cancel: threading.Event = field(default_factory=threading.Event)
    _over: threading.Event = field(default_factory=threading.Event)
    _stage_started: float = 0.0
    _stage: str = ""

    def report(self, done: int, total: int, message: str = "") -> None:
        """Called by the work after each step.

        Raises:
            Cancelled: the person pressed Cancel.
        """
        if self._cancel.is_set():
            raise Cancelled
        message = f"{self.part}: {message}" if self.part else message
        if message != self._stage:
            self._stage, self._stage_started = message, time.monotonic()
        self.done, self.total, self.message = done, total, message

    def cancel(self) -> None:
        """Stop at the next step, or at once if it has not begun."""
        self._cancel.set()

    @property
    def active(self) -> bool:
        """Waiting or running."""
        return not self._over.is_set()

    @property
    def cancelling(self) -> bool:
        """Cancel was pressed and the step under way has not ended yet."""
        return self._cancel.is_set() and self.active

    def wait(self, seconds: float | None = None) -> bool:
        """Block until it is over; False on time-out."""
        return self._over.wait(seconds)

    def seconds_left(self) -> float | None:
        """Estimated from the steps of the present stage; None before its first step is done."""
        if self.state != "running" or not 0 < self.done < self.total:
            return None
        return (time.monotonic() - self._stage_started) / self.done * (self.total - self.done)

    def run(self) -> None:
        """The job boundary: whatever happens inside becomes a state and a sentence."""
        self.started = self._stage_started = time.monotonic()
        try:
            if self._cancel.is_set():
                raise Cancelled
            self.state = "running"
            self.work(self)
            self.state = "done"
        except Cancelled:
            self.state, self.message = "cancelled", f"{self.label}: cancelled. Nothing was changed."
        except WtError as error:
            self.state, self.message = "failed", str(error)
        except MemoryError:
            self.state, self.message = "failed", f"{self.label} ran out of memory. Close other programs and try again."
        except Exception as error:
            log.exception("%s failed", self.label)
            self.state, self.message = "failed", _sentence(self.label, error)
        finally:
            self.finished = time.monotonic()
            self._over.set()


def attempt(label: str, action: Callable[[], None]) -> str:
    """Run a short action inside the job boundary; the sentence to show, empty if all went well."""
    job = Job(label, lambda _: action())
    job.run()
    return "" if job.state == "done" else job.message


class Worker:
    """Runs jobs one after the other: two networks at once on one machine only make both slower."""

    def __init__(self, name: str = "worker") -> None:
        self._queue: queue.Queue[Job | None] = queue.Queue()
        self._waiting: list[Job] = []
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._loop, name=name, daemon=True)
        self._thread.start()

    def submit(self, job: Job) -> Job:
        """Put it at the end of the queue."""
        with self._lock:
            self._waiting.append(job)
        self._queue.put(job)
        return job

    def ahead(self, job: Job) -> int:
        """How many unfinished jobs were submitted before this one."""
        with self._lock:
            unfinished = [other for other in self._waiting if other.active]
            return unfinished.index(job) if job in unfinished else 0

    def stop(self) -> None:
        """Let the running job end, then stop."""
        self._queue.put(None)
        self._thread.join(timeout=10)

    def _loop(self) -> None:
        while (job := self._queue.get()) is not None:
            job.run()
            with self._lock:
                self._waiting.remove(job)


def _sentence(label: str, error: Exception) -> str:
    text = str(error).strip().splitlines()
    detail = f"{type(error).__name__}: {text[0][:160]}" if text else type(error).__name__
    return f"{label} stopped with an internal error ({detail}). Your work is as it was before; the log has the details."
