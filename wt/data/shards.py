"""Shards: safetensors files of rendered samples, written atomically, so that a trainer may read a growing folder.

    DIR/{scenes|objects|clips}-{index:05d}.safetensors
    rgb       uint8   [n, s, s, 3]
    depth     float16 [n, 6, s, s]   z of the peeled surfaces, 0 = no hit
    instance  uint8   [n, s, s]      instance seen in layer 0, 255 = none
    K         float32 [n, 4]         fx fy cx cy in pixels of s x s

The first three have frames behind n in clips: [n, t, ...]; K is the same for all frames of a clip. Scenes are in
metres; the unit of an object, and of a clip, is the longest side of its bounding box (at rest).
"""

import secrets
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from wt.errors import WtError
from wt.types import Float, UInt8

Kind = Literal["scene", "object", "clip"]


@dataclass(frozen=True, eq=False)
class Sample:
    """One rendered view."""

    rgb: UInt8[np.ndarray, "s s 3"]
    depth: Float[np.ndarray, "layers s s"]
    """float16 z of every surface along each ray, front to back; 0 where there is none."""
    instance: UInt8[np.ndarray, "s s"]
    k: Float[np.ndarray, "4"]
    """fx, fy, cx, cy in pixels of the view."""


@dataclass(frozen=True, eq=False)
class ClipSample:
    """The frames of one clip, seen through one lens."""

    rgb: UInt8[np.ndarray, "t s s 3"]
    depth: Float[np.ndarray, "t layers s s"]
    """As in `Sample`, in the camera of each frame."""
    instance: UInt8[np.ndarray, "t s s"]
    k: Float[np.ndarray, "4"]


def shard_path(folder: Path, kind: Kind, index: int) -> Path:
    """Where shard `index` of a kind lies."""
    return folder / f"{kind}s-{index:05d}.safetensors"


def write_shard(path: Path, samples: Sequence[Sample] | Sequence[ClipSample]) -> Path:
    """Write the samples under a temporary name, then move them into place.

    Any number of processes and machines may write into one folder, even the same shard.

    Raises:
        WtError: the folder cannot be written to, or the disk is full.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import save_file

    arrays = {
        "rgb": np.stack([s.rgb for s in samples]),
        "depth": np.stack([s.depth for s in samples]).astype(np.float16),
        "instance": np.stack([s.instance for s in samples]),
        "K": np.stack([s.k for s in samples]).astype(np.float32),
    }
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(6)}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        save_file(arrays, temporary)
        temporary.chmod(0o644)
        temporary.replace(path)
    except (OSError, SafetensorError) as error:
        with suppress(OSError):
            temporary.unlink()
        raise WtError(f"{path} could not be written ({error}). Is the disk full or the folder locked?") from error
    return path


class _Shards:
    """The shards of one kind in a folder; `refresh` takes in those that have appeared since.

    Indices only ever grow at the end, so an index stays valid for the life of the object.
    """

    def __init__(self, folder: str | Path, kind: Kind) -> None:
        self.folder, self.kind = Path(folder), kind
        self._files: dict[Path, Any] = {}
        self._index: list[tuple[Path, int]] = []
        self.refresh()

    def refresh(self) -> int:
        """Look for new shards; returns the number of samples.

        Raises:
            WtError: a file that is not a shard.
        """
        from safetensors import SafetensorError, safe_open

        for path in sorted(self.folder.glob(f"{self.kind}s-*.safetensors")):
            if path in self._files:
                continue
            try:
                file = safe_open(path, framework="np")
                count = file.get_slice("K").get_shape()[0]
            except SafetensorError as error:
                raise WtError(f"{path.name} is not a readable shard ({error}). Delete it.") from error
            self._files[path] = file
            self._index += [(path, i) for i in range(count)]
        return len(self._index)

    def __len__(self) -> int:
        return len(self._index)

    def _row(self, index: int) -> list[np.ndarray]:
        path, row = self._index[index]
        file = self._files[path]
        return [file.get_slice(name)[row] for name in ("rgb", "depth", "instance", "K")]


class ShardFolder(_Shards):
    """Random access to the scenes or the objects of a folder."""

    def __getitem__(self, index: int) -> Sample:
        return Sample(*self._row(index))


class ClipFolder(_Shards):
    """Random access to the clips of a folder."""

    def __init__(self, folder: str | Path) -> None:
        super().__init__(folder, "clip")

    def __getitem__(self, index: int) -> ClipSample:
        return ClipSample(*self._row(index))
