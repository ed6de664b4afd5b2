"""Lifts on a ZeroGPU Space: with a package `spaces` that forks for every call, as the platform's does."""

import importlib
import multiprocessing
import os
import sys
import types

import numpy as np
import pytest
from doubles import PlaneLifter

from app import zero_gpu
from wt import lift
from wt.errors import Cancelled, WtError

RGB = np.full((48, 64, 3), 120, np.uint8)


def _forking(calls):
    """`spaces.GPU`: what is decorated runs in a forked process, what it yields comes through a pipe."""
    fork = multiprocessing.get_context("fork")

    def decorator(duration):
        def decorated(task):
            calls.append(("decorated", duration))

            def handler(*arguments):
                inner, outer = fork.Pipe()
                stop = fork.Event()

                def run():
                    generator = task(*arguments)
                    for said in generator:
                        if stop.is_set():
                            generator.close()
                            break
                        outer.send(said)
                    outer.send(None)

                process = fork.Process(target=run, daemon=True)
                process.start()
                calls.append(("forked", process))
                try:
                    while (said := inner.recv()) is not None:
                        yield said
                finally:
                    stop.set()

            return handler

        return decorated

    return decorator


@pytest.fixture
def calls(monkeypatch):
    """With the package, and away again; what it was asked for."""
    made: list = []
    package = types.ModuleType("spaces")
    package.__spec__ = importlib.machinery.ModuleSpec("spaces", None)
    package.GPU = _forking(made)
    monkeypatch.setitem(sys.modules, "spaces", package)
    importlib.reload(zero_gpu)
    yield made
    monkeypatch.delitem(sys.modules, "spaces")
    importlib.reload(zero_gpu)


class Telling(PlaneLifter):
    """Says in its licence which process lifted."""

    def lift(self, *arguments, **more):
        layers = super().lift(*arguments, **more)
        if more.get("seed") == 13:
            raise WtError("There is no luck in that seed.")
        if more.get("seed") == 14:
            raise RuntimeError("broken")
        return os.getpid(), layers


def test_without_the_package_nothing_is_changed():
    lifter = PlaneLifter()
    assert not zero_gpu.PRESENT
    assert zero_gpu.lent(lifter, "wt-s-mini") is lifter
    assert zero_gpu.device("cuda") == "cuda"


def test_a_function_is_decorated_when_the_program_starts(calls):
    assert calls == [("decorated", 120)]


def test_a_lift_runs_in_the_fork_which_loads_its_own_model_and_tells_its_steps(calls, monkeypatch):
    monkeypatch.setattr(lift, "load", lambda source: Telling(name=f"{source} of the fork"))
    lifter = zero_gpu.lent(Telling(name="of the parent"), "wt-s-mini")
    assert (lifter.name, lifter.default_steps) == ("of the parent", 4)
    seen = []
    process, layers = lifter.lift(RGB, seed=1, on_step=lambda done, total, preview: seen.append((done, total)))
    assert process != os.getpid()
    assert process == calls[-1][1].pid
    assert seen == [(1, 4), (2, 4), (3, 4), (4, 4)]
    expected = PlaneLifter().lift(RGB, seed=1)
    np.testing.assert_array_equal(layers.points, expected.points)
    assert len(lifter.lift_clip([RGB, RGB])) == 2


def test_errors_and_cancelling_cross_the_fork(calls, monkeypatch):
    monkeypatch.setattr(lift, "load", lambda source: Telling(step_s=0.05))
    lifter = zero_gpu.lent(Telling(), "wt-s-mini")
    with pytest.raises(WtError, match="no luck"):
        lifter.lift(RGB, seed=13)

    def stop(done, total, preview):
        raise Cancelled

    with pytest.raises(Cancelled):
        lifter.lift(RGB, steps=40, on_step=stop)
    process = calls[-1][1]
    process.join(1.5)
    assert not process.is_alive(), "the lift ends at its next step, not after all forty"


def test_where_gpus_are_lent_the_program_itself_stays_on_the_cpu(calls, monkeypatch):
    assert zero_gpu.device("auto") == "auto"
    monkeypatch.setenv("SPACES_ZERO_GPU", "true")
    assert zero_gpu.device("auto") == "cpu"
