"""The batches of a run, made on the core that trains or by worker processes; either way the same ones, resumed exactly.

Chance decides in one place: the order of the samples and one seed for each batch are drawn before a batch is made, so
who makes it, and how far ahead, does not matter.
"""

import ast
from collections import deque
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
from torch.utils.data import DataLoader, Dataset

from wt.data.shards import ClipSample
from wt.data.source import Source
from wt.training.clips import ClipBatch, make_clip_batch
from wt.training.dataset import Batch, SampleStream, Sampling, make_batch
from wt.training.recipes import Recipe

Plan = tuple[list[int], int]
"""Which samples, and the seed of their augmentation."""


class _Maker(Dataset):
    """Plan in, batch out: what a worker does."""

    def __init__(self, stream: SampleStream, sampling: Sampling, recipe: Recipe) -> None:
        self.stream, self.sampling, self.recipe = stream, sampling, recipe

    def __getitem__(self, plan: Plan) -> Batch | ClipBatch:
        keys, seed = plan
        rng = np.random.default_rng(seed)
        samples = [self.stream.read(key) for key in keys]
        return collated(samples, self.sampling, self.recipe.frames, rng, self.recipe.strides)


def collated(
    samples: list[Source | ClipSample],
    sampling: Sampling,
    frames: int,
    rng: np.random.Generator | None,
    strides: tuple[int, ...] = (1,),
) -> Batch | ClipBatch:
    """Stills or clips as a batch; clips are cut to `frames`, anywhere if `rng` is given and at the start otherwise."""
    clips = [sample for sample in samples if isinstance(sample, ClipSample)]
    if clips:
        return make_clip_batch([cut(clip, frames, rng, strides) for clip in clips], sampling, rng)
    return make_batch([sample for sample in samples if isinstance(sample, Source)], sampling, rng)


def cut(clip: ClipSample, frames: int, rng: np.random.Generator | None, strides: tuple[int, ...] = (1,)) -> ClipSample:
    """`frames` frames, every so many of the clip (a stride drawn from those that fit it), or the whole short clip."""
    fitting = [stride for stride in strides if stride * (frames - 1) < len(clip.rgb)]
    if len(clip.rgb) <= frames or not fitting:
        return clip
    stride = fitting[0] if rng is None else fitting[int(rng.integers(len(fitting)))]
    reach = stride * (frames - 1) + 1
    first = 0 if rng is None else int(rng.integers(len(clip.rgb) - reach + 1))
    part = slice(first, first + reach, stride)
    return replace(clip, rgb=clip.rgb[part], depth=clip.depth[part], instance=clip.instance[part])


class Feed:
    """Batches without end."""

    def __init__(self, stream: SampleStream, recipe: Recipe, workers: int = 0) -> None:
        self.stream, self.recipe, self.workers = stream, recipe, workers
        self.planned = 0
        self._after: deque[dict[str, Any]] = deque()
        self._state = self._snapshot()
        self._batches: Iterator[Batch | ClipBatch] = iter(())

    def start(self, sampling: Sampling) -> None:
        """From here on the batches are made for `sampling`; what was made ahead is made anew."""
        self.restore(self._state)
        maker = _Maker(self.stream, sampling, self.recipe)
        plans: Any = self._plans()
        self._batches = iter(DataLoader(maker, batch_size=None, sampler=plans, num_workers=self.workers))

    def next(self) -> Batch | ClipBatch:
        """One batch."""
        batch = next(self._batches)
        self._state = self._after.popleft()
        return batch

    def state(self) -> dict[str, Any]:
        """What the next batches follow from, as plain values."""
        return self._state

    def restore(self, state: dict[str, Any]) -> None:
        """Continue from `state`, with the shards that have appeared since."""
        self._after.clear()
        self.stream.rng.bit_generator.state = ast.literal_eval(state["sampler"])
        self.stream.queue, self.stream.known = list(state["queue"]), state["known"]
        self.planned = state.get("planned", 0)
        self._state = self._snapshot()

    def _snapshot(self) -> dict[str, Any]:
        queue, sampler = list(self.stream.queue), str(self.stream.rng.bit_generator.state)
        return {"sampler": sampler, "queue": queue, "known": self.stream.known, "planned": self.planned}

    def _plans(self) -> Iterator[Plan]:
        while True:
            if self.planned % (self.recipe.refresh_steps * self.recipe.accumulation) == 0:
                self.stream.refresh()
            keys = [self.stream.draw() for _ in range(self.recipe.batch)]
            seed = int(self.stream.rng.integers(2**63))
            self.planned += 1
            self._after.append(self._snapshot())
            yield keys, seed
