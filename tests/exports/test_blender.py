"""open_in_blender.py in a real Blender, in a process of its own: where points fall, what they look like."""

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from wt.exports.export import export


@pytest.fixture(scope="module", params=["opencv", "z-up"])
def blender(scene, tmp_path_factory, request):
    """What Blender says, and what it renders."""
    if importlib.util.find_spec("bpy") is None:
        pytest.skip("Blender's Python package (bpy) is not installed; it needs Python 3.11")
    out = tmp_path_factory.mktemp("blender")
    export(scene, out / "files", "blender", axes=request.param)
    cloud = scene.point_cloud()
    x, y, z = cloud.points.T
    np.save(out / "points.npy", np.stack([x, z, -y], axis=-1))
    command = [sys.executable, Path(__file__).with_name("in_blender.py"), out / "files", out / "points.npy"]
    done = subprocess.run(
        [*map(str, command), str(out / "render.png")], capture_output=True, text=True, timeout=300, env=dict(os.environ)
    )
    lines = [line for line in done.stdout.splitlines() if line.startswith("FOUND ")]
    if not lines and "No module named" in done.stderr:
        pytest.skip(f"bpy does not import here: {done.stderr.strip().splitlines()[-1]}")
    assert lines, done.stderr[-3000:]
    return json.loads(lines[0].removeprefix("FOUND ")), np.asarray(Image.open(out / "render.png").convert("RGB")), cloud


def test_known_points_fall_on_their_pixels(blender, scene):
    found, _, cloud = blender
    u, v, depth = np.array(found["pixels"]).T
    x, y, z = cloud.points.astype(float).T
    assert found["size"] == [112, 80]
    assert np.abs(u - (100 * x / z + 55)).max() < 0.1  # the room's own K
    assert np.abs(v - (105 * y / z + 40)).max() < 0.1
    np.testing.assert_allclose(depth, z, rtol=1e-5)


def test_every_thing_is_a_collection_of_points_and_surfaces(blender, scene):
    found, _, cloud = blender
    assert set(found["collections"]) == {"photo", "ball"}
    assert {"photo layer 0 points", "photo layer 0 surface"} <= set(found["collections"]["photo"])
    counts = {name: count for name, (count, _) in found["clouds"].items()}
    assert counts == {
        "photo layer 0 points": int(((cloud.object_id == 0) & (cloud.layer == 0)).sum()),
        "ball layer 0 points": int(((cloud.object_id == 1) & (cloud.layer == 0)).sum()),
        "ball layer 1 points": int(((cloud.object_id == 1) & (cloud.layer == 1)).sum()),
    }
    assert all({"colour", "radius", "position"} <= set(attributes) for _, attributes in found["clouds"].values())
    assert all(len(materials) == 1 for materials in found["surfaces"].values())
    assert found["shown"] == sorted(found["surfaces"]), "points wait behind the surfaces"


def test_the_photo_lies_behind_and_lengths_are_metres(blender):
    found, _, _ = blender
    assert [Path(name).name for name in found["behind"]] == ["photo.png"]
    system, scale = found["unit"]
    assert system == "METRIC"
    assert scale == pytest.approx(1, abs=1e-5)  # the room's floor is 1.5 below the camera
    assert found["others"], "what was open in Blender is still there"


def test_a_render_through_the_camera_is_the_photo(blender, scene):
    """Random colours, one a pixel: half a pixel or a colour transform amiss would spoil nearly all of them."""
    _, picture, _ = blender
    off = np.abs(picture.astype(int) - scene.rgb.astype(int)).max(axis=-1)
    assert np.median(off) <= 2
    assert (off <= 3).mean() > 0.8
