"""The routes beside Gradio's: the token is the guard, the relay carries viser's frames both ways."""

import asyncio
import importlib.metadata
import re
import threading
import time
from pathlib import Path

import pytest
import uvicorn
import websockets
from starlette.applications import Starlette
from starlette.testclient import TestClient

from app import routes
from app.routes import client_page, studio_routes
from app.viewer import Viewer

REQUIREMENTS = Path(__file__).resolve().parent.parent.parent / "requirements.txt"


class Files:
    def __init__(self, folder: Path) -> None:
        self.file = folder / "scene.zip"
        self.file.write_bytes(b"PK")

    def picture(self, token, name):
        return (b"jpeg", "image/jpeg") if (token, name) == ("mine", "photo") else None

    def download(self, token, name):
        return self.file if (token, name) == ("mine", "scene.zip") else None


@pytest.fixture
def viewer():
    viewer = Viewer(1000)
    yield viewer
    viewer.stop()


@pytest.fixture
def server(viewer, tmp_path):
    """A real server on a free port, since the relay needs real sockets."""
    routes = studio_routes(lambda token: viewer.port if token == viewer.token else None, Files(tmp_path))
    running = uvicorn.Server(uvicorn.Config(Starlette(routes=routes), port=0, log_level="critical"))
    thread = threading.Thread(target=running.run, daemon=True)
    thread.start()
    while not running.started:
        time.sleep(0.01)
    yield running.servers[0].sockets[0].getsockname()[1]
    running.should_exit = True
    thread.join(10)


def test_pages_pictures_and_downloads_need_their_token(tmp_path):
    client = TestClient(Starlette(routes=studio_routes(lambda token: 1 if token == "mine" else None, Files(tmp_path))))
    assert client.get("/viewer/mine/").status_code == 200
    assert client.get("/viewer/other/").status_code == 404
    assert client.get("/studio/mine/picture/photo").content == b"jpeg"
    assert client.get("/studio/mine/picture/photo").headers["cache-control"] == "no-store"
    assert client.get("/studio/other/picture/photo").status_code == 404
    assert client.get("/studio/mine/picture/secret").status_code == 404
    assert client.get("/studio/mine/download/scene.zip").content == b"PK"
    assert client.get("/studio/other/download/scene.zip").status_code == 404
    assert client.get("/studio/mine/download/..%2Fscene.zip").status_code == 404


def test_the_client_page_is_the_installed_visers_whatever_a_browser_has_kept(tmp_path, monkeypatch):
    """viser refuses a client of another version, so no copy may be used unasked."""
    assert client_page().is_file()
    page = tmp_path / "index.html"
    page.write_text("client 1")
    monkeypatch.setattr(routes, "client_page", lambda: page)
    client = TestClient(Starlette(routes=studio_routes(lambda token: 1, Files(tmp_path))))
    first = client.get("/viewer/mine/")
    assert (first.text, first.headers["cache-control"]) == ("client 1", "no-cache")
    known = {"If-None-Match": first.headers["etag"]}
    same = client.get("/viewer/mine/", headers=known)
    assert (same.status_code, same.content, same.headers["etag"]) == (304, b"", first.headers["etag"])
    page.write_text("client 2, after an upgrade")
    newer = client.get("/viewer/mine/", headers=known)
    assert (newer.status_code, newer.text) == (200, "client 2, after an upgrade")


def test_client_and_server_are_of_one_pinned_version(viewer):
    import viser

    wanted = next(line for line in REQUIREMENTS.read_text().splitlines() if line.startswith("viser"))
    assert re.fullmatch(r"viser>=1\.1\.\d+,<1\.2", wanted), "the client's protocol changes between minor versions"
    assert f"viser-v{viser.__version__}" in subprotocol_of(viewer)


def subprotocol_of(viewer) -> str:
    async def connect() -> str:
        protocol = websockets.Subprotocol(f"viser-v{importlib.metadata.version('viser')}")
        async with websockets.connect(f"ws://127.0.0.1:{viewer.port}/", subprotocols=[protocol]) as socket:
            return str(socket.subprotocol)

    return asyncio.run(connect())


def test_viewer_binds_to_loopback_on_a_random_port_with_a_long_token(viewer):
    assert viewer._server.get_host() == "127.0.0.1"
    assert len(viewer.token) >= 32


def test_relay_carries_frames_with_the_subprotocol(server, viewer):
    import viser

    async def connect() -> tuple[str | None, bytes]:
        protocol = websockets.Subprotocol(f"viser-v{viser.__version__}")
        url = f"ws://127.0.0.1:{server}/viewer/{viewer.token}"
        async with websockets.connect(url, subprotocols=[protocol], max_size=None) as socket:
            return socket.subprotocol, await asyncio.wait_for(socket.recv(), 10)

    subprotocol, first = asyncio.run(connect())
    assert subprotocol.startswith("viser-v")
    assert len(first) > 0


def test_relay_refuses_an_unknown_token_and_a_stopped_viewer(server, viewer):
    async def connect(token: str) -> None:
        async with websockets.connect(f"ws://127.0.0.1:{server}/viewer/{token}"):
            pass

    with pytest.raises(websockets.InvalidStatus):
        asyncio.run(connect("guess"))
    viewer._server.stop()
    with pytest.raises(websockets.InvalidStatus):
        asyncio.run(connect(viewer.token))
