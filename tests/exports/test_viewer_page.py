"""viewer.html opens from disk in a real browser, shows the scene from the photo's camera, and asks nobody."""

import io
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "app"))

from browser import ARGS, chromium_path

from wt.exports import viewer
from wt.exports.export import export
from wt.geometry.layers import LayeredPointmap
from wt.scene.scene import Scene


@pytest.fixture(scope="module")
def halves(ball_room) -> Scene:
    """The room, its left half red, its right half blue, neither of them pure: a second gamma would show."""
    rgb = np.zeros((80, 112, 3), np.uint8)
    rgb[:, :56], rgb[:, 56:] = (220, 40, 0), (0, 90, 220)
    layers = ball_room.layers(ball_room.room)
    return Scene.from_layers(LayeredPointmap(layers.points, layers.alpha, rgb, "relative", layers.intrinsics))


def seen(page) -> np.ndarray:
    """Int [height, width, 3]: what the page shows."""
    return np.asarray(Image.open(io.BytesIO(page.screenshot(timeout=60_000))).convert("RGB")).astype(int)


@pytest.mark.browser
def test_it_opens_from_disk_and_shows_the_photo(halves, tmp_path):
    from playwright.sync_api import sync_playwright

    path = export(halves, tmp_path, "viewer")["viewer"][0]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path(), args=ARGS)
        page = browser.new_page(viewport={"width": 640, "height": 480})
        asked, errors = [], []
        page.on("request", lambda request: asked.append(request.url))
        page.on("websocket", lambda socket: asked.append(socket.url))
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(path.as_uri())
        page.wait_for_selector("canvas")
        picture = seen(page)
        for _ in range(60):
            page.wait_for_timeout(500)
            picture, before = seen(page), picture
            if (picture == before).all() and picture[220:420, 60:280, 0].mean() > 150:  # it is there, and faded in
                break
        left, right = (np.median(picture[220:420, at : at + 220], axis=(0, 1)) for at in (60, 360))
        np.testing.assert_allclose(left, (220, 40, 0), atol=4, err_msg="the photo's left half, on the left, as it is")
        np.testing.assert_allclose(right, (0, 90, 220), atol=4)
        assert picture[2, 320].max() < 40, "around the photo there is ground"
        page.get_by_label("Show scene tree").locator("visible=true").click()
        page.locator("[data-scene-node='/photo'] svg").first.click()
        page.locator("[data-scene-node='/photo/layer 0']").wait_for()
        assert [url for url in asked if not url.startswith(("data:", "blob:", path.as_uri()))] == []
        assert errors == []
        browser.close()


def test_a_large_scene_is_thinned_and_that_is_said(scene, tmp_path, monkeypatch):
    whole = export(scene, tmp_path / "whole", "viewer")
    monkeypatch.setattr(viewer, "POINT_BUDGET", 2000)
    thinned = export(scene, tmp_path / "thinned", "viewer")
    assert whole.notes == []
    assert "2,000 of" in thinned.notes[0]
    sizes = [files["viewer"][0].stat().st_size for files in (whole, thinned)]
    assert sizes[1] < sizes[0] - 40_000
    assert "<title>photo in 3D</title>" in whole["viewer"][0].read_text(encoding="utf-8")
