"""The splits of `python -m wt eval`, each a generator of cases that nobody trained on.

scenes, objects, clips   the procedural world at held-out seeds: rendered, or read from a folder of shards
real-meshes              objects that nobody here modelled: those of `OPEN_MESHES`, or a folder of mesh files
rgbd                     a folder of photos with depth (wt/data/rgbd_layouts.py); layer 0 alone
"""

import importlib.util
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from wt.data.seeds import HELD_OUT_FROM
from wt.data.shards import ClipSample, Sample
from wt.data.source import Source
from wt.errors import WtError
from wt.evaluation.card import HELD_OUT
from wt.evaluation.rendered import Rendered
from wt.evaluation.samples import Case, Kind, truth_of

LOG = logging.getLogger(__name__)
SIDE = 192
"""Pixels along a side of the renderings; as many as the training's."""
RGBD_SIDE = 256
"""Pixels along the shorter side of RGB-D frames."""
OPEN_MESHES = {"media_assets/models3d/Fox.gltf": "CC BY 4.0", "media_assets/models3d/Duck.glb": "SCEA 1.0"}
"""Meshes that come inside the gradio package under licences that let anyone use them, and those licences.

Fox: PixelMannen (model), tomkranis (rig), AsoboStudio and scurest (glTF). Duck: Sony Computer Entertainment Inc.
"""


@dataclass(frozen=True)
class Split:
    """What is measured on a split, and with which kind of model."""

    kind: Kind
    """Of the pictures, and of the models that lift them."""
    model: str
    """The registry's default."""
    limit: int = 64
    """Samples, unless the person says otherwise."""
    source: str = HELD_OUT
    """What the samples are."""


SPLITS: dict[str, Split] = {
    "scenes": Split("scene", "wt-s-mini"),
    "objects": Split("object", "wt-o-mini"),
    "clips": Split("object", "wt-o-mini", 8),
    "real-meshes": Split("object", "wt-o-mini", 32, "meshes made by others, from several sides"),
    "rgbd": Split("scene", "wt-s-mini", 64, "photos with depth"),
}


def held_out(
    split: str, limit: int, data: Path | None = None, *, cache: Path | None = None, side: int | None = None
) -> Iterator[Case]:
    """At most `limit` samples of a split, always the same ones in the same order.

    Args:
        split: a key of `SPLITS`.
        limit: the first so many; of an RGB-D folder so many spread over it.
        data: a folder of shards (procedural splits), of mesh files, or of RGB-D frames, which that split needs.
        cache: folder where renderings are kept, so that the next evaluation does not render again.
        side: pixels along the (shorter) side of the pictures: `SIDE` or `RGBD_SIDE` by default.

    Raises:
        WtError: no such split, nothing asked for, too few stored samples, an unusable folder.
    """
    if split not in SPLITS:
        raise WtError(f"There is no split {split!r}. Choose one of {', '.join(SPLITS)}.")
    if limit < 1:
        raise WtError(f"--limit must be at least 1; got {limit}.")
    if side is not None and not 32 <= side <= 2048:
        raise WtError(f"--side must be 32 to 2048 pixels; got {side}.")
    if split == "rgbd":
        return _rgbd(limit, data, side or RGBD_SIDE)
    if split == "real-meshes":
        return _meshes(limit, data, Rendered(cache, side or SIDE))
    if data is None:
        return _procedural(split, limit, Rendered(cache, side or SIDE))
    if side is not None:
        raise WtError("Stored samples have the size that they have: leave --side out where --data names shards.")
    return _stored(split, limit, data)


def _procedural(split: str, limit: int, rendered: Rendered) -> Iterator[Case]:
    from wt.data.clips import make_clip
    from wt.data.generate import make_sample

    kind = SPLITS[split].kind
    for seed in range(HELD_OUT_FROM, HELD_OUT_FROM + limit):
        name = f"{split[:-1]}-{seed}"
        if split == "clips":
            yield _clip(name, rendered.clip(name, partial(make_clip, seed)))
        else:
            yield _case(name, rendered.sample(name, partial(make_sample, kind, seed)), kind)


def _stored(split: str, limit: int, folder: Path) -> Iterator[Case]:
    from wt.data.shards import ClipFolder, ShardFolder

    kind = SPLITS[split].kind
    clips = ClipFolder(folder) if split == "clips" else None
    shards = ShardFolder(folder, kind)
    count, what = len(shards if clips is None else clips), split[:-1]
    if count < limit:
        raise WtError(f"{folder.name} holds {count} {what} samples, fewer than the {limit} asked for.")
    for index in range(limit):
        name = f"{what}-{index:05d}"
        yield _case(name, shards[index], kind) if clips is None else _clip(name, clips[index])


def _meshes(limit: int, data: Path | None, rendered: Rendered) -> Iterator[Case]:
    """Mesh after mesh, then the next view of each."""
    from wt.data.meshes import MeshFolder

    files = open_meshes() if data is None else MeshFolder(data).files
    broken: set[Path] = set()
    made = 0
    for view in range(limit):
        for path in (path for path in files if path not in broken):
            if made == limit:
                return
            seed = HELD_OUT_FROM + view
            name = f"{path.stem}-{view:02d}"
            try:
                sample = rendered.sample(name, partial(_mesh_view, path, seed), path)
            except WtError as error:
                broken.add(path)
                if len(broken) == len(files):
                    raise WtError(f"None of the {len(files)} mesh files could be used. {error}") from error
                LOG.warning("skipped: %s", error)
                continue
            made += 1
            yield _case(name, sample, "object")


def _mesh_view(path: Path, seed: int, size: int) -> Sample:
    from wt.data.generate import mesh_sample
    from wt.data.meshfile import load_mesh

    return mesh_sample(load_mesh(path), seed, size)


def open_meshes() -> list[Path]:
    """The files of `OPEN_MESHES` on this machine.

    Raises:
        WtError: the package that brings them is not installed, or another version without them.
    """
    found = importlib.util.find_spec("gradio")
    folder = Path(found.origin).parent if found is not None and found.origin is not None else None
    files = [] if folder is None else [folder / name for name in OPEN_MESHES if (folder / name).is_file()]
    if not files:
        raise WtError("The split real-meshes needs mesh files: name a folder of them with --data.")
    return files


def _rgbd(limit: int, data: Path | None, side: int) -> Iterator[Case]:
    from wt.data.rgbd import RgbdFolder

    if data is None:
        raise WtError("The split rgbd needs a folder of photos with depth: name it with --data.")
    frames = RgbdFolder(data, short_side=side)
    for index in np.unique(np.linspace(0, len(frames) - 1, min(limit, len(frames))).round().astype(int)):
        yield Case(f"frame-{index:05d}", (truth_of(frames[int(index)], "scene"),))


def _case(name: str, sample: Sample, kind: Kind) -> Case:
    return Case(name, (truth_of(Source(sample.rgb, sample.depth, sample.k), kind),))


def _clip(name: str, clip: ClipSample) -> Case:
    sources = [Source(rgb, depth, clip.k) for rgb, depth in zip(clip.rgb, clip.depth, strict=True)]
    # A thing may leave the picture for a while: such a frame has no truth.
    return Case(name, tuple(truth_of(source, "object") for source in sources if (source.depth[0] > 0).any()))
