"""Closed meshes of held-out objects against the true solids: `python benchmarks/meshes.py [--limit N] --json`.

Objects of the procedural world at held-out seeds, rendered at 192 pixels. Each mesh is made of the layers that
wt-o-mini lifts, and of the true layers:

    ours       wt.meshes.watertight of all six layers
    poisson    screened Poisson of layer 0 alone, trimmed where it has least support and its borders closed by fans
               (Open3D's fill_holes puts vertices at infinity)
    extrusion  layer 0 closed flat at the back, at its own furthest depth

A true object is a union of closed parts that run into each other: a point is inside if a ray from it leaves more parts
than it enters, and the surface is what of the parts' surfaces lies inside no other. A lift is aligned by one scale and
one shift of depth, fitted on layer 0 (wt.evaluation). `chamfer` and `f05` are of 8192 points of each surface, over the
longest side of the true object; `iou` is of the volumes, over 40^3 points in the box of both. The seeds are those of
`python -m wt eval --split objects`; the mesher was adjusted on others (--start 1000).
"""

import argparse
import json
import logging
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "benchmarks")]

from mesh_sheet import Shown, Surface, draw  # noqa: E402

SIDE = 192
GRID = 40
POISSON_DEPTH = 7
"""Cells as wide as ours, which are one to two pixels."""
SHOWN = 8
"""Objects on the sheet."""
log = logging.getLogger("meshes")
Triangles = tuple[np.ndarray, np.ndarray]
"""(vertices float64 [n, 3], faces int [m, 3]), camera space."""


@dataclass(frozen=True, eq=False)
class HeldOut:
    """A rendered object, its true solid and its true layers."""

    seed: int
    rgb: np.ndarray
    truth: Surface
    layers: Any
    """wt.evaluation.samples.Truth."""

    @cached_property
    def unit(self) -> float:
        """The longest side of the true layers' box, as in wt.evaluation."""
        from wt.evaluation.metrics import unit_length

        return unit_length(self.layers.points, self.layers.alpha, "object")


def main() -> None:
    """Parse, measure, draw, print one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--limit", type=int, default=40, help="objects (40)")
    parser.add_argument("--start", type=int, default=0, help="first held-out seed (0)")
    parser.add_argument("--faces", type=int, default=50_000)
    parser.add_argument("--sheet", type=Path, help="draw the first objects into this PNG")
    parser.add_argument("--json", action="store_true", help="compact output")
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    started = time.perf_counter()
    report = measured(options.limit, options.start, options.faces, options.sheet)
    report["seconds"] = round(time.perf_counter() - started, 1)
    print(json.dumps(report, indent=None if options.json else 2))


def measured(limit: int, start: int, faces: int, sheet: Path | None) -> dict[str, Any]:
    """Means over objects, by what the layers are and how they were closed."""
    import wt

    lifter = wt.load("wt-o-mini")
    rows: dict[tuple[str, str], list[dict[str, float]]] = {}
    shown: list[Shown] = []
    for index in range(start, start + limit):
        sample = held_out(index)
        lifted = lifter.lift(sample.rgb, sample.layers.mask)
        made = {
            **meshes_of("wt-o-mini", thing_of_lift(lifted), gauge(lifted, sample), faces),
            **meshes_of("true layers", thing_of_truth(sample), None, faces),
        }
        for key, (surface, seconds) in made.items():
            rows.setdefault(key, []).append({**figures(surface, sample), "seconds": seconds})
        told = {
            " ".join(key): (round(found[-1]["iou"], 3), round(found[-1]["chamfer"], 4)) for key, found in rows.items()
        }
        log.info("object %d: iou and chamfer %s", index, told)
        if sheet is not None and len(shown) < SHOWN:
            order = [("wt-o-mini", method) for method in METHODS] + [("true layers", "ours")]
            shown.append(Shown(sample.rgb, [sample.truth, *(made[key][0] for key in order)]))
    if sheet is not None:
        draw(shown, ["photo", "truth", *METHODS, "ours, true layers"], sheet)
    return {"n": limit, "start": start, "faces": faces, "rows": [summary(*key, found) for key, found in rows.items()]}


def meshes_of(
    source: str, thing_and_camera: tuple[Any, Any], aligned: tuple[float, float] | None, faces: int
) -> dict[tuple[str, str], tuple["Surface | None", float]]:
    """(source, method) -> the mesh in the truth's gauge, None where there is none, and the seconds that it took."""
    found = {}
    for method, make in METHODS.items():
        began = time.process_time()
        mesh = make(*thing_and_camera, faces)
        seconds = time.process_time() - began
        found[source, method] = (None if mesh is None else Surface(*moved(mesh, aligned)), seconds)
    return found


