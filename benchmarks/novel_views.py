"""Novel views of held-out rooms: `python benchmarks/novel_views.py [--limit N] [--json] [--sheet SHEET.png]`.

A room is rendered as a photo and from four places beside it: to the side, above, ahead, and turned about the middle.
The photo is lifted with its camera known, the lift brought to the truth by one scale and one shift of depth on layer 0
(as in wt/evaluation), and drawn from those places.

    ours           all six layers, as surfels
    layer-0        the visible layer alone, as surfels
    known-depth    six layers of a lift that was given the photo's true depth: layer 0 is true, the hidden ones are ours
    mesh           the visible layer as triangles cut at its edges (wt/meshes/grid.py), by ray casting
    true-layers    the room's own six layers under the photo's pixels: what six layers can give at best
    true-layer-0   and what one can

Only pixels count whose true surface lies within the photo's frame. A pixel is uncovered if something stands between
the photo's camera and its true surface. In per cent: `filled` and `filled_10`, uncovered pixels drawn within 5 and 10 %
of their true depth; `drawn`, uncovered pixels drawn at all; `coverage`, all pixels drawn at all. `absrel` and `psnr`:
depth and colours where every method draws something; `psnr_all`: colours of all pixels, black where nothing is drawn.
"""

import argparse
import json
import logging
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT)]

from wt.data.generate import STREETS  # noqa: E402
from wt.data.mesh import Camera, World  # noqa: E402
from wt.data.peel import Solids  # noqa: E402
from wt.data.render import Rendering, render  # noqa: E402
from wt.data.rooms import draw_room, draw_view  # noqa: E402
from wt.data.seeds import HELD_OUT_FROM, unseen  # noqa: E402
from wt.evaluation.metrics import align_depth, depth_errors  # noqa: E402
from wt.geometry.camera import Intrinsics, project, rays, unproject  # noqa: E402
from wt.geometry.layers import LayeredPointmap, forward_fill  # noqa: E402
from wt.scene.scene import Scene  # noqa: E402
from wt.views.paths import Surroundings, orbit  # noqa: E402
from wt.views.rasterise import Rasteriser  # noqa: E402
from wt.views.surfels import surfels_of  # noqa: E402
from wt.views.view import View  # noqa: E402

SIDE = 224
METHODS = ("ours", "layer-0", "mesh", "known-depth", "true-layers", "true-layer-0")
ASIDE_M, UP_M, AHEAD_M, TURN_DEG = 0.3, 0.25, 0.4, 10.0
CLEAR_M = 0.15
"""How far the moved camera keeps away from everything on its way."""
CLOSE = {"filled": 0.05, "filled_10": 0.1}
OCCLUDED = 0.01
"""Something is between a camera and a point if a ray ends this share of the way before it."""
FEWEST = 50
"""Uncovered pixels that a view needs for a share of them to mean something."""
SHOWN_FROM = 0.04
"""Share of a view that has to be uncovered for the sheet to show it."""
log = logging.getLogger("novel_views")


@dataclass(frozen=True)
class Room:
    """A rendered photo and the world that it shows."""

    seed: int
    world: World
    solids: Solids
    photo: Rendering

    @property
    def camera(self) -> Camera:
        """The photo's."""
        return self.photo.camera


@dataclass(frozen=True)
class Seen:
    """What a method draws of a view."""

    rgb: np.ndarray
    depth: np.ndarray


