"""Samples by seed, shards of 64 views of them, and sheets to look at.

A sample is a function of its kind and seed alone (and of the folder of meshes, where it comes from one). Seeds below
10^9 are for training; from 2 * 10^9 on they are held out: a third of those show a room layout, textures and families
that training never sees, and all of those from a folder of meshes show a file that training never sees.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path

import numpy as np

from wt.data.clips import FRAMES, filmstrip, make_clip
from wt.data.engines import Engine, run_jobs
from wt.data.mesh import Camera, World
from wt.data.meshes import MeshFolder, painted
from wt.data.meshfile import MeshFile, Up
from wt.data.objects import BACKDROP, draw_object, draw_object_view, object_world
from wt.data.outdoors import draw_street, draw_street_view
from wt.data.peel import Solids
from wt.data.render import Rendering, render
from wt.data.rooms import draw_room, draw_view
from wt.data.seeds import HELD_OUT_FROM, unseen
from wt.data.shards import ClipFolder, Kind, Sample, ShardFolder, shard_path, write_shard
from wt.errors import WtError
from wt.types import Float, UInt8

SHARD = 64
"""Views in a shard: so many samples, or so few clips that their frames are as many."""
STREETS = 0.15


def make_sample(kind: Kind, seed: int, size: int = 192, meshes: MeshFolder | None = None) -> Sample:
    """One view, with float32 depth (0 no surface); scenes in metres, objects in units of their box's longest side.

    With `meshes` an object is one of that folder's files instead of a procedural one.

    Raises:
        WtError: an unknown kind, or no usable mesh.
    """
    return _as_sample(render_sample(kind, seed, size, meshes))


def mesh_sample(file: MeshFile, seed: int, size: int = 192) -> Sample:
    """One view of a mesh file, in units of its box's longest side; light and camera are drawn as for every object."""
    return _as_sample(_render_mesh(file, seed, size))


def _as_sample(rendering: Rendering) -> Sample:
    k = rendering.camera.intrinsics
    depth = np.nan_to_num(rendering.depth, nan=0.0)
    first = rendering.instance[0]
    instance = np.where(first < 0, 255, np.minimum(first, 254)).astype(np.uint8)
    return Sample(rendering.rgb, depth, instance, np.array([k.fx, k.fy, k.cx, k.cy], np.float32))


