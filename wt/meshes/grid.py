"""Layers as triangles: two in every cell of the photo's grid, cut where neighbours are of different surfaces.

Neighbours are cut apart if the step of depth between them, in widths of a pixel at that depth, is more than `JUMP`
beyond the step that the planes on either side predict. A plane is linear in 1/z over the grid, so a floor that runs
away from the camera stays whole however slanted it is, and the same rule serves coarse and fine grids, near and far.
"""

import numpy as np

from wt.geometry.camera import Intrinsics
from wt.meshes.mesh import Mesh
from wt.scene.cloud import point_cloud
from wt.scene.objects import SceneObject
from wt.types import Bool, Float, Int, UInt8

JUMP = 8.0
"""A ball has a last step of sqrt(2 r) pixels at its outline, of which its own slope predicts a third."""
REACH = 3
"""Pixels over which a side's slope is taken; over one, a blurred jump would be its own plane."""
EDGE_ON = 0.035
"""Cosine between ray and normal, 88 degrees, below which a triangle says nothing of its surface."""


def grid_meshes(thing: SceneObject, intrinsics: Intrinsics, *, hidden: str = "grey") -> list[Mesh]:
    """The surfaces of each layer as an open mesh, in world positions (`thing.world_points()`).

    Layers 0, 2 and 4 are where rays enter matter: their front faces look towards the camera at which the thing was
    placed. Layers 1, 3 and 5, where rays leave it again, look away from it.

    Args:
        intrinsics: the scene's camera, of the grid that the points lie on.
        hidden: colours of layers behind the first, "grey" by depth or the pixel's "photo" colour.

    Returns:
        One mesh for every layer that has triangles, near to far; none of a thing without surfaces.
    """
    world, colours = thing.world_points(), layer_colours(thing, hidden)
    meshes = []
    for layer, present in enumerate(thing.present):
        corners = grid_triangles(thing.points[layer], present, intrinsics)
        if layer % 2:
            corners = corners[:, ::-1]
        if len(corners):
            used, faces = np.unique(corners, return_inverse=True)
            vertices = world[layer].reshape(-1, 3)[used]
            name = f"{thing.name} layer {layer}"
            found = colours[layer].reshape(-1, 3)[used]
            meshes.append(Mesh(name, vertices, faces.reshape(-1, 3).astype(np.int32), found, thing.id, layer))
    return meshes


def layer_colours(thing: SceneObject, hidden: str = "grey") -> UInt8[np.ndarray, "layers h w 3"]:
    """The colours that the cloud gives to every surface; 0 where there is none."""
    colours = np.zeros((*thing.present.shape, 3), np.uint8)
    colours[thing.present] = point_cloud([thing], hidden=hidden).colours
    return colours


def grid_triangles(
    points: Float[np.ndarray, "h w 3"], present: Bool[np.ndarray, "h w"], intrinsics: Intrinsics
) -> Int[np.ndarray, "m 3"]:
    """Flat pixel numbers of every triangle's corners, front faces towards the camera; `points` lie on their rays."""
    with np.errstate(invalid="ignore", divide="ignore"):
        inverse = np.where(present, 1 / points[..., 2].astype(np.float64), np.nan)
        across = joined_steps(inverse, intrinsics.fx)
        down = joined_steps(inverse.T, intrinsics.fy).T
        falling = np.abs(inverse[1:, 1:] - inverse[:-1, :-1])
        rising = np.abs(inverse[1:, :-1] - inverse[:-1, 1:])
        # The diagonal between the more similar corners; the only one where a corner is missing.
        is_falling = (falling <= rising) | np.isnan(rising)
    number = np.arange(present.size).reshape(present.shape)
    a, b, c, d = number[:-1, :-1], number[:-1, 1:], number[1:, :-1], number[1:, 1:]
    top, bottom, left, right = across[:-1], across[1:], down[:, :-1], down[:, 1:]
    chosen = (
        ((a, c, d), left & bottom & is_falling),
        ((a, d, b), top & right & is_falling),
        ((a, c, b), left & top & ~is_falling),
        ((b, c, d), right & bottom & ~is_falling),
    )
    corners = np.concatenate([np.stack(triangle, axis=-1)[kept] for triangle, kept in chosen])
    return corners[facing(points.reshape(-1, 3)[corners])]


def joined_steps(inverse: Float[np.ndarray, "h w"], focal: float) -> Bool[np.ndarray, "h w-1"]:
    """Whether each pixel and its right neighbour lie on one surface, by their 1/z (NaN: no surface)."""
    count = inverse.shape[1] - 1
    padded = np.pad(inverse, ((0, 0), (REACH, REACH)), constant_values=np.nan)

    def at(shift: int) -> Float[np.ndarray, "h n"]:
        return padded[:, REACH + shift : REACH + shift + count]

    step = at(1) - at(0)
    before, after = (at(0) - at(-REACH)) / REACH, (at(1 + REACH) - at(1)) / REACH
    # fmin passes over a side that is not there; a step of nothing needs no side to explain it.
    unexplained = np.fmin(np.abs(step), np.fmin(np.abs(step - before), np.abs(step - after)))
    return np.asarray(focal * unexplained <= JUMP * (at(0) + at(1)) / 2)


def facing(corners: Float[np.ndarray, "m 3 3"]) -> Bool[np.ndarray, " m"]:
    """Which triangles are not seen edge-on from the camera."""
    a, b, c = corners.astype(np.float64).transpose(1, 0, 2)
    normal, ray = np.cross(b - a, c - a), a + b + c
    cosine = np.abs(np.einsum("mk,mk->m", normal, ray))
    return np.asarray(cosine > EDGE_ON * np.linalg.norm(normal, axis=1) * np.linalg.norm(ray, axis=1))
