"""`depth`: z of every layer on the photo's grid, exact as EXR and in 16 bits as PNG.

A pixel without a surface is 0 in both; the EXR's second channel, A, says 1 where there is one.
"""

import io
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from wt.errors import WtError
from wt.exports.job import ExportJob
from wt.scene.reprojection import nearest_depth
from wt.types import Float

_WHITE = 65535


def write(job: ExportJob) -> list[Path]:
    """depth/layer_0.exr, layer_0.png and on, as many layers as have a surface, and depth/depth.json."""
    paths, rows = [], []
    for number, depth in enumerate(layer_depths(job)):
        known = depth[np.isfinite(depth)]
        if not len(known):
            continue
        name = f"layer_{number}"
        near, far = float(known.min()), float(known.max())
        scale = (far - near) / (_WHITE - 1)
        coding = {"near": near, "far": far, "scale": scale, "offset": near - scale}
        paths.append(job.save(f"depth/{name}.exr", exr_bytes(name, depth, {**_said(job), **coding})))
        paths.append(job.save(f"depth/{name}.png", depth_png_bytes(depth, {**_said(job), **coding})))
        rows.append({"layer": number, "name": name, **coding, "pixels": len(known)})
    document = {
        "quantity": "z in scene units, not distance along the ray",
        "exr": "Z: float32 z, 0 where there is no surface; A: 1 where there is one, else 0",
        "png": "16 bits: z = offset + scale * value; value 0 is no surface, 1 is near, 65535 is far",
        "width": job.scene.intrinsics.width,
        "height": job.scene.intrinsics.height,
        "layers": rows,
        **{key: value for key, value in job.frame().items() if key != "axes"},
    }
    return [*paths, job.save_json("depth/depth.json", document)]


def layer_depths(job: ExportJob) -> list[Float[np.ndarray, "h w"]]:
    """z of the nearest shown surface of each layer by itself, float32; NaN on rays without one."""
    depths = []
    for number in range(len(job.scene.background.points)):
        nearest = np.full(job.scene.alpha.shape, np.inf, np.float32)
        for thing in job.things:
            if number < len(thing.present) and thing.present[number].any():
                alone = replace(thing, points=thing.points[number][None], present=thing.present[number][None])
                nearest = np.minimum(nearest, nearest_depth(alone, job.scene.intrinsics))
        depths.append(np.where(np.isfinite(nearest), nearest, np.float32(np.nan)))
    return depths


def exr_bytes(name: str, depth: Float[np.ndarray, "h w"], said: dict[str, Any]) -> bytes:
    """One scan-line EXR part of this name with channels Z and A; what is said becomes attributes."""
    try:
        import OpenEXR
    except ImportError as error:
        raise WtError("Depth as EXR needs a package that is not installed. Run: pip install OpenEXR.") from error
    known = np.isfinite(depth)
    channels = {"Z": np.where(known, depth, 0).astype(np.float32), "A": known.astype(np.float32)}
    header = {"compression": OpenEXR.ZIP_COMPRESSION, "type": OpenEXR.scanlineimage, "name": name, **said}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "depth.exr")
        with OpenEXR.File(header, channels) as file:
            file.write(str(path))
        return path.read_bytes()


def depth_png_bytes(depth: Float[np.ndarray, "h w"], said: dict[str, Any]) -> bytes:
    """16 bits under z = offset + scale * value, 0 where there is no surface; what is said is in its text too."""
    known = np.isfinite(depth)
    values = np.ones(depth.shape)
    if said["scale"] > 0:
        values[known] = np.rint((depth[known].astype(np.float64) - said["offset"]) / said["scale"])
    text = PngInfo()
    for key, value in said.items():
        text.add_text(key, str(value))
    buffer = io.BytesIO()
    Image.fromarray(np.where(known, values, 0).astype(np.uint16)).save(buffer, "PNG", pnginfo=text)
    return buffer.getvalue()


def _said(job: ExportJob) -> dict[str, str]:
    return {"quantity": "z, not distance along the ray", "units": job.scene.units}
