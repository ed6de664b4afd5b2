"""The main job through the one port, with the real models: upload, click, lift, look, add by a prompt, placed, remove,
undo, export, zip checked. Everything is what a person gets from `python app.py`."""

import io
import json
import os
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect

sys.path.insert(0, str(Path(__file__).parent))

from browser import ROOT, Studio, chromium, real_studio

pytestmark = pytest.mark.browser


def example() -> Path:
    """A rendered room if there is one, else any photo."""
    photos = sorted((ROOT / "assets" / "examples").glob("*.jpg"))
    return next((path for path in photos if path.name.startswith("room")), photos[0])


@pytest.fixture
def studio(tmp_path):
    points = "150000" if os.environ.get("WT_APP_PICTURE") else "30000"
    with real_studio(tmp_path, "--points", points) as url, chromium() as browser:
        yield Studio(browser, url)


def test_a_photo_becomes_a_scene_that_is_edited_and_exported(studio):
    page, photo = studio.page, example()
    with Image.open(photo) as image:
        size = image.size
    studio.upload(photo)
    studio.says(f"{photo.name} is open")
    studio.ready()
    assert "wt-s-mini (ours, Apache-2.0)" in page.locator("#chip").inner_text()

    studio.click_photo(size[0] * 0.5, size[1] * 0.6, size)
    studio.says("Select:")
    assert "% of the photo" in page.locator("#select_facts").inner_text()

    empty = studio.coloured()
    page.locator("#lift").click()
    studio.says("Lifted")
    assert studio.wait_coloured(empty + 5_000) > empty
    caption = page.locator("#view_caption").inner_text()
    assert "points" in caption
    studio.open_step("geometry")
    facts = page.locator("#lift_facts").inner_text()
    assert "Fit residual" in facts
    assert "relative" in facts
    page.locator("#step_geometry > button").click()

    studio.click_photo(size[0] * 0.5, size[1] * 0.82, size)
    studio.says("The place is marked")
    page.locator("#prompt textarea").fill("add a red chair")
    page.locator("#run_edit").click()
    studio.says("accept or discard")
    placed = page.locator("#place_facts").inner_text()
    assert "Scale, shift" in placed
    assert "Depth residual" in placed
    assert "catalogue" in page.locator("#edit_facts").inner_text().lower()
    expect(page.locator("#objects .object")).to_have_count(2)
    if os.environ.get("WT_APP_PICTURE"):
        page.set_viewport_size({"width": 1500, "height": 900})
        photograph(page, os.environ["WT_APP_PICTURE"])
    page.locator("#accept").click()
    studio.says("Accepted: add a red chair")

    page.locator("#prompt textarea").fill("remove the chair")
    page.locator("#run_edit").click()
    studio.says("accept or discard")
    page.locator("#accept").click()
    studio.says("Accepted: remove the chair")
    expect(page.locator("#objects .object")).to_have_count(1)
    for _ in range(2):
        page.locator("#undo").click()
        studio.says("Undone")
    page.wait_for_function("document.querySelectorAll('#objects .object').length === 2")

    studio.open_step("export")
    page.locator("#build").click()
    page.wait_for_selector("#download_zip")
    with page.expect_download() as download:
        page.locator("#download_zip").click()
    check_zip(Path(download.value.path()), size)
    assert studio.outside == []
    assert studio.errors == []


def photograph(page, path: str) -> None:
    """README's picture: the wipe drawn aside, so that the edit is seen in the photo and in the scene."""
    page.wait_for_timeout(1000)
    box = page.locator("#photo_canvas").bounding_box()
    middle = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + box["width"] / 2, middle)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.2, middle, steps=5)
    page.mouse.up()
    page.wait_for_timeout(12_000)
    page.screenshot(path=path, timeout=120_000)


def check_zip(path: Path, size: tuple[int, int]) -> None:
    """Every promised file, and points that project back to their pixels with the exported camera."""
    with zipfile.ZipFile(path) as bundle:
        names = set(bundle.namelist())
        assert {f"layer_{layer}.ply" for layer in range(6)} <= names
        assert {"pointcloud.ply", "scene.glb", "layers.npz", "camera.json", "manifest.json", "scene.wts"} <= names
        camera = json.loads(bundle.read("camera.json"))
        manifest = json.loads(bundle.read("manifest.json"))
        before, after = (Image.open(io.BytesIO(bundle.read(f"{name}.png"))) for name in ("before", "after"))
        arrays = np.load(io.BytesIO(bundle.read("layers.npz")))
        points, present = arrays["scene_points"], arrays["scene_present"]
    assert camera["residual_px"] is not None
    assert camera["units"] == "relative"
    assert manifest["prompts"] == ["add a red chair"]
    assert {"wt-s-mini", "wt-o-mini"} <= {model["name"] for model in manifest["models"]}
    assert all(model["licence"] for model in manifest["models"])
    assert before.size == after.size == size
    assert np.any(np.asarray(before) != np.asarray(after))
    k = np.array(camera["K"])
    assert len(points) == 2, "the photo and the chair"
    for thing, real in zip(points, present, strict=True):
        layer, row, column = np.nonzero(real)
        xyz = thing[layer, row, column].astype(np.float64)
        uv = (xyz @ k.T)[:, :2] / xyz[:, 2:]
        assert len(uv) > 50
        assert np.abs(uv - np.stack([column + 0.5, row + 0.5], axis=-1)).max() < 0.5
