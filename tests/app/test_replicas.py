"""Models in replicas: what a replica tells, what is done when it dies or is busy; and two real ones of Ray Serve."""

import asyncio
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import pytest

pytest.importorskip("ray.serve", reason="Ray Serve is not installed (pip install 'ray[serve]')")

from ray.exceptions import ActorDiedError
from ray.serve.exceptions import BackPressureError

from app.config import AppConfig
from app.engine import Engine, new_engine
from app.ray_engine import cluster
from app.ray_engine.remote import TRIES, Deployment, RemoteLifter, RemoteSegmenter
from app.ray_engine.replicas import Replica, _thinned
from wt.errors import Cancelled, WtError

OWN_NAMESPACES = ["unshare", "--user", "--map-root-user", "--net", "--pid", "--fork", "--kill-child", "--mount-proc"]


class Counter(Replica):
    """Tells numbers, or raises what it is given."""

    def __init__(self):
        super().__init__()
        self.reached, self.go = 0, threading.Event()

    def count(self, report, upto):
        for number in range(1, upto + 1):
            self.reached = number
            report(number, upto)
        return upto

    def wait(self, report):
        for number in range(1, 1000):
            self.reached = number
            report(number, 1000)
            time.sleep(0.01)

    def fail(self, report, error):
        raise error


async def told(stream):
    return [event async for event in stream]


def test_a_replica_tells_every_step_and_then_how_it_ended():
    began, *steps, end = asyncio.run(told(Counter().run("count", 3)))
    assert began[0] == "began"
    assert began[1].endswith(f"/{os.getpid()}")
    assert steps == [("step", (1, 3)), ("step", (2, 3)), ("step", (3, 3))]
    assert end == ("done", 3)


def test_a_replica_stops_at_its_next_step_when_nobody_listens_any_more():
    counter = Counter()

    async def listen_for_a_while():
        stream = counter.run("wait")
        async for event in stream:
            if event == ("step", (5, 1000)):
                await stream.aclose()
                return counter.reached

    reached = asyncio.run(listen_for_a_while())
    assert 5 <= reached < 50
    time.sleep(0.05)
    assert counter.reached == reached, "closing waits until the device is free"


@pytest.mark.parametrize(
    ("error", "end"),
    [
        (WtError("Nothing is selected."), ("problem", "Nothing is selected.")),
        (MemoryError("no room"), ("memory", "MemoryError: no room")),
        (KeyError("inner"), ("broken", "KeyError: 'inner'")),
    ],
)
def test_what_goes_wrong_in_a_replica_is_told(error, end):
    assert asyncio.run(told(Counter().run("fail", error)))[-1] == end


def test_a_replica_whose_calls_all_break_is_sick():
    counter = Counter()

    def run(*call):
        asyncio.run(told(counter.run(*call)))

    for _ in range(2):
        run("fail", KeyError("device lost"))
    run("count", 1)
    for _ in range(3):
        counter.check_health()
        run("fail", KeyError("device lost"))
    with pytest.raises(RuntimeError, match="last 3 calls"):
        counter.check_health()
    run("fail", WtError("Nothing is selected."))
    counter.check_health()


def test_few_previews_travel_and_never_with_the_last_step():
    steps = []
    on_step = _thinned(lambda *values: steps.append(values), previews=True)
    for done in range(1, 11):
        on_step(done, 10, "preview")
    assert [done for done, _, _ in steps] == list(range(1, 11))
    assert [preview for _, _, preview in steps] == ["preview"] + [None] * 9
    steps.clear()
    _thinned(lambda *values: steps.append(values), previews=True)(1, 1, "preview")
    assert steps == [(1, 1, None)]


class Responses:
    """What Ray gives for a call: events, or an error among them; None is a pause."""

    def __init__(self, events):
        self.events, self.cancelled = iter(events), threading.Event()

    def __iter__(self):
        return self

    def __next__(self):
        event = next(self.events)
        while event is None and not self.cancelled.wait(0.01):
            pass
        if self.cancelled.is_set():
            raise StopIteration
        if isinstance(event, Exception):
            raise event
        return event

    def cancel(self):
        self.cancelled.set()


class Handle:
    """A deployment that answers one call after the other."""

    def __init__(self, *answers):
        self.answers, self.calls, self.run = [Responses(answer) for answer in answers], [], self

    def remote(self, *given, **how):
        self.calls.append((given, how))
        return self.answers[len(self.calls) - 1]


def lifter_of(handle, **more):
    return RemoteLifter(Deployment(handle), "wt-s-mini", "wt-s-mini", "Apache-2.0", "scene", "relative", 1, **more)


BEGAN = ("began", "machine/1")


def test_a_lift_is_made_again_where_a_replica_died():
    died = [BEGAN, ("step", (1, 2, None)), ActorDiedError()]
    handle = Handle(died, [BEGAN, ("step", (1, 2, "preview")), ("step", (2, 2, None)), ("done", "layers")])
    steps, words = [], []
    lifted = lifter_of(handle, tell=words.append).lift("rgb", None, seed=3, on_step=lambda *step: steps.append(step))
    assert lifted == "layers"
    assert steps == [(1, 2, None), (1, 2, "preview"), (2, 2, None)]
    assert words == ["A replica was lost, so this begins again on another one"]
    assert handle.calls[0] == handle.calls[1] == (("lift", "wt-s-mini", "rgb", None), {"seed": 3, "previews": True})


