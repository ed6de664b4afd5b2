"""The whole 3D pane in a real browser, with quick parts instead of models: what an artist sees, measures and sets."""

import io
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect

sys.path.insert(0, str(Path(__file__).parent))

from browser import Studio, chromium, quick_studio

pytestmark = pytest.mark.browser


@pytest.fixture
def studio(tmp_path):
    with quick_studio(tmp_path, 0.05) as url, chromium() as browser:
        yield Studio(browser, url)


def brightness(studio):
    """Of the view's lower right corner, where no point is."""
    return float(studio.view()[-24:-4, -24:-4].mean())


def wait_bright(studio, bright):
    for _ in range(60):
        if (brightness(studio) > 200) == bright:
            return
        studio.page.wait_for_timeout(300)
    pytest.fail(f"the ground is {brightness(studio):.0f} bright")


def text(studio, selector):
    return studio.page.locator(selector).inner_text()


def wait_text(studio, selector, words):
    script = "([s, w]) => document.querySelector(s)?.textContent.includes(w)"
    studio.page.wait_for_function(script, arg=[selector, words])


def test_an_artist_looks_measures_and_calibrates(studio, tmp_path):
    page = studio.page
    image = np.full((200, 300, 3), (230, 120, 20), np.uint8)
    Image.fromarray(image).save(tmp_path / "orange.png")
    studio.upload(tmp_path / "orange.png")
    studio.says("orange.png is open")
    studio.open_step("geometry")
    page.locator("#lift").click()
    studio.says("Lifted")
    studio.idle()
    studio.wait_coloured(20_000)

    page.locator("#colour").get_by_text("Normals").click()
    wait_text(studio, "#viewer .legend", "to the camera")
    page.locator("#colour").get_by_text("Depth").click()
    wait_text(studio, "#viewer .legend", "Depth, m")
    expect(page.locator("#viewer .legend .scale span")).to_have_count(5)

    page.locator("#look .opener").click()
    assert page.locator("#look .budgets button").all_inner_texts() == ["12k", "100k", "300k", "1M", "All"]
    assert "12,000 of" in text(studio, "#view_caption")
    page.locator("#look .budgets").get_by_text("All").click()
    wait_text(studio, "#view_caption", "All ")
    page.locator("#look .budgets").get_by_text("12k").click()
    page.locator("#look [data-kind=light][data-value='1']").click()
    wait_bright(studio, True)
    page.locator("#look [data-kind=mark]").click()
    wait_text(studio, "#look .told", "marked in pink")
    page.locator("#look [data-kind=drop_flyers]").click()
    studio.says("edge flyers are gone")
    page.keyboard.press("Escape")
    page.locator("#undo").click()
    studio.says("Undone: Remove edge flyers")

    page.locator("#measure").click()
    studio.says("Click two points")
    box = page.locator("#viewer iframe").bounding_box()
    page.mouse.click(box["x"] + box["width"] * 0.35, box["y"] + box["height"] * 0.3)
    studio.says("Now the other end")
    page.mouse.click(box["x"] + box["width"] * 0.6, box["y"] + box["height"] * 0.3)
    studio.says("between the two points")
    assert text(studio, "#ruler .length").endswith(" m")
    page.locator("#ruler .really").fill("0.9")
    page.locator("#ruler [data-kind=really]").click()
    studio.says("is 0.9 m now")
    assert text(studio, "#ruler .length") == "0.900 m"
    wait_text(studio, "#lift_facts", "a length was measured")
    page.locator("#ruler .close").click()

    page.locator("#depths_open").click()
    page.wait_for_function("document.querySelectorAll('#depths img').length === 3")
    page.locator("#depths").get_by_text("Magma").click()
    expect(page.locator("#depths .empty"), "empty layers are shown as such").to_have_count(3)
    with page.expect_download() as taken:
        page.locator("#depths figcaption a").first.click()
    assert taken.value.suggested_filename == "orange-depth-0-magma.png"
    picture = Image.open(io.BytesIO(Path(taken.value.path()).read_bytes()))
    assert picture.size == (96, 64)
    page.keyboard.press("Escape")

    studio.open_step("geometry")
    page.locator("#camera input").fill("28")
    page.locator("#camera .typed button").click()
    studio.says("Every point is on its ray")
    wait_text(studio, "#camera .used", "28.0 mm")

    page.reload()
    page.wait_for_selector("#home:not([disabled])", state="attached")
    wait_bright(studio, True)
    studio.open_step("geometry")
    wait_text(studio, "#camera .used", "28.0 mm")
    assert studio.outside == []
    assert studio.errors == []
