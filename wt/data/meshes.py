"""Training samples from a folder of meshes: scanned or made by artists, photographed like the procedural objects.

A file is used for training or held out by a hash of its path inside the folder, so a file keeps its side when others
come and go. Seeds from `HELD_OUT_FROM` on draw from the held-out files. Files that cannot be used are skipped, said
once, and counted.
"""

import hashlib
import logging
from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Literal

import numpy as np

from wt.data.mesh import Asset
from wt.data.meshfile import BARE, UP_OF, MeshFile, Up, load_mesh
from wt.data.textures.pickers import any_texture
from wt.errors import WtError

LOG = logging.getLogger(__name__)
Split = Literal["training", "held-out", "all"]
HELD_OUT_SHARE = 10
"""One file in so many is held out."""
VIEWS = 8
"""So many seeds in a row look at the same file, which is read once for them."""


class MeshFolder:
    """The mesh files below a folder, read when they are needed.

    Raises:
        WtError: not a folder, or without a mesh file.
    """

    def __init__(self, folder: str | Path, up: Up = "auto") -> None:
        self.folder, self.up = Path(folder), up
        if not self.folder.is_dir():
            raise WtError(f"{self.folder} is not a folder. Give --meshes a folder of {_KNOWN} files.")
        self.files = sorted(path for path in self.folder.rglob("*") if path.suffix.lower() in UP_OF and path.is_file())
        if not self.files:
            raise WtError(f"There is no mesh file in {self.folder}. Known are {_KNOWN}.")
        self.skipped: dict[str, str] = {}
        """Name -> reason of the files that turned out to be unusable."""
        self._load = lru_cache(maxsize=4)(load_mesh)

    def split(self, split: Split) -> list[Path]:
        """The files of a side, sorted."""
        if split == "all":
            return self.files
        return [path for path in self.files if is_held_out(self.name(path)) == (split == "held-out")]

    def name(self, path: Path) -> str:
        """A file's path inside the folder, with forward slashes."""
        return path.relative_to(self.folder).as_posix()

    def skip(self, reasons: Mapping[str, str]) -> None:
        """Remember (name -> reason) files that could not be used, and say so once."""
        for name, reason in reasons.items():
            if name not in self.skipped:
                self.skipped[name] = reason
                LOG.warning("skipped: %s", reason)

    def draw(self, seed: int, split: Split) -> tuple[str, MeshFile]:
        """(name, contents) of the file that a seed looks at; unusable files are passed over.

        Raises:
            WtError: no file on this side, or none of them usable.
        """
        files = self.split(split)
        if not files:
            raise WtError(
                f"None of the {len(self.files)} mesh files in {self.folder} is a {split} one (one in {HELD_OUT_SHARE} "
                "is held out, by a hash of its name). Add more files."
            )
        for index in np.random.default_rng([seed // VIEWS, 5]).permutation(len(files)):
            name = self.name(files[index])
            if name in self.skipped:
                continue
            try:
                return name, self._load(files[index], self.up)
            except WtError as error:
                self.skip({name: str(error)})
        raise WtError(f"None of the {len(files)} {split} mesh files in {self.folder} could be used.")


def is_held_out(name: str) -> bool:
    """Whether a file is kept for evaluation, by its path inside the folder alone."""
    return hashlib.sha256(name.encode()).digest()[0] % HELD_OUT_SHARE == 0


def painted(asset: Asset, rng: np.random.Generator) -> Asset:
    """The asset with a drawn material where its file names no colour."""
    if all(part.material is not BARE for part in asset.parts):
        return asset
    material = replace(BARE, texture=any_texture(rng), roughness=float(rng.uniform(0.2, 0.9)))
    parts = (replace(part, material=material) if part.material is BARE else part for part in asset.parts)
    return replace(asset, parts=tuple(parts))


_KNOWN = ", ".join(suffix[1:].upper() for suffix in UP_OF)
