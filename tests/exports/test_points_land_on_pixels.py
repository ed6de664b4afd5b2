"""Whatever a file's axes are, its points fall on the pixels they came from, by readers that know none of our code."""

import numpy as np
import pytest

from wt.exports.export import export

AXES = ("opencv", "opengl", "z-up")


def to_camera(points: np.ndarray, axes: str) -> np.ndarray:
    """Back to x right, y down, z forward, from each frame as its own makers define it."""
    x, y, z = np.asarray(points, np.float64).T
    return np.stack({"opencv": (x, y, z), "opengl": (x, -y, -z), "z-up": (x, -z, y)}[axes], axis=-1)


def pixels(points: np.ndarray, k) -> np.ndarray:
    x, y, z = points.T
    assert (z > 0).all()
    return np.stack([k.fx * x / z + k.cx, k.fy * y / z + k.cy], axis=-1)


def land_in_order(points: np.ndarray, present: np.ndarray, k) -> None:
    """One point for every surface, row by row."""
    row, column = np.nonzero(present)
    assert len(points) == len(row) > 0
    assert np.abs(pixels(points, k) - np.stack([column, row], axis=-1) - 0.5).max() < 0.1


def land_somewhere(points: np.ndarray, present: np.ndarray, k) -> None:
    """Every corner on a pixel that has this surface, no pixel twice, hardly one left out."""
    found = pixels(points, k) - 0.5
    column, row = np.rint(found).astype(int).T
    assert np.abs(found - np.stack([column, row], axis=-1)).max() < 0.1
    assert present[row, column].all()
    assert len(set(zip(row.tolist(), column.tolist()))) == len(points) > 0.9 * present.sum()


@pytest.fixture(scope="module", params=AXES)
def exported(scene, tmp_path_factory, request):
    folder = tmp_path_factory.mktemp(request.param)
    export(scene, folder, ("ply", "glb", "obj", "usdz", "gaussians"), axes=request.param)
    return folder, request.param


@pytest.fixture(scope="module")
def layers(scene):
    """(name, layer, which pixels) of what is shown."""
    things = (scene.background, scene[1])
    return [(t.name, k, t.present[k]) for t in things for k in range(6) if t.present[k].any()]


def test_ply_by_plyfile(exported, layers, scene):
    from plyfile import PlyData

    folder, axes = exported
    table = PlyData.read(folder / "pointcloud.ply")["vertex"]
    points = to_camera(np.stack([table[c] for c in "xyz"], axis=-1), axes)
    for name, layer, present in layers:
        rows = (table["object_id"] == (name == "ball")) & (table["layer"] == layer)
        land_in_order(points[rows], present, scene.intrinsics)


def test_gaussians_by_plyfile(exported, layers, scene):
    from plyfile import PlyData

    folder, axes = exported
    table = PlyData.read(folder / "gaussians.ply")["vertex"]
    points = to_camera(np.stack([table[c] for c in "xyz"], axis=-1), axes)
    for _, _, present in layers:  # thing by thing, layer by layer
        land_in_order(points[: present.sum()], present, scene.intrinsics)
        points = points[present.sum() :]
    assert len(points) == 0


def test_glb_by_trimesh(exported, layers, scene):
    import trimesh

    folder, _ = exported
    read = trimesh.load(folder / "scene.glb").geometry
    assert len(read) == 2 * len(layers)
    for name, layer, present in layers:
        land_in_order(to_camera(read[f"{name} layer {layer}"].vertices, "opengl"), present, scene.intrinsics)
        surface = read[f"{name} layer {layer} surface"]
        land_somewhere(to_camera(surface.vertices, "opengl"), present, scene.intrinsics)


def test_obj_by_trimesh(exported, layers, scene):
    import trimesh

    folder, axes = exported
    read = trimesh.load(folder / "mesh.obj", split_objects=True, group_material=False, maintain_order=True).geometry
    assert set(read) == {f"{name}_layer_{layer}" for name, layer, _ in layers}
    for name, layer, present in layers:
        land_somewhere(to_camera(read[f"{name}_layer_{layer}"].vertices, axes), present, scene.intrinsics)


def test_usdz_by_pxr(exported, layers, scene):
    from pxr import Usd, UsdGeom

    folder, _ = exported
    stage = Usd.Stage.Open(str(folder / "scene.usdz"))
    for name, layer, present in layers:
        points = UsdGeom.Points.Get(stage, f"/Scene/{name}/{name}_points_{layer}").GetPointsAttr().Get()
        land_in_order(to_camera(points, "opengl"), present, scene.intrinsics)
        corners = UsdGeom.Mesh.Get(stage, f"/Scene/{name}/{name}_surface_{layer}").GetPointsAttr().Get()
        land_somewhere(to_camera(corners, "opengl"), present, scene.intrinsics)
