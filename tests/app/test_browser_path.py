"""The camera path in a real browser: two keyframes of the 3D view, a film that plays, and its two files."""

import io
import json
import sys
import zipfile
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect

sys.path.insert(0, str(Path(__file__).parent))

from browser import chromium, quick_studio, visiting

pytestmark = pytest.mark.browser


@pytest.fixture
def studio(tmp_path):
    with quick_studio(tmp_path, 0.05) as url, chromium() as browser, visiting(browser, url) as visitor:
        yield visitor


def test_keyframes_of_the_3d_view_become_a_film_that_plays(studio, tmp_path):
    page = studio.page
    v, u = np.mgrid[:200, :300]
    Image.fromarray(np.stack([u * 0.8, v * 1.2, (u > 150) * 200], axis=-1).astype(np.uint8)).save(tmp_path / "ramp.png")
    studio.upload(tmp_path / "ramp.png")
    studio.says("is open")
    page.locator("#lift").click()
    studio.says("Lifted")
    studio.idle()
    studio.wait_coloured(20_000)
    studio.open_step("export")
    page.locator("#path summary").click()
    page.locator("#path .paths button[data-name=keyframes]").click()
    expect(page.locator("#path .go")).to_be_disabled()
    page.locator("#path [data-kind=add]").click()
    studio.says("Keyframe 1")
    frame = page.locator("#viewer iframe").bounding_box()
    x, y = frame["x"] + frame["width"] / 2, frame["y"] + frame["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    for step in range(1, 9):
        page.mouse.move(x - 8 * step, y)
        page.wait_for_timeout(60)
    page.mouse.up()
    page.wait_for_timeout(1500)
    page.locator("#path [data-kind=add]").click()
    studio.says("Keyframe 2")
    page.locator("#path .size").select_option("512x512")
    page.locator("#path .frames").fill("6")
    page.locator("#path .go").click()
    studio.says(".mp4 is ready")
    studio.idle()
    page.wait_for_function("document.querySelector('#path video').currentTime > 0")
    assert page.evaluate("document.querySelector('#path video').videoWidth") == 512
    with page.expect_download() as download:
        page.locator("#path .mp4").click()
    with av.open(download.value.path().as_posix()) as container:
        assert container.streams.video[0].frames == 6
    with page.expect_download() as download:
        page.locator("#path .zip").click()
    with zipfile.ZipFile(io.BytesIO(Path(download.value.path()).read_bytes())) as frames:
        poses = [np.array(row["camera_to_world"]) for row in json.loads(frames.read("cameras.json"))["frames"]]
    np.testing.assert_allclose(poses[0], np.eye(4), atol=1e-4, err_msg="the view opens at the photo's own camera")
    assert np.abs(poses[-1] - np.eye(4)).max() > 0.1
