"""A visitor without a browser: speaks to a running studio exactly as its page does, so that many fit on one machine.

Opens the page, joins Gradio's queue and follows its stream, ticks the page's clock, keeps the heartbeat, fetches the
pictures that change, holds the 3D view's websocket and decodes viser's messages, uploads and downloads.
"""

import asyncio
import contextlib
import html
import json
import mimetypes
import re
import secrets
import time
from collections.abc import AsyncIterator, Callable, Collection, Coroutine
from pathlib import Path
from typing import Any

import httpx
import msgspec
import numpy as np
import websockets
import zstandard
from gradio_client.utils import apply_diff

PATIENCE_S = 900.0
_TICK_S = 1.5
_CAMERA = {
    "type": "ViewerCameraMessage",
    "wxyz": [1.0, 0.0, 0.0, 0.0],
    "position": [0.0, 0.0, 0.0],
    "image_height": 501,
    "image_width": 475,
    "fov": 0.7,
    "near": 0.01,
    "far": 1000.0,
    "look_at": [0.0, 0.0, 1.0],
    "up_direction": [0.0, -1.0, 0.0],
}


class VisitorError(Exception):
    """The studio did not do what a person would expect."""


class Visitor:
    """One page. `key` is what the browser keeps between visits; a visitor with the same one finds the same work."""

    def __init__(self, url: str, key: str | None = None) -> None:
        self.url = url.rstrip("/")
        self.key = key
        self.page = secrets.token_hex(6)
        self.shown: dict[str, dict[str, Any]] = {}
        """What every named component shows now."""
        self.toasts: list[str] = []
        self.seconds: dict[str, float] = {}
        """What each step took, from the click to the end of its answer."""
        self.pictures: dict[str, bytes] = {}
        """The newest of each kind: photo, before, overlay."""
        self.points: dict[str, np.ndarray] = {}
        """Colours [n, 3] of every point cloud in the 3D view, by its node."""
        self.told: list[str] = []
        """Every sentence that the status line has shown."""
        self.view_lost = 0
        """How often the 3D view's socket was cut."""
        # The server drops a connection that was idle for five seconds; browsers ask again then, this gives up before.
        limits = httpx.Limits(max_connections=None, keepalive_expiry=2.0)
        self._http = httpx.AsyncClient(timeout=httpx.Timeout(60, read=None), limits=limits)
        self._names: dict[int, str] = {}
        self._functions: dict[tuple[str, str], dict[str, Any]] = {}
        self._running: dict[str, asyncio.Queue[dict[str, Any]]] = {}
        self._tasks: set[asyncio.Task[Any]] = set()
        self._stream: asyncio.Task[None] | None = None
        self._view: asyncio.Task[None] | None = None
        self._socket: websockets.ClientConnection | None = None
        self._changed = asyncio.Event()
        self._versions: dict[str, Any] = {}
        self._last, self._lost, self._stale = 0, False, False

    # What a person does

    async def open(self, *, ready: bool = True) -> "Visitor":
        """Open the page; with `ready`, wait until the models are there."""
        answer = await self._http.get(self.url + "/")
        config = json.loads(re.search(r"window\.gradio_config = (\{.*?\});</script>", answer.text).group(1))  # type: ignore[union-attr]
        for part in config["components"]:
            name = part["props"].get("elem_id") or part["type"]
            self._names[part["id"]] = name
            self.shown[name] = dict(part["props"])
        for function in config["dependencies"]:
            for target, event in function["targets"]:
                self._functions[self._names.get(target, ""), event] = function
        self.shown["browserstate"]["value"] = self.key
        self._keep(self._heart())
        await self.fire("", "load")
        self.key = self.shown["browserstate"]["value"]
        self._keep(self._clock())
        if ready:
            await self.until(lambda: "ready" in self.text("chip"), "the models")
        return self

    async def upload(self, path: Path) -> None:
        """Drop a photo or a project file onto the page."""
        with self._timed("upload"):
            await self._give("upload", "upload", path)
            await self.until(lambda: "is open" in self.status, f"{path.name} to open")

    async def lift(self, kind: str = "scene", steps: int | None = None) -> None:
        """Press Lift and wait until the page shows the result; with the model's own number of steps, or another one."""
        self.shown["lift_kind"]["value"] = kind
        self.shown["steps_from"]["value"] = "own" if steps is None else "mine"
        self.shown["steps"]["value"] = steps or self.shown["steps"]["value"]
        await self._job("lift", "lift", lambda: self.status.startswith("Lifted"))

    async def edit(self, prompt: str, at: tuple[float, float] | None = None) -> None:
        """Mark a place, say what to do, and wait for the proposal."""
        if at is not None:
            await self.fire("stage", "gesture", {"kind": "pin", "x": at[0], "y": at[1]})
        self.shown["prompt"]["value"] = prompt
        await self.fire("prompt", "change")
        await self._job("edit", "run_edit", lambda: self.status.startswith("Look at the result"))

    async def accept(self) -> None:
        """Take the proposal."""
        with self._timed("accept"):
            await self.fire("accept", "click")
            await self.until(lambda: self.status.startswith("Accepted"), "the edit to be accepted")

    async def export(self, formats: Collection[str] | None = None) -> bytes:
        """Build the zip, of the usual formats or of these, and take it away."""
        for name in self.shown if formats is not None else ():
            if name.startswith("formats_"):
                offered = [value for _, value in self.shown[name]["choices"]]
                self.shown[name]["value"] = [value for value in offered if value in formats]
        await self._job("export", "build", lambda: "is ready" in self.status)
        with self._timed("download"):
            return await self.download("export_facts")

    async def project(self) -> bytes:
        """The whole work as one .wts file, by the link in the header."""
        return await self.download("project_save")

    async def download(self, name: str) -> bytes:
        """The file that a component links to."""
        link = re.search(r'href="([^"]+)"', self.shown[name]["value"])
        if link is None:
            raise VisitorError(f"{name} has no link")
        answer = await self._http.get(f"{self.url}/{html.unescape(link.group(1)).lstrip('/')}")
        if answer.status_code != 200:
            raise VisitorError(f"the download of {name} was answered with {answer.status_code}")
        return answer.content

    async def close(self) -> None:
        """Close the tab."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._http.aclose()

    # What a person sees

    @property
    def status(self) -> str:
        """The line at the foot of the page."""
        return self.text("status")

    @property
    def trouble(self) -> str:
        """The status line where it tells of a problem, else nothing."""
        return self.status if "problem" in str(self.shown["status"].get("value")).split(">")[0] else ""

    @property
    def busy(self) -> bool:
        """Whether the progress bar is there."""
        return bool(self.shown["progress_row"].get("visible"))

    @property
    def at_work(self) -> bool:
        """Whether a job of this visitor runs: it has a step, or a file that is being written."""
        return self.busy and any(word in self.text("progress") for word in (", step ", "Writing"))

    def text(self, name: str) -> str:
        """A component's words without markup."""
        return html.unescape(re.sub(r"<[^>]*>", "", str(self.shown[name].get("value") or ""))).strip()

    async def until(self, seen: Callable[[], bool], what: str, seconds: float = PATIENCE_S) -> None:
        """Wait until the page shows something."""
        give_up = time.monotonic() + seconds
        while not seen():
            self._changed.clear()
            if time.monotonic() > give_up:
                raise VisitorError(f"waited {seconds:.0f} s for {what}; the page says: {self.status}")
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._changed.wait(), 0.5)

    async def settle(self, seconds: float = 20.0) -> None:
        """Wait until the pictures and points of the moment have arrived: what comes changes nothing for a moment."""
        give_up = time.monotonic() + seconds
        while time.monotonic() < give_up:
            before = (dict(self._versions), len(self._pending_pictures()), id(self._socket), len(self.points))
            await asyncio.sleep(0.6)
            after = (dict(self._versions), len(self._pending_pictures()), id(self._socket), len(self.points))
            if before == after and not before[1]:
                return

    def cut_view(self) -> None:
        """Cut the 3D view's socket without a word, as a network does; the view connects again by itself."""
        if self._socket is not None:
            self._socket.transport.abort()

    # What the page does

    async def fire(self, name: str, event: str, data: Any = None) -> None:
        """One event of a component, until its last answer is shown."""
        function = self._functions[name, event]
        ids = {shown: ident for ident, shown in self._names.items()}
        body = {
            "data": [self.shown[self._names[ident]].get("value") for ident in function["inputs"]],
            "event_data": data,
            "fn_index": function["id"],
            "trigger_id": ids.get(name, 0),
            "session_hash": self.page,
        }
        if not function["queue"]:
            answer = await self._http.post(f"{self.url}/gradio_api/run/predict", json=body)
            if answer.status_code != 200:
                raise VisitorError(f"{name}.{event} was answered with {answer.status_code}: {answer.text[:200]}")
            self._apply(function, answer.json()["data"])
            return
        answer = await self._http.post(f"{self.url}/gradio_api/queue/join", json=body)
        if answer.status_code != 200:
            raise VisitorError(f"the queue answered {answer.status_code}: {answer.text[:200]}")
        ident = answer.json()["event_id"]
        messages = self._running.setdefault(ident, asyncio.Queue())
        if self._stream is None or self._stream.done():
            self._stream = self._keep(self._follow())
        try:
            await self._answers(function, messages)
        finally:
            del self._running[ident]

    async def _answers(self, function: dict[str, Any], messages: asyncio.Queue[dict[str, Any]]) -> None:
        partial: list[Any] | None = None
        while True:
            message = await messages.get()
            kind = message["msg"]
            if kind == "log":
                self.toasts.append(str(message["log"]))
            elif kind == "process_generating":
                data = message["output"]["data"]
                partial = data if partial is None else [apply_diff(a, b) for a, b in zip(partial, data, strict=True)]
                self._apply(function, partial)
            elif kind == "process_completed":
                if not message["success"]:
                    raise VisitorError(f"the page was told {message['output'].get('error') or 'that it failed'}")
                self._apply(function, message["output"].get("data", []))
                return
            elif kind in ("server_stopped", "unexpected_error"):
                raise VisitorError("the server has stopped")

    def _apply(self, function: dict[str, Any], data: list[Any]) -> None:
        for ident, value in zip(function["outputs"], data, strict=False):
            update = value if isinstance(value, dict) and value.get("__type__") == "update" else {"value": value}
            name = self._names[ident]
            self.shown[name].update({key: news for key, news in update.items() if key != "__type__"})
            if name == "status" and "value" in update and self.status not in self.told[-1:]:
                self.told.append(self.status)
            if name == "revision" and "value" in update:
                self._number(str(update["value"] or ""))
        self._fetch()
        self._changed.set()

    def _number(self, told: str) -> None:
        """As web/revision.js: an answer that does not follow on the last one means that something was missed."""
        text, _, whole = told.partition(" ")
        number = int(text or 0)
        if not number or number == self._last:
            return
        if whole and number > self._last:
            self._lost = self._stale = False
        elif number != self._last + 1:
            self._lost = True
        self._stale |= number < self._last
        self._last = max(self._last, number)

    async def _heart(self) -> None:
        """The connection by which the server knows that the page is open."""
        with contextlib.suppress(httpx.HTTPError):  # the server may be killed
            async with self._http.stream("GET", f"{self.url}/gradio_api/heartbeat/{self.page}") as beats:
                async for _ in beats.aiter_lines():
                    pass

    async def _clock(self) -> None:
        while True:
            await asyncio.sleep(_TICK_S)
            with contextlib.suppress(VisitorError, httpx.HTTPError):
                if self._lost:
                    await self.fire("revision", "lost", {"stale": self._stale})
                await self.fire("timer", "tick")

    async def _follow(self) -> None:
        """The stream of answers, until nothing is asked for."""
        try:
            while self._running:
                async for message in self._messages():
                    ident = message.get("event_id")
                    if ident:
                        self._running.setdefault(ident, asyncio.Queue()).put_nowait(message)
                    elif message["msg"] in ("server_stopped", "unexpected_error"):
                        raise httpx.RemoteProtocolError(message["msg"])
        except httpx.HTTPError:
            for messages in self._running.values():
                messages.put_nowait({"msg": "server_stopped"})

    async def _messages(self) -> AsyncIterator[dict[str, Any]]:
        address = f"{self.url}/gradio_api/queue/data?session_hash={self.page}"
        async with self._http.stream("GET", address) as stream:
            async for line in stream.aiter_lines():
                if line.startswith("data:"):
                    message = json.loads(line[5:])
                    if message["msg"] == "close_stream":
                        return
                    yield message

    def _pending_pictures(self) -> list[asyncio.Task[Any]]:
        return [task for task in self._tasks if task.get_name() == "picture"]

    def _fetch(self) -> None:
        """As web/stage.js and web/viewer.js: pictures that have changed, and the 3D view once it has an address."""
        stage = self.shown["stage"].get("value") or {}
        for name in ("photo", "before", "overlay"):
            version = (stage.get("token"), stage.get(name))
            if not stage.get("empty") and stage.get(name) is not None and self._versions.get(name) != version:
                self._versions[name] = version
                self._keep(self._picture(name, *version), "picture")
        path = (self.shown["viewer"].get("value") or {}).get("path")
        if path and self._view is None:
            self._view = self._keep(self._watch(path))

    async def _picture(self, name: str, token: str, version: int) -> None:
        with contextlib.suppress(httpx.HTTPError):
            answer = await self._http.get(f"{self.url}/studio/{token}/picture/{name}?v={version}")
            if answer.status_code == 200 and self._versions.get(name) == (token, version):
                self.pictures[name] = answer.content

    async def _watch(self, path: str) -> None:
        """The 3D view, connected again whenever it is cut."""
        from viser import __version__ as viser_version

        protocol = websockets.Subprotocol(f"viser-v{viser_version}")
        address = f"{self.url.replace('http', 'ws', 1)}/{path.rstrip('/')}"
        while True:
            with contextlib.suppress(OSError, websockets.WebSocketException, httpx.HTTPError):
                await self._http.get(f"{self.url}/{path}")
                async with websockets.connect(address, subprotocols=[protocol], max_size=None) as socket:
                    self._socket = socket
                    self.points.clear()  # all of it is sent again
                    await socket.send(msgspec.msgpack.encode(_CAMERA))
                    async for frame in socket:
                        self._show(frame if isinstance(frame, bytes) else frame.encode())
            self.view_lost += 1
            await asyncio.sleep(1.0)

    def _show(self, frame: bytes) -> None:
        """Keep the colours of every point cloud; see viser's `_message_producer` for the layout of a frame."""
        packed = int.from_bytes(frame[8:16], "little")
        inner = zstandard.ZstdDecompressor().decompress(frame[16 : 16 + packed])
        content, at, buffers = msgspec.msgpack.decode(inner), 16 + packed, []
        for length in content["binaryBufferLengths"]:
            at += -at % 8
            buffers.append(frame[at : at + length])
            at += length
        for message in content["messages"]:
            name = message.get("name")
            if message["type"] == "PointCloudMessage":
                colours = message["props"]["colors"]
                self.points[name] = np.frombuffer(buffers[colours["__binary_index"]], np.uint8).reshape(-1, 3)
            elif message["type"] == "RemoveSceneNodeMessage":
                gone = [node for node in self.points if node == name or node.startswith(f"{name}/")]
                for node in gone:
                    del self.points[node]

    async def _give(self, name: str, event: str, path: Path) -> None:
        kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
        ident = secrets.token_hex(6)
        files = {"files": (path.name, path.read_bytes(), kind)}
        answer = await self._http.post(f"{self.url}/gradio_api/upload?upload_id={ident}", files=files)
        if answer.status_code != 200:
            raise VisitorError(f"the upload was answered with {answer.status_code}: {answer.text[:200]}")
        stored = answer.json()[0]
        self.shown[name]["value"] = {
            "path": stored,
            "url": f"{self.url}/gradio_api/file={stored}",
            "orig_name": path.name,
            "size": path.stat().st_size,
            "mime_type": kind,
            "meta": {"_type": "gradio.FileData"},
        }
        await self.fire(name, event)

    async def _job(self, step: str, button: str, done: Callable[[], bool]) -> None:
        with self._timed(step):
            await self.fire(button, "click")
            await self.until(lambda: not self.busy and (done() or bool(self.trouble)), f"the {step}")
        if self.trouble:
            raise VisitorError(self.trouble)

    @contextlib.contextmanager
    def _timed(self, step: str) -> Any:
        began = time.monotonic()
        yield
        self.seconds[step] = time.monotonic() - began

    def _keep(self, work: Coroutine[Any, Any, Any], name: str = "") -> asyncio.Task[Any]:
        task = asyncio.create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task
