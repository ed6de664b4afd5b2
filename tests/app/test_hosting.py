"""The whole studio as it is served: with a secret, with a login, and behind a real nginx under https and a sub-path."""

import asyncio
import json
import re
import ssl
from contextlib import contextmanager

import httpx
import pytest
import websockets
from browser import free_port
from doubles import QuickEngine
from proxy import nginx_before

from app.config import AppConfig
from app.main import Studio

PROTOCOL = "viser-v{}"


@contextmanager
def served(tmp_path, **settings):
    """A studio in this process; the address of its port."""
    config = AppConfig(port=free_port(), data_dir=tmp_path / "data", point_budget=3000, **settings)
    studio = Studio(config, engine=QuickEngine(config))
    try:
        studio.launch(block=False)
        yield studio, f"http://127.0.0.1:{config.port}"
    finally:
        studio.close()


def first_frame(url: str, tls: ssl.SSLContext | None = None, **headers: str) -> bytes:
    """What the 3D view sends first; raises where the socket is refused."""
    import viser

    async def connect() -> bytes:
        protocol = websockets.Subprotocol(f"viser-v{viser.__version__}")
        more = {"ssl": tls} if tls else {}
        async with websockets.connect(
            url, subprotocols=[protocol], additional_headers=headers, max_size=None, **more
        ) as socket:
            return await asyncio.wait_for(socket.recv(), 20)

    return asyncio.run(connect())


def view_of(studio: Studio) -> str:
    """The path of a visitor's 3D view."""
    return f"/viewer/{studio.sessions.viewer_of(studio.sessions.attach('page')).token}"


def test_a_secret_opens_page_picture_and_view(tmp_path):
    with served(tmp_path, token="s3cret") as (studio, url), httpx.Client(base_url=url, timeout=60) as visitor:
        assert visitor.get("/healthz").json()["max_visitors"] == 32
        view = view_of(studio)
        for path in ("/", f"{view}/", "/studio/about", "/config", "/gradio_api/info"):
            assert visitor.get(path).status_code == 401
        with pytest.raises(websockets.InvalidStatus):
            first_frame(url.replace("http", "ws") + view)
        assert visitor.get("/", params={"token": "s3cret"}, follow_redirects=True).status_code == 200
        assert visitor.get(f"{view}/").status_code == 200
        assert "This machine" in visitor.get("/studio/about").text
        cookie = "; ".join(f"{name}={value}" for name, value in visitor.cookies.items())
        assert first_frame(url.replace("http", "ws") + view, Cookie=cookie)


def test_the_login_opens_our_routes_too(tmp_path):
    with served(tmp_path, auth=("ann", "b:c")) as (studio, url), httpx.Client(base_url=url, timeout=60) as visitor:
        view = view_of(studio)
        assert '"auth_required":true' in re.sub(r"\s", "", visitor.get("/").text)
        for path in (f"{view}/", "/studio/about", "/config"):
            assert visitor.get(path).status_code == 401
        assert visitor.post("/login", data={"username": "ann", "password": "nonsense"}).status_code == 400
        assert visitor.post("/login", data={"username": "ann", "password": "b:c"}).status_code == 200
        cookie = next(f"{name}={value}" for name, value in visitor.cookies.items() if "unsecure" in name)
        for path in (f"{view}/", "/studio/about", "/config"):
            assert httpx.get(url + path, headers={"Cookie": cookie}).status_code == 200
        assert first_frame(url.replace("http", "ws") + view, Cookie=cookie)


def test_behind_nginx_with_https_and_a_sub_path_page_upload_and_view_work(tmp_path, photo_file):
    settings = {"root_path": "/studio", "max_upload": "1mb", "rate": 60}
    with served(tmp_path, **settings) as (studio, _), nginx_before(studio.config.port, tmp_path) as (port, certificate):
        tls = ssl.create_default_context(cafile=str(certificate))
        root, view = f"https://localhost:{port}/studio", view_of(studio)
        with httpx.Client(verify=tls, timeout=60) as visitor:
            assert visitor.get(root, follow_redirects=True).url == f"{root}/"
            page = visitor.get(f"{root}/")
            assert page.headers["strict-transport-security"]
            assert page.headers["content-security-policy"]
            assert json.loads(visitor.get(f"{root}/config").text)["root"] == root
            assert visitor.get(f"{root}/theme.css").status_code == 200
            upload = visitor.post(f"{root}/gradio_api/upload", files={"files": photo_file.open("rb")})
            (path,) = upload.json()
            assert path.endswith("ramp.png")
            large = visitor.post(f"{root}/gradio_api/upload", files={"files": ("large.png", b"x" * (3 << 20))})
            assert large.status_code == 413
            again = [visitor.post(f"{root}/gradio_api/upload", files={"files": ("a", b"x")}) for _ in range(4)]
            assert again[-1].status_code == 429, "visitors are told apart by what nginx says of them"
            assert visitor.get(f"{root}{view}/").status_code == 200
            for path in ("/studio/about", "/studio/examples/picture/room_chair.jpg", "/healthz"):
                assert visitor.get(root + path).status_code == 200
        socket = f"{root.replace('https', 'wss')}{view}"
        assert first_frame(socket, tls, Origin=f"https://localhost:{port}")
        with pytest.raises(websockets.InvalidStatus):
            first_frame(socket, tls, Origin="https://elsewhere.example")
