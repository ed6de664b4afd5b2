"""Events, requests, frames, words and names that no page of ours sends, to one running studio that goes on."""

import asyncio
import html
import re
import sys
from json import dumps
from pathlib import Path

import bad_bodies
import httpx
import psutil
import pytest
import websockets
from bad_pictures import encoded

sys.path.append(str(Path(__file__).resolve().parent.parent.parent / "benchmarks"))

from browser import quick_studio
from visitor import Visitor, VisitorError

LEAKS = re.compile(r"Traceback|File \"/|internal error|site-packages")
MOST_GROWTH = 600 << 20


class Running:
    """The studio, and what it must not do."""

    def __init__(self, url: str, folder: Path, pid: int) -> None:
        self.url, self.folder, self.process = url, folder, psutil.Process(pid)
        self.log = folder / "log.txt"

    def around(self) -> set[str]:
        """All that lies beside the data of visitors."""
        return {str(path) for path in self.folder.rglob("*") if not path.is_relative_to(self.folder / "data")}


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    folder = tmp_path_factory.mktemp("hostile")
    (folder / "photo.png").write_bytes(encoded())
    uploads = {"GRADIO_TEMP_DIR": str(folder / "data" / "uploads")}
    before = {child.pid for child in psutil.Process().children()}
    with quick_studio(folder, 0, environment=uploads) as address:
        pid = next(child.pid for child in psutil.Process().children() if child.pid not in before)
        studio = Running(address.rstrip("/"), folder, pid)
        asyncio.run(warmed(studio))
        before, size = studio.around(), studio.process.memory_info().rss
        yield studio
        assert studio.around() == before
        assert studio.process.memory_info().rss - size < MOST_GROWTH


