"""One call from outside of the page: its jobs wait in the visitors' queue, and stop when its caller is gone."""

import asyncio
import functools
import inspect
from collections.abc import AsyncIterator, Callable, Generator
from pathlib import Path
from typing import Any, TypeVar, get_args

import gradio as gr

from app.jobs import Job, Worker, attempt
from app.session import Session
from wt.errors import WtError

Result = TypeVar("Result")
Steps = Generator[Job, None, Result]
"""What a call does: every job that it yields has ended when it goes on."""
_TICK_S = 0.25


class Call(Session):
    """The work of one call. No page shows it; nothing of it is kept but the files that are handed back."""

    has_view = False

    def __init__(self, caller: str, folder: Path) -> None:
        """Args:
        caller: whose turns its jobs take, see `app.asked.caller_of`.
        folder: of the files that are handed back.
        """
        super().__init__(f"api {caller}", folder)


def endpoint(steps_of: Callable[..., Steps[Any]], worker: Worker) -> Callable[..., AsyncIterator[tuple[Any, ...]]]:
    """What gradio serves: tells again and again how far the call is, last of all its result.

    A caller who goes away closes this generator, which cancels the job under way.

    Args:
        steps_of: typed and documented, for the API's description is made from that.
    """
    signature = inspect.signature(steps_of)
    result_type = get_args(signature.return_annotation)[-1]

    @functools.wraps(steps_of)
    async def served(*given: Any, **named: Any) -> AsyncIterator[tuple[Any, ...]]:
        steps, job = steps_of(*given, **named), None
        try:
            while True:
                job, result, problem = await asyncio.to_thread(_advance, steps)
                if problem:
                    raise gr.Error(problem, print_exception=False)
                if job is None:
                    yield result
                    return
                while not job.wait(0):
                    yield (*[None] * (len(get_args(result_type)) - 1), state(job, worker))
                    await asyncio.sleep(_TICK_S)
        finally:
            if job is not None:
                job.cancel()

    served.__signature__ = signature.replace(return_annotation=result_type)  # type: ignore[attr-defined]
    return served


def finished(job: Job) -> Steps[None]:
    """Wait for a job that the call cannot do without.

    Raises:
        WtError: it failed or was cancelled; its own sentence.
    """
    yield job
    if job.state != "done":
        raise WtError(job.message)


def state(job: Job, worker: Worker) -> dict[str, Any]:
    """How far a job is."""
    if job.state == "waiting":
        wait = worker.wait_of(job)
        return {"state": "waiting", "before": wait.before, "seconds_left": wait.seconds}
    told = {"state": "running", "message": job.message or job.label, "done": job.done, "total": job.total}
    return {**told, "seconds_left": job.seconds_left()}


def _advance(steps: Steps[Any]) -> tuple[Job | None, Any, str]:
    """(the next job, the result if there is none, the sentence of what went wrong)."""
    job, result = None, None

    def act() -> None:
        nonlocal job, result
        try:
            job = next(steps)
        except StopIteration as end:
            result = end.value

    problem = attempt("The call", act)
    return job, result, problem
