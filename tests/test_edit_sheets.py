"""Sheets of edits: what a camera sees in a panorama, and what the 3D pictures are framed by."""

import numpy as np
import pytest
from PIL import Image
from test_benchmarks import benchmark

edits = benchmark("edits")


def test_a_camera_in_a_panorama_sees_the_direction_it_looks_at():
    longitude, latitude = np.meshgrid(
        np.arange(360) - 179.5, np.arange(180) - 89.5
    )  # a degree a pixel, down is positive
    panorama = np.stack([longitude / 2 + 128, latitude + 128, 0 * longitude], axis=-1).astype(np.uint8)
    seen = edits.through_camera(panorama, yaw_deg=40, pitch_deg=10, fov_deg=60, size=(121, 81)).astype(float)
    assert seen[40, 60, 0] == pytest.approx(40 / 2 + 128, abs=1)
    assert seen[40, 60, 1] == pytest.approx(10 + 128, abs=1)
    level = edits.through_camera(panorama, yaw_deg=40, pitch_deg=0, fov_deg=60, size=(121, 81)).astype(float)
    assert level[40, 120, 0] - level[40, 0, 0] == pytest.approx(60 / 2, abs=1.5), "half a grey level a degree"
    focal = 60.5 / np.tan(np.radians(30))
    assert level[80, 60, 1] - 128 == pytest.approx(np.degrees(np.arctan(40 / focal)), abs=1)


def test_the_six_edits_are_of_six_kinds_and_their_photos_are_there():
    names = [edit.name for edit in edits.EDITS]
    assert names == ["floor", "table", "wall", "remove", "replace", "move"] == [edit.name for edit in edits.TRIED]
    photos = dict(edits.pictures(None))
    assert {edit.photo for edit in edits.EDITS} == set(photos)


def test_sheets_are_committed_small_and_named():
    folder = edits.ROOT / "assets" / "edits"
    readme = (edits.ROOT / "README.md").read_text()
    for edit in edits.EDITS:
        file = folder / f"{edit.name}.jpg"
        assert file.stat().st_size <= edits.MOST_BYTES
        assert f"assets/edits/{file.name}" in readme
        with Image.open(file) as sheet:
            assert sheet.size[0] == 2 * edits.CELL[0]
