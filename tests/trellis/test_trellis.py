"""From an object's layers to TRELLIS's calls and back to the camera, against a ball in closed form."""

import json
import sys
from dataclasses import replace
from functools import partial

import numpy as np
import pytest
import torch
import trimesh
from ball_room import CENTRE, RADIUS, K
from recorded import Recorded, install

from wt.errors import WtError
from wt.meshes.mesh import Mesh
from wt.scene.objects import Gauge, Placed
from wt.trellis.bundle import write_bundle
from wt.trellis.check import agreement
from wt.trellis.generate import Choices, generate, in_camera
from wt.trellis.installed import TRELLIS1, TRELLIS2, installed, missing, resolution_of, weights_of
from wt.trellis.structure import camera_points, picture, silhouette, sparse_structure
from wt.trellis.textured import textured


@pytest.fixture(scope="module")
def scene(ball_room):
    """The room with its ball as an object that was lifted."""
    room = ball_room
    layers = room.ball()
    seen = room.mask
    points = np.where(seen[..., None], layers.points, np.nan).astype(np.float32)
    present = np.zeros(points.shape[:3], bool)
    present[:2] = seen
    placed = Placed(points, present, room.rgb, 1.0, 0.0, {}, Gauge(1.0, 0.0, 0.0))
    return room.scene.insert(placed, "ball")


@pytest.fixture
def ball(scene):
    return scene.objects[0]


@pytest.fixture
def recorded(ball):
    """Answers with the very ball, in the box of its voxels."""
    sphere = trimesh.creation.icosphere(subdivisions=4, radius=RADIUS)
    frame = sparse_structure(ball).frame
    return Recorded(frame.forward((sphere.vertices + CENTRE).astype(np.float32)), np.asarray(sphere.faces))


def test_voxels_fill_the_ball_and_come_back_to_the_camera(ball):
    structure = sparse_structure(ball, 32)
    assert structure.coords.dtype == np.int32
    assert (structure.coords[:, 0] == 0).all()
    assert structure.coords[:, 1:].min() >= 0
    assert structure.coords[:, 1:].max() < 32
    radius = np.linalg.norm(camera_points(structure) - CENTRE, axis=1)
    voxel = 1 / 32 / structure.frame.scale
    assert radius.max() < RADIUS + 2 * voxel
    assert radius.min() < 2 * voxel, "filled along the rays, not a shell"


def test_files_say_all_that_leads_back(ball, tmp_path):
    structure = sparse_structure(ball)
    coords, about = structure.save(tmp_path, "object-1")
    with np.load(coords) as stored:
        assert np.array_equal(stored["coords"], structure.coords)
    told = json.loads(about.read_text())
    box = (structure.coords[:, 1:] + 0.5) / told["resolution"] - 0.5
    p = box / told["scale"] + np.array(told["centroid"])
    np.testing.assert_allclose(np.stack([p[:, 0], -p[:, 2], p[:, 1]], -1), camera_points(structure), atol=1e-5)


def test_the_photo_is_no_object(scene):
    with pytest.raises(WtError, match="no object"):
        sparse_structure(scene.background)


def test_the_picture_is_the_object_alone_on_black(ball):
    seen = np.asarray(picture(ball))
    assert seen.shape[0] == seen.shape[1]
    assert seen.shape[2] == 4
    assert (seen[seen[..., 3] == 0] == 0).all()
    assert 0 < (seen[..., 3] > 0).sum() < silhouette(ball).sum(), "its rim is taken off"
    large = np.asarray(picture(ball, np.repeat(np.repeat(ball.rgb, 3, 0), 3, 1)))
    assert large.shape[0] > 2 * seen.shape[0]
    with pytest.raises(WtError, match="not the photo that was lifted"):
        picture(ball, np.zeros((50, 50, 3), np.uint8))