def main() -> None:
    """Parse, measure, print one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--limit", type=int, default=40, help="rooms (40)")
    parser.add_argument("--model", default="wt-s-mini")
    parser.add_argument("--sheet", type=Path, help="write a PNG: photo, truth, ours, layer 0, mesh, depth known")
    parser.add_argument("--json", action="store_true", help="compact output")
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    started = time.perf_counter()
    report = measured(options.limit, options.model, options.sheet)
    report["seconds"] = round(time.perf_counter() - started, 1)
    print(json.dumps(report, indent=None if options.json else 2))


def measured(limit: int, model: str, sheet: Path | None = None) -> dict[str, Any]:
    """Means over the views of every method's figures, of all views and by the way the camera moved."""
    import wt

    lifter = wt.load(model)
    rows: list[dict[str, Any]] = []
    strips = []
    for room in rooms(limit):
        drawers = drawers_of(room, lifter)
        for name, view in views_of(room).items():
            truth = true_view(room, view)
            counted, uncovered = judged(room, view, truth.depth[0])
            seen = {method: drawers[method](view) for method in METHODS}
            found = figures(seen, truth, counted, uncovered)
            rows += [{"room": room.seed, "view": name, "method": method, **row} for method, row in found.items()]
            strips.append((uncovered.mean(), room.photo.rgb, truth.rgb, *(seen[m].rgb for m in METHODS[:4])))
            said = {method: round(row["filled"], 1) for method, row in found.items()}
            log.info("room %d %s: %.1f %% uncovered, filled %s", room.seed, name, 100 * uncovered.mean(), said)
        if sheet is not None and write_sheet(strips, sheet):
            sheet = None
    moves = list(dict.fromkeys(row["view"] for row in rows))
    return {
        "model": model,
        "n": limit,
        "views": len(rows) // len(METHODS),
        "rows": [summary(rows, method) for method in METHODS],
        "by_move": {move: [summary([r for r in rows if r["view"] == move], m) for m in METHODS] for move in moves},
    }


def summary(rows: list[dict[str, Any]], method: str) -> dict[str, Any]:
    """Means of one method; a view without a figure does not count for it."""
    mine = [row for row in rows if row["method"] == method]
    names = ("uncovered", *CLOSE, "drawn", "coverage", "absrel", "psnr", "psnr_all")
    means = {name: np.nanmean([row[name] for row in mine]) if mine else np.nan for name in names}
    return {"method": method, "views": len(mine), **{name: round(float(mean), 4) for name, mean in means.items()}}


def rooms(limit: int) -> Iterator[Room]:
    """The first held-out rooms, streets left out."""
    seed, made = HELD_OUT_FROM, 0
    while made < limit:
        rng = np.random.default_rng([seed, 1])
        if rng.random() >= STREETS:
            world, plan = draw_room(rng, held_out=unseen(seed))
            solids = Solids(world.instances)
            camera = draw_view(rng, world, plan, solids, SIDE)
            yield Room(seed, world, solids, photograph(world, solids, camera, seed))
            made += 1
        seed += 1


def photograph(world: World, solids: Solids, camera: Camera, seed: int, num_layers: int = 6) -> Rendering:
    """One exposure for all views of a room."""
    rng, film = np.random.default_rng([seed, 11]), np.random.default_rng([seed, 12])
    return render(world, camera, rng=rng, film=film, solids=solids, num_layers=num_layers)


def views_of(room: Room) -> dict[str, View]:
    """The four places, in the frame of the photo's camera; one that is not free to go to is mirrored or left out."""
    k, depth = room.camera.intrinsics, room.photo.depth[0]
    middle = np.array([0.0, 0.0, float(np.nanmedian(depth))])
    around = Surroundings(middle, float(np.nanpercentile(depth, 10)), np.array([0.0, -1.0, 0.0]))
    turned = {sign: orbit(around, k, 4, sign * TURN_DEG)[1] for sign in (1, -1)}
    wanted = {
        "aside": [View(k, moved(sign * ASIDE_M, 0, 0)) for sign in (1, -1)],
        "up": [View(k, moved(0, sign * UP_M, 0)) for sign in (-1, 1)],
        "ahead": [View(k, moved(0, 0, AHEAD_M))],
        "orbit": [turned[1], turned[-1]],
    }
    free = {name: [view for view in views if is_free(room, view)] for name, views in wanted.items()}
    return {name: views[0] for name, views in free.items() if views}


def moved(x: float, y: float, z: float) -> np.ndarray:
    """A pose beside the photo's camera, camera to world."""
    pose = np.eye(4)
    pose[:3, 3] = x, y, z
    return pose


def is_free(room: Room, view: View) -> bool:
    """Whether nothing is in the way to the view's place, or right before its camera."""
    way = view.camera_to_world[:3, 3]
    length = float(np.linalg.norm(way))
    towards = (room.camera.cam_from_world[:3, :3].T @ (way / length)).astype(np.float32)
    hits = room.solids.first_hits(room.camera.centre.astype(np.float32)[None], towards[None])
    return not (hits.triangle[0] >= 0 and hits.t[0] < length + CLEAR_M)


