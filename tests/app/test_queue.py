"""The queue: whose turn it is, what those who wait are told, how many may, cancel, late results."""

import threading
import time
from dataclasses import dataclass

import pytest
from PIL import Image

from app import session as session_module
from app.jobs import Job, Wait, Worker
from app.turns import Durations, Line
from app.variants import COUNT
from app.view import progress
from wt.errors import Cancelled, WtError


@dataclass(eq=False)
class Gate:
    """Work that begins, then waits to be let through; `label`s are noted as turns begin."""

    turns: list[str]

    def __post_init__(self):
        self.begun, self.open = threading.Event(), threading.Event()

    def __call__(self, job):
        self.turns.append(job.label)
        self.begun.set()
        while not self.open.wait(0.005):
            job.report(0, 0)


@pytest.fixture
def worker():
    worker = Worker(most=6, most_of_one=4)
    yield worker
    worker.stop()


@pytest.fixture
def gate(worker):
    """The worker is busy with somebody's job until the gate opens."""
    gate = Gate([])
    gate.job = worker.submit(Job("gate", gate, owner="somebody"))
    assert gate.begun.wait(5)
    yield gate
    gate.open.set()


def noting(turns, label, owner, **more):
    return Job(label, lambda job: turns.append(job.label), owner=owner, **more)


def over(*jobs):
    assert all(job.wait(10) for job in jobs)


def test_visitors_take_turns_and_each_ones_jobs_keep_their_order():
    line = Line()
    jobs = [Job(label, print, owner=label[0]) for label in ("a1", "a2", "a3", "b1", "c1", "b2")]
    for job in jobs:
        line.add(job)
    expected = ["a1", "b1", "c1", "a2", "b2", "a3"]
    assert [job.label for job in line.order(())] == expected
    assert [line.take(()).label for _ in jobs] == expected
    assert line.take(()) is None
    assert len(line) == 0


def test_a_newcomer_comes_before_who_is_served_but_not_before_who_waits():
    line = Line()
    for label in ("a1", "a2", "a3"):
        line.add(Job(label, print, owner="a"))
    assert line.take(()).label == "a1"
    line.add(Job("b1", print, owner="b"))
    assert [job.label for job in line.order({"a"})] == ["b1", "a2", "a3"]
    assert line.take({"a"}).label == "b1"
    line.rest("a")
    line.add(Job("c1", print, owner="c"))
    assert [job.label for job in line.order({"b"})] == ["a2", "c1", "a3"], "no stream of newcomers starves a visitor"


def test_ten_jobs_of_one_visitor_do_not_hold_up_another(gate, worker):
    many = [worker.submit(noting(gate.turns, f"many {n}", "a")) for n in range(4)]
    single = worker.submit(noting(gate.turns, "single", "b"))
    assert worker.wait_of(single).before == 2, "the one that runs, and the first of the other visitor's"
    assert [worker.wait_of(job).before for job in many] == [1, 3, 4, 5]
    gate.open.set()
    over(*many, single)
    assert gate.turns == ["gate", "many 0", "single", "many 1", "many 2", "many 3"]


def test_a_job_in_parts_gives_way_between_them(gate, worker):
    def parts(job):
        for number in range(3):
            gate.turns.append(f"part {number}")
            yield

    long = worker.submit(Job("long", parts, owner="a"))
    single = worker.submit(noting(gate.turns, "single", "b"))
    gate.open.set()
    over(long, single)
    assert gate.turns == ["gate", "part 0", "single", "part 1", "part 2"]
    assert long.state == "done"


def test_two_slots_run_two_jobs_at_once():
    worker, turns = Worker(slots=2), []
    gates = [Gate(turns) for _ in range(2)]
    jobs = [worker.submit(Job(f"gate {n}", gate, owner=n)) for n, gate in enumerate(gates)]
    assert all(gate.begun.wait(5) for gate in gates)
    third = worker.submit(noting(turns, "third", 2))
    assert worker.wait_of(third).before == 2
    for gate in gates:
        gate.open.set()
    over(*jobs, third)
    worker.stop()


