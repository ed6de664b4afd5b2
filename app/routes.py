"""Our own routes beside Gradio's: the 3D view (page and websocket relay), a visitor's pictures and downloads.

Every path holds a visitor's unguessable token, which is the only guard: Gradio's own login does not cover these routes.
"""

import asyncio
import importlib.util
from collections.abc import Callable
from pathlib import Path
from typing import Protocol
from urllib.parse import quote

import websockets
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

_FILES = ("/gradio_api/file={rest:path}", "/gradio_api/file/{rest:path}")
_SCHEMES = ("http", "https", "HTTP", "HTTPS")
_CLOSED = (
    *("/gradio_api/proxy={rest:path}", "/gradio_api/process_recording", "/gradio_api/deep_link"),
    *(
        "/gradio_api/stream/{rest:path}",
        "/gradio_api/custom_component/{rest:path}",
        "/gradio_api/run-history/{rest:path}",
    ),
    *("/monitoring", "/monitoring/{rest:path}", "/gradio_api/vibe-code", "/gradio_api/vibe-edit"),
)
NO_STORE = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}


class Files(Protocol):
    """What the routes ask about a visitor; both answer None for an unknown token or name."""

    def picture(self, token: str, name: str) -> tuple[bytes, str] | None:
        """(encoded image, media type)."""

    def download(self, token: str, name: str) -> Path | bytes | None:
        """A file that this visitor takes away, or the content of one that is made on demand."""


def client_page() -> Path:
    """viser's whole browser client, one file."""
    spec = importlib.util.find_spec("viser")
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent / "client" / "build" / "index.html"


def studio_routes(port_of: Callable[[str], int | None], files: Files) -> list[BaseRoute]:
    """Routes for `demo.launch(app_kwargs={"routes": ...})`.

    Args:
        port_of: loopback port of a viewer token's server, None if there is no such viewer.
        files: a visitor's pictures and downloads.
    """

    async def page(request: Request) -> Response:
        if port_of(request.path_params["token"]) is None:
            return Response("There is no such view.", 404, headers=NO_STORE)
        return _unchanging(request, client_page())

    async def socket(outer: WebSocket) -> None:
        port = port_of(outer.path_params["token"])
        if port is None:
            await outer.close(4404)
            return
        await relay(outer, f"ws://127.0.0.1:{port}/")

    async def picture(request: Request) -> Response:
        found = await asyncio.to_thread(files.picture, request.path_params["token"], request.path_params["name"])
        if found is None:
            return Response("There is no such picture.", 404, headers=NO_STORE)
        return Response(found[0], media_type=found[1], headers=NO_STORE)

    async def download(request: Request) -> Response:
        name = request.path_params["name"]
        found = await asyncio.to_thread(files.download, request.path_params["token"], name)
        if found is None:
            return Response("There is no such file.", 404, headers=NO_STORE)
        if isinstance(found, Path):
            return FileResponse(found, filename=found.name, headers=NO_STORE)
        headers = {**NO_STORE, "Content-Disposition": f"attachment; filename*=utf-8''{quote(name)}"}
        return Response(found, media_type="application/octet-stream", headers=headers)

    return [
        Route("/viewer/{token}/", page),
        WebSocketRoute("/viewer/{token}", socket),
        WebSocketRoute("/viewer/{token}/", socket),
        Route("/studio/{token}/picture/{name}", picture),
        Route("/studio/{token}/download/{name}", download),
    ]


def _unchanging(request: Request, page: Path) -> Response:
    """viser's server refuses a client of another version, so a browser asks each time whether its copy is this one."""
    headers = {"Referrer-Policy": "no-referrer", "Cache-Control": "no-cache"}
    answer = FileResponse(page, media_type="text/html", headers=headers, stat_result=page.stat())
    if request.headers.get("if-none-match") == answer.headers["etag"]:
        return Response(status_code=304, headers={**headers, "ETag": answer.headers["etag"]})
    return answer


def closed_routes(*, api: bool) -> list[BaseRoute]:
    """What Gradio serves and this studio does not: other hosts' files, recordings, saved states, its monitoring.

    Args:
        api: whether programs may fetch what they were handed back; the page has its own downloads, so without them
            nothing of the folder of uploads is served.
    """

    async def closed(request: Request) -> Response:
        return Response("There is no such page.", 404, headers=NO_STORE)

    paths = [*_CLOSED, *(() if api else _FILES), *(f"/gradio_api/file={scheme}:{{rest:path}}" for scheme in _SCHEMES)]
    return [Route(path, closed, methods=["GET", "HEAD", "POST"]) for path in paths]


async def relay(outer: WebSocket, url: str) -> None:
    """Carry frames both ways until either side closes; the subprotocol is passed on, viser insists on its own."""
    try:
        inner = await websockets.connect(
            url,
            subprotocols=outer.scope["subprotocols"],
            max_size=None,  # one frame may hold millions of points
            compression=None,
            ping_interval=None,
        )
    except (OSError, websockets.InvalidHandshake):  # the viewer was stopped in between
        await outer.close(4404)
        return
    async with inner:
        await outer.accept(subprotocol=inner.subprotocol)

        async def down() -> None:
            async for message in inner:
                await (outer.send_text(message) if isinstance(message, str) else outer.send_bytes(message))

        async def up() -> None:
            while (message := await outer.receive())["type"] == "websocket.receive":
                await inner.send(message["bytes"] if message.get("bytes") is not None else message["text"])

        tasks = [asyncio.create_task(down()), asyncio.create_task(up())]
        _, pending = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in pending:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    try:
        await outer.close(inner.close_code or 1000)
    except (RuntimeError, WebSocketDisconnect):  # the peer is usually gone already
        return
