"""What TRELLIS is given of a lifted object: occupied voxels, the frame that they lie in, and its picture."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from wt.errors import WtError
from wt.files import json_text, write_atomic
from wt.geometry.voxels import CanonicalFrame, voxels
from wt.preprocess import object_crop
from wt.scene.objects import SceneObject
from wt.types import Bool, Float, Int, UInt8

EROSION_PX = 2
"""Of the rim, where the photo mixes the object with what lies behind; there the picture is black (section 22)."""
AXES = "box [-1/2, 1/2]^3, z up: (x, z, -y) of the OpenCV camera, minus centroid, times scale"


@dataclass(frozen=True, eq=False)
class SparseStructure:
    """Voxels of one object in TRELLIS's box."""

    coords: Int[np.ndarray, "n 4"]
    """int32: 0 (the only one of its batch), then the voxel's indices along x, y, z of the box."""
    frame: CanonicalFrame
    resolution: int
    """Voxels along a side of the box."""

    def save(self, folder: Path, name: str) -> list[Path]:
        """Write NAME_coords.npz (`coords`) and NAME_frame.json, which leads back to camera space."""
        from io import BytesIO

        stored = BytesIO()
        np.savez_compressed(stored, coords=self.coords)
        about = {
            "object": name,
            "resolution": self.resolution,
            "voxels": len(self.coords),
            "centroid": self.frame.centroid,
            "scale": self.frame.scale,
            "axes": AXES,
            "to_camera": "p = box / scale + centroid; the camera sees (p_x, -p_z, p_y)",
        }
        return [
            write_atomic(folder / f"{name}_coords.npz", stored.getvalue()),
            write_atomic(folder / f"{name}_frame.json", json_text(about).encode()),
        ]


def sparse_structure(thing: SceneObject, resolution: int = 64) -> SparseStructure:
    """The voxels of an object where it was lifted, before it was moved, turned or scaled by hand.

    A layer that repeats the one before it counts as the release counts it: all its points are in the cloud.

    Raises:
        WtError: the photo itself, which is no object, or nothing to make voxels of.
    """
    if thing.id == 0:
        raise WtError("The photo itself is an open scene, no object. Choose an object that was lifted or added.")
    mask = np.isfinite(thing.points).all(axis=-1)
    found, frame = voxels(thing.points, mask, resolution)
    coords = np.concatenate([np.zeros((len(found), 1), np.int32), found], axis=1)
    return SparseStructure(coords, frame, resolution)


def silhouette(thing: SceneObject) -> Bool[np.ndarray, "h w"]:
    """The pixels of the object's rays, where it was lifted."""
    return np.isfinite(thing.points[0, ..., 2])


def picture(thing: SceneObject, photo: UInt8[np.ndarray, "ph pw 3"] | None = None) -> Image.Image:
    """The object alone, RGBA on black, in a square around it.

    Args:
        photo: the same picture at its own size; by default the object has the colours of the scene's grid.

    Raises:
        WtError: a photo of another shape than the grid.
    """
    import cv2

    mask = silhouette(thing)
    rgb = thing.rgb if photo is None else photo
    height, width = rgb.shape[:2]
    if abs(width / height - mask.shape[1] / mask.shape[0]) > 2 / min(mask.shape):
        raise WtError(
            f"The photo is {width} x {height} pixels but the scene's grid is {mask.shape[1]} x {mask.shape[0]}: it is "
            "not the photo that was lifted. Give that one."
        )
    alpha = cv2.resize(mask.astype(np.uint8) * 255, (width, height), interpolation=cv2.INTER_LINEAR)
    inside = cv2.erode((alpha > 127).astype(np.uint8), np.ones((2 * EROSION_PX + 1,) * 2, np.uint8)) > 0
    if not inside.any():
        inside = alpha > 127
    rgba = np.dstack([np.where(inside[..., None], rgb, 0), inside * np.uint8(255)]).astype(np.uint8)
    return Image.fromarray(object_crop(alpha).cut(rgba))


def camera_points(structure: SparseStructure) -> Float[np.ndarray, "n 3"]:
    """The centres of the voxels in camera space."""
    box = (structure.coords[:, 1:] + np.float32(0.5)) / np.float32(structure.resolution) - np.float32(0.5)
    return structure.frame.inverse(box)