def held_out(index: int) -> HeldOut:
    """What `wt.data.generate.render_sample` draws for a held-out seed, with the solid that it rendered."""
    from wt.data.generate import make_sample
    from wt.data.objects import draw_object, draw_object_view, object_world
    from wt.data.seeds import HELD_OUT_FROM, unseen
    from wt.data.source import Source
    from wt.evaluation.samples import truth_of

    seed = HELD_OUT_FROM + index
    rng = np.random.default_rng([seed, 2])
    asset = draw_object(rng, held_out=unseen(seed))
    object_world(rng, asset)
    pose = draw_object_view(rng, asset, SIDE).cam_from_world
    counts = np.cumsum([0] + [len(part.vertices) for part in asset.parts])
    vertices = np.concatenate([part.vertices for part in asset.parts]) @ pose[:3, :3].T + pose[:3, 3]
    faces = np.concatenate([part.faces + start for part, start in zip(asset.parts, counts)])
    sample = make_sample("object", seed, SIDE)
    truth = truth_of(Source(sample.rgb, sample.depth, sample.k), "object")
    part = np.repeat(np.arange(len(asset.parts)), [len(part.faces) for part in asset.parts])
    return HeldOut(seed, sample.rgb, Surface(vertices, faces, part), truth)


def thing_of_lift(lifted: Any) -> tuple[Any, Any]:
    """The lift as an object of a scene of its own, and that scene's camera."""
    from dataclasses import replace

    from wt.scene.scene import Scene

    scene = Scene.from_layers(lifted)
    return replace(scene.background, id=1), scene.intrinsics


def thing_of_truth(sample: HeldOut) -> tuple[Any, Any]:
    """As `thing_of_lift`, of the true layers."""
    from wt.geometry.layers import LayeredPointmap

    truth = sample.layers
    points = truth.points.astype(np.float32)
    return thing_of_lift(LayeredPointmap(points, truth.alpha, truth.rgb, "relative", truth.intrinsics))


def gauge(lifted: Any, sample: HeldOut) -> tuple[float, float]:
    """Scale and shift of depth that bring the lift's layer 0 to the truth's."""
    from wt.evaluation.baselines import model_points
    from wt.evaluation.metrics import Fit, Reference

    truth = sample.layers
    return Fit([model_points(lifted, truth)], [Reference(truth.points, truth.alpha, sample.unit)]).gauge or (1.0, 0.0)


def moved(mesh: Triangles, aligned: tuple[float, float] | None) -> Triangles:
    """The mesh with its points moved along their rays."""
    from wt.evaluation.metrics import aligned_points

    return mesh if aligned is None else (aligned_points(mesh[0], *aligned), mesh[1])


def ours(thing: Any, camera: Any, faces: int) -> Triangles | None:
    """None where no closed mesh can be made."""
    from wt.errors import WtError
    from wt.meshes.watertight import watertight

    try:
        mesh = watertight(thing, camera, faces=faces)
    except WtError as error:
        log.info("%s", error)
        return None
    return mesh.vertices.astype(np.float64), mesh.faces.astype(np.int64)


