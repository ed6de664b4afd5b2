"""The page in a real browser, with quick parts instead of models: gestures, errors, cancel, reload, two visitors."""

import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect

sys.path.insert(0, str(Path(__file__).parent))

from browser import Studio, chromium, quick_studio, visiting

pytestmark = pytest.mark.browser

SIZE = (300, 200)


@pytest.fixture(scope="module")
def browser():
    with chromium() as found:
        yield found


@pytest.fixture(scope="module")
def url(tmp_path_factory):
    with quick_studio(tmp_path_factory.mktemp("studio"), 0.15) as address:
        yield address


@pytest.fixture
def studio(browser, url):
    with visiting(browser, url) as visitor:
        yield visitor


def picture(path: Path, colour: tuple[int, int, int]) -> Path:
    image = np.full((SIZE[1], SIZE[0], 3), colour, np.uint8)
    image[::8] = 255 - image[::8]
    Image.fromarray(image).save(path)
    return path


def test_upload_click_lift_edit_undo_export(studio, tmp_path):
    page = studio.page
    studio.upload(picture(tmp_path / "orange.png", (230, 120, 20)))
    studio.says("orange.png is open")
    studio.click_photo(150, 100, SIZE)
    studio.says("Select:")
    blank = studio.coloured()
    page.locator("#lift").click()
    studio.says("Lifted")
    studio.wait_coloured(blank + 20_000)
    studio.click_photo(90, 150, SIZE)
    studio.says("The place is marked at 90, 150")
    page.locator("#prompt textarea").fill("add a box")
    page.keyboard.press("Control+Enter")
    studio.says("accept or discard")
    assert "× 1.250" in page.locator("#place_facts").inner_text()
    expect(page.locator("#run_edit")).to_be_hidden()
    accept = page.locator("#accept").bounding_box()
    assert accept["y"] + accept["height"] < page.locator("#footer").bounding_box()["y"], "seen without scrolling"
    page.locator("#accept").click()
    studio.says("Accepted")
    expect(page.locator("#objects .object")).to_have_count(2)
    page.locator("#objects .object[data-id='1'] .show").click()
    page.wait_for_selector("#objects .object.off")
    page.locator("body").press("Control+z")
    studio.says("Undone: Hide")
    page.locator("body").press("Control+Shift+z")
    studio.says("Redone: Hide")
    name = page.locator("#objects .object[data-id='1'] input")
    name.fill("crate")
    name.press("Enter")
    studio.says("Rename")
    page.locator("#objects .object[data-id='1'] .delete").click()
    studio.says("Delete")
    expect(page.locator("#objects .object")).to_have_count(1)
    studio.open_step("export")
    page.locator("#build").click()
    page.wait_for_selector("#download_zip")
    with page.expect_download() as download:
        page.locator("#download_zip").click()
    assert Path(download.value.path()).read_bytes()[:2] == b"PK"


def test_an_object_is_dragged_by_its_handles_typed_snapped_and_reset(studio, tmp_path):
    page = studio.page
    studio.upload(picture(tmp_path / "grey.png", (90, 120, 150)))
    studio.says("is open")
    page.locator("#lift").click()
    studio.says("Lifted")
    studio.click_photo(120, 150, SIZE)
    studio.says("The place is marked")
    page.locator("#prompt textarea").fill("add a box")
    page.keyboard.press("Control+Enter")
    studio.says("accept or discard")
    page.locator("#accept").click()
    studio.says("Accepted")
    page.locator("#objects .object[data-id='1'] .choose").click()
    studio.says("Drag the arrows")

    def value(what):
        return float(page.locator(f".pose [data-what={what}]").input_value())

    def becomes(what, test):
        page.wait_for_function(f"Number(document.querySelector('.pose [data-what={what}]').value) {test}")

    start = {what: value(what) for what in ("x", "y", "z", "heading", "scale")}
    studio.drag_right(60)
    studio.says("Moved the box")
    becomes("x", f"> {start['x']} + 0.2")
    assert (value("y"), value("z")) == (start["y"], start["z"])
    assert value("heading") == 0
    page.locator("body").press("Control+z")
    studio.says("Undone: Move the box")
    becomes("x", f"== {start['x']}")
    box = page.locator(".pose [data-what=heading]")
    box.fill("30")
    box.press("Enter")
    studio.says("Turned the box")
    box = page.locator(".pose [data-what=scale]")
    box.fill("9")
    box.press("Enter")
    studio.says("A scale lies between 0.25 and 4")
    becomes("scale", "== 1")
    page.locator(".pose .snap input").check()
    studio.says("Snapped the box to the floor")
    page.locator(".pose .reset").click()
    studio.says("Reset the box")
    becomes("heading", "== 0")
    becomes("y", f"== {start['y']}")
    frame = page.locator("#viewer iframe").bounding_box()
    page.mouse.click(frame["x"] + frame["width"] - 30, frame["y"] + frame["height"] / 2)
    studio.says("No object is chosen")
    page.wait_for_selector(".pose", state="hidden")


