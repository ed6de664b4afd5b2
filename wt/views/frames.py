"""A camera path as a folder that image-to-video models take as guidance, and as a video, drawn once."""

import io
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from wt.errors import WtError
from wt.files import json_text, write_atomic
from wt.types import Float, UInt8
from wt.views.mp4 import write_mp4
from wt.views.rasterise import Rasteriser, RenderedView
from wt.views.surfels import Surfels
from wt.views.view import View

DEPTH_LEVELS = 65535
"""Of a 16-bit PNG; 0 is kept for "nothing is seen"."""
_FAR_PERCENTILE = 99.9
"""Of the surfels' distances: a few astray must not take the levels away from the others."""
CAMERAS = "cameras.json"
VIDEO = "path.mp4"


class FrameFolder:
    """Writes frames as they come, and the cameras at the end.

    `rgb/0000.png`; `depth/0000.png`, 16 bits, depth = value * `depth_scale`, 0 where nothing is seen; `mask/0000.png`,
    white where something is seen; `hidden/0000.png`, white where a surface is seen that the photo does not show;
    `cameras.json`, K and pose of every frame.
    """

    def __init__(self, out: Path, fps: int, farthest: float, *, exr: bool = False) -> None:
        """`farthest`: depth of the highest level of the PNGs; `exr`: depth as 32-bit floats too."""
        self.out, self.fps, self.farthest, self.exr = out, fps, farthest, exr
        self.scale = farthest / DEPTH_LEVELS
        self.paths: list[Path] = []
        self.cameras: list[dict[str, Any]] = []

    def add(self, view: View, seen: RenderedView) -> None:
        """The next frame.

        Raises:
            WtError: the folder cannot be written.
        """
        name = f"{len(self.cameras):04d}"
        levels = np.nan_to_num(np.clip(np.rint(seen.depth / self.scale), 1, DEPTH_LEVELS)).astype(np.uint16)
        pictures = {"rgb": seen.rgb, "depth": levels, "mask": _white(seen.valid), "hidden": _white(seen.hidden)}
        self.paths += [write_atomic(self.out / kind / f"{name}.png", png(each)) for kind, each in pictures.items()]
        if self.exr:
            self.paths.append(_write_exr(self.out / "depth" / f"{name}.exr", np.nan_to_num(seen.depth)))
        shares = {"seen": float(seen.valid.mean()), "hidden": float(seen.hidden.mean())}
        self.cameras.append({"time_s": len(self.cameras) / self.fps, **shares, **view.as_json()})

    def close(self, about: dict[str, Any]) -> list[Path]:
        """Write the cameras, with what `about` says besides; all paths of the folder."""
        document = {
            **about,
            "axes": "OpenCV: +x right, +y down, +z forward; the photo's own camera is the identity",
            "pixel_rule": "the centre of the first pixel is at (0.5, 0.5); depth is z, not distance along the ray",
            "fps": self.fps,
            "depth_scale": self.scale,
            "depth_png": "z = value * depth_scale, in scene units; 0 where nothing is seen",
            "farthest": self.farthest,
            "mask_png": "255 where something is seen",
            "hidden_png": "255 where a surface is seen that the photo does not show",
            "frames": self.cameras,
        }
        return [*self.paths, write_atomic(self.out / CAMERAS, json_text(document).encode())]


def render_path(
    surfels: Surfels,
    views: Sequence[View],
    out: Path,
    *,
    fps: int,
    about: dict[str, Any] | None = None,
    exr: bool = False,
    device: str = "auto",
    on_frame: Callable[[int, int], None] | None = None,
) -> list[Path]:
    """Draw every view once, into a folder of frames and path.mp4.

    Args:
        surfels: what is drawn.
        views: the camera path, of one even size.
        out: the folder, made if need be.
        fps: frames a second.
        about: what cameras.json says besides: units, the path's name.
        exr: depth as 32-bit EXR too.
        device: "auto", "cpu", "cuda" or "mps".
        on_frame: called as (done, total) before each; may raise `Cancelled`, then neither video nor cameras are there.

    Returns:
        The paths written; the video is the last.

    Raises:
        WtError: no view, or a folder that cannot be written.
    """
    if not views:
        raise WtError("A camera path needs at least one frame.")
    folder = FrameFolder(out, fps, farthest_depth(surfels, views), exr=exr)
    rasteriser = Rasteriser(surfels, device)

    def pictures() -> Iterator[UInt8[np.ndarray, "h w 3"]]:
        for done, view in enumerate(views):
            if on_frame is not None:
                on_frame(done, len(views))
            seen = rasteriser.draw(view)
            folder.add(view, seen)
            yield seen.rgb

    video = write_mp4(pictures(), out / VIDEO, fps)
    return [*folder.close(about or {}), video]


def farthest_depth(surfels: Surfels, views: Sequence[View]) -> float:
    """A depth that hardly anything exceeds from any of the views, scene units."""
    reach = float(np.percentile(np.linalg.norm(surfels.centre, axis=1), _FAR_PERCENTILE))
    return reach + max(float(np.linalg.norm(view.camera_to_world[:3, 3])) for view in views)


def png(picture: np.ndarray) -> bytes:
    """A picture of 8 or 16 bits."""
    buffer = io.BytesIO()
    Image.fromarray(picture).save(buffer, "PNG", compress_level=3)
    return buffer.getvalue()


def _white(mask: np.ndarray) -> np.ndarray:
    return mask.astype(np.uint8) * 255


def _write_exr(path: Path, depth: Float[np.ndarray, "h w"]) -> Path:
    import OpenEXR

    temporary = path.with_name(f".{path.name}.tmp.exr")
    header = {"compression": OpenEXR.ZIP_COMPRESSION, "type": OpenEXR.scanlineimage}
    with OpenEXR.File(header, {"Z": depth.astype(np.float32)}) as file:
        file.write(str(temporary))
    return temporary.replace(path)
