"""The placement chain on rendered rooms: with and without an object, lifted by the shipped models, against truth.

Beside the methods, ours with the truth in place of part of the scene model's answers, and with wrong masks.
"""

import logging
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import cv2
import numpy as np
from scipy.spatial import cKDTree

from wt.errors import WtError
from wt.geometry.camera import Intrinsics, project, unproject
from wt.geometry.layers import LayeredPointmap, real_surfaces
from wt.scene.place import place
from wt.scene.scene import Scene

METRICS = ("centroid", "scale", "hidden_cd", "contact_gap")
HELD_OUT_SEED = 2_000_000_000
"""Rooms of this seed and above are never trained on."""
WIDTH, HEIGHT = 224, 168
MIN_PIXELS = 150
MASK_ERROR_PX = 6
log = logging.getLogger("registration")


class CanLift(Protocol):
    """The part of a lifter that is used here."""

    def lift(self, image: np.ndarray, mask: np.ndarray | None = None) -> LayeredPointmap:
        """Lift a photo, or the object under the mask."""
        ...


@dataclass(frozen=True)
class Pair:
    """A room photographed without and with an object; depths in metres on the photo's pixels."""

    before: np.ndarray
    after: np.ndarray
    room_depth: np.ndarray
    """z [h,w] of the empty room; NaN on sky."""
    thing_depth: np.ndarray
    """z [6,h,w] of the object alone, sorted; NaN where there is none."""
    mask: np.ndarray
    """Where the object is seen."""
    camera: Intrinsics


def embedded(count: int, seed: int, methods: Sequence[str], windows: int | None = None) -> dict[str, Any]:
    """Errors of every method in object sizes (`scale`: relative), on `count` held-out rooms."""
    import wt

    lifters = [wt.load(name) for name in ("wt-s-mini", "wt-o-mini")]
    for lifter in lifters:
        lifter.default_windows = windows or lifter.default_windows
    return measure(rendered_pairs(count, seed), *lifters, methods)


def measure(
    pairs: Iterator[Pair] | Sequence[Pair], scene_lifter: CanLift, object_lifter: CanLift, methods: Sequence[str]
) -> dict[str, Any]:
    """Run the chain on every pair and collect quantiles."""
    found, oracles, masks = Tally(), Tally(), Tally()
    counted = failed = 0
    for index, pair in enumerate(pairs):
        before, edited = scene_lifter.lift(pair.before), scene_lifter.lift(pair.after)
        scene, thing = Scene.from_layers(before), object_lifter.lift(pair.after, pair.mask)
        try:
            rows = {method: errors(pair, scene, edited, thing, method) for method in methods}
            known = {name: errors(pair, *lifts, thing, "ours") for name, lifts in truer(pair, before, edited).items()}
        except WtError as error:
            failed += 1
            log.info("room %d: %s", index, error)
            continue
        counted += 1
        found.add(rows)
        oracles.add(known)
        masks.add(with_wrong_masks(pair, scene, edited, object_lifter, rows["ours"]))
        log.info("room %d: centroid %s", index, {method: round(row["centroid"], 3) for method, row in rows.items()})
    return {
        "embedded": found.quantiles(),
        "oracles": oracles.quantiles(),
        "wrong_masks": masks.quantiles() | {"n": {name: len(rows) for name, rows in masks.items()}},
        "embedded_cases": {"n": counted, "failed": failed},
    }


class Tally(dict[str, list[dict[str, float]]]):
    """The errors of every room by what was tried."""

    def add(self, rows: dict[str, dict[str, float]]) -> None:
        """One room more."""
        for name, row in rows.items():
            self.setdefault(name, []).append(row)

    def quantiles(self) -> dict[str, dict[str, dict[str, float]]]:
        """Of every metric, over the rooms."""
        from registration import quantiles

        def of(rows: list[dict[str, float]]) -> dict[str, dict[str, float]]:
            return {metric: quantiles([row[metric] for row in rows]) for metric in METRICS}

        return {name: of(rows) for name, rows in self.items()}