def render_sample(kind: Kind, seed: int, size: int = 192, meshes: MeshFolder | None = None) -> Rendering:
    """The rendering behind `make_sample`, instances of all layers included."""
    if kind == "scene":
        world, camera, solids, rng = _scene(seed, size)
        return render(world, camera, rng=rng, solids=solids)
    if kind == "object" and meshes is not None:
        return _render_mesh(meshes.draw(seed, "held-out" if seed >= HELD_OUT_FROM else "training")[1], seed, size)
    if kind == "object":
        rng = np.random.default_rng([seed, 2])
        asset = draw_object(rng, held_out=unseen(seed), free=seed < HELD_OUT_FROM)
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
    engine: Engine = "local",
    meshes: MeshFolder | None = None,
    on_progress: Callable[[int, int], None] | None = None,
) -> list[Path]:
    """Write the shards that hold samples start .. start + count - 1 (rounded to whole shards) and are not there yet.

    The sample at index i has seed base_seed + i; with n samples in a shard (`per_shard`) shard s holds the indices
    n s .. n s + n - 1. `on_progress(done, total)` counts samples. Returns the shards' paths, those that were there
    already included. Any number of calls, on any number of machines, may write to one folder: a shard appears whole
    or not at all. Files of `meshes` that could not be used are found in `meshes.skipped`.

    Raises:
        WtError: nothing asked for, a start that is not at a shard's beginning, no usable mesh, a full disk.
    """
    held = per_shard(kind)
    if count < 1 or start < 0 or start % held:
        raise WtError(f"Shards hold {held} samples: give a count of at least 1 and a start divisible by {held}; "
                      f"got count {count}, start {start}.")  # fmt: skip
    if meshes is not None and kind != "object":
        raise WtError(f"A folder of meshes gives objects, not {kind}s.")
    # Other processes may work in other folders.
    folder = str(Path(out).resolve())
    source = None if meshes is None else (str(meshes.folder.resolve()), meshes.up)
    indices = range(start // held, -(-(start + count) // held))
    jobs = [_Job(kind, index, folder, base_seed, size, held, source) for index in indices]
    here = engine == "local" and min(processes, len(jobs)) <= 1
    work = partial(_shard, meshes=meshes) if here else _shard
    paths: list[Path] = []
    for path, skipped in run_jobs(work, jobs, engine=engine, processes=processes):
        paths.append(Path(out) / Path(path).name)
        if meshes is not None:
            meshes.skip(skipped)
        if on_progress is not None:
            on_progress(len(paths) * held, len(jobs) * held)
    return sorted(paths)


def shards_in(folder: str | Path, kind: Kind) -> int:
    """Samples in the shards of a folder."""
    return len(ClipFolder(folder) if kind == "clip" else ShardFolder(folder, kind))


def render_depths(
    kind: Kind, seed: int, size: int = 192, meshes: MeshFolder | None = None
) -> list[Float[np.ndarray, "layers h w"]]:
    """Depth alone (0 no surface) of a seed's view, or of each frame of its clip."""
    if kind == "clip":
        return list(make_clip(seed, size).depth)
    return [make_sample(kind, seed, size, meshes).depth]


def per_shard(kind: Kind) -> int:
    """Samples in a shard."""
    return max(SHARD // FRAMES, 1) if kind == "clip" else SHARD


def preview_sheet(
    kind: Kind, seeds: list[int], columns: int = 8, hidden: bool = True, meshes: MeshFolder | None = None
) -> UInt8[np.ndarray, "h w 3"]:
    """Photos side by side; with `hidden`, below each the depth of layers 0, 1 and 2 (near is bright).

    Clips are strips below each other instead: `columns` of the frames of each, and with `hidden` their depth.
    """
    if kind == "clip":
        return np.concatenate([filmstrip(make_clip(seed), columns, hidden) for seed in seeds])
    tiles = []
    for seed in seeds:
        sample = make_sample(kind, seed, meshes=meshes)
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


def _render_mesh(file: MeshFile, seed: int, size: int) -> Rendering:
    rng = np.random.default_rng([seed, 6])
    asset = painted(file.asset, rng)
    world, camera = object_world(rng, asset), draw_object_view(rng, asset, size)
    return render(world, camera, rng=rng, backdrop=BACKDROP, union=file.closed)


def _scene(seed: int, size: int) -> tuple[World, Camera, Solids, np.random.Generator]:
    """World, camera, and the generator that goes on to draw the picture."""
    rng = np.random.default_rng([seed, 1])
    if rng.random() < STREETS:
        world = draw_street(rng)
        solids = Solids(world.instances)
        return world, draw_street_view(rng, world, solids, size), solids, rng
    world, plan = draw_room(rng, held_out=unseen(seed))
    solids = Solids(world.instances)
    return world, draw_view(rng, world, plan, solids, size), solids, rng


@dataclass(frozen=True)
class _Job:
    """One shard to write; `meshes` is (folder, up)."""

    kind: Kind
    index: int
    folder: str
    base_seed: int
    size: int
    held: int
    meshes: tuple[str, Up] | None


def _shard(job: _Job, meshes: MeshFolder | None = None) -> tuple[str, dict[str, str]]:
    """(path, mesh files that could not be used) of a shard, written unless it was there."""
    path = shard_path(Path(job.folder), job.kind, job.index)
    if job.meshes is not None and meshes is None:
        meshes = _mesh_folder(*job.meshes)
    if not path.exists():
        seeds = range(job.base_seed + job.index * job.held, job.base_seed + (job.index + 1) * job.held)
        if job.kind == "clip":
            write_shard(path, [make_clip(seed, job.size) for seed in seeds])
        else:
            write_shard(path, [make_sample(job.kind, seed, job.size, meshes) for seed in seeds])
    return str(path), {} if meshes is None else dict(meshes.skipped)


@cache
def _mesh_folder(folder: str, up: Up) -> MeshFolder:
    """The folder as a worker process knows it, from one shard to the next."""
    return MeshFolder(folder, up)
