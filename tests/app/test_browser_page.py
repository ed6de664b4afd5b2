"""The page for everybody: without a mouse, read aloud, dark and light, on a phone, for the first time."""

import sys
from pathlib import Path

import pytest
from playwright.sync_api import expect

sys.path.insert(0, str(Path(__file__).parent))

from browser import TOUR, Studio, chromium, quick_studio

pytestmark = pytest.mark.browser

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]
"""axe's rules of levels A and AA, contrast of 4.5 : 1 among them; the 3D view's frame is viser's own."""

FADED = """() => Promise.allSettled(
  document.getAnimations().filter((a) => a.effect.getComputedTiming().endTime < 5000).map((a) => a.finished))"""


@pytest.fixture(scope="module")
def browser():
    with chromium() as found:
        yield found


@pytest.fixture(scope="module")
def url(tmp_path_factory):
    with quick_studio(tmp_path_factory.mktemp("studio"), 0.05, "editing") as address:
        yield address


def accessible(page, where):
    from axe_playwright_python.sync_playwright import Axe

    page.evaluate(FADED)  # a button that has just come to life has half its colour yet
    found = Axe().run(page, context={"exclude": [["iframe"]]}, options={"runOnly": RULES}).response["violations"]
    assert [(rule["id"], node["target"]) for rule in found for node in rule["nodes"]] == [], where


def tab_to(page, selector, key="Tab"):
    """Press Tab until the focus is there, as who has no mouse does."""
    for _ in range(60):
        page.keyboard.press(key)
        if page.evaluate("s => !!document.activeElement.closest(s)", selector):
            return
    pytest.fail(f"{key} never gets to {selector}")


def fits(page):
    """Whether nothing can be scrolled sideways, and what sticks out of the window."""
    wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    script = """names => names.filter((name) => {
      const box = document.querySelector(name).getBoundingClientRect();
      return box.width && (box.left < 0 || box.right > innerWidth + 0.5 || box.bottom > innerHeight + 0.5);
    })"""
    parts = ["#header", "#help", "#save_project", "#left", "#middle", "#right", "#view_tools", "#view_foot", "#footer"]
    return wide, page.evaluate(script, parts)


def test_the_whole_job_without_a_mouse(browser, url):
    studio = Studio(browser, url).ready()
    page, key = studio.page, studio.page.keyboard
    page.set_viewport_size({"width": 1280, "height": 720})
    assert page.locator("#status").get_attribute("aria-live") == "polite"
    tab_to(page, "#examples button")
    key.press("Enter")
    studio.says("is open")
    key.press("v")
    for press in ("ArrowLeft", "ArrowDown", "Shift+ArrowDown", "Enter"):
        key.press(press)
    studio.says("Select:")
    key.press("Shift+ArrowRight")
    key.press("Shift+Enter")
    studio.says("Add to the selection")
    accessible(page, "select")
    assert fits(page) == (0, [])
    key.press("Control+Enter")
    studio.says("Lifted")
    tab_to(page, "#prompt", "Shift+Tab")
    key.type("add a red chair")
    key.press("Control+Enter")
    studio.says("accept or discard")
    accessible(page, "edit")
    assert fits(page) == (0, [])
    key.press("Control+Enter")
    studio.says("Accepted")
    key.press("r")
    studio.says("Click two points")
    key.press("r")
    studio.says("The ruler is put away")
    key.press("t")
    page.wait_for_selector("#depths .depths[open] img")
    accessible(page, "depths")
    key.press("Escape")
    page.wait_for_selector("#depths .depths:not([open])", state="attached")
    key.press("?")
    page.wait_for_selector("#help_sheet dialog[open]")
    accessible(page, "sheet")
    key.press("r")  # not while the sheet is open
    key.press("Escape")
    page.wait_for_selector("#help_sheet dialog:not([open])", state="attached")
    expect(page.locator(".ruler")).to_be_hidden()
    tab_to(page, "#look .opener")
    key.press("Enter")
    tab_to(page, "#look [data-kind=light][data-value='1']")
    key.press("Enter")
    page.wait_for_selector("html.light")
    accessible(page, "view, light")
    key.press("Escape")
    tab_to(page, "#step_export > button", "Shift+Tab")
    key.press("Enter")
    page.wait_for_selector("#build")
    tab_to(page, "#build")
    key.press("Enter")
    page.wait_for_selector("#download_zip")
    accessible(page, "export, light")
    tab_to(page, "#download_zip")
    with page.expect_download() as download:
        key.press("Enter")
    assert Path(download.value.path()).read_bytes()[:2] == b"PK"
    assert (studio.outside, studio.errors) == ([], [])
    studio.close()


def test_a_phone_and_the_first_run(browser, url):
    phone = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True}
    context = browser.new_context(**phone, reduced_motion="reduce")
    page = context.new_page()
    page.set_default_timeout(60_000)
    page.goto(url)
    page.wait_for_selector(".tour:not([hidden])")
    assert page.locator(".tour b").inner_text() == "Open a photo"
    page.locator("#examples button").first.tap()  # nothing of the tour is in the way
    page.wait_for_function("document.querySelector('.tour b').textContent === 'Lift it'")
    page.locator("#photo_canvas").tap()
    page.wait_for_function("document.querySelector('#status').textContent.includes('Select:')")
    assert fits(page) == (0, [])
    page.locator(".panes [data-pane=left]").tap()
    expect(page.locator("#photo_canvas"), "one part at a time").to_be_hidden()
    page.locator("#lift").tap()
    page.wait_for_function("document.querySelector('.tour b').textContent === 'Edit it by words'")
    page.wait_for_selector("#viewer iframe", state="visible")
    assert fits(page) == (0, [])
    page.locator(".tour .on").tap()
    page.locator(".tour .on").tap()
    expect(page.locator(".tour")).to_be_hidden()
    for pane in ("left", "middle", "right"):
        page.locator(f".panes [data-pane={pane}]").tap()
        accessible(page, f"phone, {pane}")
    assert page.evaluate("name => localStorage.getItem(name)", TOUR) == "seen"
    page.reload()
    page.wait_for_selector("#viewer iframe", state="visible")
    page.wait_for_timeout(2500)
    expect(page.locator(".tour"), "once is enough").to_be_hidden()
    page.locator("#help").tap()
    page.locator("#help_sheet .again").tap()
    page.wait_for_selector(".tour:not([hidden])")
    context.close()
