"""Choosing a model on the real page with the real models: a file from the command line, ours, and a damaged file."""

import shutil
import sys
from pathlib import Path

import pytest
from PIL import Image

sys.path.insert(0, str(Path(__file__).parent))

from browser import ARGS, ROOT, Studio, chromium_path, free_port, python, serving, wait_for

pytestmark = pytest.mark.browser

PHOTO = ROOT / "assets" / "examples" / "room_chair.jpg"
WEIGHTS = ROOT / "assets" / "weights"


@pytest.fixture
def studio(tmp_path):
    path = chromium_path()
    from playwright.sync_api import sync_playwright

    shutil.copy(WEIGHTS / "wt-s-mini.safetensors", tmp_path / "mine.safetensors")
    (tmp_path / "broken.safetensors").write_bytes((WEIGHTS / "wt-o-mini.safetensors").read_bytes()[:5000])
    port, log = free_port(), tmp_path / "log.txt"
    command = [python(), "app.py", "--port", str(port), "--data-dir", str(tmp_path / "data"), "--points", "20000"]
    command += ["--scene-model", str(tmp_path / "mine.safetensors")]
    command += ["--object-model", str(tmp_path / "broken.safetensors")]
    url = f"http://127.0.0.1:{port}/"
    with serving(command, log), sync_playwright() as playwright:
        wait_for(url, log)
        browser = playwright.chromium.launch(executable_path=path, args=ARGS)
        yield Studio(browser, url)
        browser.close()


def choose(studio, label):
    """Pick from the list; the page says that it was understood."""
    studio.page.locator("#model input").click()
    studio.page.locator("#model [role=option]").filter(has_text=label).click()
    studio.says("The next lift uses")


def shows(studio, name):
    """Wait until the list shows this model; a late update may shut the step, so it is opened again."""
    for _ in range(120):
        studio.open_step("geometry")
        shown = studio.page.locator("#model input")
        if shown.count() and shown.input_value().startswith(name):
            return
        studio.page.wait_for_timeout(500)
    pytest.fail(f"the page does not show {name}; status: {studio.status}")


def lifted(studio, words):
    """Lift; the facts name the model."""
    studio.open_step("geometry")
    studio.page.locator("#lift").click()
    studio.page.wait_for_function("w => document.querySelector('#lift_facts').textContent.includes(w)", arg=words)
    studio.says("Lifted")
    studio.idle()
    studio.open_step("geometry")


def test_the_chosen_model_lifts_and_a_damaged_one_gives_a_sentence(studio, tmp_path):
    page = studio.page
    with Image.open(PHOTO) as image:
        width, height = image.size
    studio.upload(PHOTO)
    studio.says(f"{PHOTO.name} is open")
    studio.click_photo(width * 0.5, height * 0.6, (width, height))
    studio.says("Select:")
    page.wait_for_function("document.querySelector('#chip').innerText.includes('not available: object model')")
    shows(studio, "mine.safetensors")
    assert "python -m wt download world-tracing-scene" in page.locator("#model_facts").inner_text()
    assert str(tmp_path) not in page.locator("#left").inner_text()
    lifted(studio, "wt-s-mini (mine.safetensors) · Apache-2.0")

    choose(studio, "wt-s-mini")
    assert "mine.safetensors" in page.locator("#lift_facts").inner_text(), "what is there stays"
    page.reload()
    page.wait_for_selector("#home:not([disabled])", state="attached")  # the page has heard of its work
    shows(studio, "wt-s-mini")
    lifted(studio, "wt-s-mini · Apache-2.0")

    page.locator("#lift_kind").get_by_text("Selection").click()
    shows(studio, "broken.safetensors")
    page.locator("#lift").click()
    studio.says("broken.safetensors could not be loaded: broken.safetensors is not a readable safetensors file")
    assert "wt-s-mini · Apache-2.0" in page.locator("#lift_facts").text_content(), "nothing is lost"
    studio.open_step("geometry")
    choose(studio, "wt-o-mini")
    lifted(studio, "wt-o-mini · Apache-2.0")
    assert studio.outside == []
    assert studio.errors == []