def poisson(thing: Any, camera: Any, faces: int) -> Triangles | None:
    """The usual way from one depth map; what is least supported is trimmed, as Open3D's own tutorial does."""
    import open3d as o3d

    from wt.meshes.grid import grid_meshes

    front = grid_meshes(thing, camera)[0]
    grid = o3d.geometry.TriangleMesh(
        o3d.utility.Vector3dVector(front.vertices.astype(np.float64)), o3d.utility.Vector3iVector(front.faces)
    )
    grid.compute_vertex_normals()
    cloud = o3d.geometry.PointCloud(grid.vertices)
    cloud.normals = grid.vertex_normals
    mesh, support = o3d.geometry.TriangleMesh.create_from_point_cloud_poisson(cloud, depth=POISSON_DEPTH, n_threads=1)
    mesh.remove_vertices_by_mask(np.asarray(support) < np.quantile(support, 0.1))
    return fanned(np.asarray(mesh.vertices).copy(), np.asarray(mesh.triangles).astype(np.int64))


def fanned(vertices: np.ndarray, faces: np.ndarray) -> Triangles:
    """Each border closed by triangles to its mean."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    start, end = faces.ravel(), np.roll(faces, -1, axis=1).ravel()
    alone = ~np.isin(start * len(vertices) + end, end * len(vertices) + start)
    start, end = start[alone], end[alone]
    graph = coo_array((np.ones(len(start), bool), (start, end)), shape=(len(vertices),) * 2)
    _, border = np.unique(connected_components(graph, directed=False)[1][start], return_inverse=True)
    count = np.bincount(border)
    means = np.stack([np.bincount(border, vertices[start, k]) / count for k in range(3)], axis=1)
    fans = np.stack([end, start, len(vertices) + border], axis=1)
    return np.concatenate([vertices, means]), np.concatenate([faces, fans])


def extrusion(thing: Any, camera: Any, faces: int) -> Triangles | None:
    """Two layers: the visible one, and a plane at its furthest depth."""
    from dataclasses import replace

    from wt.geometry.camera import unproject

    front = thing.points[:1, ..., 2]
    back = np.where(thing.present[:1], np.nanmax(front[thing.present[:1]]), np.nan).astype(np.float32)
    depth = np.concatenate([front, back])
    flat = replace(thing, points=unproject(depth, camera), present=np.repeat(thing.present[:1], 2, axis=0))
    return ours(flat, camera, faces)


METHODS: dict[str, Callable[[Any, Any, int], Triangles | None]] = {
    "ours": ours,
    "poisson": poisson,
    "extrusion": extrusion,
}


def figures(mesh: Surface | None, sample: HeldOut) -> dict[str, float]:
    """Of one mesh; no mesh has no volume and no Chamfer."""
    from wt.evaluation.metrics import point_agreement
    from wt.meshes.manifold import is_closed

    if mesh is None:
        return {"iou": 0.0, "f05": 0.0, "chamfer": np.nan, "closed": 0.0, "faces": 0}
    found = point_agreement(mesh.outer, sample.truth.outer, sample.unit)
    closed = is_closed(mesh.vertices, mesh.faces)
    return {"iou": iou(mesh, sample.truth), "f05": found.f05, "chamfer": found.cd_l1, "closed": float(closed),
            "faces": len(mesh.faces)}  # fmt: skip


def iou(mesh: Surface, truth: Surface) -> float:
    """Of the volumes, over jittered points in the box of both."""
    corners = np.stack([mesh.box, truth.box])
    low, high = corners[:, 0].min(axis=0), corners[:, 1].max(axis=0)
    cells = np.stack(np.meshgrid(*[np.arange(GRID)] * 3, indexing="ij"), axis=-1).reshape(-1, 3)
    points = low + (cells + np.random.default_rng(0).random(cells.shape)) / GRID * (high - low)
    a, b = mesh.inside(points), truth.inside(points)
    return float((a & b).sum() / max((a | b).sum(), 1))


def summary(source: str, method: str, found: list[dict[str, float]]) -> dict[str, Any]:
    """Means over objects; of Chamfer and IoU the median as well."""
    table = {name: np.array([row[name] for row in found]) for name in found[0]}
    means = {name: round(float(np.nanmean(values)), 4) for name, values in table.items()}
    medians = {f"{name}_median": round(float(np.nanmedian(table[name])), 4) for name in ("iou", "chamfer")}
    return {"layers": source, "method": method, **means, **medians}


if __name__ == "__main__":
    main()
