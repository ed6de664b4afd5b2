"""Driving the studio in a real headless Chromium: start, find, click, look."""

import io
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import TimeoutError, expect

ROOT = Path(__file__).resolve().parent.parent.parent
ARGS = ["--no-sandbox", "--disable-background-networking", "--disable-component-update", "--disable-sync"]
PATIENCE_MS = 90_000
expect.set_options(timeout=PATIENCE_MS)
TOUR = "world-tracing-tour"
"""What the page remembers of its first-run tour."""


def chromium_path() -> str:
    """Chromium, or a skip with one line; where CI is set its absence is a failure."""
    found = next(
        (path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), ""
    )
    if not found and os.environ.get("CI"):
        pytest.fail("the browser tests need chromium, and CI must not skip them")
    if not found:
        pytest.skip("no chromium on this machine, so the browser tests are skipped (apt-get install chromium)")
    return found


@contextmanager
def quick_studio(folder: Path, step_s: float, *flags: str, environment: dict[str, str] | None = None) -> Iterator[str]:
    """The address of a studio with quick parts for models (quick_studio.py), its data and log in the folder."""
    port = free_port()
    command = [python(), str(ROOT / "tests/app/quick_studio.py"), str(port), str(folder / "data"), str(step_s), *flags]
    with serving(command, folder / "log.txt", environment):
        wait_for(f"http://127.0.0.1:{port}/healthz", folder / "log.txt")
        yield f"http://127.0.0.1:{port}/"


@contextmanager
def real_studio(folder: Path, *flags: str) -> Iterator[str]:
    """The address of a studio with the shipped models."""
    port = free_port()
    command = [python(), "app.py", "--port", str(port), "--data-dir", str(folder / "data"), *flags]
    with serving(command, folder / "log.txt"):
        wait_for(f"http://127.0.0.1:{port}/healthz", folder / "log.txt")
        yield f"http://127.0.0.1:{port}/"


@contextmanager
def chromium() -> Iterator[Any]:
    """A browser of Playwright's."""
    path = chromium_path()
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=ARGS)
        yield browser
        browser.close()


@contextmanager
def visiting(browser: Any, url: str) -> Iterator["Studio"]:
    """A page that is ready; at the end it has asked no outside host and reported no error."""
    visitor = Studio(browser, url).ready()
    yield visitor
    outside, errors = visitor.outside, visitor.errors
    visitor.close()
    assert outside == [], "the page asked an outside host"
    assert errors == []


@contextmanager
def serving(command: list[str], log: Path, environment: dict[str, str] | None = None) -> Iterator[None]:
    """A studio in a process of its own, answering on `command`'s port."""
    with log.open("w") as stream:
        process = subprocess.Popen(
            command, cwd=ROOT, stdout=stream, stderr=subprocess.STDOUT, env={**os.environ, **(environment or {})}
        )
        try:
            yield
        finally:
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait(10)


def wait_for(url: str, log: Path, seconds: float = 120) -> None:
    """Until the page is served."""
    give_up = time.monotonic() + seconds
    while time.monotonic() < give_up:
        try:
            with urllib.request.urlopen(url, timeout=5) as answer:
                if answer.status == 200:
                    return
        except OSError:
            time.sleep(0.2)
    pytest.fail(f"the studio did not start: {log.read_text()[-2000:]}")


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def python() -> str:
    return sys.executable


