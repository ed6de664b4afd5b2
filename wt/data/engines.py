"""Who works through a list of jobs: this process, several beside it, or a Ray cluster. Nothing but standard tools."""

import contextlib
import json
import logging
import os
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Literal

from wt.errors import WtError

Engine = Literal["local", "ray"]
_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


def run_jobs(
    work: Callable[[Any], Any], jobs: Sequence[Any], *, engine: Engine = "local", processes: int = 1
) -> Iterator:
    """`work(job)` for every job, as they get done.

    `work` is a module's function; other processes get it and the jobs pickled, and Ray brings results back as JSON.
    "local" keeps the order. "ray" spreads the jobs over the cluster that RAY_ADDRESS names, or over `processes` workers
    on this machine where it names none; files that jobs read and write must be at the same path everywhere.

    Raises:
        WtError: Ray is not installed, or a job raised one.
    """
    if engine == "ray":
        return _on_ray(work, jobs, processes)
    return map(work, jobs) if min(processes, len(jobs)) <= 1 else _in_processes(work, jobs, min(processes, len(jobs)))


def _in_processes(work: Callable[[Any], Any], jobs: Sequence[Any], processes: int) -> Iterator:
    import multiprocessing

    with _one_thread_each(), multiprocessing.get_context("spawn").Pool(processes, _quiet) as pool:
        yield from pool.imap(work, jobs)


def _on_ray(work: Callable[[Any], Any], jobs: Sequence[Any], processes: int) -> Iterator:
    try:
        import ray
        import ray.data
    except ImportError as error:
        raise WtError("--engine ray needs Ray, which is not installed. Run: pip install 'ray[data]'") from error

    began = not ray.is_initialized()
    if began:
        # Ray would report its use to a server.
        os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
        ray.init(**_cluster(processes), log_to_driver=False, configure_logging=False)
    ray.data.DataContext.get_current().enable_progress_bars = False

    try:
        for row in ray.data.range(len(jobs), override_num_blocks=len(jobs)).map(partial(_done, work, jobs)).iter_rows():
            if row["problem"]:
                raise WtError(row["problem"])
            yield json.loads(row["result"])
    finally:
        if began:
            ray.shutdown()


def _done(work: Callable[[Any], Any], jobs: Sequence[Any], row: dict[str, Any]) -> dict[str, str]:
    """One job on a worker: its result and its problem travel as JSON."""
    _quiet()
    try:
        return {"result": json.dumps(work(jobs[int(row["id"])])), "problem": ""}
    except WtError as error:
        return {"result": "", "problem": str(error)}


def _cluster(processes: int) -> dict[str, Any]:
    """Arguments of `ray.init`. Other machines get this package sent along; they need the packages that it imports."""
    threads = {name: "1" for name in _THREADS}
    if os.environ.get("RAY_ADDRESS"):
        package = Path(__file__).resolve().parents[1]
        return {"runtime_env": {"env_vars": threads, "py_modules": [str(package)]}}
    return {"num_cpus": processes, "include_dashboard": False, "runtime_env": {"env_vars": threads}}


@contextlib.contextmanager
def _one_thread_each() -> Iterator[None]:
    """Workers that are started meanwhile compute in one thread: as many threads as cores in each would be too many."""
    unset = [name for name in _THREADS if name not in os.environ]
    os.environ.update(dict.fromkeys(unset, "1"))
    try:
        yield
    finally:
        for name in unset:
            del os.environ[name]


def _quiet() -> None:
    """Workers leave it to the first process to say things."""
    logging.getLogger("wt").setLevel(logging.ERROR)