def test_clicks_land_on_the_pixel_that_was_clicked(studio, tmp_path):
    studio.upload(picture(tmp_path / "a.png", (40, 90, 200)))
    studio.says("is open")
    reads = "([x, y]) => document.querySelector('#stage .read').innerText === x + ', ' + y"

    def clicks_land(*places: tuple[int, int]) -> None:
        for x, y in places:
            studio.click_photo(x, y, SIZE)
            studio.page.wait_for_function(reads, arg=[x, y])

    clicks_land((10, 190), (295, 4), (150, 100))
    studio.page.set_viewport_size({"width": 1900, "height": 1060})
    studio.page.wait_for_timeout(500)
    clicks_land((12, 188))
    enter = "document.querySelector('#stage').requestFullscreen()"
    devtools = studio.context.new_cdp_session(studio.page)
    devtools.send("Runtime.evaluate", {"expression": enter, "userGesture": True, "awaitPromise": True})
    studio.page.wait_for_function("document.fullscreenElement !== null")
    studio.page.wait_for_timeout(500)
    clicks_land((290, 9))


def test_layers_and_colours_change_the_view(studio, tmp_path):
    page = studio.page
    studio.upload(picture(tmp_path / "green.png", (20, 200, 60)))
    studio.says("is open")
    page.locator("#lift").click()
    studio.says("Lifted")
    studio.wait_coloured(20_000)
    page.locator("#layers [data-layer='1']").click(modifiers=["Alt"])
    page.wait_for_function("document.querySelector('#layers [data-layer=\"0\"]').className === ''")
    studio.wait_coloured(0, most=4000)  # layer 1 is hidden, so it is grey
    page.locator("#colour").get_by_text("Layer").click()
    studio.wait_coloured(20_000)
    red, _, blue = np.median(studio.view().reshape(-1, 3), axis=0)
    assert blue > red


def test_every_button_with_nothing_loaded(studio):
    page = studio.page
    for step in ("select", "geometry", "edit", "place", "export"):
        studio.open_step(step)
        assert " first" in page.locator(f"#step_{step} > button").inner_text(), "a locked step says what it needs"
    masks = ("fill_holes", "keep_largest", "invert", "clear", "grow", "shrink", "feather")
    for name in ("lift", "run_edit", "build", *masks, "undo", "redo", "home"):
        expect(page.locator(f"button#{name}"), name).to_be_disabled()


def test_bad_files_give_a_sentence_and_the_photo_stays(studio, tmp_path):
    studio.upload(picture(tmp_path / "good.png", (200, 40, 90)))
    studio.says("good.png is open")
    (tmp_path / "bad.jpg").write_bytes(b"no picture")
    studio.upload(tmp_path / "bad.jpg")
    studio.says("is not a picture")
    (tmp_path / "empty.png").write_bytes(b"")
    studio.upload(tmp_path / "empty.png")
    studio.says("is empty")
    studio.click_photo(100, 100, SIZE)
    studio.says("Select:")


def test_cancel_and_reload_in_the_middle(studio, tmp_path):
    page = studio.page
    studio.upload(picture(tmp_path / "long.png", (200, 140, 40)))
    studio.says("is open")
    expect(page.locator("#steps"), "the model's own number, unless asked for another").to_be_hidden()
    page.locator("#steps_from").get_by_text("My number").click()
    page.locator("#steps input[type=number]").fill("50")
    page.locator("#steps input[type=number]").press("Tab")
    page.locator("#lift").click()
    page.wait_for_function("(document.querySelector('#progress')?.innerText || '').includes('step')")
    page.reload()
    page.wait_for_selector("#progress_row #progress .bar")
    page.locator("#cancel").click()
    studio.says("cancelled")
    expect(page.locator("#stage .stage.empty"), "the photo survived the reload").to_have_count(0)
    page.locator("button#undo").click()
    studio.says("Undone: Open long.png")


def test_two_visitors_see_their_own_work(studio, browser, url, tmp_path):
    other = Studio(browser, url).ready()
    studio.upload(picture(tmp_path / "red.png", (230, 20, 20)))
    other.upload(picture(tmp_path / "blue.png", (20, 40, 230)))
    for visitor, name in ((studio, "red.png"), (other, "blue.png")):
        visitor.says(name)
        visitor.page.locator("#lift").click()
    for visitor in (studio, other):
        visitor.says("Lifted")
        visitor.wait_coloured(20_000)
    red, blue = studio.view().reshape(-1, 3), other.view().reshape(-1, 3)
    assert ((red[:, 0] - red[:, 2]) > 100).sum() > 5000 > ((red[:, 2] - red[:, 0]) > 100).sum()
    assert ((blue[:, 2] - blue[:, 0]) > 100).sum() > 5000 > ((blue[:, 0] - blue[:, 2]) > 100).sum()
    assert other.outside == []
    other.close()


