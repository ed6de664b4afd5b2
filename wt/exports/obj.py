"""`obj`: mesh.obj with mesh.mtl, the layers of every thing as named objects, in the chosen axes.

Colours follow the coordinates, `v x y z r g b`, as Blender, MeshLab and most others read them. Where the photo is at
hand, what is seen shows it as a texture as well, a PNG beside.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from wt.exports.axes import Axes
from wt.exports.job import ExportJob
from wt.exports.names import distinct_names
from wt.exports.pictures import png_bytes
from wt.exports.textures import textured_meshes
from wt.meshes.mesh import Mesh


def write(job: ExportJob) -> list[Path]:
    """mesh.obj, mesh.mtl and the textures; nothing, and a note, where no surface is shown."""
    if not job.meshes:
        job.notes.append("There is no mesh.obj: what is shown are single points, without a surface between them.")
        return []
    meshes = textured_meshes(job)
    named = dict(zip(distinct_names(mesh.name for mesh in meshes), meshes, strict=True))
    textures = {name: mesh.texture for name, mesh in named.items() if mesh.texture is not None}
    return [
        job.save("mesh.obj", obj_text(named, job.axes, job.frame())),
        job.save("mesh.mtl", mtl_text(list(textures))),
        *(job.save(f"{name}.png", png_bytes(texture)) for name, texture in textures.items()),
    ]


def obj_text(named: dict[str, Mesh], axes: Axes, facts: dict[str, Any]) -> str:
    """Meshes by their names (`distinct_names`), turned to `axes`; `facts` are written as comments."""
    lines = [f"# {key}: {value}" for key, value in facts.items()]
    lines += ["# colours: sRGB, 0 to 1, after the coordinates of every vertex", "mtllib mesh.mtl"]
    vertices = uvs = 1  # OBJ counts from 1, on through the whole file
    for name, mesh in named.items():
        lines += [f"o {name}", f"g {name}"]
        lines += _vertex_lines(mesh, axes)
        if mesh.uv is None or mesh.texture is None:
            lines += ["usemtl vertex_colours", *map("f {0[0]} {0[1]} {0[2]}".format, (mesh.faces + vertices).tolist())]
        else:
            lines += map("vt {0[0]:.7g} {0[1]:.7g}".format, (mesh.uv * [1, -1] + [0, 1]).tolist())  # v runs upwards
            corners = np.stack([mesh.faces + vertices, mesh.faces + uvs], axis=-1).reshape(-1, 6)
            lines += [f"usemtl {name}", *map("f {0[0]}/{0[1]} {0[2]}/{0[3]} {0[4]}/{0[5]}".format, corners.tolist())]
            uvs += len(mesh.uv)
        vertices += len(mesh.vertices)
    return "\n".join([*lines, ""])


def mtl_text(textured: list[str]) -> str:
    """One material for coloured vertices and one for every texture, all matte."""
    materials = [("vertex_colours", []), *((name, [f"map_Kd {name}.png"]) for name in textured)]
    lines = [line for name, maps in materials for line in (f"newmtl {name}", "Kd 1 1 1", "illum 1", *maps, "")]
    return "\n".join(lines)


def _vertex_lines(mesh: Mesh, axes: Axes) -> Iterator[str]:
    rows = np.concatenate([axes.apply(mesh.vertices), mesh.colours / 255], axis=1)
    return map("v {0[0]:.8g} {0[1]:.8g} {0[2]:.8g} {0[3]:.4f} {0[4]:.4f} {0[5]:.4f}".format, rows.tolist())
