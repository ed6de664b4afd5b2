"""The whole job under the content policy: nothing is blocked, and no other host is asked."""

import sys
from collections import Counter
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
import pytest
from PIL import Image

sys.path.insert(0, str(Path(__file__).parent))

from browser import Studio, chromium, quick_studio

pytestmark = pytest.mark.browser

SIZE = (300, 200)
SECRET = "opened-with-this"


@pytest.fixture
def url(tmp_path):
    with quick_studio(tmp_path, 0.05, environment={"WT_STUDIO_TOKEN": SECRET}) as address:
        yield address


class Watched(Studio):
    """A page whose every request, socket and message of the console is kept."""

    def __init__(self, browser, url: str) -> None:
        self.asked: list[tuple[str, str]] = []
        self.console: list[str] = []
        self.refused: list[tuple[int, str]] = []
        self.browser = browser
        super().__init__(self, url)

    def new_context(self, **more):
        """What the page's own class opens, with ears from the first request on."""
        context = self.browser.new_context(**more)
        context.on("request", lambda request: self.asked.append((request.method, request.url)))
        context.on("response", self._answered)
        context.on("page", self._listen)
        return context

    def _answered(self, response) -> None:
        if response.status >= 400:
            self.refused.append((response.status, response.url))

    def _listen(self, page) -> None:
        page.on("websocket", lambda socket: self.asked.append(("SOCKET", socket.url)))
        page.on("console", lambda message: self.console.append(message.text))

    def table(self) -> str:
        """How often what was asked of whom: host, method, first parts of the path."""
        seen: Counter[tuple[str, str, str]] = Counter()
        for method, address in self.asked:
            parts = urlsplit(address)
            local = parts.scheme in ("data", "blob")
            path = "" if local else "/".join(parts.path.split("/")[: 3 if "gradio_api" in parts.path else 2])
            seen[parts.scheme + ":" if local else parts.netloc, method, path] += 1
        return "\n".join(
            f"{host:18} {method:7} {path:32} {count:5}" for (host, method, path), count in sorted(seen.items())
        )


def test_a_whole_job_breaks_no_policy_and_asks_no_other_host(url, tmp_path):
    path = tmp_path / "orange.png"
    Image.fromarray(np.full((SIZE[1], SIZE[0], 3), (230, 120, 20), np.uint8)).save(path)
    with chromium() as browser:
        studio = Watched(browser, f"{url}?token={SECRET}").ready()
        assert SECRET not in studio.page.url
        _job(studio, path)
        print(f"\n{studio.table()}")
        asked, console, errors, refused = studio.asked, studio.console, studio.errors, studio.refused
    assert [text for text in console if "Content Security Policy" in text or "Permissions" in text] == []
    assert (errors, refused) == ([], [])
    hosts = {urlsplit(address).netloc for _, address in asked if not address.startswith(("data:", "blob:"))}
    assert hosts == {urlsplit(url).netloc}
    assert any(method == "SOCKET" for method, _ in asked)


def _job(studio: Studio, path: Path) -> None:
    """Photo, lift, edit, export, and a look at the 3D view."""
    page = studio.page
    studio.upload(path)
    studio.says("orange.png is open")
    blank = studio.coloured()
    page.locator("#lift").click()
    studio.says("Lifted")
    studio.wait_coloured(blank + 20_000)
    page.locator("#prompt textarea").fill("add a box")
    page.keyboard.press("Control+Enter")
    studio.says("accept or discard")
    page.locator("#accept").click()
    studio.says("Accepted")
    studio.open_step("export")
    page.locator("#build").click()
    page.wait_for_selector("#download_zip")
    with page.expect_download() as download:
        page.locator("#download_zip").click()
    assert Path(download.value.path()).read_bytes()[:2] == b"PK"