@pytest.mark.parametrize(("pipeline", "side"), [("512", 32), ("1024", 64), ("1024_cascade", 32), ("1536_cascade", 32)])
def test_trellis2_is_called_as_it_wants_to_be(ball, recorded, monkeypatch, pipeline, side):
    install(monkeypatch, recorded, "trellis2")
    structure, image = sparse_structure(ball, resolution_of(TRELLIS2, pipeline)), picture(ball)
    assert structure.resolution == side
    generate(TRELLIS2, structure, image, Choices(pipeline=pipeline, weights="W", seed=5, device="cpu"))
    cascade = pipeline.endswith("cascade")
    shape = "sample_shape_slat_cascade" if cascade else "sample_shape_slat"
    conditions = ["get_cond"] * (1 if pipeline == "512" else 2)
    rest = [shape, "sample_tex_slat", "decode_latent", "to_glb"]
    assert recorded.order == ["from_pretrained", "to", *conditions, *rest]
    assert recorded.of("from_pretrained") == ("W",)
    looks = [call for call in recorded.calls if call[0] == "get_cond"]
    assert [look[2] for look in looks] == [512, 1024][: len(looks)]
    assert all(look[1] == [image] and look[3] == 5 for look in looks), "unprocessed, and the seed before"
    condition, models, *_ = recorded.of(shape)[-3:]
    coords = recorded.of(shape)[-1]
    assert torch.equal(coords, torch.from_numpy(structure.coords))
    high = {"cond": 512 if pipeline == "512" else 1024}
    assert condition == high
    target = int(pipeline.split("_")[0])
    if cascade:
        assert recorded.of(shape)[0] == {"cond": 512}
        assert models == ("shape_slat_flow_model_512", "shape_slat_flow_model_1024", 512, target)
    else:
        assert models == f"shape_slat_flow_model_{target}"
    texture = "tex_slat_flow_model_512" if pipeline == "512" else "tex_slat_flow_model_1024"
    assert recorded.of("sample_tex_slat") == (high, texture, "shape")
    assert recorded.of("decode_latent") == ("shape", "texture", target - 128 * cascade)
    (bake,) = recorded.of("to_glb")
    expected = {"decimation_target": 1_000_000, "texture_size": 4096, "remesh_band": 1, "remesh_project": 0}
    assert expected.items() <= bake.items()
    assert bake["attr_volume"] == "mesh.attrs"
    assert bake["aabb"] == [[-0.5] * 3, [0.5] * 3]


def test_trellis_is_called_as_it_wants_to_be(ball, recorded, monkeypatch):
    install(monkeypatch, recorded, "trellis")
    assert installed() is TRELLIS1
    structure = sparse_structure(ball, resolution_of(TRELLIS1, None))
    generate(TRELLIS1, structure, picture(ball), Choices(pipeline="image-large", weights="W", seed=7, device="cpu"))
    assert recorded.order == ["from_pretrained", "to", "get_cond", "sample_slat", "decode_slat", "to_glb"]
    condition, coords, seed = recorded.of("sample_slat")
    assert (condition, seed) == ({"cond": 1}, 7)
    assert torch.equal(coords, torch.from_numpy(structure.coords))
    assert recorded.of("decode_slat") == ("latent", ["mesh", "gaussian"])
    assert recorded.of("to_glb") == ("gaussians", "a mesh")


def test_the_mesh_comes_back_to_where_the_object_is_seen(scene, ball, recorded, monkeypatch, tmp_path):
    install(monkeypatch, recorded, "trellis", "trellis2")
    assert installed() is TRELLIS2, "the newer one where both are here"
    stages = []
    made = textured(scene, 1, weights=str(tmp_path), device="cpu", on_stage=stages.append)
    np.testing.assert_allclose(np.linalg.norm(made.mesh.vertices - CENTRE, axis=1), RADIUS, rtol=1e-4)
    assert made.fits.silhouette_iou > 0.97
    assert made.fits.near_share == 1
    assert made.fits.median_distance < 0.005
    assert made.by == "TRELLIS.2 1024_cascade"
    assert stages[0] == "Loading TRELLIS.2"
    assert stages[-1] == "Baking"
    right = made.mesh.vertices[:, 0] > CENTRE[0] + 0.1
    assert (made.mesh.colours[right] == [0, 0, 255]).all()
    assert made.mesh.uv[:, 1].max() < 0.2, "v from the top"
    assert made.glb()[:4] == b"glTF"


