"""Small films whose every frame says its number: a grey whose brightness counts, and one red corner."""

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from PIL import Image

SIZE = (96, 64)


def frame(index: int, size: tuple[int, int] = SIZE) -> np.ndarray:
    """Grey of 20 + 4 a frame, the top left corner red: a turn or a flip shows."""
    picture = np.full((size[1], size[0], 3), 20 + 4 * index, np.uint8)
    picture[: size[1] // 4, : size[0] // 4] = (230, 20, 20)
    return picture


def number(picture: np.ndarray) -> float:
    """Of a frame, read off its centre."""
    height, width = picture.shape[:2]
    return (float(picture[height // 2 - 4 : height // 2 + 4, width // 2 - 4 : width // 2 + 4].mean()) - 20) / 4


def corner(picture: np.ndarray) -> str:
    """Where the red corner is."""
    height, width = picture.shape[:2]
    spots = {
        "top left": picture[4, 4],
        "top right": picture[4, width - 5],
        "bottom left": picture[height - 5, 4],
        "bottom right": picture[height - 5, width - 5],
    }
    return max(spots, key=lambda name: int(spots[name][0]) - int(spots[name][1]))


def film(
    path: Path, count: int = 40, *, codec: str = "libx264", fps: int = 20, turn: int = 0, shape: Fraction = Fraction(1)
) -> Path:
    """A video file of `count` frames with key frames every 12."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=fps)
        stream.width, stream.height, stream.pix_fmt = *SIZE, "yuv420p"
        stream.codec_context.gop_size = 12
        stream.codec_context.sample_aspect_ratio = shape
        if turn:
            stream.set_display_rotation(turn)
        for index in range(count):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(frame(index), format="rgb24")))
        container.mux(stream.encode())
    return path


def animation(path: Path, count: int = 20, milliseconds: int = 50) -> Path:
    """An animated GIF, WebP or PNG, by the path's suffix."""
    pictures = [Image.fromarray(frame(index)) for index in range(count)]
    more = {"lossless": True} if path.suffix == ".webp" else {}
    pictures[0].save(path, save_all=True, append_images=pictures[1:], duration=milliseconds, loop=0, **more)
    return path
