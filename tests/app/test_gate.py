"""The gate: who comes in, how often and how much; the headers of every response."""

import asyncio
import base64
import re

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.testclient import TestClient
from starlette.websockets import WebSocket, WebSocketDisconnect

from app.config import AppConfig
from app.gate import Gate
from app.headers import PLAIN, SecurityHeaders
from app.limits import Buckets, size_of

OTHER = {"Origin": "https://elsewhere.example"}
PATHS = ("/", "/studio/t/picture/photo", "/viewer/t/", "/assets/a.js", "/gradio_api/info", "/gradio_api/file=x.png")


def site() -> Starlette:
    """Stands for gradio's app with our routes: it says what it was asked."""

    async def answer(request: Request) -> Response:
        if request.url.path == "/broken":
            raise RuntimeError("a secret of the inside")
        return PlainTextResponse(f"{request.method} {request.url.path} {len(await request.body())}")

    async def socket(outer: WebSocket) -> None:
        await outer.accept()
        await outer.send_text("in")
        await outer.close()

    methods = ["GET", "HEAD", "POST"]
    app = Starlette(
        routes=[WebSocketRoute("/viewer/t", socket), Route("/{path:path}", answer, methods=methods)],
    )
    app.cookie_id, app.tokens = "abc", {"logged-in": "ann"}
    return app


def client(*, https: bool = False, **settings) -> TestClient:
    config = AppConfig(**settings)
    gated = SecurityHeaders(Gate(site(), config), config.frame_ancestors)
    return TestClient(gated, "https://testserver" if https else "http://testserver", follow_redirects=False)


def test_without_a_secret_everything_is_served_with_its_headers_errors_too():
    visitor = client()
    for path in (*PATHS, "/broken"):
        answer = visitor.get(path)
        assert answer.status_code == (500 if path == "/broken" else 200)
        for name in (*PLAIN, "content-security-policy"):
            assert answer.headers.get(name), (path, name)
        assert answer.headers["x-frame-options"] == "SAMEORIGIN"
    assert "RuntimeError" not in answer.text
    assert "secret of the inside" not in answer.text


def test_policies_name_no_other_host_and_files_of_visitors_run_nothing():
    visitor = client()
    for path in PATHS:
        policy = dict(
            part.split(" ", 1) for part in visitor.get(path).headers["content-security-policy"].split("; ")[:-1]
        )
        assert not re.search(r"https?:|\*", " ".join(policy.values()))
        if path.startswith(("/studio/", "/gradio_api/file")):
            assert policy["default-src"] == "'none'"
            assert "script-src" not in policy


def test_below_a_proxys_path_the_same_is_asked_and_said():
    config = AppConfig(token="s3cret", rate=60)
    below = TestClient(SecurityHeaders(Gate(site(), config)), root_path="/studio")
    assert below.get("/studio/healthz").status_code == 200
    assert below.get("/studio/studio/t/picture/photo").status_code == 401
    assert below.get("/studio/studio/t/picture/photo").headers["content-security-policy"].endswith("sandbox")
    bearer = {"Authorization": "Bearer s3cret"}
    assert below.get("/studio/", headers=bearer).headers["content-security-policy"].startswith("default-src 'self'")
    assert [below.post("/studio/gradio_api/upload", headers=bearer).status_code for _ in range(6)][-1] == 429


def test_named_sites_may_frame_the_studio():
    answer = client(frame_ancestors=("https://huggingface.co",)).get("/")
    assert "frame-ancestors 'self' https://huggingface.co" in answer.headers["content-security-policy"]
    assert "x-frame-options" not in answer.headers


@pytest.mark.parametrize("path", PATHS)
def test_a_secret_is_asked_for_before_anything_is_served(path):
    visitor = client(token="s3cret")
    assert visitor.get(path).status_code == 401
    assert visitor.post(path).status_code == 401
    assert visitor.get(path, headers={"Authorization": "Bearer wrong"}).status_code == 401
    assert visitor.get(path, headers={"Authorization": "Bearer s3cret"}).text == f"GET {path} 0"
    assert visitor.get("/healthz").status_code == 200


def test_the_secret_is_shown_once_and_leaves_the_address():
    visitor = client(token="s3cret")
    page = visitor.get("/?token=nonsense", headers={"Accept": "text/html"})
    assert page.status_code == 401
    assert "not the secret" in page.text
    answer = visitor.get("/?token=s3cret&project=p1")
    assert (answer.status_code, answer.headers["location"]) == (303, "./?project=p1")
    said = answer.headers["set-cookie"]
    assert "HttpOnly" in said
    assert "SameSite=lax" in said
    assert "s3cret" not in said
    assert visitor.get("/studio/t/picture/photo").status_code == 200
    assert visitor.get("/?token=s3cret").headers["location"] == "./"


def test_over_https_the_cookie_is_for_https_and_in_a_frame_it_crosses_sites():
    said = client(https=True, token="s3cret").get("/?token=s3cret").headers["set-cookie"]
    assert "Secure" in said
    framed = client(https=True, token="s3cret", frame_ancestors=("https://a.example",))
    assert "SameSite=none" in framed.get("/?token=s3cret").headers["set-cookie"]


def test_a_cookie_of_another_secret_is_worth_nothing():
    def cookie(secret: str) -> tuple[str, str]:
        visitor = client(token=secret)
        visitor.get(f"/?token={secret}")
        return next(iter(visitor.cookies.items()))

    (name, value), (_, foreign) = cookie("one"), cookie("two")
    visitor = client(token="one")
    assert visitor.get("/", headers={"Cookie": f"{name}={foreign}"}).status_code == 401
    assert visitor.get("/", headers={"Cookie": f"{name}={value}"}).status_code == 200


