"""Which photos a batch is about, and the folder that each of them gets."""

import glob
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from os.path import commonpath
from pathlib import Path

from wt.errors import WtError

PICTURES = frozenset([".jpg", ".jpeg", ".png", ".webp", ".heic", ".heif", ".avif", ".bmp", ".tif", ".tiff", ".gif"])
"""Suffixes of what is taken from a folder; a file that is named is always tried."""


@dataclass(frozen=True)
class Found:
    """A photo of a batch."""

    path: Path
    out: Path
    """Its own folder for the results."""
    shown: str
    """Its path below what the batch was given."""


def is_batch(given: list[Path]) -> bool:
    """Whether more than one photo is meant: a folder, a pattern, several paths."""
    return len(given) != 1 or given[0].is_dir() or _is_pattern(given[0])


def find(given: list[Path], out: Path, *, recursive: bool) -> tuple[list[Found], list[Path]]:
    """(photos in the order of their names, what else lay in the folders).

    Results mirror the folders of the photos below the one that all of them share.

    Raises:
        WtError: a path that there is not, or no photo at all.
    """
    roots, named, ignored = [], [], []
    for path in given:
        if path.is_dir():
            inside = [file for file in _files(path, recursive) if not file.resolve().is_relative_to(out.resolve())]
            named += [file for file in inside if file.suffix.lower() in PICTURES]
            ignored += [file for file in inside if file.suffix.lower() not in PICTURES]
            roots.append(path.resolve())
        elif path.exists():
            named.append(path)
            roots.append(path.resolve().parent)
        elif _is_pattern(path):
            matches = [Path(name) for name in glob.glob(str(path), recursive=True)]
            files = [match for match in matches if match.is_file()]
            named += files
            roots += [file.resolve().parent for file in files]
        else:
            raise WtError(f"There is no file or folder {path}. Check the path.")
    photos = sorted({path.resolve() for path in named})
    if not photos:
        what = ", ".join(str(path) for path in given)
        below = "" if recursive else " Folders below it are looked through with --recursive."
        raise WtError(f"There is no picture in {what}.{below}")
    root = Path(commonpath(roots))
    return list(_with_folders(photos, root, out)), ignored


def _with_folders(photos: list[Path], root: Path, out: Path) -> Iterable[Found]:
    """Each in a folder named like it, with its suffix where two differ in nothing else."""
    stems = Counter(path.with_suffix("") for path in photos)
    for path in photos:
        below = path.relative_to(root)
        folder = below if stems[path.with_suffix("")] > 1 else below.with_suffix("")
        yield Found(path, out / folder, below.as_posix())


def _files(folder: Path, recursive: bool) -> list[Path]:
    found = folder.rglob("*") if recursive else folder.glob("*")
    return sorted(
        path for path in found if path.is_file() and not any(p.startswith(".") for p in path.relative_to(folder).parts)
    )


def _is_pattern(path: Path) -> bool:
    return not path.exists() and glob.has_magic(str(path))