class Loose:
    """Sends what JSON does not know, such as NaN, as Python's own reader takes it."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self.http = http

    def __getattr__(self, name: str):
        return getattr(self.http, name)

    async def post(self, url: str, *, json=None, **more):
        content = None if json is None else dumps(json)
        kind = {} if json is None else {"headers": {"Content-Type": "application/json"}}
        return await self.http.post(url, content=content, **kind, **more)


async def at_work(running: Running) -> Visitor:
    """A visitor with a lifted photo and an object in it."""
    visitor = await Visitor(running.url).open()
    await visitor.upload(running.folder / "photo.png")
    await visitor.lift()
    await visitor.edit("add a box", at=(40, 50))
    await visitor.accept()
    visitor._http = Loose(visitor._http)
    return visitor


async def warmed(running: Running) -> None:
    """Everything is imported that a whole job needs."""
    visitor = await at_work(running)
    await visitor.close()


async def goes_on(visitor: Visitor) -> None:
    """The next good request is done."""
    await visitor.fire("stage", "gesture", {"kind": "click", "x": 40, "y": 30, "how": "new"})
    assert not visitor.trouble, visitor.trouble


def told(visitor: Visitor) -> list[str]:
    """All that the person reads."""
    return [*visitor.toasts, visitor.status]


def test_no_event_of_a_stranger_breaks_the_studio(running):
    async def send() -> list[str]:
        visitor, bad = await at_work(running), []
        for name, event, data in bad_bodies.EVENTS:
            visitor.toasts.clear()
            try:
                await asyncio.wait_for(visitor.fire(name, event, data), 60)
            except VisitorError as error:
                if not re.search("413|in the cache folder", str(error)):  # gradio looks at it no further
                    bad.append(f"{name}.{event} {data!r:.70}: {error}")
            bad += [f"{name}.{event} {data!r:.70}: {words}" for words in told(visitor) if LEAKS.search(words)]
            await visitor.until(lambda: not visitor.busy, "idle")
        await goes_on(visitor)
        await visitor.close()
        return bad

    assert not (bad := asyncio.run(send())), "\n".join(bad)


def test_no_value_of_a_stranger_breaks_the_studio(running):
    async def send() -> list[str]:
        visitor, bad = await at_work(running), []
        values = [*bad_bodies.VALUES]
        values += [("upload", "upload", "upload", bad_bodies.file(path)) for path in bad_bodies.FILES]
        visitor.shown["steps_from"]["value"] = "mine"
        for name, event, field, value in values:
            kept, visitor.shown[field]["value"] = visitor.shown[field].get("value"), value
            visitor.toasts.clear()
            try:
                await asyncio.wait_for(visitor.fire(name, event), 60)
            except VisitorError as error:  # gradio itself takes no such value
                if LEAKS.search(str(error)):
                    bad.append(f"{name}.{event} {field}={value!r:.70}: {error}")
            visitor.shown[field]["value"] = kept
            bad += [f"{name}.{event} {field}={value!r:.70}: {words}" for words in told(visitor) if LEAKS.search(words)]
            await visitor.until(lambda: not visitor.busy, "idle")
        await goes_on(visitor)
        await visitor.close()
        return bad

    assert not (bad := asyncio.run(send())), "\n".join(bad)


def test_no_words_of_a_stranger_break_the_studio_or_become_a_part_of_the_page(running):
    async def say() -> list[str]:
        visitor, bad = await at_work(running), []
        for name, words in bad_bodies.WORDS.items():
            for field, event in (("prompt", "change"), ("find", "submit"), ("prompt", "run")):
                visitor.shown[field]["value"], visitor.toasts[:] = words, []
                try:
                    await (visitor.fire("run_edit", "click") if event == "run" else visitor.fire(field, event))
                except (VisitorError, UnicodeEncodeError):  # half a pair is no text at all
                    continue
                await visitor.until(lambda: not visitor.busy, "idle")
                markup = [one.get("value") for part, one in visitor.shown.items() if part not in ("prompt", "find")]
                parts = [text for text in markup if isinstance(text, str)]
                bad += [f"{name}: {text[:200]}" for text in parts if "<script>" in text or "<img src=x" in text]
                bad += [f"{name}: {text[:200]}" for text in told(visitor) if LEAKS.search(text)]
                if visitor.shown["discard"].get("visible"):
                    await visitor.fire("discard", "click")
        visitor.shown["prompt"]["value"] = ""
        await goes_on(visitor)
        await visitor.close()
        return bad

    assert not (bad := asyncio.run(say())), "\n".join(bad)


def test_no_request_of_a_stranger_breaks_the_studio_or_is_told_what_is_inside(running):
    bad = []
    with httpx.Client(base_url=running.url, timeout=60) as client:
        for method, path, body in bad_bodies.REQUESTS:
            content = body if isinstance(body, bytes | str | None) else dumps(body)
            kind = {"Content-Type": "application/json"}
            with client.stream(method, path, content=content, headers=kind) as answer:
                text = (
                    ""
                    if "event-stream" in answer.headers.get("content-type", "")
                    else answer.read().decode("utf-8", "replace")
                )
            odd = answer.status_code >= 500 or LEAKS.search(text) or "root:" in text
            closed = (
                "etc" in path or "proxy" in path or "example.org" in path or "monitoring" in path or "deep_link" in path
            )
            if odd or (closed and answer.status_code == 200 and path[:2] != "/?"):
                bad.append(f"{method} {path[:60]} {str(content)[:60]}: {answer.status_code} {text[:200]}")
    assert not bad, "\n".join(bad)


def test_no_frame_of_a_stranger_breaks_the_3d_view_of_others_or_the_studio(running):
    from viser import __version__ as version

    async def send() -> None:
        visitor, other = await at_work(running), await at_work(running)
        path = visitor.shown["viewer"]["value"]["path"].rstrip("/")
        address, right = f"{running.url.replace('http', 'ws', 1)}/{path}", websockets.Subprotocol(f"viser-v{version}")
        for name, frame in bad_bodies.FRAMES:
            try:
                async with websockets.connect(address, subprotocols=[right], max_size=None) as socket:
                    await socket.send(frame)
                    await asyncio.wait_for(socket.wait_closed(), 0.3)
            except (TimeoutError, websockets.WebSocketException, OSError):
                pass
            async with websockets.connect(address, subprotocols=[right], max_size=None) as socket:
                assert len(await asyncio.wait_for(socket.recv(), 20)) > 0, name
        for protocols in ([], ["viser-v0.0.1"], ["x" * 300]):
            with pytest.raises((websockets.WebSocketException, TimeoutError)):
                async with websockets.connect(address, subprotocols=protocols, max_size=None) as socket:
                    await asyncio.wait_for(socket.recv(), 5)
        with pytest.raises(websockets.InvalidStatus):
            async with websockets.connect(address, subprotocols=[right], origin="https://evil.example"):
                pass
        for token in ("", "x", "%00", "../" + path, "é" * 20):
            with pytest.raises(websockets.InvalidStatus):
                async with websockets.connect(f"{running.url.replace('http', 'ws', 1)}/viewer/{token}"):
                    pass
        assert other.view_lost == 0
        await goes_on(visitor)
        await goes_on(other)
        await visitor.close()
        await other.close()

    asyncio.run(send())


def test_no_name_of_a_file_leaves_the_visitors_folder_or_becomes_a_part_of_the_page(running):
    async def send() -> list[str]:
        visitor, bad = await Visitor(running.url).open(), []
        async with httpx.AsyncClient(base_url=running.url, timeout=60) as client:
            for name in bad_bodies.NAMES.values():
                answer = await client.post("/gradio_api/upload", files={"files": (name, encoded(), "image/png")})
                if answer.status_code != 200:
                    bad += [f"{name[:40]!r}: {answer.status_code} {answer.text[:200]}"] * (answer.status_code >= 500)
                    continue
                stored = Path(answer.json()[0])
                assert stored.is_relative_to(running.folder / "data" / "uploads")
                visitor.shown["upload"]["value"] = bad_bodies.file(str(stored))
                await visitor.fire("upload", "upload")
                if LEAKS.search(visitor.status) or "<img" in visitor.status or "<script" in visitor.status:
                    bad.append(f"{name[:40]!r}: {visitor.status}")
                if not visitor.trouble:
                    save = html.unescape(str(visitor.shown["project_save"].get("value")))
                    assert not re.search(r"[\r\n\0]|onerror", save)
        await visitor.close()
        return bad

    assert not (bad := asyncio.run(send())), "\n".join(bad)


def test_the_log_tells_of_no_failure_that_the_studio_did_not_answer(running):
    log = running.log.read_text()
    assert "Task exception was never retrieved" not in log
