"""`usdz`: points and surfaces of every layer, and the photo's exact camera, for Quick Look, Blender and Omniverse.

USD as phones show it is y up and looks along -z, as glTF; by its rules apertures and focal length are in tenths of a
scene unit. displayColor is linear (Rec. 709 primaries).
"""

import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from wt.exports.axes import OPENCV, OPENGL
from wt.exports.colours import srgb_to_linear
from wt.exports.job import ExportJob
from wt.exports.names import distinct_names
from wt.meshes.mesh import Mesh
from wt.scene.objects import SceneObject
from wt.types import Float, UInt8

SENSOR_M = 0.036
"""Width of the camera's sensor: a full frame, so that the focal length is the one photographers know."""

RESERVED = ("photo_camera", "vertex_colours")
"""What stands beside the things."""


def write(job: ExportJob) -> list[Path]:
    """scene.usdz, in USD's own axes."""
    with tempfile.TemporaryDirectory() as folder:
        return [job.save("scene.usdz", _packed(job, Path(folder)))]


def _packed(job: ExportJob, folder: Path) -> bytes:
    """One binary layer in a zip whose data starts at multiples of 64 bytes, as the format demands."""
    from pxr import UsdUtils

    layer, package = folder / "scene.usdc", folder / "scene.usdz"
    stage = _stage(job)  # a layer lives as long as its stage
    stage.GetRootLayer().Export(str(layer))
    UsdUtils.CreateNewUsdzPackage(str(layer), str(package))
    return package.read_bytes()


def _stage(job: ExportJob) -> Any:
    from pxr import Usd, UsdGeom

    stage = Usd.Stage.CreateInMemory()
    UsdGeom.SetStageUpAxis(stage, UsdGeom.Tokens.y)
    metres = job.scene.metres_per_unit()
    UsdGeom.SetStageMetersPerUnit(stage, metres or 1.0)
    root = UsdGeom.Xform.Define(stage, "/Scene")
    stage.SetDefaultPrim(root.GetPrim())
    facts = {
        **job.frame(OPENGL),
        "source_axes": OPENCV.text,
        "metres_per_unit_from": job.scene.metres_from if metres else "unknown; 1 is written",
        "colours": "displayColor is linear, Rec. 709",
    }
    stage.GetRootLayer().customLayerData = {key: str(value) for key, value in facts.items() if value is not None}
    _camera(stage, job, 10 * SENSOR_M / (metres or 1.0))
    material = _material(stage)
    things = [thing for thing in job.things if thing.present.any()]
    names = distinct_names([*RESERVED, *(thing.name for thing in things)])[len(RESERVED) :]
    for name, thing in zip(names, things, strict=True):
        path = f"/Scene/{name}"
        UsdGeom.Xform.Define(stage, path).GetPrim().SetDisplayName(thing.name)
        for layer in np.flatnonzero(thing.present.any(axis=(1, 2))).tolist():
            _points(stage, f"{path}/{name}_points_{layer}", job, thing, layer)
        for mesh in job.meshes:
            if mesh.object_id == thing.id:
                _mesh(stage, f"{path}/{name}_surface_{mesh.layer}", mesh, material)
    return stage


def _points(stage: Any, path: str, job: ExportJob, thing: SceneObject, layer: int) -> None:
    """Every point as wide as its pixel at its depth."""
    from pxr import UsdGeom, Vt

    cloud = job.scene.point_cloud(objects=[thing.id], layers=[layer], hidden=job.hidden)
    points = UsdGeom.Points.Define(stage, path)
    points.CreatePointsAttr(_vectors(OPENGL.apply(cloud.points)))
    widths = np.maximum(cloud.points[:, 2], 0) / job.scene.intrinsics.fx
    points.CreateWidthsAttr(Vt.FloatArray.FromNumpy(widths.astype(np.float32)))
    points.SetWidthsInterpolation(UsdGeom.Tokens.vertex)
    _finish(points, cloud.points, cloud.colours, thing.id, layer)


