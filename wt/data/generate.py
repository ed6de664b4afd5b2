"""Samples by seed, shards of 64 of them, and sheets to look at.

A sample is a function of its kind and seed alone. Seeds below 10^9 are for training; from 2 * 10^9 on they are held
out, and a third of those show a room layout, textures and families that training never sees.
"""

import logging
from collections.abc import Callable
from pathlib import Path

import numpy as np

from wt.data.mesh import Camera, World
from wt.data.objects import draw_object, draw_object_view, object_world
from wt.data.outdoors import draw_street, draw_street_view
from wt.data.peel import Solids
from wt.data.render import Rendering, render
from wt.data.rooms import draw_room, draw_view
from wt.data.shards import Kind, Sample, shard_path, write_shard
from wt.errors import WtError
from wt.types import UInt8

LOG = logging.getLogger(__name__)
SHARD = 64
HELD_OUT_FROM = 2_000_000_000
BACKDROP = 128
"""Grey behind a cut-out object, as the network sees it (ARCHITECTURE 3.2)."""
STREETS = 0.15


def make_sample(kind: Kind, seed: int, size: int = 192) -> Sample:
    """One view, with float32 depth (0 no surface); scenes in metres, objects in units of their box's longest side.

    Raises:
        WtError: an unknown kind.
    """
    rendering = render_sample(kind, seed, size)
    k = rendering.camera.intrinsics
    depth = np.nan_to_num(rendering.depth, nan=0.0)
    first = rendering.instance[0]
    instance = np.where(first < 0, 255, np.minimum(first, 254)).astype(np.uint8)
    return Sample(rendering.rgb, depth, instance, np.array([k.fx, k.fy, k.cx, k.cy], np.float32))


def render_sample(kind: Kind, seed: int, size: int = 192) -> Rendering:
    """The rendering behind `make_sample`, instances of all layers included."""
    if kind == "scene":
        world, camera, solids, rng = _scene(seed, size)
        return render(world, camera, rng=rng, solids=solids)
    if kind == "object":
        rng = np.random.default_rng([seed, 2])
        asset = draw_object(rng, held_out=_unseen(seed))
        world, camera = object_world(rng, asset), draw_object_view(rng, asset, size)
        return render(world, camera, rng=rng, backdrop=BACKDROP)
    raise WtError(f"There is no kind of sample {kind!r}. Choose scene or object.")


def generate(
    kind: Kind,
    count: int,
    out: str | Path,
    *,
    start: int = 0,
    base_seed: int = 0,
    size: int = 192,
    processes: int = 1,
    on_progress: Callable[[int, int], None] | None = None,
) -> list[Path]:
    """Write the shards that hold samples start .. start + count - 1 (rounded to whole shards) and are not there yet.

    The sample at index i has seed base_seed + i; shard n holds the indices 64 n .. 64 n + 63.
    `on_progress(done, total)` counts samples. Returns the shards' paths, those that were there already included.

    Raises:
        WtError: nothing asked for, or a start that is not at a shard's beginning.
    """
    if count < 1 or start < 0 or start % SHARD:
        raise WtError(f"Shards hold {SHARD} samples: give a count of at least 1 and a start divisible by {SHARD}; "
                      f"got count {count}, start {start}.")  # fmt: skip
    folder = Path(out)
    indices = range(start // SHARD, -(-(start + count) // SHARD))
    jobs = [(kind, index, str(folder), base_seed, size) for index in indices]
    paths: list[Path] = []
    for path in _run(jobs, processes):
        paths.append(path)
        if on_progress is not None:
            on_progress(len(paths) * SHARD, len(jobs) * SHARD)
    return paths


def preview_sheet(kind: Kind, seeds: list[int], columns: int = 8, hidden: bool = True) -> UInt8[np.ndarray, "h w 3"]:
    """Photos side by side; with `hidden`, below each the depth of layers 0, 1 and 2 (near is bright)."""
    tiles = []
    for seed in seeds:
        sample = make_sample(kind, seed)
        tile = sample.rgb
        if hidden:
            size = tile.shape[0] // 3
            near = sample.depth[0][sample.depth[0] > 0]
            scale = float(np.quantile(near, 0.05)) if near.size else 1.0
            shown = np.where(sample.depth > 0, scale / np.maximum(sample.depth, scale), 0)[:3, ::3, ::3]
            strip = np.concatenate(list((shown[:, :size, :size] * 255).astype(np.uint8)), axis=1)
            tile = np.concatenate([tile, np.repeat(strip[..., None], 3, axis=2)])
        tiles.append(tile)
    while len(tiles) % columns:
        tiles.append(np.zeros_like(tiles[0]))
    rows = [np.concatenate(tiles[i : i + columns], axis=1) for i in range(0, len(tiles), columns)]
    return np.concatenate(rows)


def _unseen(seed: int) -> bool:
    """Whether a held-out seed shows what training never does."""
    return seed >= HELD_OUT_FROM and seed % 3 == 0


def _scene(seed: int, size: int) -> tuple[World, Camera, Solids, np.random.Generator]:
    """World, camera, and the generator that goes on to draw the picture."""
    rng = np.random.default_rng([seed, 1])
    if rng.random() < STREETS:
        world = draw_street(rng)
        solids = Solids(world.instances)
        return world, draw_street_view(rng, world, solids, size), solids, rng
    world, plan = draw_room(rng, held_out=_unseen(seed))
    solids = Solids(world.instances)
    return world, draw_view(rng, world, plan, solids, size), solids, rng


def _run(jobs: list[tuple[Kind, int, str, int, int]], processes: int):
    if processes <= 1:
        yield from map(_shard, jobs)
        return
    import multiprocessing

    with multiprocessing.get_context("spawn").Pool(processes) as pool:
        yield from pool.imap(_shard, jobs)


def _shard(job: tuple[Kind, int, str, int, int]) -> Path:
    kind, index, folder, base_seed, size = job
    path = shard_path(Path(folder), kind, index)
    if not path.exists():
        samples = [make_sample(kind, base_seed + index * SHARD + i, size) for i in range(SHARD)]
        write_shard(path, samples)
    return path
