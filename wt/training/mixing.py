"""Mix-training: rendered scenes with six supervised layers, RGB-D frames with the visible one (paper Eq. 4, App. C).

    stream = MixedStream(data, "scene", rng, (rank, count), rgbd=[RgbdFolder(path) for path in folders])

takes the place of `SampleStream(data, "scene", rng, (rank, count))` anywhere.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from wt.data.rgbd import RgbdFolder, mixing_weights
from wt.data.shards import ClipSample, Kind
from wt.data.source import Source
from wt.errors import WtError
from wt.training.dataset import SampleStream
from wt.training.recipes import RunOptions

P_RGB = 0.4
"""Chance that a sample is an RGB-D frame; the other samples are rendered (p_dojo = 0.6)."""


class MixedStream(SampleStream):
    """A `SampleStream` some of whose samples are RGB-D frames, named by indices below 0 (-1 is the first frame).

    Rendered samples are each used once before any is used again, frames are drawn afresh each time: a data set by the
    root of its size, real photographs half as likely again, then any of its frames.
    """

    def __init__(
        self,
        folder: Path,
        kind: Kind,
        rng: np.random.Generator,
        part: tuple[int, int] = (0, 1),
        *,
        rgbd: Sequence[RgbdFolder],
        p_rgb: float = P_RGB,
    ) -> None:
        """`folder`, `kind`, `rng` and `part` as for `SampleStream`; `p_rgb` is the share of RGB-D frames.

        Raises:
            WtError: objects or clips, which have no background to learn from frames; no data set; no such share.
        """
        super().__init__(folder, kind, rng, part)
        if kind != "scene":
            raise WtError(f"RGB-D frames show scenes, so they do not mix with {kind}s. Train a scene recipe with them.")
        if not rgbd or not 0 <= p_rgb < 1:
            raise WtError(f"A mix needs an RGB-D data set and a share of it from 0 to 1; got {len(rgbd)} and {p_rgb}.")
        self.rgbd, self.p_rgb = tuple(rgbd), p_rgb
        self.weights = mixing_weights(self.rgbd)
        self._starts = np.cumsum([0, *(len(frames) for frames in self.rgbd)])

    def draw(self) -> int:
        """The index of the next sample."""
        if self.rng.random() >= self.p_rgb:
            return super().draw()
        which = int(self.rng.choice(len(self.rgbd), p=self.weights))
        return -1 - int(self.rng.integers(self._starts[which], self._starts[which + 1]))

    def read(self, index: int) -> Source | ClipSample:
        """One stored sample or frame."""
        if index >= 0:
            return super().read(index)
        frame = -1 - index
        which = int(np.searchsorted(self._starts, frame, side="right")) - 1
        return self.rgbd[which][frame - int(self._starts[which])]


def open_stream(options: RunOptions, kind: Kind, part: tuple[int, int]) -> SampleStream:
    """What process `part` = (rank, count) of a run reads: rendered samples, and RGB-D frames if there are any."""
    rng = np.random.default_rng([options.seed, part[0]])
    if not options.rgbd:
        return SampleStream(options.data, kind, rng, part)
    return MixedStream(options.data, kind, rng, part, rgbd=[RgbdFolder(folder) for folder in options.rgbd])


def described(stream: SampleStream, kind: Kind) -> str:
    """What a model's card says about the samples that it was trained on."""
    told = f"{stream.known} procedural {kind} renderings of this repository"
    if isinstance(stream, MixedStream):
        told += f", and {sum(map(len, stream.rgbd))} RGB-D frames"
    return told
