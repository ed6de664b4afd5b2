"""Every kind of edit in one project, in a real browser: add, replace, move by the handles, remove, undo, reopen.

The lifters are quick planes; words, painter, remover, placement and the page are the app's own.
"""

import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

sys.path.insert(0, str(Path(__file__).parent))

from browser import Studio, chromium, quick_studio, visiting

pytestmark = pytest.mark.browser

SIZE = (300, 200)
LEFT, RIGHT = (80, 185), (215, 185)
"""Two places on the floor, which begins at row 163."""


@pytest.fixture
def studio(tmp_path):
    with quick_studio(tmp_path, 0, "editing") as url, chromium() as browser, visiting(browser, url) as visitor:
        yield visitor


def room(path: Path) -> Path:
    """A grey floor before a light wall, with a little grain."""
    grain = np.random.default_rng(5).normal(0, 3, (SIZE[1], SIZE[0], 1))
    rgb = np.where(np.arange(SIZE[1])[:, None, None] < 163, (205, 200, 190), (140, 138, 132)) + grain
    Image.fromarray(np.clip(rgb, 0, 255).astype(np.uint8)).save(path)
    return path


def names(studio: Studio) -> list[str]:
    """The object list, newest first; the photo is its last row."""
    studio.open_step("place")
    studio.page.wait_for_selector("#objects .object")
    return [row.input_value() for row in studio.page.locator("#objects .object input").all()]


def state(studio: Studio) -> tuple[list[str], np.ndarray]:
    return names(studio), studio.photo()


def assert_same(now: tuple[list[str], np.ndarray], then: tuple[list[str], np.ndarray]) -> None:
    assert now[0] == then[0]
    np.testing.assert_array_equal(now[1], then[1])


def edit(studio: Studio, words: str, at: tuple[int, int] | None = None) -> None:
    """Say it, accept it."""
    page = studio.page
    if at is not None:
        page.locator("#stage button[data-tool=place]").click()
        studio.click_photo(*at, SIZE)
        studio.says(f"The place is marked at {at[0]}, {at[1]}")
    page.locator("#prompt textarea").fill(words)
    page.keyboard.press("Control+Enter")
    studio.says("accept or discard")
    studio.idle()
    page.locator("#accept").click()
    studio.says("Accepted")


def around(photo: np.ndarray, at: tuple[int, int]) -> np.ndarray:
    """The pixels of a thing that stands at a place."""
    return photo[at[1] - 30 : at[1] - 2, at[0] - 12 : at[0] + 12].astype(int)


def tinted(pixels: np.ndarray, channel: int) -> int:
    """How many pixels are plainly red (0), green (1) or blue (2)."""
    return int((pixels[..., channel] > 1.25 * np.delete(pixels, channel, axis=-1).max(axis=-1)).sum())


def pose(studio: Studio, ident: int) -> dict[str, float]:
    """Choose an object and read its numbers; it is not chosen any more afterwards."""
    page = studio.page
    studio.open_step("place")
    page.locator(f"#objects .object[data-id='{ident}'] .choose").click()
    page.wait_for_selector(".pose:not([hidden])")
    found = {
        what: float(page.locator(f".pose [data-what={what}]").input_value())
        for what in ("x", "y", "z", "heading", "scale")
    }
    page.locator(f"#objects .object[data-id='{ident}'] .choose").click()
    page.wait_for_selector(".pose", state="hidden")
    return found


def step(studio: Studio, which: str) -> None:
    """One step back or forth, until the page tells another one than before."""
    told = studio.status
    studio.page.locator(f"#{which}").click()
    studio.page.wait_for_function("told => (document.querySelector('#status')?.innerText ?? told) !== told", arg=told)


def step_back_to_before(studio: Studio, label: str) -> None:
    """Undo until a step is taken back."""
    for _ in range(6):
        step(studio, "undo")
        if studio.status == f"Undone: {label}.":
            return
    pytest.fail(f"{label!r} was not undone but {studio.status!r}")


def test_add_replace_move_remove_undo_and_everything_is_there_after_a_refresh(studio, tmp_path):
    page = studio.page
    studio.upload(room(tmp_path / "room.png"))
    studio.says("room.png is open")
    page.locator("#lift").click()
    studio.says("Lifted")
    page.locator("#edit_seed_lock label").click()
    bare = state(studio)
    assert bare[0] == ["photo"]

    edit(studio, "add a green armchair", LEFT)
    assert names(studio) == ["green armchair", "photo"]
    assert tinted(around(studio.photo(), LEFT), 1) > 150 > tinted(around(bare[1], LEFT), 1)
    np.testing.assert_array_equal(around(studio.photo(), RIGHT), around(bare[1], RIGHT))
    one = state(studio)

    edit(studio, "add a blue cabinet", RIGHT)
    assert names(studio) == ["blue cabinet", "green armchair", "photo"]
    two = state(studio)

    edit(studio, "replace the cabinet with a red barrel")
    replaced = state(studio)
    assert replaced[0] == ["red barrel", "green armchair", "photo"]
    assert tinted(around(two[1], RIGHT), 2) > 60 > tinted(around(two[1], RIGHT), 0)
    assert tinted(around(replaced[1], RIGHT), 0) > 60 > tinted(around(replaced[1], RIGHT), 2)
    np.testing.assert_array_equal(around(replaced[1], LEFT), around(two[1], LEFT))

    ident = int(page.locator("#objects .object").first.get_attribute("data-id"))
    before, other = pose(studio, ident), pose(studio, 1)
    page.locator(f"#objects .object[data-id='{ident}'] .choose").click()
    studio.says("Drag the arrows")
    studio.drag_right(60)
    studio.says("Moved the red barrel")
    page.locator(f"#objects .object[data-id='{ident}'] .choose").click()
    moved = pose(studio, ident)
    assert moved["x"] > before["x"] + 0.1
    assert {**moved, "x": 0} == {**before, "x": 0}
    assert pose(studio, 1) == other
    assert_same(state(studio), replaced)

    edit(studio, "remove the armchair")
    assert names(studio) == ["red barrel", "photo"]
    np.testing.assert_array_equal(around(studio.photo(), LEFT), around(bare[1], LEFT))
    last = state(studio)
    assert pose(studio, ident) == moved

    page.reload()
    page.wait_for_selector("#objects .object")
    studio.ready()
    assert_same(state(studio), last)
    assert pose(studio, ident) == moved

    steps = [
        ("Edit: remove the armchair", replaced),
        ("Move the red barrel", replaced),
        ("Edit: replace the cabinet with a red barrel", two),
        ("Edit: add a blue cabinet", one),
        ("Edit: add a green armchair", bare),
    ]
    for label, expected in steps:
        step_back_to_before(studio, label)
        assert_same(state(studio), expected)
        if label.startswith("Move"):
            assert pose(studio, ident) == before
    while not page.locator("#redo").is_disabled():
        step(studio, "redo")
    assert_same(state(studio), last)
    assert pose(studio, ident) == moved

    studio.upload(room(tmp_path / "another.png"))
    studio.says("another.png is open")
    studio.open_step("photo")
    page.locator("#projects .project:not(.now) .open").click()
    studio.says("The project of room.png is open, with 4 edits")
    assert_same(state(studio), last)
    assert pose(studio, ident) == moved
