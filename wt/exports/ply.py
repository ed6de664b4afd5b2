"""Binary PLY point clouds with sRGB bytes, a layer and an object id for every point."""

from pathlib import Path

import numpy as np

from wt.errors import WtError
from wt.scene.cloud import PointCloud

_VERTEX = np.dtype(
    [
        ("x", "<f4"),
        ("y", "<f4"),
        ("z", "<f4"),
        ("red", "u1"),
        ("green", "u1"),
        ("blue", "u1"),
        ("layer", "u1"),
        ("object_id", "<i4"),  # Open3D drops a property of type short
    ]
)
_PLY_NAMES = {"<f4": "float", "|u1": "uchar", "<i4": "int"}


def ply_bytes(cloud: PointCloud, comments: tuple[str, ...] = ()) -> bytes:
    """The cloud as binary little-endian PLY; a cloud without points gives a valid file of none."""
    table = np.empty(len(cloud), dtype=_VERTEX)
    for axis, name in enumerate("xyz"):
        table[name] = cloud.points[:, axis]
    for channel, name in enumerate(("red", "green", "blue")):
        table[name] = cloud.colours[:, channel]
    table["layer"], table["object_id"] = cloud.layer, cloud.object_id
    header = ["ply", "format binary_little_endian 1.0", *(f"comment {line}" for line in comments)]
    header.append(f"element vertex {len(cloud)}")
    header += [f"property {_PLY_NAMES[_VERTEX[name].str]} {name}" for name in _VERTEX.names or ()]
    return ("\n".join([*header, "end_header"]) + "\n").encode("ascii", "replace") + table.tobytes()


def read_ply(path: str | Path) -> PointCloud:
    """Read a file of `ply_bytes` back.

    Raises:
        WtError: not one of our point clouds.
    """
    path = Path(path)
    head, _, body = path.read_bytes().partition(b"end_header\n")
    lines = head.decode("ascii", "replace").split("\n")
    names = [line.split()[2] for line in lines if line.startswith("property ")]
    counts = [line.split()[2] for line in lines if line.startswith("element vertex ")]
    if lines[0] != "ply" or names != list(_VERTEX.names or ()) or len(counts) != 1:
        raise WtError(f"{path.name} is not a point cloud written by this program.")
    if len(body) != int(counts[0]) * _VERTEX.itemsize:
        raise WtError(f"{path.name} is cut short: {len(body)} bytes of points. Export it again.")
    table = np.frombuffer(body, dtype=_VERTEX)
    points = np.stack([table[name] for name in "xyz"], axis=-1)
    colours = np.stack([table[name] for name in ("red", "green", "blue")], axis=-1)
    return PointCloud(points, colours, table["layer"].copy(), table["object_id"].astype(np.int16))
