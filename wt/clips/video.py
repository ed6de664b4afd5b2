"""Frames of a video file, of which only those that are needed are decoded (PyAV, which is FFmpeg)."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from wt.clips.choice import Choice, Taken
from wt.errors import WtError
from wt.images import MIN_SIDE
from wt.types import UInt8

SUFFIXES = (".mp4", ".mov", ".m4v", ".webm", ".mkv", ".avi", ".mpg", ".mpeg", ".3gp", ".ogv", ".ts")
MAX_PIXELS = 40_000_000
"""Of a frame: 8K fits."""
MAX_PACKETS = 200_000
"""Of a file: nearly an hour at 60 frames a second is counted through."""
MAX_DECODED = 30_000
"""Frames that are decoded at most to reach those that are taken."""
_MAX_DECODED_PIXELS = 40_000_000_000
"""Of all of them: four thousand and eight hundred of 4K."""
_CONTAINERS = "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpeg,mpegts,ogg"
"""No playlists: those would open other files, by names that a stranger wrote."""


def video_frames(path: Path, choice: Choice) -> Taken:
    """The chosen frames, upright, at most `choice.max_side` long.

    The packets are counted through first, without decoding, so that the frames lie where they shall whatever the file
    claims about its length; then each is decoded from the key frame before it.

    Raises:
        WtError: no video in it, damaged, too large, too long, or fewer than two frames.
    """
    import av

    try:
        with av.open(str(path), options={"format_whitelist": _CONTAINERS, "protocol_whitelist": "file"}) as container:
            stream = _stream(container, path.name)
            times, keys = _packets(container, stream, path.name)
            base = float(stream.time_base)
            chosen = choice.of([time * base for time in times], path.name)
            frames, notes, shown = [], list[str](), []
            for frame in _decoded(container, stream, [times[index] for index in chosen], keys):
                frames.append(_upright(frame, float(stream.sample_aspect_ratio or 1), choice.max_side, notes))
                shown.append(float((frame.pts or 0) * base))
    except av.FFmpegError as error:
        words = error.strerror or type(error).__name__
        raise WtError(
            f"{path.name} is damaged, or no video that can be read ({words}). Save it as MP4 (H.264) or WebM."
        ) from error
    if len(frames) < 2:
        raise WtError(f"Only {len(frames)} of {path.name}'s frames can be decoded; the rest is damaged or cut short.")
    if len(chosen) < len(times):
        notes.insert(0, f"{len(frames)} of its {len(times)} frames are used.")
    return Taken(frames, shown, notes)


def _stream(container: Any, name: str) -> Any:
    stream = next(iter(container.streams.video), None)
    if stream is None or not stream.width:
        raise WtError(f"There is no video in {name}. Choose an MP4, MOV or WebM with a picture.")
    if stream.width * stream.height > MAX_PIXELS:
        raise WtError(
            f"{name} is {stream.width} x {stream.height} pixels, more than the {MAX_PIXELS // 1_000_000} megapixels "
            "allowed. Export a smaller copy."
        )
    if min(stream.width, stream.height) < MIN_SIDE:
        raise WtError(
            f"{name} is {stream.width} x {stream.height} pixels; the shorter side must be at least {MIN_SIDE}. Try a "
            "larger copy."
        )
    stream.thread_type = "AUTO"
    return stream


def _packets(container: Any, stream: Any, name: str) -> tuple[list[int], list[int]]:
    """Ascending times of all frames and of the key frames, in the stream's unit."""
    times, keys = list[int](), list[int]()
    for packet in container.demux(stream):
        time = packet.dts if packet.pts is None else packet.pts
        if time is None or packet.is_discard:
            continue
        times.append(time)
        if packet.is_keyframe:
            keys.append(time)
        if len(times) > MAX_PACKETS:
            raise WtError(f"{name} holds more than {MAX_PACKETS:,} frames. Cut the part that is meant out of it first.")
    return sorted(set(times)), sorted(keys)


def _decoded(container: Any, stream: Any, wanted: list[int], keys: list[int]) -> Iterator[Any]:
    """The frame at each of the ascending times; fewer where the file is cut short."""
    decoded, left = 0, list(wanted)
    while left:
        container.seek(left[0], stream=stream, backward=True)
        for frame in container.decode(stream):
            decoded += 1
            if frame.pts is None or frame.pts < left[0]:
                if decoded > MAX_DECODED or decoded * stream.width * stream.height > _MAX_DECODED_PIXELS:
                    raise WtError(
                        f"Its frames lie too far from their key frames: {decoded:,} were decoded and {len(left)} are "
                        "still missing. Cut the part that is meant out of it first."
                    )
                continue
            yield frame
            left = [time for time in left if time > frame.pts]
            if not left or any(frame.pts < key <= left[0] for key in keys):
                break
        else:
            return


def _upright(frame: Any, stretch: float, max_side: int, notes: list[str]) -> UInt8[np.ndarray, "h w 3"]:
    """Square pixels, turned as the file says, shrunk; each adds a note once."""
    width, height = round(frame.width * stretch), frame.height
    factor = min(1.0, max_side / max(width, height))
    width, height = max(2, round(width * factor)), max(2, round(height * factor))
    rgb = frame.reformat(width=width, height=height, format="rgb24", interpolation="AREA").to_ndarray()
    turns = round(frame.rotation / 90) % 4
    told = {
        "Rotated upright as the file says.": turns != 0,
        f"Shrunk from {frame.width} x {frame.height} to {width} x {height} pixels.": factor < 1,
        "Its pixels are not square; the picture was stretched to its true shape.": abs(stretch - 1) > 0.01,
    }
    notes += [note for note, true in told.items() if true and note not in notes]
    return np.ascontiguousarray(np.rot90(rgb, turns))