def truer(pair: Pair, before: LayeredPointmap, edited: LayeredPointmap) -> dict[str, tuple[Scene, LayeredPointmap]]:
    """The two lifts of the scene model with its camera, its visible depth or both replaced by the true ones."""
    k, pick = before.intrinsics, sampler(pair.mask.shape, before.alpha.shape)
    room, true_k = pick(pair.room_depth), pair.camera.resized(k.width, k.height)
    with_object = np.where(pick(pair.mask), pick(pair.thing_depth[0]), room)
    lifted = before.depth[0], edited.depth[0]
    return {
        "true camera": (Scene.from_layers(visible(lifted[0], true_k)), visible(lifted[1], true_k)),
        "true scene depth": (Scene.from_layers(visible(room, k)), visible(with_object, k)),
        "both": (Scene.from_layers(visible(room, true_k)), visible(with_object, true_k)),
    }


def visible(depth: np.ndarray, k: Intrinsics) -> LayeredPointmap:
    """A lift that knows only the visible surface: depth [h,w] on the rays of K; NaN on sky."""
    from registration import pointmap

    seen = np.isfinite(depth)
    return pointmap(np.where(seen, depth, 1.0)[None].repeat(6, 0), seen, k)


def with_wrong_masks(
    pair: Pair, scene: Scene, edited: LayeredPointmap, object_lifter: CanLift, right: dict[str, float]
) -> dict[str, dict[str, float]]:
    """Ours where the mask is 6 pixels of the photo too small or too large; a mask that vanishes is left out.

    "as eroded" repeats the errors `right` of the right mask in the rooms where the eroded one can be lifted.
    """
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * MASK_ERROR_PX + 1,) * 2)
    drawn = pair.mask.astype(np.uint8)
    rows = {}
    for name, mask in (("eroded", cv2.erode(drawn, disc) > 0), ("dilated", cv2.dilate(drawn, disc) > 0)):
        try:
            rows[name] = errors(pair, scene, edited, object_lifter.lift(pair.after, mask), "ours", mask)
        except WtError as error:
            log.info("%s: %s", name, error)
    return rows | ({"as eroded": right} if "eroded" in rows else {})


def errors(
    pair: Pair,
    scene: Scene,
    edited: LayeredPointmap,
    thing: LayeredPointmap,
    method: str,
    region: np.ndarray | None = None,
) -> dict[str, float]:
    """One method's errors, after one scale and shift of depth that bring the whole scene to metres."""
    placed = place(thing, scene, pair.mask if region is None else region, edited, method=method)
    pick = sampler(pair.mask.shape, scene.alpha.shape)
    scale, shift = align(scene.background.points[0, ..., 2], pick(pair.room_depth))
    z = placed.points[..., 2:]
    points = placed.points * (scale * z + shift) / z
    truth_points = unproject(pair.thing_depth, pair.camera)
    seen = pair.mask & real_surfaces(pair.thing_depth)  # the same rule about thin walls for both
    truth, mine = truth_points[seen], points[placed.present]
    size = float(np.ptp(truth_points[np.isfinite(pair.thing_depth)], axis=0).max())
    hidden_truth, hidden_mine = truth_points[1:][seen[1:]], points[1:][placed.present[1:]]
    return {
        "centroid": float(np.linalg.norm(mine.mean(axis=0) - truth.mean(axis=0)) / size),
        "scale": abs(_radius(mine) / _radius(truth) - 1),
        "hidden_cd": chamfer(hidden_mine, hidden_truth) / size,
        "contact_gap": abs(placed.residuals["contact_gap"]) * scale / size,
    }


def align(predicted: np.ndarray, truth: np.ndarray) -> tuple[float, float]:
    """One scale and one shift of depth by least squares over valid pixels (DESIGN section 3)."""
    both = np.isfinite(predicted) & np.isfinite(truth)
    x, y = predicted[both].astype(np.float64), truth[both].astype(np.float64)
    if x.std() < 1e-9 * abs(x.mean()):
        return 0.0, float(y.mean())
    scale, shift = np.polyfit(x, y, 1)
    return float(scale), float(shift)


def chamfer(a: np.ndarray, b: np.ndarray) -> float:
    """Mean nearest distance, both ways averaged; NaN if a set is empty."""
    if not len(a) or not len(b):
        return math.nan
    return float(0.5 * (cKDTree(b).query(a)[0].mean() + cKDTree(a).query(b)[0].mean()))


def rendered_pairs(count: int, seed: int) -> Iterator[Pair]:
    """Held-out rooms of the procedural world, each with one more object standing on its floor."""
    made = index = 0
    while made < count:
        pair = _rendered_pair(np.random.default_rng([HELD_OUT_SEED + seed, index]), held_out=index % 3 == 0)
        index += 1
        if pair is not None:
            made += 1
            yield pair


