"""A glTF 2.0 binary file: named nodes of points, triangles and a camera, packed into one container.

glTF is y up and looks along -z, so OpenCV (x, y, z) becomes (x, -y, -z); the camera node is then the identity.
COLOR_0 is linear by the glTF specification (3.7.2.1), 16 bits a channel so that dark tones survive. No library at
hand writes 16-bit colours, extras on every node and points beside triangles in fewer lines.
"""

import json
import math
import struct
from typing import Any

import numpy as np

from wt.exports.colours import srgb_to_linear
from wt.exports.pictures import png_bytes
from wt.geometry.camera import Intrinsics
from wt.meshes.mesh import Mesh
from wt.types import Float, Shaped, UInt8

_FLOAT, _UNSIGNED_SHORT, _UNSIGNED_INT = 5126, 5123, 5125
_VERTICES, _INDICES = 34962, 34963
_POINTS_MODE, _TRIANGLES_MODE = 0, 4


class Gltf:
    """Collects nodes, meshes and their binary data."""

    def __init__(self) -> None:
        self._document: dict[str, Any] = {}
        self._binary = bytearray()

    def node(self, **entries: Any) -> int:
        """A node; entries that are empty are left out. Returns its index, as all these do."""
        return self._add("nodes", {key: value for key, value in entries.items() if value not in ([], None)})

    def points(self, name: str, points: Float[np.ndarray, "n 3"], colours: UInt8[np.ndarray, "n 3"]) -> int:
        """A mesh of one POINTS primitive from points in the OpenCV camera frame with sRGB colours."""
        attributes = {"POSITION": self._positions(points), "COLOR_0": self._colours(colours)}
        return self._add("meshes", {"name": name, "primitives": [{"mode": _POINTS_MODE, "attributes": attributes}]})

    def triangles(self, mesh: Mesh) -> int:
        """A mesh of one TRIANGLES primitive; its colours are the photo's light already, so it is shown unlit."""
        attributes = {"POSITION": self._positions(mesh.vertices)}
        if mesh.uv is not None and mesh.texture is not None:
            attributes["TEXCOORD_0"] = self._accessor(mesh.uv.astype("<f4"), "VEC2", _FLOAT, _VERTICES)
        else:
            attributes["COLOR_0"] = self._colours(mesh.colours)
        primitive = {
            "mode": _TRIANGLES_MODE,
            "attributes": attributes,
            "indices": self._accessor(mesh.faces.astype("<u4").reshape(-1), "SCALAR", _UNSIGNED_INT, _INDICES),
            "material": self._material(mesh),
        }
        return self._add("meshes", {"name": mesh.name, "primitives": [primitive]})

    def camera(self, k: Intrinsics, near: float) -> int:
        """glTF cameras have no principal point, so the exact K travels in the camera's extras."""
        perspective = {
            "yfov": 2 * math.atan(k.height / (2 * k.fy)),
            "aspectRatio": (k.width / k.fx) / (k.height / k.fy),
            "znear": max(near / 10, 1e-4),
        }
        exact = {"fx": k.fx, "fy": k.fy, "cx": k.cx, "cy": k.cy, "width": k.width, "height": k.height}
        entry = {"type": "perspective", "name": "photo camera", "perspective": perspective, "extras": {"K": exact}}
        return self._add("cameras", entry)

    def pack(self, root: int, extras: dict[str, Any]) -> bytes:
        """The whole file, with one scene of the node `root`; `extras` (JSON values) go to the asset."""
        document = {
            "asset": {"version": "2.0", "generator": "World Tracing Studio", "extras": extras},
            "scene": 0,
            "scenes": [{"name": "scene", "nodes": [root]}],
            **self._document,
        }
        if "materials" in document:
            document["extensionsUsed"] = ["KHR_materials_unlit"]
        if self._binary:
            document["buffers"] = [{"byteLength": len(self._binary)}]
        return _container(document, bytes(self._binary))

    def _add(self, kind: str, entry: dict[str, Any]) -> int:
        entries = self._document.setdefault(kind, [])
        entries.append(entry)
        return len(entries) - 1

    def _positions(self, points: Float[np.ndarray, "n 3"]) -> int:
        flipped = (points * np.array([1, -1, -1], np.float32)).astype("<f4")
        box = {"min": flipped.min(axis=0).tolist(), "max": flipped.max(axis=0).tolist()}
        return self._accessor(flipped, "VEC3", _FLOAT, _VERTICES, **box)

    def _colours(self, colours: UInt8[np.ndarray, "n 3"]) -> int:
        linear = np.rint(65535 * srgb_to_linear(colours)).astype("<u2")
        opaque = np.concatenate([linear, np.full((len(linear), 1), 65535, "<u2")], axis=1)
        return self._accessor(opaque, "VEC4", _UNSIGNED_SHORT, _VERTICES, normalized=True)

    def _accessor(
        self, data: Shaped[np.ndarray, "..."], kind: str, component: int, target: int | None = None, **more: Any
    ) -> int:
        # Every element is a multiple of 4 bytes, so views stay aligned.
        view = self._view(data.tobytes(), **({} if target is None else {"target": target}))
        entry = {"bufferView": view, "componentType": component, "count": len(data), "type": kind}
        return self._add("accessors", {**entry, **more})

    def _view(self, data: bytes, **more: Any) -> int:
        entry = {"buffer": 0, "byteOffset": len(self._binary), "byteLength": len(data), **more}
        self._binary += data + b"\0" * (-len(data) % 4)
        return self._add("bufferViews", entry)

    def _material(self, mesh: Mesh) -> int:
        surface: dict[str, Any] = {"metallicFactor": 0.0, "roughnessFactor": 1.0}
        if mesh.texture is not None:
            view = self._view(png_bytes(mesh.texture))
            image = self._add("images", {"name": mesh.name, "mimeType": "image/png", "bufferView": view})
            surface["baseColorTexture"] = {"index": self._add("textures", {"source": image})}
        entry = {
            "name": "vertex colours" if mesh.texture is None else mesh.name,
            "pbrMetallicRoughness": surface,
            "doubleSided": True,
            "extensions": {"KHR_materials_unlit": {}},
        }
        known = self._document.get("materials", [])
        return known.index(entry) if entry in known else self._add("materials", entry)


def _container(document: dict[str, Any], binary: bytes) -> bytes:
    text = json.dumps(document, separators=(",", ":"), allow_nan=False).encode()
    text += b" " * (-len(text) % 4)
    chunks = struct.pack("<II", len(text), 0x4E4F534A) + text
    if binary:
        chunks += struct.pack("<II", len(binary), 0x004E4942) + binary
    return struct.pack("<III", 0x46546C67, 2, 12 + len(chunks)) + chunks