class Studio:
    """One visitor's page."""

    def __init__(self, browser, url: str) -> None:
        self.url = url
        self.context = browser.new_context(viewport={"width": 1240, "height": 720}, accept_downloads=True)
        self.context.add_init_script(f"if (location.host) localStorage.setItem('{TOUR}', 'seen')")
        self.page = self.context.new_page()
        self.page.set_default_timeout(PATIENCE_MS)
        self.outside: list[str] = []
        self.errors: list[str] = []
        self._pictures = ""
        self.page.on("request", lambda request: self._note(request.url))
        self.page.on("websocket", lambda socket: self._note(socket.url.replace("ws://", "http://")))
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.goto(url)
        self.page.wait_for_selector("#photo_canvas", state="attached")

    def _note(self, address: str) -> None:
        if "/picture/photo" in address:
            self._pictures = address.partition("?")[0]
        if not address.startswith((self.url.rstrip("/"), "data:", "blob:")):
            self.outside.append(address)

    def ready(self) -> "Studio":
        """Wait for the models."""
        self.page.wait_for_function("document.querySelector('#chip')?.innerText.includes('ready')")
        return self

    def says(self, words: str) -> None:
        """Wait until the status line holds these words."""
        try:
            self.page.wait_for_function("w => document.querySelector('#status')?.innerText.includes(w)", arg=words)
        except TimeoutError:
            pytest.fail(f"the page does not say {words!r} but {self.status!r}")

    def idle(self) -> None:
        """Wait until nothing runs and the page knows it."""
        self.page.wait_for_selector("#progress_row", state="hidden")

    @property
    def status(self) -> str:
        return self.page.locator("#status").inner_text()

    def photo(self) -> np.ndarray:
        """The photo of the moment as the pane gets it, uint8 [h, w, 3]."""
        answer = self.page.request.get(self._pictures)
        assert answer.ok, answer.status
        return np.asarray(Image.open(io.BytesIO(answer.body())).convert("RGB"))

    def upload(self, path: Path) -> None:
        self.page.locator("#upload input[type=file]").set_input_files(path)

    def at(self, x: float, y: float, size: tuple[int, int]) -> dict[str, float]:
        """Where a photo pixel is on the canvas when the photo fits the pane."""
        box = self.page.locator("#photo_canvas").bounding_box()
        scale = min((box["width"] - 32) / size[0], (box["height"] - 32) / size[1])
        left, top = (box["width"] - size[0] * scale) / 2, (box["height"] - size[1] * scale) / 2
        return {"x": left + (x + 0.5) * scale, "y": top + (y + 0.5) * scale}

    def click_photo(self, x: float, y: float, size: tuple[int, int], **more) -> None:
        self.page.locator("#photo_canvas").click(position=self.at(x, y, size), **more)

    def open_step(self, name: str) -> None:
        """Open a step if it is shut; the page may open or shut it by itself just then, so it is looked at again."""
        button = self.page.locator(f"#step_{name} > button")
        for _ in range(20):
            if "open" not in (button.get_attribute("class") or "").split():
                button.click()
            self.page.wait_for_timeout(400)
            if "open" in (button.get_attribute("class") or "").split():
                return
        pytest.fail(f"the step {name} does not open; status: {self.status}")

    def view(self) -> np.ndarray:
        """A screenshot of the 3D view, int [h, w, 3]."""
        data = self.page.locator("#viewer iframe").screenshot(timeout=PATIENCE_MS)
        return np.asarray(Image.open(io.BytesIO(data)).convert("RGB")).astype(int)

    def coloured(self) -> int:
        """Saturated pixels of the 3D view."""
        picture = self.view()
        return int(((picture.max(-1) - picture.min(-1)) > 40).sum())

    def wait_coloured(self, least: int, most: int = 10**9, seconds: float = 60) -> int:
        """Until the 3D view shows so many saturated pixels."""
        give_up, seen = time.monotonic() + seconds, 0
        while time.monotonic() < give_up:
            seen = self.coloured()
            if least <= seen <= most:
                return seen
            self.page.wait_for_timeout(400)
        pytest.fail(f"the 3D view shows {seen} coloured pixels, not {least} to {most}; status: {self.status}")

    def drag_right(self, pixels: int) -> None:
        """Take the arrow of the chosen object that points to the right, drag it and let it go."""
        before, arrow = None, self._x_arrow()
        for _ in range(60):
            if arrow.size and np.array_equal(arrow, before):  # it is there, and where it stays
                break
            self.page.wait_for_timeout(500)
            before, arrow = arrow, self._x_arrow()
        else:
            pytest.fail(f"the 3D view shows no arrow to the right; status: {self.status}")
        row, column = arrow[:, arrow[1] > arrow[1].max() - 8].mean(axis=1)
        frame = self.page.locator("#viewer iframe").bounding_box()
        x, y = frame["x"] + column, frame["y"] + row
        self.page.mouse.move(x, y)
        self.page.mouse.down()
        for step in range(1, 6):
            self.page.mouse.move(x + pixels * step / 5, y)
            self.page.wait_for_timeout(100)
        self.page.mouse.up()

    def _x_arrow(self) -> np.ndarray:
        """Int [2, n]: rows and columns of the pixels in the arrow's own red."""
        red, green, blue = np.moveaxis(self.view(), -1, 0)
        return np.stack(np.nonzero((red > 220) & (green < 90) & (blue > 80) & (blue < 160)))

    def close(self) -> None:
        self.context.close()
