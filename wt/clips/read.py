"""A clip from a video, an animated picture, a folder or a zip of pictures, or a clip file of ours."""

import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np

from wt.clips import pictures, video
from wt.clips.choice import Choice, Taken
from wt.clips.clip import SUFFIX, Clip
from wt.errors import WtError

NOT_PICTURES = ("scene.json", "project.json")
"""Members of scene and project files, which are zips too."""


def read_clip(path: str | Path, choice: Choice | None = None) -> Clip:
    """Read up to 16 frames, spread over the whole unless `choice` says otherwise.

    Args:
        path: of a video (MP4, MOV, WebM and more), a GIF, an animated WebP or PNG, a folder or a zip of pictures, or a
            clip file (.wtc), of which `choice` changes nothing. What it is, its content says, not its name.
        choice: which frames.

    Raises:
        WtError: missing, no clip, damaged, too large, too long, one frame only, or frames of several sizes.
    """
    path, choice = Path(path), choice or Choice()
    if not path.exists():
        raise WtError(f"There is no file {path.name}. Check the path; clips are videos, GIFs or folders of pictures.")
    if not path.is_dir() and not path.stat().st_size:
        raise WtError(f"{path.name} is empty (0 bytes). Choose a video, a GIF or a folder of pictures.")
    if path.suffix.lower() == SUFFIX:
        return Clip.load(path)
    taken = _reader(path)(path, choice)
    return Clip(
        frames=np.stack(taken.frames),
        fps=taken.fps,
        name=path.name,
        notes=tuple(taken.notes),
        masks=None if taken.masks is None else np.stack(taken.masks),
    )


def is_clip(path: str | Path) -> bool:
    """Whether a file is to be read as a clip rather than as a photo, a scene or a project."""
    path = Path(path)
    suffix = path.suffix.lower()
    if suffix == SUFFIX or suffix in video.SUFFIXES or path.is_dir():
        return True
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as bundle:
            names = bundle.namelist()
        return not any(name in names for name in NOT_PICTURES) and bool(pictures.picture_names(names))
    return pictures.is_picture(path, animated=True)


def _reader(path: Path) -> Callable[[Path, Choice], Taken]:
    if path.is_dir():
        return pictures.folder_frames
    if zipfile.is_zipfile(path):
        return pictures.zip_frames
    if path.suffix.lower() not in video.SUFFIXES and pictures.is_picture(path):
        return pictures.animated_frames
    return video.video_frames
