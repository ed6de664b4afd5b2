"""From an object of a scene to a textured mesh in its place: what the command and the app share."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from wt.errors import WtError
from wt.exports.gltf import Gltf
from wt.meshes.mesh import Mesh
from wt.scene.scene import Scene
from wt.trellis.check import Agreement, agreement
from wt.trellis.generate import Choices, generate, in_camera
from wt.trellis.installed import installed, missing, resolution_of, weights_of
from wt.trellis.structure import SparseStructure, picture, sparse_structure
from wt.types import UInt8


@dataclass(frozen=True, eq=False)
class Textured:
    """What an installed TRELLIS made of an object."""

    mesh: Mesh
    """Where the object is in the scene."""
    structure: SparseStructure
    fits: Agreement
    by: str
    """The program and its pipeline."""

    def glb(self) -> bytes:
        """The mesh as a file in glTF's own axes, the photo's camera at the origin."""
        gltf = Gltf()
        return gltf.pack(gltf.node(name=self.mesh.name, mesh=gltf.triangles(self.mesh)), {"made_by": self.by})


def textured(
    scene: Scene,
    ident: int,
    photo: UInt8[np.ndarray, "ph pw 3"] | None = None,
    *,
    pipeline: str | None = None,
    weights: str | None = None,
    seed: int = 42,
    device: str = "cuda",
    allow_download: bool = False,
    on_stage: Callable[[str], None] | None = None,
) -> Textured:
    """Run the installed TRELLIS on an object's voxels and bring the mesh back.

    Args:
        ident: of the object.
        photo: the picture that was lifted, at its own size, for finer textures.
        pipeline: of the program that is here; its default if None.
        weights: a folder, or a name on the hub; those that the program publishes if None.
        on_stage: told what is being done; may raise `Cancelled`.

    Raises:
        WtError: no TRELLIS, no weights, no such object or pipeline, or the program failed.
    """
    trellis = installed()
    if trellis is None:
        raise WtError(missing())
    thing = scene[ident]
    name = pipeline or trellis.default
    structure = sparse_structure(thing, resolution_of(trellis, name))
    chosen = Choices(
        pipeline=name,
        weights=weights_of(trellis, weights, allow_download=allow_download),
        seed=seed,
        device=device,
    )
    more: dict[str, Any] = {} if on_stage is None else {"on_stage": on_stage}
    baked = generate(trellis, structure, picture(thing, photo), chosen, **more)
    mesh = in_camera(baked, structure, thing.name, thing.id)
    fits = agreement(mesh, thing, scene.intrinsics)
    turned = mesh.vertices @ thing.transform[:3, :3].T + thing.transform[:3, 3]
    placed = replace(mesh, vertices=turned.astype(np.float32))
    return Textured(placed, structure, fits, f"{trellis.name} {name}")
