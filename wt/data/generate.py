"""Samples by seed, shards of them, and a sheet to look at.

A sample is made from its seed alone. Training uses seeds below `HELD_OUT_SEED`; from there on, one in three samples has
families, textures or layouts that training never sees.
"""

import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from wt.data.mesh import Camera, World
from wt.data.objects import object_camera, object_world
from wt.data.peel import Solids
from wt.data.render import Rendering, render
from wt.data.rooms import room_camera, room_world
from wt.data.shards import Kind, Sample, shard_path, write_shard
from wt.data.streets import street_camera, street_world
from wt.errors import WtError
from wt.types import UInt8

HELD_OUT_SEED = 2_000_000_000
SHARD_SIZE = 64
SIDE = 192
STREETS = 0.12
"""Share of the scenes that are outdoors."""
NEAREST_M = 0.4
ATTEMPTS = 12
BACKDROP = 128


def render_sample(kind: Kind, seed: int, side: int = SIDE) -> Rendering:
    """The rendering of a sample: float32 depth, NaN where there is no surface."""
    if kind not in ("scene", "object"):
        raise WtError(f"There is no kind {kind!r} of samples. Choose scene or object.")
    make = _object_view if kind == "object" else _scene_view
    for attempt in range(ATTEMPTS):
        rng = np.random.default_rng([seed, attempt])
        held_out = seed >= HELD_OUT_SEED and seed % 3 == 0
        world, camera = make(rng, held_out, side)
        solids = Solids(world.instances)
        preview = _looked_at(world, camera, solids)
        if kind == "object" or _worth_a_look(preview, world) or attempt == ATTEMPTS - 1:
            break
    backdrop = BACKDROP if kind == "object" else None
    return render(world, camera, ambient_occlusion=8, rng=rng, solids=solids, backdrop=backdrop)


def make_sample(kind: Kind, seed: int, side: int = SIDE) -> Sample:
    """A sample as it is stored in a shard."""
    view = render_sample(kind, seed, side)
    k = view.camera.intrinsics
    return Sample(
        view.rgb,
        np.nan_to_num(view.depth).astype(np.float16),
        np.where(view.instance[0] < 0, 255, np.minimum(view.instance[0], 254)).astype(np.uint8),
        np.array([k.fx, k.fy, k.cx, k.cy], np.float32),
    )


def generate(
    kind: Kind,
    count: int,
    out: Path,
    *,
    start: int = 0,
    on_progress: Callable[[int, int, float], None] | None = None,
) -> list[Path]:
    """Write the shards that hold samples `start` .. `start + count`; shards that exist are left as they are.

    Args:
        start: first seed, rounded down to a whole shard; several processes may each write their own range.
        on_progress: told (shards done, shards in all, seconds a sample) after each shard.
    """
    first, last = start // SHARD_SIZE, -(-(start + count) // SHARD_SIZE)
    if last * SHARD_SIZE > HELD_OUT_SEED:
        raise WtError(f"Training seeds end at {HELD_OUT_SEED}; seeds above it are for evaluation. Lower --start.")
    paths = []
    for index in range(first, last):
        path = shard_path(out, kind, index)
        began = time.monotonic()
        if not path.exists():
            seeds = range(index * SHARD_SIZE, (index + 1) * SHARD_SIZE)
            write_shard(path, [make_sample(kind, seed) for seed in seeds])
        paths.append(path)
        if on_progress is not None:
            on_progress(index + 1 - first, last - first, (time.monotonic() - began) / SHARD_SIZE)
    return paths


def preview_sheet(kind: Kind, seeds: Sequence[int], columns: int = 8) -> UInt8[np.ndarray, "h w 3"]:
    """Photos of the seeds, each above its visible and its first hidden depth (near is light)."""
    tiles = []
    for seed in seeds:
        view = render_sample(kind, seed)
        near, far = np.nanpercentile(view.depth[0], (2, 98)) if view.alpha.any() else (0.0, 1.0)
        shades = [np.nan_to_num(1.0 - 0.9 * np.clip((d - near) / max(far - near, 1e-6), 0, 1)) for d in view.depth[:2]]
        depths = [np.repeat((255 * s).astype(np.uint8)[..., None], 3, axis=2)[::2, ::2] for s in shades]
        tiles.append(np.concatenate([view.rgb, np.concatenate(depths, axis=1)]))
    tiles += [np.zeros_like(tiles[0])] * (-len(tiles) % columns)
    return np.concatenate([np.concatenate(tiles[i : i + columns], axis=1) for i in range(0, len(tiles), columns)])


def _scene_view(rng: np.random.Generator, held_out: bool, side: int) -> tuple[World, Camera]:
    if rng.random() < STREETS:
        return street_world(rng, held_out=held_out), street_camera(rng, side)
    world, room = room_world(rng, held_out=held_out)
    return world, room_camera(rng, room, side)


def _object_view(rng: np.random.Generator, held_out: bool, side: int) -> tuple[World, Camera]:
    world = object_world(rng, held_out=held_out)
    return world, object_camera(rng, world, side)


def _looked_at(world: World, camera: Camera, solids: Solids) -> tuple[np.ndarray, np.ndarray]:
    """Depth and instance of layer 0 at a sixth of the resolution."""
    from wt.data.mesh import Camera as Pinhole
    from wt.data.peel import peel

    k = camera.intrinsics
    small = Pinhole(k.resized(max(k.width // 6, 8), max(k.height // 6, 8)), camera.cam_from_world)
    peeled = peel(solids, small, 1)
    return peeled.depth[0], peeled.instance[0]


def _worth_a_look(preview: tuple[np.ndarray, np.ndarray], world: World) -> bool:
    """Not inside a thing, not a blank wall, not only sky."""
    depth, instance = preview
    seen = np.isfinite(depth)
    if seen.mean() < 0.45 or np.nanmin(depth) < NEAREST_M:
        return False
    shell = {"floor", "ceiling", "wall", "frame", "beyond", "ground"}
    things = [i for i, asset in enumerate(world.instances) if asset.name not in shell]
    return bool(np.isin(instance, things).mean() > 0.06 and np.nanmax(depth) / np.nanmin(depth) > 1.6)
