"""mesh.obj by a parser of its own lines, and by trimesh."""

from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from wt.exports import obj
from wt.exports.axes import OPENCV, Z_UP
from wt.exports.export import export
from wt.exports.job import ExportJob
from wt.meshes.mesh import Mesh


def parsed(text: str) -> dict[str, dict[str, list]]:
    """Object -> its `v`, `vt` and `f` rows and its material; face numbers count through the file."""
    found: dict[str, dict[str, list]] = {}
    for line in text.splitlines():
        word, _, rest = line.partition(" ")
        if word == "o":
            current = found.setdefault(rest, {"v": [], "vt": [], "f": [], "usemtl": []})
        elif word in ("v", "vt"):
            current[word].append([float(number) for number in rest.split()])
        elif word == "f":
            current["f"].append([[int(n) for n in corner.split("/")] for corner in rest.split()])
        elif word == "usemtl":
            current["usemtl"].append(rest)
    return found


@pytest.fixture(scope="module")
def text(scene, tmp_path_factory) -> str:
    out = tmp_path_factory.mktemp("obj")
    files = export(scene, out, "obj", hidden="photo")
    assert [path.name for path in files["obj"]] == ["mesh.obj", "mesh.mtl"]
    return (out / "mesh.obj").read_text()


def test_corners_have_the_colours_of_their_pixels(scene, text):
    k, found = scene.intrinsics, parsed(text)
    assert list(found) == ["photo_layer_0", "ball_layer_0", "ball_layer_1"]
    for name, thing in (("photo_layer_0", scene.background), ("ball_layer_1", scene[1])):
        rows = np.array(found[name]["v"])
        x, y, z = rows[:, :3].T
        column, row = (k.fx * x / z + k.cx).astype(int), (k.fy * y / z + k.cy).astype(int)
        np.testing.assert_allclose(255 * rows[:, 3:], thing.rgb[row, column], atol=0.02)


def test_faces_count_on_and_look_outwards(text):
    first = 1
    for name, part in parsed(text).items():
        rows, faces = np.array(part["v"])[:, :3], np.array(part["f"])[..., 0]
        assert (faces.min(), faces.max()) == (first, first + len(rows) - 1)
        a, b, c = (rows[faces[:, k] - first] for k in range(3))
        towards_camera = -np.einsum("mk,mk->m", np.cross(b - a, c - a), a + b + c)
        assert (towards_camera < 0 if name == "ball_layer_1" else towards_camera > 0).mean() > 0.99
        first += len(rows)


def test_it_says_its_unit_axes_and_pixel_rule(text):
    comments = "\n".join(line for line in text.splitlines() if line.startswith("#"))
    assert "units: relative" in comments
    assert "+x right, +y down, +z forward" in comments
    assert "(0.5, 0.5)" in comments
    assert "sRGB" in comments


def test_two_things_of_one_name_are_two_objects(scene, tmp_path):
    export(scene.show(2, True).rename(2, "ball"), tmp_path, "obj")
    names = list(parsed((tmp_path / "mesh.obj").read_text()))
    assert names == ["photo_layer_0", "ball_layer_0", "ball_layer_1", "ball_layer_0_2", "ball_layer_1_2"]


def test_a_textured_mesh_beside_a_coloured_one(scene, tmp_path):
    texture = np.random.default_rng(0).integers(0, 256, (5, 7, 3), dtype=np.uint8)
    corners, faces = np.float32([[0, 0, 2], [1, 0, 2], [0, 1, 2]]), np.int32([[0, 2, 1]])
    uv = np.float32([[0, 0], [1, 0.25], [0.5, 1]])
    plain = Mesh("plain", corners, faces, np.full((3, 3), 128, np.uint8))
    card = replace(plain, name="a card", uv=uv, texture=texture)
    job = ExportJob(scene, tmp_path, Z_UP, "grey")
    job.__dict__["meshes"] = (plain, card)
    assert [path.name for path in obj.write(job)] == ["mesh.obj", "mesh.mtl", "a_card.png"]
    found = parsed((tmp_path / "mesh.obj").read_text())
    np.testing.assert_allclose(found["a_card"]["vt"], [[0, 1], [1, 0.75], [0.5, 0]])  # OBJ counts v from below
    assert found["a_card"]["f"] == [[[4, 1], [6, 3], [5, 2]]]
    assert (found["plain"]["usemtl"], found["a_card"]["usemtl"]) == (["vertex_colours"], ["a_card"])
    np.testing.assert_allclose(np.array(found["plain"]["v"])[:, :3], [[0, 2, 0], [1, 2, 0], [0, 2, -1]])
    assert "newmtl a_card\nKd 1 1 1\nillum 1\nmap_Kd a_card.png" in (tmp_path / "mesh.mtl").read_text()
    np.testing.assert_array_equal(np.asarray(Image.open(tmp_path / "a_card.png")), texture)


def test_single_points_make_no_file_and_that_is_said(scene, tmp_path):
    lone = np.zeros_like(scene.background.present)
    lone[0, 10, 10] = True
    job = ExportJob(
        replace(scene, background=replace(scene.background, present=lone), objects=()), tmp_path, OPENCV, "grey"
    )
    assert obj.write(job) == []
    assert not list(tmp_path.iterdir())
    assert "single points" in job.notes[0]