def true_view(room: Room, view: View) -> Rendering:
    """The room photographed from there."""
    camera = Camera(view.intrinsics, view.world_to_camera @ room.camera.cam_from_world)
    return photograph(room.world, room.solids, camera, room.seed, num_layers=1)


def judged(room: Room, view: View, depth: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(pixels whose true surface lies within the photo's frame, those of them that the photo's camera cannot see)."""
    k = room.camera.intrinsics
    in_photo = points_of(depth, view)
    uv = project(in_photo, k)
    with np.errstate(invalid="ignore"):
        counted = (uv >= 0).all(axis=-1) & (uv[..., 0] < k.width) & (uv[..., 1] < k.height)
    distance = np.linalg.norm(in_photo[counted], axis=-1)
    towards = (in_photo[counted] / distance[:, None]) @ room.camera.cam_from_world[:3, :3]
    origin = np.broadcast_to(room.camera.centre.astype(np.float32), towards.shape)
    hits = room.solids.first_hits(origin, towards.astype(np.float32))
    uncovered = np.zeros_like(counted)
    uncovered[counted] = (hits.triangle >= 0) & (hits.t < distance * (1 - OCCLUDED))
    return counted, uncovered


def points_of(depth: np.ndarray, view: View) -> np.ndarray:
    """The view's surface points in the photo's frame."""
    pose = view.camera_to_world
    return unproject(depth.astype(np.float64), view.intrinsics) @ pose[:3, :3].T + pose[:3, 3]


def drawers_of(room: Room, lifter: Any) -> dict[str, Any]:
    """Method -> what draws a view."""
    k, photo = room.camera.intrinsics, room.photo
    true_depth = photo.depth
    truth = scene_of(true_depth, photo, k)
    mask = None if photo.alpha.all() else photo.alpha
    lifted = lifter.lift(photo.rgb, mask, intrinsics=k)
    depth = lifted.depth.astype(np.float64)
    if depth.shape[1:] != photo.alpha.shape:
        raise SystemExit(f"The lift's grid is {depth.shape[1:]}, the photo's {photo.alpha.shape}.")
    valid = lifted.alpha & np.isfinite(true_depth[0])
    scale, shift = align_depth(depth[0], np.nan_to_num(true_depth[0]), valid)
    ours = scene_of(np.where(lifted.surfaces(), scale * depth + shift, np.nan), photo, k)
    given = lifter.lift(photo.rgb, mask, intrinsics=k, depth=true_depth[0].astype(np.float32))
    known = scene_of(np.where(given.surfaces(), given.depth.astype(np.float64), np.nan), photo, k)
    return {
        "ours": surfel_drawer(ours),
        "layer-0": surfel_drawer(ours, [0]),
        "mesh": mesh_drawer(ours),
        "known-depth": surfel_drawer(known),
        "true-layers": surfel_drawer(truth),
        "true-layer-0": surfel_drawer(truth, [0]),
    }


def scene_of(depth: np.ndarray, photo: Rendering, k: Intrinsics) -> Scene:
    """A scene of depth maps [6, h, w], NaN where a ray has no such surface."""
    depth = np.where(depth > 0.05, depth, np.nan)
    alpha = np.isfinite(depth[0])
    points = forward_fill(unproject(depth, k), np.isfinite(depth))
    scene = Scene.from_layers(
        LayeredPointmap(np.where(alpha[..., None], points, np.nan).astype(np.float32), alpha, photo.rgb, "metres", k)
    )
    return replace(scene, background=replace(scene.background, present=np.isfinite(depth) & alpha))


def surfel_drawer(scene: Scene, layers: list[int] | None = None) -> Any:
    """All layers or some, by our rasteriser."""
    rasteriser = Rasteriser(surfels_of(scene, layers=layers), "cpu")

    def draw(view: View) -> Seen:
        seen = rasteriser.draw(view)
        return Seen(seen.rgb, seen.depth)

    return draw


def mesh_drawer(scene: Scene) -> Any:
    """Layer 0 as triangles, by Open3D's ray casting; colours of the corners mixed."""
    import open3d as o3d

    from wt.meshes.grid import grid_meshes

    mesh = next(mesh for mesh in grid_meshes(scene.background, scene.intrinsics) if mesh.layer == 0)
    caster = o3d.t.geometry.RaycastingScene(nthreads=1)
    caster.add_triangles(mesh.vertices.astype(np.float32), mesh.faces.astype(np.uint32))

    def draw(view: View) -> Seen:
        k, pose = view.intrinsics, view.camera_to_world
        ahead = rays(k) @ pose[:3, :3].T
        cast = np.concatenate([np.broadcast_to(pose[:3, 3], ahead.shape), ahead], axis=-1)
        hit = {
            name: found.numpy() for name, found in caster.cast_rays(o3d.core.Tensor(cast.astype(np.float32))).items()
        }
        met = np.isfinite(hit["t_hit"])
        corners = mesh.colours[mesh.faces[hit["primitive_ids"][met]]].astype(np.float64)
        b, c = hit["primitive_uvs"][met].T
        rgb = np.zeros((k.height, k.width, 3), np.uint8)
        rgb[met] = np.rint(np.einsum("nk,nkc->nc", np.stack([1 - b - c, b, c], axis=1), corners))
        return Seen(rgb, np.where(met, hit["t_hit"], np.nan))

    return draw


def figures(
    seen: dict[str, Seen], truth: Rendering, counted: np.ndarray, uncovered: np.ndarray
) -> dict[str, dict[str, float]]:
    """Every method's figures on one view."""
    common = counted & np.logical_and.reduce([np.isfinite(each.depth) for each in seen.values()])
    depth = truth.depth[0]
    found = {}
    for method, each in seen.items():
        error, enough = np.abs(each.depth / depth - 1)[uncovered], uncovered.sum() >= FEWEST
        found[method] = {
            "uncovered": 100 * float(uncovered.sum() / max(counted.sum(), 1)),
            **{name: 100 * float((error < most).mean()) if enough else np.nan for name, most in CLOSE.items()},
            "drawn": 100 * float(np.isfinite(error).mean()) if enough else np.nan,
            "coverage": 100 * float(np.isfinite(each.depth)[counted].mean()),
            "absrel": depth_errors(each.depth, depth, common).absrel,
            "psnr": psnr(each.rgb, truth.rgb, common),
            "psnr_all": psnr(each.rgb, truth.rgb, counted),
        }
    return found


def psnr(ours: np.ndarray, truth: np.ndarray, where: np.ndarray) -> float:
    """Peak signal-to-noise ratio in dB over some pixels."""
    error = float(((ours[where].astype(np.float64) - truth[where]) ** 2).mean()) if where.any() else np.nan
    return float(10 * np.log10(255**2 / max(error, 1e-9)))


def write_sheet(strips: list[tuple[Any, ...]], path: Path, count: int = 5) -> bool:
    """The view of each of the first rooms that uncovers most, if it uncovers enough to see: photo, truth, methods.

    False, and no file, until there are `count` of them."""
    from PIL import Image, ImageDraw

    most: dict[bytes, tuple[Any, ...]] = {}
    for strip in strips:
        room = strip[1].tobytes()
        if strip[0] > (most[room][0] if room in most else SHOWN_FROM):
            most[room] = strip
    rows = [np.concatenate(strip[1:], axis=1) for strip in list(most.values())[:count]]
    if len(rows) < count:
        return False
    picture = Image.fromarray(np.concatenate([np.zeros((22, rows[0].shape[1], 3), np.uint8), *rows]))
    draw = ImageDraw.Draw(picture)
    titles = ("photo", "truth from beside", "six layers", "layer 0", "mesh of layer 0", "six layers, depth known")
    for column, title in enumerate(titles):
        draw.text((column * SIDE + 6, 5), title, fill=(230, 230, 230))
    path.parent.mkdir(parents=True, exist_ok=True)
    picture.quantize(256).save(path, optimize=True)
    return True


if __name__ == "__main__":
    main()
