"""What the camera sees of a thing: which points it sees, and what colour it gives to those that it does not."""

import numpy as np

from wt.geometry.camera import Intrinsics, project
from wt.scene.objects import SceneObject
from wt.types import Bool, Float, UInt8

SLACK = 4.0
"""Widths of a pixel that a point may lie behind or before the visible surface and still be of it."""


def seen_colours(thing: SceneObject, points: Float[np.ndarray, "n 3"]) -> UInt8[np.ndarray, "n 3"]:
    """The colour of the nearest visible point; of the nearest of any layer where nothing is visible.

    Args:
        points: where the thing was placed (its transform is left out).
    """
    from scipy.spatial import cKDTree

    present = thing.present.copy()
    if present[0].any():
        present[1:] = False
    layer, row, column = np.nonzero(present)
    _, nearest = cKDTree(thing.points[layer, row, column]).query(points)
    return thing.rgb[row[nearest], column[nearest]]


def is_seen(
    thing: SceneObject, intrinsics: Intrinsics, points: Float[np.ndarray, "n 3"], normals: Float[np.ndarray, "n 3"]
) -> Bool[np.ndarray, " n"]:
    """Whether points of a surface, placed as in `seen_colours`, face the camera and lie on layer 0."""
    column, row = np.nan_to_num(np.floor(project(points, intrinsics)), nan=-1).astype(int).T
    inside = (column >= 0) & (row >= 0) & (column < intrinsics.width) & (row < intrinsics.height)
    column, row = np.where(inside, column, 0), np.where(inside, row, 0)
    depth = thing.points[0, row, column, 2]
    with np.errstate(invalid="ignore"):
        near = np.abs(points[:, 2] - depth) * intrinsics.fx <= SLACK * depth
    facing = np.einsum("nk,nk->n", points, normals) < 0
    return np.asarray(inside & thing.present[0, row, column] & near & facing)


def placed(thing: SceneObject, world: Float[np.ndarray, "n 3"]) -> Float[np.ndarray, "n 3"]:
    """World positions brought back to where the thing was placed, float64."""
    if not thing.moved:
        return world.astype(np.float64)
    return (world.astype(np.float64) - thing.transform[:3, 3]) @ np.linalg.inv(thing.transform[:3, :3]).T
