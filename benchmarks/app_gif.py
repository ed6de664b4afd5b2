"""The pictures of README, made by the app itself: `python benchmarks/app_gif.py` writes app.gif, app.png and phone.png.

Chromium drives the real studio with the shipped models: open an example, select, lift, turn, add something by words,
accept, turn again, export. app.png is the moment before the yes; phone.png is the same job on a phone.
"""

import argparse
import json
import math
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw, ImageFont
from playwright.sync_api import Page, sync_playwright
from serving import ROOT, Server

WIDE, PHONE = (1280, 720), (390, 844)
GIF_PX = 800
COLOURS = 256
PATIENCE_MS = 240_000
QUIET = "#viewer .badge { display: none; }"
"""Without a graphics card the view says so; the pictures are not about that."""


class Film:
    """Screenshots with a caption, and how long each is shown."""

    def __init__(self, page: Page) -> None:
        self.page, self.caption = page, ""
        self.frames: list[Image.Image] = []
        self.times_ms: list[int] = []

    def shot(self, time_ms: int) -> None:
        """One more frame."""
        path = Path(tempfile.gettempdir()) / "app_gif_frame.png"
        self.page.screenshot(path=path)
        with Image.open(path) as image:
            height = round(GIF_PX * image.height / image.width)
            self.frames.append(_captioned(image.convert("RGB").resize((GIF_PX, height)), self.caption))
        path.unlink()
        self.times_ms.append(time_ms)

    def save(self, path: Path) -> None:
        """One palette for all, so that what stands still costs nothing."""
        sheet = Image.new("RGB", (GIF_PX, self.frames[0].height * len(self.frames)))
        for number, frame in enumerate(self.frames):
            sheet.paste(frame, (0, number * frame.height))
        palette = sheet.quantize(COLOURS, method=Image.Quantize.MEDIANCUT)
        first, *others = [frame.quantize(palette=palette, dither=Image.Dither.NONE) for frame in self.frames]
        first.save(
            path, save_all=True, append_images=others, duration=self.times_ms, loop=0, optimize=False, disposal=1
        )


def _captioned(frame: Image.Image, caption: str) -> Image.Image:
    draw, font = ImageDraw.Draw(frame), ImageFont.load_default(size=19)
    wide = draw.textlength(caption, font=font)
    x, y = 0.45 * frame.width - wide / 2, frame.height - 78  # below the photo
    draw.rounded_rectangle((x - 16, y - 6, x + wide + 16, y + 29), 17, fill="#6f4ff2")
    draw.text((x, y), caption, font=font, fill="white")
    return frame


def says(page: Page, words: str) -> None:
    """Wait for the status line."""
    page.wait_for_function("w => document.querySelector('#status').textContent.includes(w)", arg=words)


def turn(film: Film, num: int, reach_px: float) -> None:
    """Swing the 3D view to both sides and back by dragging it."""
    box = film.page.locator("#viewer iframe").bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    film.page.mouse.move(x, y)
    film.page.mouse.down()
    for step in range(1, num + 1):
        angle = 2 * math.pi * step / num
        film.page.mouse.move(x + reach_px * math.sin(angle), y + 0.2 * reach_px * math.sin(angle) ** 2, steps=4)
        film.page.wait_for_timeout(450)
        film.shot(110)
    film.page.mouse.up()


def click_photo(page: Page, u: float, v: float) -> None:
    """At a place given in shares of the photo, which fits the pane."""
    box, size = page.locator("#photo_canvas").bounding_box(), page.locator("#photo_facts").text_content() or ""
    assert box is not None
    width, height = (int(part) for part in size.partition("Size")[2].replace("px", "").split("×"))
    scale = min((box["width"] - 32) / width, (box["height"] - 32) / height)
    page.mouse.click(
        box["x"] + box["width"] / 2 + (u - 0.5) * width * scale,
        box["y"] + box["height"] / 2 + (v - 0.5) * height * scale,
    )