def test_a_lift_that_kills_every_replica_is_given_up():
    handle = Handle(*[[BEGAN, ActorDiedError()]] * TRIES)
    with pytest.raises(WtError, match=f"{TRIES} replicas in a row"):
        lifter_of(handle).lift("rgb")


def test_a_busy_deployment_refuses_with_a_sentence():
    with pytest.raises(WtError, match="studio is busy"):
        lifter_of(Handle([BackPressureError(num_queued_requests=4, max_queued_requests=4)])).lift("rgb")


@pytest.mark.parametrize(("kind", "error"), [("problem", WtError), ("memory", MemoryError), ("broken", RuntimeError)])
def test_the_replicas_own_error_is_raised_here(kind, error):
    with pytest.raises(error, match="what happened"):
        lifter_of(Handle([BEGAN, (kind, "what happened")])).lift("rgb")


@pytest.mark.parametrize("before", [[], [BEGAN], [BEGAN, ("step", (1, 9, "preview"))]])
def test_a_cancel_needs_no_step_and_stops_the_replica(before):
    """While it waits for a replica, before the first step, and during a long one."""
    handle, asked = Handle([*before, None]), []

    def cancelled(*told):
        asked.append(told)
        if len(asked) > 2:
            raise Cancelled

    with pytest.raises(Cancelled):
        lifter_of(handle, tell=cancelled).lift("rgb", on_step=cancelled)
    assert handle.answers[0].cancelled.is_set()
    assert asked[1:] == [(1, 9, None)] * 2 if len(before) == 2 else True


def test_a_segmenter_needs_a_photo():
    with pytest.raises(WtError, match="Open a photo"):
        RemoteSegmenter(Deployment(Handle()), "sam", "MIT").predict([(1, 2, True)])


@pytest.mark.parametrize(
    ("gpus", "replicas", "share"), [(0, 2, 0.0), (1, 1, 0.8), (1, 2, 0.4), (2, 2, 0.8), (2, 3, 0.4), (8, 8, 0.8)]
)
def test_all_replicas_have_room_on_the_gpus(gpus, replicas, share):
    assert cluster.lifting_share(gpus, replicas) == share
    assert not gpus or -(-replicas // gpus) * share + 2 * cluster.SMALL_SHARE <= 1 + 1e-9


def test_the_configuration_names_the_engine(tmp_path, monkeypatch):
    local = new_engine(AppConfig(data_dir=tmp_path))
    assert (type(local), local.slots) == (Engine, 1)
    elsewhere = new_engine(AppConfig(data_dir=tmp_path, engine="ray", replicas=3))
    assert (type(elsewhere).__name__, elsewhere.slots) == ("RayEngine", 3)
    elsewhere.close()
    monkeypatch.setitem(sys.modules, "ray", None)
    monkeypatch.setitem(sys.modules, "ray.serve", None)
    with pytest.raises(WtError, match=r"pip install 'ray\[serve\]'"):
        new_engine(AppConfig(data_dir=tmp_path, engine="ray"))


@pytest.fixture(scope="module")
def seen(tmp_path_factory):
    """What a visitor saw of two replicas, in namespaces of their own, which end with all that Ray began there."""
    if shutil.which("unshare") is None or subprocess.run([*OWN_NAMESPACES, "true"], capture_output=True).returncode:
        pytest.skip("this machine does not allow namespaces of our own, so Ray is not tried (unshare)")
    folder = tmp_path_factory.mktemp("visitor")
    script = Path(__file__).parent / "ray_visitor.py"
    with tempfile.TemporaryDirectory(prefix="ray-", ignore_cleanup_errors=True) as short:  # sockets have short names
        environment = {**os.environ, "OMP_NUM_THREADS": "1", "RAY_TMPDIR": short}
        command = [*OWN_NAMESPACES, sys.executable, "-W", "ignore", str(script), str(folder)]
        ended = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=600)
    assert ended.returncode == 0, ended.stderr[-3000:]
    return json.loads((folder / "seen.json").read_text())


def test_two_replicas_lift_with_progress_and_the_page_holds_no_model(seen):
    lift = seen["lift"]
    assert (lift["state"], lift["formed"]) == ("done", True)
    assert any("Lifting" in words for words in lift["said"])
    assert len(lift["pids"]) == 1
    assert seen["selected"] > 100
    assert not seen["torch in the page"]
    assert seen["as local"][0], "the same seed gives the same points as in process"


def test_a_cancelled_lift_stops_within_a_step_and_changes_nothing(seen):
    cancel = seen["cancel"]
    assert (cancel["state"], cancel["kept"]) == ("cancelled", True)
    assert cancel["done"] <= cancel["at"] + 1


def test_a_replica_that_is_killed_during_a_lift_costs_the_visitor_nothing_but_time(seen):
    kill = seen["kill"]
    assert kill["state"] == "done", kill["message"]
    assert len(kill["pids"]) == 2
    assert any("A replica was lost" in words for words in kill["said"])
    assert seen["as local"][1], "the other replica's result is the same"


def test_programs_lift_edit_and_export_with_replicas_too(seen):
    told = seen["program"]
    assert told["points"] > 50_000
    assert told["objects"] == ["red chair"]
    assert {"Lifting", "Lifting the edited photo"} <= set(told["states"]), "progress travels as well"
    assert told["bundle"] > 1000
