"""Does a generated mesh lie where the object was seen? Its silhouette and its distance from the visible surface."""

from dataclasses import dataclass

import numpy as np

from wt.geometry.camera import Intrinsics, rays
from wt.meshes.mesh import Mesh
from wt.scene.objects import SceneObject
from wt.trellis.structure import silhouette

TOLERANCE = 0.05
"""Of the object's size: how far a visible point may lie from the mesh."""


@dataclass(frozen=True)
class Agreement:
    """A mesh against the object that it was made from."""

    silhouette_iou: float
    """Intersection over union of the mesh's pixels with the object's."""
    near_share: float
    """Visible points of the object no further from the mesh than `TOLERANCE`."""
    median_distance: float
    """Of the visible points from the mesh, over the object's size."""


def agreement(mesh: Mesh, thing: SceneObject, intrinsics: Intrinsics) -> Agreement:
    """Compare in the frame where the object was lifted; the mesh is in camera space, before the object's transform."""
    import open3d as o3d

    scene = o3d.t.geometry.RaycastingScene()
    scene.add_triangles(np.ascontiguousarray(mesh.vertices), np.ascontiguousarray(mesh.faces.astype(np.uint32)))
    directions = rays(intrinsics)
    beams = np.concatenate([np.zeros_like(directions), directions], axis=-1).astype(np.float32)
    hit = np.isfinite(scene.cast_rays(o3d.core.Tensor(beams))["t_hit"].numpy())
    mask = silhouette(thing)
    visible = thing.points[0][mask]
    size = float((visible.max(axis=0) - visible.min(axis=0)).max())
    far = scene.compute_distance(o3d.core.Tensor(np.ascontiguousarray(visible, np.float32))).numpy() / size
    return Agreement(
        float((hit & mask).sum() / max((hit | mask).sum(), 1)),
        float((far <= TOLERANCE).mean()),
        float(np.median(far)),
    )