def _mesh(stage: Any, path: str, mesh: Mesh, material: Any) -> None:
    from pxr import UsdGeom, UsdShade, Vt

    surface = UsdGeom.Mesh.Define(stage, path)
    surface.CreatePointsAttr(_vectors(OPENGL.apply(mesh.vertices)))
    surface.CreateFaceVertexCountsAttr(Vt.IntArray.FromNumpy(np.full(len(mesh.faces), 3, np.int32)))
    surface.CreateFaceVertexIndicesAttr(Vt.IntArray.FromNumpy(mesh.faces.astype(np.int32).reshape(-1)))
    surface.CreateSubdivisionSchemeAttr(UsdGeom.Tokens.none)
    surface.CreateDoubleSidedAttr(True)
    _finish(surface, mesh.vertices, mesh.colours, mesh.object_id, mesh.layer)
    UsdShade.MaterialBindingAPI.Apply(surface.GetPrim()).Bind(material)


def _finish(
    shape: Any, points: Float[np.ndarray, "n 3"], colours: UInt8[np.ndarray, "n 3"], ident: int, layer: int | None
) -> None:
    """Extent, colours and where it came from."""
    from pxr import Gf, UsdGeom

    corners = OPENGL.apply(np.stack([points.min(axis=0), points.max(axis=0)]))
    shape.CreateExtentAttr(_vectors(np.sort(corners, axis=0)))
    colour = shape.CreateDisplayColorPrimvar(UsdGeom.Tokens.vertex)
    colour.Set(_vectors(srgb_to_linear(colours).astype(np.float32)))
    colour.GetAttr().SetColorSpace(Gf.ColorSpaceNames.LinearRec709)
    known = {"object_id": ident} if layer is None else {"object_id": ident, "layer": layer}
    for key, value in known.items():
        shape.GetPrim().SetCustomDataByKey(key, value)


def _camera(stage: Any, job: ExportJob, width: float) -> None:
    """The frustum through the photo's edges: offsets carry a principal point that is off the centre."""
    from pxr import Gf, UsdGeom

    k, near = job.scene.intrinsics, float(job.scene.point_cloud().points[:, 2].min())
    focal = k.fx * width / k.width
    height = k.height * focal / k.fy
    camera = UsdGeom.Camera.Define(stage, f"/Scene/{RESERVED[0]}")
    camera.CreateFocalLengthAttr(focal)
    camera.CreateHorizontalApertureAttr(width)
    camera.CreateVerticalApertureAttr(height)
    camera.CreateHorizontalApertureOffsetAttr(width * (0.5 - k.cx / k.width))
    camera.CreateVerticalApertureOffsetAttr(height * (k.cy / k.height - 0.5))
    camera.CreateClippingRangeAttr(Gf.Vec2f(max(near / 10, 1e-4), max(near, 1.0) * 1e4))
    exact = {"fx": k.fx, "fy": k.fy, "cx": k.cx, "cy": k.cy, "width": k.width, "height": k.height}
    camera.GetPrim().SetCustomDataByKey("K", exact)


def _material(stage: Any) -> Any:
    """Matte, coloured by the vertices; programs that need no material show displayColor as it is."""
    from pxr import Sdf, UsdShade

    path = f"/Scene/{RESERVED[1]}"
    material = UsdShade.Material.Define(stage, path)
    reader = UsdShade.Shader.Define(stage, f"{path}/colour")
    reader.CreateIdAttr("UsdPrimvarReader_float3")
    reader.CreateInput("varname", Sdf.ValueTypeNames.String).Set("displayColor")
    surface = UsdShade.Shader.Define(stage, f"{path}/surface")
    surface.CreateIdAttr("UsdPreviewSurface")
    surface.CreateInput("roughness", Sdf.ValueTypeNames.Float).Set(1.0)
    diffuse = surface.CreateInput("diffuseColor", Sdf.ValueTypeNames.Color3f)
    diffuse.ConnectToSource(reader.CreateOutput("result", Sdf.ValueTypeNames.Float3))
    material.CreateSurfaceOutput().ConnectToSource(surface.CreateOutput("surface", Sdf.ValueTypeNames.Token))
    return material


def _vectors(rows: Float[np.ndarray, "n 3"]) -> Any:
    from pxr import Vt

    return Vt.Vec3fArray.FromNumpy(np.ascontiguousarray(rows, dtype=np.float32))
