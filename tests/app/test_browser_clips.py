"""A moving clip in a real browser: upload, click, lift, play, layers, export, reload; quick parts instead of models."""

import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect

sys.path.insert(0, str(Path(__file__).parent))

from browser import chromium, quick_studio, visiting

pytestmark = pytest.mark.browser

SIZE, FRAMES = (300, 200), 8


@pytest.fixture
def studio(tmp_path):
    with quick_studio(tmp_path, 0.05) as url, chromium() as browser, visiting(browser, url) as visitor:
        yield visitor


def animation(path: Path) -> Path:
    """An orange disc of the test segmenter's own size that goes right."""
    v, u = np.mgrid[: SIZE[1], : SIZE[0]] + 0.5
    frames = []
    for index in range(FRAMES):
        frame = np.full((SIZE[1], SIZE[0], 3), 30, np.uint8)
        frame[(u - 90 - 10 * index) ** 2 + (v - 100) ** 2 < 24**2] = (240, 130, 20)
        frames.append(Image.fromarray(frame))
    frames[0].save(path, save_all=True, append_images=frames[1:], duration=125)
    return path


def test_a_gif_is_clicked_lifted_played_and_taken_away(studio, tmp_path):
    page = studio.page
    studio.upload(animation(tmp_path / "disc.gif"))
    studio.says("disc.gif is open, 8 frames")
    thumbs = page.locator("#film .frames button")
    expect(thumbs).to_have_count(FRAMES)
    expect(page.locator("#lift_clip")).to_be_disabled()
    studio.click_photo(90, 100, SIZE)
    studio.says("Select:")
    blank = studio.coloured()
    page.locator("#lift_clip").click()
    studio.says("8 frames lifted")
    studio.idle()
    studio.wait_coloured(blank + 1000)

    thumbs.nth(5).click()
    studio.says("Frame 6 of 8")
    assert abs(centre(studio.photo()) - 140) < 1

    timeline = page.locator("#timeline")
    assert timeline.locator("output").inner_text() == "1 / 8"
    first = centre(studio.view())
    page.keyboard.press("Space")
    page.wait_for_function("document.querySelector('#timeline output')?.innerText.startsWith('6')")
    page.wait_for_selector("#timeline button[aria-label=Pause]")
    page.keyboard.press("Space")
    page.wait_for_selector("#timeline button[aria-label=Play]")
    timeline.locator("input").evaluate("bar => { bar.value = 7; bar.dispatchEvent(new Event('input')); }")
    for _ in range(40):
        if centre(studio.view()) > first + 20:
            break
        page.wait_for_timeout(250)
    assert centre(studio.view()) > first + 20, "the last frame's disc lies further right"

    page.locator("#build_clip").scroll_into_view_if_needed()
    page.locator("#build_clip").click()
    studio.says("is ready")
    with page.expect_download() as download:
        page.locator("#download_clip").click()
    with zipfile.ZipFile(download.value.path()) as bundle:
        names = set(bundle.namelist())
    assert {"clip.glb", "clip.mp4", "clip.wtc", "clip.npz", "manifest.json", "ply/frame_0007.ply"} == {
        name for name in names if "ply/" not in name or name.endswith("7.ply")
    }

    page.reload()
    page.wait_for_selector("#film .frames button >> nth=7")
    page.wait_for_selector("#timeline .timeline:not([hidden])")
    studio.wait_coloured(blank + 1000)


def centre(picture: np.ndarray) -> float:
    """Mean column of what is orange; NaN where nothing is."""
    picture = picture.astype(int)
    columns = np.nonzero((picture[..., 0] - picture[..., 2]) > 90)[1]
    return float(columns.mean()) if len(columns) else float("nan")