def _rendered_pair(rng: np.random.Generator, held_out: bool) -> Pair | None:
    """None if no spot is found where the object is seen well."""
    from wt.data.assets import FAMILIES, FAMILY_INFO, HELD_OUT_FAMILIES, make_asset
    from wt.data.mesh import Camera, World
    from wt.data.peel import Solids, peel
    from wt.data.rooms import draw_room, draw_view

    world, plan = draw_room(rng, held_out=held_out)
    k = Intrinsics.from_fov(float(rng.uniform(45, 75)), WIDTH, HEIGHT)
    # The renderer's cameras are squeezed for training; a real photo's K has square pixels.
    camera = Camera(k, draw_view(rng, world, plan, Solids(world.instances), WIDTH).cam_from_world)
    floor = [n for n in sorted(FAMILIES) if FAMILY_INFO[n][0] == "floor" and (held_out or n not in HELD_OUT_FAMILIES)]
    x0, y0, x1, y1 = plan.rectangle
    for _ in range(20):
        asset = make_asset(str(rng.choice(floor)), rng)
        x, y = float(rng.uniform(x0 + 0.3, x1 - 0.3)), float(rng.uniform(y0 + 0.3, y1 - 0.3))
        asset = asset.moved(x, y, turn=float(rng.uniform(0, 2 * np.pi)))
        if not _in_view(asset.bounds(), camera) or _bumps(asset, world.instances, plan.shell.bounds()):
            continue
        crowded = World((*world.instances, asset), world.lights, world.ambient, world.sky)
        alone = peel((asset,), camera, 6).depth
        mask = peel(crowded.instances, camera, 1).instance[0] == len(world.instances)
        if mask.sum() < MIN_PIXELS or mask.mean() > 0.4 or mask.sum() < 0.7 * np.isfinite(alone[0]).sum():
            continue
        room = peel(world.instances, camera, 1).depth[0]
        seed = int(rng.integers(2**31))
        before, after = (_photo(each, camera, np.isfinite(room) & ~mask, seed) for each in (world, crowded))
        return Pair(before, after, room, alone, mask, k)
    return None


def _photo(world: Any, camera: Any, metered: np.ndarray, seed: int) -> np.ndarray:
    """A photo whose exposure, noise and blur do not depend on the object: an edit leaves the rest as it was."""
    from wt.data.film import develop
    from wt.data.peel import Solids
    from wt.data.render import radiance

    linear, _ = radiance(world, camera, Solids(world.instances), rng=np.random.default_rng(seed))
    return develop(linear, metered, np.random.default_rng(seed))


def _bumps(asset: Any, others: Sequence[Any], room: tuple[np.ndarray, np.ndarray]) -> bool:
    """Whether the bounding box meets another's, the room's shell and flat things on its floor aside."""
    low, high = asset.bounds()
    for other in others:
        a, b = other.bounds()
        flat, shell = b[2] < 0.05, bool((b - a >= 0.9 * (room[1] - room[0])).all())
        if not flat and not shell and bool((low < b).all() and (a < high).all()):
            return True
    return False


def _in_view(bounds: tuple[np.ndarray, np.ndarray], camera: Any) -> bool:
    """Whether the whole bounding box is in the picture, at least a metre away."""
    corners = np.array(
        [[bounds[i][0], bounds[j][1], bounds[k][2], 1.0] for i in (0, 1) for j in (0, 1) for k in (0, 1)]
    )
    points = corners @ camera.cam_from_world.T
    uv = project(points[:, :3], camera.intrinsics)
    inside = (uv > 2) & (uv < (WIDTH - 2, HEIGHT - 2))
    return bool((points[:, 2] > 1.0).all() and inside.all())


def _radius(points: np.ndarray) -> float:
    return float(np.sqrt(((points - points.mean(axis=0)) ** 2).sum(axis=1).mean()))


def sampler(photo: tuple[int, ...], grid: tuple[int, ...]) -> Callable[[np.ndarray], np.ndarray]:
    """Takes the photo pixel under each centre of the grid."""
    rows = ((np.arange(grid[0]) + 0.5) * photo[0] / grid[0]).astype(int)
    columns = ((np.arange(grid[1]) + 0.5) * photo[1] / grid[1]).astype(int)
    return lambda image: image[rows[:, None], columns]
