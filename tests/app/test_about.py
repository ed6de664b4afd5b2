"""What is told of the studio: at the terminal, in the page, to a load balancer."""

import threading
import time

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from app.about import About, Disk, about_routes, tell_when_ready, welcome
from app.config import AppConfig
from wt import machine


@pytest.fixture
def about(controller, config):
    config.data_dir.mkdir(parents=True, exist_ok=True)
    return About(config, controller.engine, controller.sessions.__len__, Disk(config.data_dir))


@pytest.fixture
def visitor(about):
    return TestClient(Starlette(routes=about_routes(about)))


def loaded(about):
    about.engine.start()
    while not about.engine.ready:
        time.sleep(0.01)


def test_health_tells_state_and_room_and_no_secrets(about, visitor, controller):
    assert visitor.get("/healthz").json() == {
        "status": "loading",
        "engine": "local",
        "visitors": 0,
        "max_visitors": 4,
    }
    controller.sessions.attach("page-1")
    loaded(about)
    answer = visitor.get("/healthz")
    assert (answer.json()["status"], answer.json()["visitors"]) == ("ready", 1)
    assert answer.headers["cache-control"] == "no-store"


def test_the_sheet_tells_device_memory_models_with_licence_and_state_and_disk(about, visitor):
    before = visitor.get("/studio/about").text
    assert "loading" in before
    (about.config.data_dir / "file.bin").write_bytes(b"x" * 2_500_000)
    loaded(about)
    about.disk = Disk(about.config.data_dir)
    text = visitor.get("/studio/about").text
    for words in ("cpu, ", "GB used here", "wt-s-mini", "wt-o-mini", "Apache-2.0", "ready", "2.5 MB used", "256 MB"):
        assert words in text
    assert "of at most 4" in text
    assert "loading" not in text
    assert str(about.config.data_dir) not in text, "no visitor is told where it lies"


def test_a_model_that_is_missing_says_why(about, visitor):
    def fail():
        raise RuntimeError("the <file> is broken")

    about.engine._makers["scene"] = fail
    loaded(about)
    text = visitor.get("/studio/about").text
    assert "not available: the &lt;file&gt; is broken" in text
    assert visitor.get("/healthz").json()["status"] == "problem"


def test_the_folder_is_counted_now_and_then(tmp_path):
    now = 0.0
    disk = Disk(tmp_path, clock=lambda: now)
    assert disk.used() == 0
    (tmp_path / "below").mkdir()
    (tmp_path / "below" / "file").write_bytes(b"x" * 123)
    assert disk.used() == 0
    now = 31.0
    assert disk.used() == 123
    assert disk.free() > 0


def test_the_terminal_warns_where_everybody_may_come_in(about):
    told = welcome(about, "http://127.0.0.1:7860/")
    assert "this machine only" in told
    assert "WARNING" not in told
    assert str(about.config.data_dir) in told
    for more, asks in (
        ({}, ""),
        ({"token": "s3cret"}, "asks for its secret"),
        ({"auth": ("ann", "b")}, "asks for a login"),
    ):
        about.config = AppConfig(host="0.0.0.0", data_dir=about.config.data_dir, **more)
        told = welcome(about, "http://0.0.0.0:7860/")
        assert ("WARNING" in told) == (not asks)
        assert asks in told
        assert "s3cret" not in told


def test_the_terminal_is_told_once_how_the_loading_ended(about):
    told, over = [], threading.Event()

    def tell(words):
        told.append(words)
        over.set()

    closed = threading.Event()
    tell_when_ready(about, tell, closed)
    loaded(about)
    assert over.wait(20)
    assert "ready: " in told[0]
    assert "cpu" in told[0]


def test_a_studio_that_is_closed_before_tells_nothing(about):
    told, closed = [], threading.Event()
    thread = tell_when_ready(about, told.append, closed)
    closed.set()
    thread.join(10)
    assert not thread.is_alive()
    assert told == []


def test_in_a_container_memory_is_the_containers(tmp_path):
    whole = machine.host_memory(tmp_path)
    assert 0 < whole.used < whole.total
    (tmp_path / "memory.max").write_text("1000000000\n")
    (tmp_path / "memory.current").write_text("400000000\n")
    assert (machine.host_memory(tmp_path).free, machine.host_memory(tmp_path).total) == (600_000_000, 1_000_000_000)
    (tmp_path / "memory.max").write_text("max\n")
    assert machine.host_memory(tmp_path).total == whole.total
    assert machine.accelerator_memory("cpu") is None