def test_the_time_is_estimated_from_turns_of_the_same_kind():
    usual = Durations()
    assert usual.usual("lift") is None
    for seconds in (100.0, 4.0, 5.0, 6.0):
        usual.note("lift", seconds)
    assert usual.usual("lift") == 5.5, "one slow first turn does not count for much"
    for number in range(200):
        usual.note(f"kind {number}", 1.0)
    assert usual.usual("lift") is None, "what is long past is forgotten"
    assert usual.usual("kind 199") == 1.0


@pytest.mark.parametrize(
    ("wait", "said"),
    [
        (Wait(2, 41.7), "2 jobs before yours, about 40 s"),
        (Wait(1, None), "1 job before yours"),
        (Wait(1, 0.2), "1 job before yours, about 1 s"),
        (Wait(7, 200.0), "7 jobs before yours, about 3 min"),
        (Wait(0, 0.0), "Yours is next"),
    ],
)
def test_the_wait_is_said_in_words(wait, said):
    assert str(wait) == said
    assert said in progress(Job("The lift", print), wait)["progress"]["value"]


def test_the_wait_gets_shorter_as_others_end(gate, worker):
    for seconds in (20.0, 30.0, 40.0):
        worker._usual.note("lift", seconds)
    first = Gate(gate.turns)
    jobs = [worker.submit(Job("first", first, owner="a", kind="lift"))]
    jobs += [worker.submit(noting(gate.turns, name, name, kind="lift")) for name in ("b", "c")]
    assert [worker.wait_of(job).before for job in jobs] == [1, 2, 3]
    assert worker.wait_of(jobs[2]).seconds is None, "nobody knows how long the gate takes"
    gate.open.set()
    assert first.begun.wait(5)
    wait = worker.wait_of(jobs[2])
    assert wait.before == 2
    assert 50 < wait.seconds <= 60, "30 s for the one in between, 30 s less what it took for the one that runs"
    jobs[1].cancel()
    assert worker.wait_of(jobs[2]).before == 1
    first.open.set()
    over(*jobs)


def test_a_full_queue_refuses_with_a_sentence(gate, worker):
    jobs = [worker.submit(noting(gate.turns, f"a{n}", "a")) for n in range(4)]
    with pytest.raises(WtError, match="4 of your jobs wait already"):
        worker.submit(noting(gate.turns, "a4", "a"))
    jobs += [worker.submit(noting(gate.turns, f"b{n}", "b")) for n in range(2)]
    with pytest.raises(WtError, match="The studio is busy: 6 jobs wait already. Try again later"):
        worker.submit(noting(gate.turns, "c", "c"))
    jobs[0].cancel()
    jobs.append(worker.submit(noting(gate.turns, "c", "c")))
    gate.open.set()
    over(*jobs)
    assert set(gate.turns) == {"gate", "a1", "a2", "a3", "b0", "b1", "c"}


def test_a_job_that_waits_is_cancelled_at_once(gate, worker):
    job = worker.submit(noting(gate.turns, "never", "a"))
    job.cancel()
    assert not job.active
    assert job.state == "cancelled"
    assert gate.job.active
    assert gate.turns == ["gate"]


def test_a_job_that_gave_way_is_cancelled_at_once_and_tidies_up(worker):
    turns, gate = [], Gate([])

    def parts(job):
        try:
            assert started.wait(5)
            yield
        except Cancelled:
            turns.append("tidied")
            raise

    started = threading.Event()
    job = worker.submit(Job("parts", parts, owner="a"))
    other = worker.submit(Job("gate", gate, owner="b"))
    started.set()
    assert gate.begun.wait(5)
    job.cancel()
    assert (job.state, turns) == ("cancelled", ["tidied"])
    gate.open.set()
    over(other)


def test_a_job_that_runs_is_cancelled_within_a_step_and_frees_the_device(gate, worker):
    following = worker.submit(noting(gate.turns, "following", "a"))
    gate.job.cancel()
    over(gate.job, following)
    assert gate.job.state == "cancelled"
    assert gate.turns == ["gate", "following"]


