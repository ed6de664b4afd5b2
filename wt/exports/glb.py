"""`glb`: scene.glb with points, surfaces and the photo's camera; mesh.glb with surfaces alone, objects closed.

scene.glb has a node for every thing, with one child of points and one of triangles for every layer.
"""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from wt.errors import WtError
from wt.exports.axes import OPENCV, OPENGL
from wt.exports.gltf import Gltf
from wt.exports.job import ExportJob
from wt.exports.textures import baked_solid, textured_meshes
from wt.meshes.decimate import decimated
from wt.meshes.mesh import Mesh
from wt.meshes.watertight import watertight
from wt.scene.cloud import PointCloud
from wt.scene.objects import SceneObject

MAX_TRIANGLES = 1_000_000
"""Of the surfaces in scene.glb, which holds the points as well: 12 MB of corners."""
SOLID_FACES = 20_000
"""Of a closed object in mesh.glb."""


def write(job: ExportJob) -> list[Path]:
    """scene.glb and, where there is a surface, mesh.glb, both in glTF's own axes."""
    paths = [job.save("scene.glb", scene_glb(job))]
    meshes = solids(job)
    if meshes:
        paths.append(job.save("mesh.glb", mesh_glb(job, meshes)))
    return paths


def scene_glb(job: ExportJob) -> bytes:
    """Points of every surface, the meshes of the layers, the camera."""
    gltf, cloud, meshes = Gltf(), job.scene.point_cloud(hidden=job.hidden), job.meshes
    count = sum(len(mesh.faces) for mesh in meshes)
    if count > MAX_TRIANGLES:
        meshes = tuple(decimated(meshes, MAX_TRIANGLES))
        job.notes.append(
            f"The surfaces of scene.glb are {MAX_TRIANGLES:,} of {count:,} triangles; mesh.glb has them all."
        )
    nodes = [_thing(gltf, thing, cloud, meshes) for thing in job.things if thing.present.any()]
    near = float(cloud.points[:, 2].min()) if len(cloud) else 1.0
    nodes.append(gltf.node(name="photo camera", camera=gltf.camera(job.scene.intrinsics, near)))
    return gltf.pack(gltf.node(name="world tracing scene", children=nodes), _extras(job))


def mesh_glb(job: ExportJob, meshes: list[Mesh]) -> bytes:
    """Meshes, one node each."""
    gltf = Gltf()
    nodes = [_surface(gltf, mesh) for mesh in meshes]
    return gltf.pack(gltf.node(name="world tracing meshes", children=nodes), _extras(job))


def solids(job: ExportJob) -> list[Mesh]:
    """Every object closed where it can be; the photo, which has no inside, and the others layer by layer.

    They carry the photo as texture where the job has it.
    """
    meshes, layers = [], textured_meshes(job)
    for thing in job.things:
        closed = _closed(job, thing) if thing.id else None
        meshes += [mesh for mesh in layers if mesh.object_id == thing.id] if closed is None else [closed]
    return meshes


def _closed(job: ExportJob, thing: SceneObject) -> Mesh | None:
    try:
        faces = SOLID_FACES if job.faces is None else min(SOLID_FACES, job.faces)
        return baked_solid(job, watertight(thing, job.scene.intrinsics, faces=faces))
    except WtError as error:
        job.notes.append(f"{thing.name} is open in mesh.glb. {error}")
        return None


def _thing(gltf: Gltf, thing: SceneObject, cloud: PointCloud, meshes: tuple[Mesh, ...]) -> int:
    children = []
    of_thing = cloud.object_id == thing.id
    for layer in np.unique(cloud.layer[of_thing]).tolist():
        rows = of_thing & (cloud.layer == layer)
        name = f"{thing.name} layer {layer}"
        points = gltf.points(name, cloud.points[rows], cloud.colours[rows])
        children.append(gltf.node(name=name, mesh=points, extras=_known(thing.id, layer)))
    for mesh in meshes:
        if mesh.object_id == thing.id:
            surface = replace(mesh, name=f"{mesh.name} surface")
            children.append(_surface(gltf, surface))
    return gltf.node(name=thing.name, children=children, extras=_known(thing.id, None))


def _surface(gltf: Gltf, mesh: Mesh) -> int:
    return gltf.node(name=mesh.name, mesh=gltf.triangles(mesh), extras=_known(mesh.object_id, mesh.layer))


def _known(ident: int, layer: int | None) -> dict[str, int]:
    return {"object_id": ident} if layer is None else {"object_id": ident, "layer": layer}


def _extras(job: ExportJob) -> dict[str, Any]:
    colours = "linear; they hold the photo's light, so surfaces are marked unlit"
    return {**job.frame(OPENGL), "source_axes": OPENCV.text, "colours": colours}