def test_wrong_secrets_are_soon_refused():
    visitor = client(token="s3cret")
    codes = [visitor.get(f"/?token=guess{number}").status_code for number in range(16)]
    assert codes[0] == 401
    assert codes[-1] == 429
    assert visitor.get("/", headers={"Authorization": "Bearer s3cret"}).status_code == 200


def test_the_login_covers_our_routes_and_leaves_the_login_page_open():
    visitor = client(auth=("ann", "b:c"))
    assert visitor.get("/").status_code == 200  # gradio answers it with its login page
    assert visitor.get("/assets/a.js").status_code == 200
    assert visitor.post("/login").status_code == 200
    for path in ("/viewer/t/", "/studio/t/picture/photo", "/gradio_api/info", "/config"):
        assert visitor.get(path).status_code == 401
        assert visitor.get(path, headers={"Cookie": "access-token-unsecure-abc=logged-in"}).status_code == 200
        assert visitor.get(path, headers={"Cookie": "access-token-unsecure-abc=guessed"}).status_code == 401
    right, wrong = (base64.b64encode(pair).decode() for pair in (b"ann:b:c", b"ann:nonsense"))
    assert visitor.get("/api/lift", headers={"Authorization": f"Basic {right}"}).status_code == 200
    assert visitor.get("/api/lift", headers={"Authorization": f"Basic {wrong}"}).status_code == 401
    assert [visitor.post("/login").status_code for _ in range(16)][-1] == 429


def test_websockets_need_the_secret_and_come_from_this_host_only():
    def told(visitor: TestClient, **headers: str) -> str:
        with visitor.websocket_connect("/viewer/t", headers=headers) as socket:
            return socket.receive_text()

    assert told(client()) == "in"
    assert told(client(), Origin="http://testserver") == "in"
    for visitor, headers in (
        (client(), OTHER),
        (client(), {"Origin": "http://testserver.example"}),
        (client(), {"Origin": "null"}),
        (client(token="s3cret"), {}),
        (client(auth=("ann", "b")), {}),
    ):
        with pytest.raises(WebSocketDisconnect):
            told(visitor, **headers)
    assert told(client(token="s3cret"), Authorization="Bearer s3cret") == "in"


def test_other_sites_change_nothing_and_read_nothing():
    visitor = client()
    assert visitor.post("/gradio_api/queue/join", headers=OTHER).status_code == 403
    assert visitor.post("/gradio_api/queue/join", headers={"Origin": "http://testserver"}).status_code == 200
    behind_a_proxy = {"Origin": "https://studio.example:8443", "X-Forwarded-Host": "studio.example"}
    assert visitor.post("/gradio_api/queue/join", headers=behind_a_proxy).status_code == 200

    async def generous(scope, receive, send):  # as gradio is on a public host
        await Response("ok", headers={"Access-Control-Allow-Origin": "*"})(scope, receive, send)

    reader = TestClient(SecurityHeaders(generous))
    assert "access-control-allow-origin" not in reader.get("/", headers=OTHER).headers
    assert "access-control-allow-origin" in reader.get("/", headers={"Origin": "http://testserver"}).headers


@pytest.mark.parametrize(("path", "burst"), [("/gradio_api/queue/join", 15), ("/gradio_api/upload", 4)])
def test_a_flood_is_told_when_to_come_again(path, burst):
    visitor = client(rate=60)
    codes = [visitor.post(path) for _ in range(burst + 1)]
    assert [answer.status_code for answer in codes] == [200] * burst + [429]
    assert 1 <= int(codes[-1].headers["retry-after"]) <= 60
    assert "Try again in" in codes[-1].json()["detail"]
    assert visitor.get("/").status_code == 200
    assert [client(rate=0).post(path).status_code for _ in range(40)] == [200] * 40


def test_bodies_have_a_limit_whether_they_announce_their_length_or_not():
    visitor = client(max_upload="1mb")
    megabyte = b"x" * (1 << 20)
    assert visitor.post("/gradio_api/upload", content=megabyte).text.endswith(str(1 << 20))
    for body in (megabyte * 3, iter([megabyte] * 3)):
        answer = visitor.post("/gradio_api/upload", content=body)
        assert answer.status_code == 413
        assert "2 MB" in answer.json()["detail"]
    assert visitor.post("/gradio_api/queue/join", content=megabyte * 9).status_code == 413


def test_who_announces_much_and_sends_nothing_is_answered():
    async def silent():
        await asyncio.Event().wait()

    sent: list[dict] = []

    async def send(message):
        sent.append(message)

    scope = {"type": "http", "method": "POST", "path": "/gradio_api/upload", "query_string": b"", "client": ("c", 1)}
    scope |= {"headers": [(b"content-length", b"5000000000")], "scheme": "http", "server": ("testserver", 80)}
    asyncio.run(asyncio.wait_for(Gate(site(), AppConfig())(scope, silent, send), 20))
    assert sent[0]["status"] == 413


def test_buckets_fill_again_and_clients_do_not_share_them():
    now = 0.0
    buckets = Buckets(per_minute=60, at_once=2, clock=lambda: now)
    assert [buckets.take("a"), buckets.take("a")] == [0, 0]
    assert buckets.take("a") == pytest.approx(1)
    assert buckets.take("b") == 0
    now = 0.5
    assert buckets.take("a") == pytest.approx(0.5)
    now = 1.0
    assert buckets.take("a") == 0


@pytest.mark.parametrize(("text", "size"), [("1kb", 1024), ("256mb", 256 << 20), ("2GB", 2 << 30)])
def test_sizes(text, size):
    assert size_of(text) == size
