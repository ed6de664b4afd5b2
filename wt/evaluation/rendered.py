"""Held-out renderings that are kept on disk, exactly as they were rendered.

    DIR/{key}-{side}/{name}.safetensors     rgb uint8, depth float32, instance uint8, K float32

`key` is a digest of the renderer's own source, so a changed renderer renders anew instead of giving old pictures.
"""

import hashlib
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import TypeVar

import numpy as np

import wt.data
from wt.data.shards import ClipSample, Sample
from wt.files import write_atomic

Stored = TypeVar("Stored", Sample, ClipSample)


class Rendered:
    """Renders, or reads what was rendered before; without a folder it keeps nothing."""

    def __init__(self, folder: Path | None, side: int) -> None:
        self.folder, self.side = folder, side

    def sample(self, name: str, make: Callable[[int], Sample], made_of: Path | None = None) -> Sample:
        """A view by its name; `make(side)` renders it. `made_of`: the file that it shows, where it shows one."""
        return self._kept(Sample, name, make, made_of)

    def clip(self, name: str, make: Callable[[int], ClipSample]) -> ClipSample:
        """As `sample`."""
        return self._kept(ClipSample, name, make, None)

    def _kept(self, kind: type[Stored], name: str, make: Callable[[int], Stored], made_of: Path | None) -> Stored:
        if self.folder is None:
            return make(self.side)
        from safetensors.numpy import load_file, save

        key = renderer_digest() if made_of is None else _digest(renderer_digest().encode(), made_of.read_bytes())
        path = self.folder / f"{key}-{self.side}" / f"{name}.safetensors"
        if path.is_file():
            stored = load_file(path)
            return kind(stored["rgb"], stored["depth"], stored["instance"], stored["K"])
        made = make(self.side)
        tensors = {"rgb": made.rgb, "depth": made.depth, "instance": made.instance, "K": made.k}
        write_atomic(path, save({name: np.ascontiguousarray(tensor) for name, tensor in tensors.items()}))
        return made


@cache
def renderer_digest() -> str:
    """Of every source file under wt/data."""
    sources = sorted(Path(wt.data.__file__).parent.rglob("*.py"))
    return _digest(*(path.read_bytes() for path in sources))


def _digest(*parts: bytes) -> str:
    digest = hashlib.sha256()
    for part in parts:
        digest.update(len(part).to_bytes(8, "little") + part)
    return digest.hexdigest()[:12]