def test_whoever_waits_is_told_how_many_come_before_and_is_next_after_a_cancel(studio, browser, url, tmp_path):
    other = Studio(browser, url).ready()
    for visitor, name in ((studio, "first.png"), (other, "second.png")):
        visitor.upload(picture(tmp_path / name, (40, 160, 90)))
        visitor.says(f"{name} is open")
    studio.open_step("geometry")
    studio.page.get_by_text("My number", exact=True).click()
    steps = studio.page.locator("#steps input[type=number]")
    steps.fill("50")  # slow with the quick parts
    steps.press("Tab")
    studio.page.locator("#lift").click()
    studio.page.locator("#progress").filter(has_text="of 50").wait_for()
    other.page.locator("#lift").click()
    other.page.locator("#progress").filter(has_text="1 job before yours").wait_for()
    studio.page.locator("#cancel").click()
    studio.says("cancelled")
    other.says("Lifted")
    other.close()


def test_a_depth_map_is_loaded_used_and_forgotten_with_a_new_photo(studio, tmp_path):
    page = studio.page
    studio.upload(picture(tmp_path / "red.png", (200, 60, 40)))
    studio.says("is open")
    page.locator("#known_depth > button").click()
    np.save(tmp_path / "turned.npy", np.ones(SIZE, np.float32))
    np.save(tmp_path / "lidar.npy", np.full(SIZE[::-1], 2.5, np.float32))
    for name, words in (("turned.npy", "rotate it"), ("lidar.npy", "lidar.npy is read as metric depth")):
        with page.expect_file_chooser() as chooser:
            page.locator("#depth_upload").click()
        chooser.value.set_files(tmp_path / name)
        studio.says(words)
    assert "100 % of the photo" in page.locator("#depth_facts").inner_text()
    page.locator("#lift").click()
    studio.says("Lifted")
    studio.open_step("geometry")
    assert "lidar.npy (metric)" in page.locator("#lift_facts").inner_text()
    studio.upload(picture(tmp_path / "blue.png", (30, 60, 220)))
    studio.says("blue.png is open")
    page.wait_for_selector("#depth_forget[disabled]", state="attached")


def test_a_click_selects_the_pixel_under_it_whatever_rotation_and_zoom(studio, tmp_path):
    """Judged by the mask that is downloaded: its middle is the pixel that was clicked on the upright photo."""
    page, upright = studio.page, (SIZE[1], SIZE[0])
    exif = Image.Exif()
    exif[274] = 6
    Image.new("RGB", SIZE, (90, 60, 30)).save(tmp_path / "turned.jpg", exif=exif)
    studio.upload(tmp_path / "turned.jpg")
    studio.says("turned.jpg is open")
    place = studio.at(60, 200, upright)
    box = page.locator("#photo_canvas").bounding_box()
    page.mouse.move(box["x"] + place["x"], box["y"] + place["y"])
    page.mouse.wheel(0, -500)
    page.wait_for_timeout(300)
    page.locator("#photo_canvas").click(position=place)
    studio.says("Select:")
    with page.expect_download() as download:
        page.locator("#save_mask").click()
    with Image.open(download.value.path()) as mask:
        assert mask.size == upright
        ys, xs = np.nonzero(np.asarray(mask))
    assert abs(xs.mean() - 60) < 1
    assert abs(ys.mean() - 200) < 1


def test_a_step_back_by_the_list_and_a_project_saved_dropped_reopened_by_link_and_deleted(studio, url, tmp_path):
    page = studio.page
    studio.upload(picture(tmp_path / "first.png", (200, 90, 40)))
    studio.says("first.png is open")
    studio.click_photo(150, 100, SIZE)
    studio.says("Select:")
    page.locator("#grow").click()
    studio.says("Grow")
    page.locator("#history button").first.click()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    studio.says("Now at: Select")
    assert page.locator("#history .pop button.undone").inner_text() == "Grow the selection"
    with page.expect_download() as download:
        page.locator("#photo_canvas").press("Control+s")
    download.value.save_as(tmp_path / "first.wts")
    studio.upload(picture(tmp_path / "second.png", (40, 90, 200)))
    studio.says("second.png is open")
    studio.open_step("photo")
    page.wait_for_function("document.querySelectorAll('#projects .project').length === 2")
    ident = page.locator("#projects .project:not(.now)").get_attribute("data-ident")
    page.goto(f"{url}?project={ident}")
    page.wait_for_selector("#photo_canvas", state="attached")
    studio.says("The project of first.png is open")
    page.wait_for_function("!location.search.includes('project')")
    studio.upload(tmp_path / "first.wts")
    page.wait_for_function("document.querySelectorAll('#projects .project').length === 3")
    assert "%" in page.locator("#step_select > button").inner_text(), "the selection came along"
    studio.open_step("photo")
    page.locator(f"#projects [data-ident='{ident}'] .delete").click()
    page.locator(f"#projects [data-ident='{ident}'] .delete.sure").click()
    studio.says("first.png was deleted")
