"""Pictures -> an H.264 file for people, and the sizes that image-to-video models take."""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from wt.errors import WtError
from wt.geometry.camera import Intrinsics
from wt.types import UInt8
from wt.views.view import filling

SIDES = (16, 2048)
"""Shortest and longest side of a picture."""
_BT709 = 1
"""The number of that matrix, and of its primaries, in H.264's table."""


@dataclass(frozen=True)
class Preset:
    """Size, pace and length that a family of image-to-video models was trained on."""

    label: str
    width: int
    """0: as the photo."""
    height: int
    fps: int
    frames: int


PRESETS: dict[str, Preset] = {
    "832x480": Preset("832 × 480, 16 fps (Wan)", 832, 480, 16, 49),
    "1280x720": Preset("1280 × 720, 24 fps (Wan, Hunyuan, LTX)", 1280, 720, 24, 49),
    "720x480": Preset("720 × 480, 8 fps (CogVideoX)", 720, 480, 8, 49),
    "1024x576": Preset("1024 × 576, 7 fps (SVD)", 1024, 576, 7, 25),
    "512x512": Preset("512 × 512, 8 fps (AnimateDiff)", 512, 512, 8, 16),
    "photo": Preset("As the photo, 24 fps", 0, 0, 24, 48),
}
"""Name -> preset; frame counts as the models' time axis divides them (4 n + 1, 8 n + 1)."""


def preset_named(name: str) -> Preset:
    """One of PRESETS, or any size "WIDTHxHEIGHT" at 24 fps.

    Raises:
        WtError: neither.
    """
    if name in PRESETS:
        return PRESETS[name]
    width, _, height = name.partition("x")
    low, high = SIDES
    if width.isdecimal() and height.isdecimal() and low <= int(width) <= high and low <= int(height) <= high:
        return Preset(f"{width} × {height}, 24 fps", int(width), int(height), 24, 48)
    raise WtError(
        f"There is no frame size {name!r}. Choose from {', '.join(PRESETS)}, or write WIDTHxHEIGHT, "
        f"each {low} to {high} pixels."
    )


def camera_for(preset: Preset, intrinsics: Intrinsics, photo: tuple[int, int] | None = None) -> Intrinsics:
    """The photo's camera for pictures of the preset's size, both sides even as video needs.

    Args:
        preset: of which only the size counts.
        intrinsics: of the scene's grid.
        photo: (width, height) of the photo, for the preset that takes its size; the grid's own size without.
    """
    width, height = (preset.width, preset.height) if preset.width else photo or (intrinsics.width, intrinsics.height)
    shrink = min(1.0, SIDES[1] / max(width, height))
    return filling(intrinsics, *(max(2 * round(side * shrink / 2), 2) for side in (width, height)))


def write_mp4(pictures: Iterable[UInt8[np.ndarray, "h w 3"]], path: Path, fps: int) -> Path:
    """H.264 that browsers play while it loads: yuv420p, BT.709, the index in front; whole or not at all.

    Args:
        pictures: sRGB of one size, even sides.
        path: of the file.
        fps: frames a second.

    Raises:
        WtError: no picture, an odd side, or a folder that cannot be written.
    """
    temporary = path.with_name(f".{path.stem}-{uuid.uuid4().hex[:12]}.mp4")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _encode(pictures, temporary, fps)
        return temporary.replace(path)
    except OSError as error:
        raise WtError(f"{path.name} could not be written ({error.strerror or error}). Check the folder.") from error
    finally:
        temporary.unlink(missing_ok=True)


def _encode(pictures: Iterable[UInt8[np.ndarray, "h w 3"]], path: Path, fps: int) -> None:
    import av

    # The index goes in front in a second pass, for which the file is opened again: it has to have a name.
    with av.open(str(path), "w", format="mp4", options={"movflags": "+faststart"}) as container:
        stream: Any = None
        for picture in pictures:
            height, width = picture.shape[:2]
            if height % 2 or width % 2:
                raise WtError(f"A video needs even sides; got {width} x {height}. Make each a pixel larger or smaller.")
            if stream is None:
                stream = container.add_stream("libx264", rate=Fraction(fps), options={"crf": "18"})
                stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
                told = stream.codec_context
                told.colorspace = told.color_primaries = told.color_trc = _BT709
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="rgb24")
            container.mux(stream.encode(frame.reformat(format="yuv420p", dst_colorspace="ITU709")))
        if stream is None:
            raise WtError("A video needs at least one frame.")
        container.mux(stream.encode())