def play(film: Film, given: argparse.Namespace) -> None:
    """The whole job."""
    page = film.page
    film.caption = "Open a photo"
    film.shot(1300)
    page.locator(f"#examples [data-name='{given.example}']").click()
    says(page, "is open")
    page.wait_for_timeout(1200)
    film.shot(900)
    film.caption = "Click selects"
    click_photo(page, *given.select)
    says(page, "Select")
    page.wait_for_timeout(1200)
    film.shot(1200)
    film.caption = "Lift: six layers of points"
    page.locator("#lift").click()
    page.wait_for_timeout(300)
    film.shot(500)
    says(page, "Lifted")
    page.wait_for_timeout(4000)
    film.shot(900)
    turn(film, 14, given.reach)
    page.locator("#home").click()
    film.caption = "Edit by words"
    click_photo(page, *given.at)
    says(page, "The place is marked")
    for end in range(5, len(given.prompt) + 5, 5):
        page.locator("#prompt textarea").fill(given.prompt[:end])
        film.shot(170)
    page.locator("#edit_seed_lock label").click()  # so that the pictures can be made again
    page.wait_for_timeout(900)
    film.shot(800)
    page.locator("#prompt textarea").press("Control+Enter")
    page.wait_for_timeout(700)
    film.shot(500)
    says(page, "accept or discard")
    page.wait_for_timeout(4000)
    for _ in range(3):  # the line between before and after goes to the left
        page.locator("#photo_canvas").press("Shift+ArrowLeft")
    page.locator("#photo_canvas").blur()
    page.wait_for_timeout(300)
    film.caption = "Look, then accept"
    film.shot(2000)
    page.screenshot(path=given.out / "app.png")
    page.locator("#accept").click()
    says(page, "Accepted")
    page.wait_for_timeout(1500)
    film.caption = "It stands in the scene"
    turn(film, 14, given.reach)
    film.caption = "Take it away"
    page.locator("#step_export > button").click()
    page.wait_for_timeout(800)
    page.locator("#build").click()
    page.wait_for_selector("#download_zip")
    page.locator("#download_zip").scroll_into_view_if_needed()
    page.wait_for_timeout(600)
    film.shot(2600)


def phone(page: Page, given: argparse.Namespace) -> Image.Image:
    """Steps, photo and 3D view of the same job, side by side."""
    shots = []
    page.locator(f"#examples [data-name='{given.example}']").tap()
    says(page, "is open")
    page.locator(".panes [data-pane=left]").tap()
    page.locator("#lift").tap()
    says(page, "Lifted")
    for pane in ("left", "middle", "right"):
        page.locator(f".panes [data-pane={pane}]").tap()
        page.wait_for_timeout(3000)
        path = given.out / "phone.png"
        page.screenshot(path=path)
        shots.append(Image.open(path).convert("RGB").resize(PHONE))
    sheet = Image.new("RGB", ((PHONE[0] + 14) * len(shots) - 14, PHONE[1]), "white")
    for number, shot in enumerate(shots):
        sheet.paste(shot, (number * (PHONE[0] + 14), 0))
    return sheet


@contextmanager
def opened(browser: Any, url: str, size: tuple[int, int], **more: Any) -> Iterator[Page]:
    """A visitor's page with the models loaded, past the tour."""
    context = browser.new_context(viewport={"width": size[0], "height": size[1]}, **more)
    context.add_init_script("if (location.host) localStorage.setItem('world-tracing-tour', 'seen')")
    page = context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    page.goto(url)
    page.wait_for_function("document.querySelector('#chip')?.textContent.includes('ready')")
    page.add_style_tag(content=QUIET)
    page.wait_for_timeout(1500)
    yield page
    context.close()


def main() -> None:
    """Make the three files."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=ROOT / "assets", help="folder of the pictures (assets)")
    parser.add_argument("--example", default="room_chair.jpg", help="of assets/examples")
    parser.add_argument("--prompt", default="add a red chair")
    pair = {"type": float, "nargs": 2, "metavar": ("U", "V")}
    parser.add_argument("--select", default=(0.3, 0.75), help="click there, in shares of the photo", **pair)
    parser.add_argument("--at", default=(0.48, 0.93), help="where the new thing stands", **pair)
    parser.add_argument("--reach", type=float, default=17, help="how far the 3D view is dragged, in pixels (17)")
    parser.add_argument("--json", action="store_true", help="the files' sizes as one JSON object")
    given = parser.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    with tempfile.TemporaryDirectory() as data, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        with Server(Path(data) / "studio", "--points", "120000") as server:
            with opened(browser, server.url, WIDE) as page:
                film = Film(page)
                play(film, given)
            film.save(given.out / "app.gif")
            touch = {"device_scale_factor": 2, "is_mobile": True, "has_touch": True}
            with opened(browser, server.url, PHONE, **touch) as page:
                phone(page, given).quantize(256).save(given.out / "phone.png", optimize=True)
        browser.close()
    files = {name: (given.out / name).stat().st_size for name in ("app.gif", "app.png", "phone.png")}
    told = {"files": files, "frames": len(film.frames), "seconds": sum(film.times_ms) / 1000}
    print(json.dumps(told) if given.json else ", ".join(f"{name}: {size / 1e6:.2f} MB" for name, size in files.items()))


if __name__ == "__main__":
    main()