def test_a_stopped_worker_drops_what_waits_and_takes_nothing(gate, worker):
    job = worker.submit(noting(gate.turns, "never", "a"))
    gate.open.set()
    gate.job.cancel()
    worker.stop()
    over(gate.job, job)
    with pytest.raises(WtError, match="closing"):
        worker.submit(noting(gate.turns, "late", "a"))


def visitors(controller, photo_file, *pages):
    sessions = [controller.sessions.attach(page) for page in pages]
    for session in sessions:
        controller.photo.open(session, photo_file)
        assert session.preparing.wait(20)
    return sessions


def test_a_single_lift_comes_between_anothers_variants(controller, photo_file):
    many, single = visitors(controller, photo_file, "many", "single")
    controller.engine.scene.step_s = 0.05
    variants = controller.geometry.lift_variants(many, "scene", steps=4, seed=100)
    while not controller.engine.scene.calls:
        time.sleep(0.01)
    lift = controller.geometry.lift(single, "scene", steps=4, seed=7)
    over(lift, variants)
    assert [call["seed"] for call in controller.engine.scene.calls] == [100, 7, 101, 102, 103]
    assert len(many.variants.rows) == COUNT
    assert single.now.lift["seed"] == 7


def test_a_refused_lift_leaves_the_visitor_free(controller, photo_file):
    (visitor,) = visitors(controller, photo_file, "visitor")
    worker = controller.worker
    worker._most = 0
    with pytest.raises(WtError, match="studio is busy"):
        controller.geometry.lift(visitor, "scene")
    assert not visitor.busy
    worker._most = 5
    over(controller.geometry.lift(visitor, "scene"))
    assert visitor.now.scene is not None


def test_cancel_then_a_new_photo_then_the_old_lift_ends(controller, session, photo_file, tmp_path):
    """The old lift's last step cannot be interrupted; what it made must not reach the new photo."""
    controller.photo.open(session, photo_file)
    assert session.preparing.wait(20)
    last_step, end = threading.Event(), threading.Event()
    lift = controller.engine.scene.lift

    def slow(image, mask=None, *, on_step=None, **how):
        if how["seed"] == 1:
            last_step.set()
            assert end.wait(20)
            on_step = None  # not even asked once more whether it was cancelled
        return lift(image, mask, on_step=on_step, **how)

    controller.engine.scene.lift = slow
    old = controller.geometry.lift(session, "scene", seed=1)
    assert last_step.wait(10)
    controller.cancel(session)
    other = tmp_path / "other.png"
    Image.new("RGB", (80, 60), (10, 200, 30)).save(other)
    controller.photo.open(session, other)
    newer = session.now
    end.set()
    over(old)
    assert old.state in ("cancelled", "failed")
    assert session.preparing.wait(20)
    assert session.now.photo is newer.photo
    assert session.now.scene is None
    assert session.viewer.shown.total == 0
    over(controller.geometry.lift(session, "scene", seed=2))
    assert session.now.lift["seed"] == 2
    assert session.now.photo is newer.photo


def test_who_left_for_longer_than_the_grace_time_waits_no_more(controller, photo_file, monkeypatch):
    stays, leaves = visitors(controller, photo_file, "stays", "leaves")
    controller.engine.scene.step_s = 0.05
    running = controller.geometry.lift(stays, "scene", steps=40)
    waiting = controller.geometry.lift(leaves, "scene", steps=40)
    for page in ("stays", "leaves"):
        controller.sessions.detach(page)
    assert controller.sessions.reap() == 0
    assert waiting.state == "waiting", "a reload takes a while"
    monkeypatch.setattr(session_module, "GRACE_S", 0.0)
    time.sleep(0.01)
    while running.state == "waiting":
        time.sleep(0.01)
    assert controller.sessions.reap() == 1
    assert waiting.state == "cancelled"
    assert running.state == "running", "its result is saved for whoever comes back"
    running.cancel()
    over(running)
