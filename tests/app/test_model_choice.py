"""Choosing a model on the real page with the real models: a file from the command line, ours, and a damaged file."""

import shutil
import sys
from pathlib import Path

import pytest
from PIL import Image

sys.path.insert(0, str(Path(__file__).parent))

from browser import ROOT, Studio, chromium, real_studio

pytestmark = pytest.mark.browser

PHOTO = ROOT / "assets" / "examples" / "room_chair.jpg"
WEIGHTS = ROOT / "assets" / "weights"


@pytest.fixture
def studio(tmp_path):
    mine, broken = tmp_path / "mine.safetensors", tmp_path / "broken.safetensors"
    shutil.copy(WEIGHTS / "wt-s-mini.safetensors", mine)
    broken.write_bytes((WEIGHTS / "wt-o-mini.safetensors").read_bytes()[:5000])
    models = ["--scene-model", str(mine), "--object-model", str(broken)]
    with real_studio(tmp_path, "--points", "20000", *models) as url, chromium() as browser:
        yield Studio(browser, url)


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
    page.wait_for_function("document.querySelector('#chip')?.innerText.includes('not available: object model')")
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
