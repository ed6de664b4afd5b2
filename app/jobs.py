"""Long work: a worker fair to all visitors, progress, cancel, and the one place where every exception is caught."""

import logging
import threading
import time
from collections.abc import Callable, Generator, Hashable
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from app.server_paths import without_paths
from app.turns import Durations, Line
from wt.errors import Cancelled, WtError, out_of_memory

log = logging.getLogger(__name__)

JobState = Literal["waiting", "running", "done", "failed", "cancelled"]
Parts = Generator[None, None, None]
MOST_WAITING = 48
MOST_OF_ONE = 12


@dataclass(eq=False)
class Job:
    """One piece of long work; the worker writes, the page reads.

    Work of several parts yields between them, where other visitors have their turn.
    """

    label: str
    work: Callable[["Job"], Parts | None]
    owner: Hashable = None
    """Whose turns it takes."""
    kind: str = ""
    """Turns of one kind take about as long; the label if it is empty."""
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
    _rest: Parts | None = None
    """Of work that gave way to others."""
    _leave: Callable[["Job"], object] = lambda job: None
    """Takes it out of the line that it waits in."""

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
        """Stop at the next step, or at once if it waits."""
        self._cancel.set()
        self._leave(self)

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
        """The job boundary: whatever happens inside becomes a state and a sentence.

        Afterwards the job is over, or waits for its next turn.
        """
        self.started = self._stage_started = time.monotonic()
        try:
            self.state = self._turn()
        except Cancelled:
            self.state, self.message = "cancelled", f"{self.label}: cancelled. Nothing was changed."
        except WtError as error:
            self.state, self.message = "failed", without_paths(str(error))
            if self.message != str(error):
                log.warning("%s failed: %s", self.label, error)
        except Exception as error:
            if not out_of_memory(error):
                log.exception("%s failed", self.label)
            self.state, self.message = "failed", without_paths(_sentence(self.label, error))
        finally:
            self.finished = time.monotonic()
            if self.state != "waiting":
                self._rest = None  # and what it holds of photos and scenes
                self._over.set()

    def _turn(self) -> JobState:
        if self._rest is None:
            if self._cancel.is_set():
                raise Cancelled
            self.state = "running"
            self._rest = self.work(self)
            if not isinstance(self._rest, Generator):
                return "done"
        self.state = "running"
        try:
            if self._cancel.is_set():
                self._rest.throw(Cancelled())
            else:
                next(self._rest)
        except StopIteration:
            return "done"
        return "waiting"


def attempt(label: str, action: Callable[[], None]) -> str:
    """Run a short action inside the job boundary; the sentence to show, empty if all went well."""
    job = Job(label, lambda _: action())
    job.run()
    return "" if job.state == "done" else job.message


class Wait(NamedTuple):
    """How long a job will wait."""

    before: int
    """Jobs whose turn comes first."""
    seconds: float | None
    """Estimated from how long such turns took; None if one of them is the first of its kind."""

    def __str__(self) -> str:
        if not self.before:
            return "Yours is next"
        jobs = "1 job" if self.before == 1 else f"{self.before} jobs"
        return f"{jobs} before yours" + ("" if self.seconds is None else f", about {_rounded(self.seconds)}")


class Worker:
    """Runs jobs in turns: two networks at once on one device only make both slower.

    Args:
        slots: jobs at once, one for each device.
        most: more than so many do not wait.
        most_of_one: the same, of one visitor.
    """

    def __init__(self, slots: int = 1, *, most: int = MOST_WAITING, most_of_one: int = MOST_OF_ONE) -> None:
        self._line: Line[Job] = Line()
        self._running: list[Job] = []
        self._usual = Durations()
        self._most, self._most_of_one = most, most_of_one
        self._changed, self._stopped = threading.Condition(), False
        self._threads = [threading.Thread(target=self._loop, name=f"worker-{n}", daemon=True) for n in range(slots)]
        for thread in self._threads:
            thread.start()

    def submit(self, job: Job) -> Job:
        """Let it wait for its turn.

        Raises:
            WtError: too many wait already.
        """
        job._leave = self._withdraw
        with self._changed:
            if self._stopped:
                raise WtError("The studio is closing. Your work is saved; open the page again later.")
            if self._line.of(job.owner) >= self._most_of_one:
                raise WtError(f"{self._line.of(job.owner)} of your jobs wait already. Let them end, or cancel some.")
            if len(self._line) >= self._most:
                wait = self._wait([*self._running, *self._line.order(())])
                until = "" if wait.seconds is None else f" in about {_rounded(wait.seconds)}"
                raise WtError(f"The studio is busy: {len(self._line)} jobs wait already. Try again{until or ' later'}.")
            self._line.add(job)
            self._changed.notify()
        if job.cancelling:  # before it was in the line
            self._withdraw(job)
        return job

    def wait_of(self, job: Job) -> Wait:
        """What comes before a job that waits; nothing if it does not."""
        with self._changed:
            order = list(self._line.order({other.owner for other in self._running}))
            if job not in order or len(self._running) < len(self._threads):
                return Wait(0, 0.0)
            return self._wait([*self._running, *order[: order.index(job)]])

    def stop(self) -> None:
        """Let the running jobs end, drop those that wait."""
        with self._changed:
            self._stopped = True
            waiting = list(self._line.order(()))
            self._changed.notify_all()
        for job in waiting:
            job.cancel()
        for thread in self._threads:
            thread.join(timeout=10)

    def _wait(self, jobs: list[Job]) -> Wait:
        seconds = [self._left(job) for job in jobs]
        known = [one for one in seconds if one is not None]
        whole = sum(known) / len(self._threads) if len(known) == len(seconds) else None
        return Wait(len(jobs), whole)

    def _left(self, job: Job) -> float | None:
        """Seconds that a job's turn will take yet."""
        if job.state != "running":
            return self._usual.usual(job.kind or job.label)
        left, usual = job.seconds_left(), self._usual.usual(job.kind or job.label)
        if left is None and usual is not None:
            left = max(0.0, usual - (time.monotonic() - job.started))
        return left

    def _withdraw(self, job: Job) -> None:
        with self._changed:
            waited = self._line.remove(job)
        if waited:
            job.run()  # what was cancelled ends at once

    def _next(self) -> Job | None:
        with self._changed:
            while not self._stopped:
                job = self._line.take({other.owner for other in self._running})
                if job is not None:
                    self._running.append(job)
                    return job
                self._changed.wait()
        return None

    def _loop(self) -> None:
        while (job := self._next()) is not None:
            job.run()
            with self._changed:
                self._running.remove(job)
                self._line.rest(job.owner)
                if job.state in ("done", "waiting"):
                    self._usual.note(job.kind or job.label, job.finished - job.started)
                if job.active:
                    self._line.add(job)
            if job.cancelling:  # while it gave way
                self._withdraw(job)
            if self._stopped and job.active:
                job.cancel()


def _rounded(seconds: float) -> str:
    """Words for an estimate, no finer than it deserves."""
    if seconds >= 90:
        return f"{round(seconds / 60)} min"
    return f"{max(1, round(seconds)) if seconds < 10 else 5 * round(seconds / 5)} s"


def _sentence(label: str, error: Exception) -> str:
    if out_of_memory(error):
        return f"{label} ran out of memory; your work is as it was before. Close other programs and try again."
    text = str(error).strip().splitlines()
    detail = f"{type(error).__name__}: {text[0][:160]}" if text else type(error).__name__
    return f"{label} stopped with an internal error ({detail}). Your work is as it was before; the log has the details."
