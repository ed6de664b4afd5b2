"""scene.usdz opened by USD itself and held against its own validators."""

import zipfile
from dataclasses import replace

import numpy as np
import pytest

from wt.exports.export import export
from wt.geometry.camera import Intrinsics
from wt.geometry.layers import LayeredPointmap
from wt.scene.scene import Scene

pxr = pytest.importorskip("pxr")

from pxr import Gf, Usd, UsdGeom, UsdShade, UsdValidation  # noqa: E402


@pytest.fixture(scope="module")
def path(scene, tmp_path_factory):
    (found,) = export(scene, tmp_path_factory.mktemp("usdz"), "usdz")["usdz"]
    return found


@pytest.fixture(scope="module")
def stage(path):
    return Usd.Stage.Open(str(path))


def test_usd_finds_nothing_wrong(stage, path):
    """The checks behind `usdchecker --arkit`."""
    validators = UsdValidation.ValidationRegistry().GetOrLoadAllValidators()
    assert {"usdUtilsValidators:UsdzPackageValidator", "usdGeomValidators:StageMetadataChecker"} <= {
        validator.GetMetadata().name for validator in validators
    }
    errors = UsdValidation.ValidationContext(validators).Validate(stage)
    assert [error.GetMessage() for error in errors] == []
    with zipfile.ZipFile(path) as bundle:
        (entry,) = bundle.infolist()
        assert entry.filename.endswith(".usdc")
        assert entry.compress_type == zipfile.ZIP_STORED
        header = path.read_bytes()[entry.header_offset : entry.header_offset + 30]
        name, extra = int.from_bytes(header[26:28], "little"), int.from_bytes(header[28:30], "little")
        assert (entry.header_offset + 30 + name + extra) % 64 == 0


def test_unit_axes_and_pixel_rule_are_said(scene, stage):
    assert UsdGeom.GetStageUpAxis(stage) == "Y"
    assert UsdGeom.GetStageMetersPerUnit(stage) == pytest.approx(scene.metres_per_unit())
    assert stage.GetDefaultPrim().GetName() == "Scene"
    data = stage.GetRootLayer().customLayerData
    assert data["units"] == "relative"
    assert "+y up" in data["axes"]
    assert "(0.5, 0.5)" in data["pixel_rule"]
    assert "linear" in data["colours"]
    assert "floor" in data["metres_per_unit_from"]


def test_without_a_floor_the_unit_is_unknown_and_that_is_said(ball_room, tmp_path):
    wall = Scene.from_layers(ball_room.layers(np.full_like(ball_room.room, 3.0)))
    assert wall.metres_per_unit() is None
    export(wall, tmp_path, "usdz")
    stage = Usd.Stage.Open(str(tmp_path / "scene.usdz"))
    assert UsdGeom.GetStageMetersPerUnit(stage) == 1
    assert "unknown" in stage.GetRootLayer().customLayerData["metres_per_unit_from"]


def test_the_camera_sees_every_point_at_its_pixel(ball_room, tmp_path):
    """USD's own frustum, with a principal point far from the centre and pixels that are not square."""
    k = Intrinsics(100.0, 125.0, 70.0, 22.0, 112, 80)
    v, u = np.mgrid[:80, :112] + 0.5
    depth = 2 + 0.01 * u
    points = np.stack([(u - k.cx) / k.fx * depth, (v - k.cy) / k.fy * depth, depth], axis=-1)
    layers = LayeredPointmap(
        points[None].repeat(6, 0).astype(np.float32), ball_room.mask | True, ball_room.rgb, "metres", k
    )
    export(Scene.from_layers(layers), tmp_path, "usdz")
    stage = Usd.Stage.Open(str(tmp_path / "scene.usdz"))
    camera = UsdGeom.Camera.Get(stage, "/Scene/photo_camera")
    frustum = camera.GetCamera(Usd.TimeCode.Default()).frustum
    clip = np.array(frustum.ComputeViewMatrix() * frustum.ComputeProjectionMatrix())
    read = np.array(UsdGeom.Points.Get(stage, "/Scene/photo/photo_points_0").GetPointsAttr().Get(), np.float64)
    x, y, _, w = (np.concatenate([read, np.ones((len(read), 1))], axis=1) @ clip).T
    found = np.stack([(x / w + 1) / 2 * k.width, (1 - y / w) / 2 * k.height], axis=-1)
    np.testing.assert_allclose(found, np.stack([u.ravel(), v.ravel()], axis=-1), atol=0.01)
    assert dict(camera.GetPrim().GetCustomDataByKey("K"))["cy"] == 22
    assert camera.GetFocalLengthAttr().Get() == pytest.approx(0.36 * 100 / 112)  # tenths of a metre: a full frame
    assert UsdGeom.GetStageMetersPerUnit(stage) == 1


def test_colours_are_linear_and_named_so(scene, stage):
    """sRGB to linear by the published curve, on the values read."""
    colour = UsdGeom.Points.Get(stage, "/Scene/ball/ball_points_0").GetDisplayColorPrimvar()
    linear = np.array(colour.Get())
    encoded = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    np.testing.assert_allclose(255 * encoded, scene[1].rgb[scene[1].present[0]], atol=0.01)
    assert colour.GetInterpolation() == "vertex"
    assert colour.GetAttr().GetColorSpace() == Gf.ColorSpaceNames.LinearRec709


def test_points_are_as_wide_as_their_pixels_and_surfaces_have_a_material(scene, stage):
    points = UsdGeom.Points.Get(stage, "/Scene/ball/ball_points_1")
    z = -np.array(points.GetPointsAttr().Get())[:, 2]
    np.testing.assert_allclose(points.GetWidthsAttr().Get(), z / scene.intrinsics.fx, rtol=1e-5)
    surface = UsdGeom.Mesh.Get(stage, "/Scene/ball/ball_surface_1")
    assert surface.GetSubdivisionSchemeAttr().Get() == "none"
    material, _ = UsdShade.MaterialBindingAPI(surface).ComputeBoundMaterial()
    shader, _, _ = material.ComputeSurfaceSource()
    source = shader.GetInput("diffuseColor").GetConnectedSources()[0][0].source
    assert UsdShade.Shader(source).GetInput("varname").Get() == "displayColor"
    assert {key: surface.GetPrim().GetCustomDataByKey(key) for key in ("object_id", "layer")} == {
        "object_id": 1,
        "layer": 1,
    }


@pytest.mark.parametrize(
    ("name", "path"), [("photo camera", "photo_camera_2"), ("größer Stuhl 2", "größer_Stuhl_2"), ("3", "_3")]
)
def test_any_name_is_a_prim_and_is_kept_as_written(scene, tmp_path, name, path):
    export(replace(scene, objects=scene.objects[:1]).rename(1, name), tmp_path, "usdz")
    stage = Usd.Stage.Open(str(tmp_path / "scene.usdz"))
    prim = stage.GetPrimAtPath(f"/Scene/{path}")
    assert prim.GetDisplayName() == name
    assert {child.GetName() for child in prim.GetChildren()} == {
        f"{path}_{kind}_{layer}" for kind in ("points", "surface") for layer in (0, 1)
    }