def test_an_object_that_was_moved_gets_its_mesh_there(scene, recorded, monkeypatch, tmp_path):
    install(monkeypatch, recorded, "trellis2")
    turned = np.eye(4)
    turned[:3, :3] = [[0, 0, 1], [0, 1, 0], [-1, 0, 0]]
    turned[:3, 3] = [1, 2, 3]
    moved = replace(scene, objects=(scene.objects[0].with_transform(turned),))
    made = textured(moved, 1, weights=str(tmp_path), device="cpu")
    there = turned[:3, :3] @ CENTRE + turned[:3, 3]
    np.testing.assert_allclose(np.linalg.norm(made.mesh.vertices - there, axis=1), RADIUS, rtol=1e-4)
    assert made.fits.silhouette_iou > 0.97


def test_a_mesh_in_the_wrong_place_is_seen(scene, ball):
    sphere = trimesh.creation.icosphere(subdivisions=4, radius=RADIUS)
    shifted = (sphere.vertices + CENTRE + [RADIUS, 0, 0]).astype(np.float32)
    grey = np.full((len(shifted), 3), 128, np.uint8)
    found = agreement(Mesh("ball", shifted, np.asarray(sphere.faces, np.int32), grey), ball, scene.intrinsics)
    assert found.silhouette_iou < 0.6
    assert found.near_share < 0.5
    assert scene.intrinsics == K


def test_people_read_what_is_missing(scene, ball, recorded, monkeypatch, tmp_path):
    assert installed() is None
    with pytest.raises(WtError, match=r"needs TRELLIS\.2 or TRELLIS"):
        textured(scene, 1)
    assert "GPU" in missing()
    with pytest.raises(WtError, match="no pipeline '2048'"):
        resolution_of(TRELLIS2, "2048")
    monkeypatch.setenv("HF_HOME", str(tmp_path))
    with pytest.raises(WtError, match="not on this machine"):
        weights_of(TRELLIS2, "nobody/nothing", allow_download=False)
    assert weights_of(TRELLIS2, None, allow_download=True) == TRELLIS2.repo
    install(monkeypatch, recorded, "trellis2")
    chosen = Choices(pipeline="512", weights="W", device="cpu")
    with monkeypatch.context() as broken:
        broken.delattr(sys.modules["trellis2.pipelines"], "Trellis2ImageTo3DPipeline")
        with pytest.raises(WtError, match="not as this program knows it"):
            generate(TRELLIS2, sparse_structure(ball, 32), picture(ball), chosen)
    nothing = Recorded(recorded.vertices, np.zeros((0, 3), int))
    with pytest.raises(WtError, match="no surface"):
        in_camera(nothing.baked(), sparse_structure(ball), "ball")


def test_without_trellis_a_person_gets_the_voxels_and_our_closed_mesh(scene, recorded, monkeypatch, tmp_path):
    stages = []
    made = write_bundle(scene, 1, None, tmp_path, stages.append)
    names = {path.name for path in made.files}
    assert names == {f"object-1_{part}" for part in ("coords.npz", "frame.json", "picture.png", "closed.glb")}
    assert "not installed here" in made.notes[0]
    assert stages == ["Voxels", "Closed mesh"]
    install(monkeypatch, recorded, "trellis2")
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "no weights"))
    made = write_bundle(scene, 1, None, tmp_path, stages.append)
    assert {path.name for path in made.files} == names
    assert made.notes[0].startswith("TRELLIS.2 is installed here but its weights are not.")
    assert "--" not in " ".join(made.notes), "no words of the command line"
    on_cpu = partial(textured, weights=str(tmp_path), device="cpu")
    monkeypatch.setattr("wt.trellis.bundle.textured", on_cpu)
    made = write_bundle(scene, 1, None, tmp_path, stages.append)
    assert [path.name for path in made.files] == ["object-1_textured.glb"]
    assert made.notes[0] == "TRELLIS.2 1024_cascade: 100% of the outline, 100% of the surface fit."
