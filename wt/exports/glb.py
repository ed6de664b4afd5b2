"""glTF 2.0 binary: one node per object, one POINTS primitive per layer, and the photo's camera.

glTF is y up and looks along -z, so OpenCV (x, y, z) becomes (x, -y, -z); the camera node is then the identity.
COLOR_0 is linear by the glTF specification (3.7.2.1), 16 bits a channel so that dark tones survive.
"""

import json
import math
import struct
from pathlib import Path
from typing import Any

import numpy as np

from wt.exports.axes import OPENCV, OPENGL, PIXEL_RULE
from wt.exports.job import ExportJob
from wt.geometry.camera import Intrinsics
from wt.scene.cloud import PointCloud
from wt.types import Float, Int, UInt8

_FLOAT, _UNSIGNED_SHORT = 5126, 5123
_POINTS_MODE = 0


def write(job: ExportJob) -> list[Path]:
    """scene.glb, in glTF's own axes."""
    names = {thing.id: thing.name for thing in job.things}
    extras = {"units": job.scene.units, "axes": OPENGL.text, "source_axes": OPENCV.text, "pixel_rule": PIXEL_RULE}
    data = glb_bytes(job.scene.point_cloud(hidden=job.hidden), names, job.scene.intrinsics, extras)
    return [job.save("scene.glb", data)]


def glb_bytes(
    cloud: PointCloud, names: dict[int, str], intrinsics: Intrinsics, extras: dict[str, Any] | None = None
) -> bytes:
    """The cloud and its camera as one .glb.

    Args:
        cloud: points in the OpenCV camera frame, sRGB colours.
        names: object id -> node name.
        intrinsics: K; glTF cameras have no principal point, so the exact K travels in the camera's extras.
        extras: JSON values for the asset (units and the like).
    """
    writer = _Writer()
    objects = []
    for ident in np.unique(cloud.object_id).tolist():
        of_object = cloud.object_id == ident
        children = []
        for layer in np.unique(cloud.layer[of_object]).tolist():
            rows = of_object & (cloud.layer == layer)
            label = f"{names.get(ident, 'object')} layer {layer}"
            mesh = writer.points(label, cloud.points[rows], cloud.colours[rows])
            children.append(writer.node(name=label, mesh=mesh, extras={"object_id": ident, "layer": layer}))
        name = names.get(ident, f"object {ident}")
        objects.append(writer.node(name=name, children=children, extras={"object_id": ident}))
    camera = writer.node(name="photo camera", camera=0)
    root = writer.node(name="world tracing scene", children=[*objects, camera])
    document = {
        "asset": {"version": "2.0", "generator": "World Tracing Studio", "extras": extras or {}},
        "scene": 0,
        "scenes": [{"name": "scene", "nodes": [root]}],
        "nodes": writer.nodes,
        "cameras": [_camera(intrinsics, cloud)],
    }
    if writer.meshes:
        document |= {
            "meshes": writer.meshes,
            "accessors": writer.accessors,
            "bufferViews": writer.views,
            "buffers": [{"byteLength": len(writer.binary)}],
        }
    return _container(document, bytes(writer.binary))


def srgb_to_linear16(colours: UInt8[np.ndarray, "n 3"]) -> Int[np.ndarray, "n 4"]:
    """sRGB bytes to linear 16-bit RGBA, opaque (IEC 61966-2-1)."""
    encoded = np.arange(256) / 255
    linear = np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4)
    table = np.rint(65535 * linear).astype(np.uint16)
    return np.concatenate([table[colours], np.full((len(colours), 1), 65535, np.uint16)], axis=1).view(np.int16)


class _Writer:
    """Collects nodes, meshes and their binary data."""

    def __init__(self) -> None:
        self.nodes: list[dict[str, Any]] = []
        self.meshes: list[dict[str, Any]] = []
        self.accessors: list[dict[str, Any]] = []
        self.views: list[dict[str, int]] = []
        self.binary = bytearray()

    def node(self, **entries: Any) -> int:
        self.nodes.append({key: value for key, value in entries.items() if value not in ([], None)})
        return len(self.nodes) - 1

    def points(self, name: str, points: Float[np.ndarray, "n 3"], colours: UInt8[np.ndarray, "n 3"]) -> int:
        """A mesh of one POINTS primitive; returns its index."""
        flipped = (points * np.array([1, -1, -1], np.float32)).astype("<f4")
        box = {"min": flipped.min(axis=0).tolist(), "max": flipped.max(axis=0).tolist()}
        position = self._accessor(flipped.tobytes(), len(points), "VEC3", _FLOAT, box)
        linear = srgb_to_linear16(colours).view("<u2").tobytes()
        colour = self._accessor(linear, len(points), "VEC4", _UNSIGNED_SHORT, {"normalized": True})
        attributes = {"POSITION": position, "COLOR_0": colour}
        self.meshes.append({"name": name, "primitives": [{"mode": _POINTS_MODE, "attributes": attributes}]})
        return len(self.meshes) - 1

    def _accessor(self, data: bytes, count: int, kind: str, component: int, more: dict[str, Any]) -> int:
        self.views.append({"buffer": 0, "byteOffset": len(self.binary), "byteLength": len(data)})
        self.binary += data  # both kinds of element are multiples of 4 bytes, so views stay aligned
        self.accessors.append(
            {"bufferView": len(self.views) - 1, "componentType": component, "count": count, "type": kind, **more}
        )
        return len(self.accessors) - 1


def _camera(k: Intrinsics, cloud: PointCloud) -> dict[str, Any]:
    near = float(cloud.points[:, 2].min()) if len(cloud) else 1.0
    perspective = {
        "yfov": 2 * math.atan(k.height / (2 * k.fy)),
        "aspectRatio": (k.width / k.fx) / (k.height / k.fy),
        "znear": max(near / 10, 1e-4),
    }
    exact = {"fx": k.fx, "fy": k.fy, "cx": k.cx, "cy": k.cy, "width": k.width, "height": k.height}
    return {"type": "perspective", "name": "photo camera", "perspective": perspective, "extras": {"K": exact}}


def _container(document: dict[str, Any], binary: bytes) -> bytes:
    text = json.dumps(document, separators=(",", ":"), allow_nan=False).encode()
    text += b" " * (-len(text) % 4)
    binary += b"\0" * (-len(binary) % 4)
    chunks = struct.pack("<II", len(text), 0x4E4F534A) + text
    if binary:
        chunks += struct.pack("<II", len(binary), 0x004E4942) + binary
    return struct.pack("<III", 0x46546C67, 2, 12 + len(chunks)) + chunks
