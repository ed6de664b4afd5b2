"""Depth peeling against closed forms and against Open3D's list of all intersections."""

import subprocess
import sys

import numpy as np
import pytest

from wt.data import primitives as shapes
from wt.data.mesh import Asset, Camera, Material, Part, look_at
from wt.data.peel import Solids, peel, world_rays
from wt.geometry.camera import Intrinsics, rays


def _grey(points: np.ndarray, normals: np.ndarray) -> np.ndarray:
    return np.full(points.shape, 0.5)


def _asset(*shells: shapes.Shell) -> Asset:
    return Asset("thing", tuple(Part(s.vertices, s.faces, Material(_grey)) for s in shells))


def _camera(eye: tuple[float, float, float], size: int = 48, fov: float = 40.0) -> Camera:
    return Camera(Intrinsics.from_fov(fov, size, size), look_at(np.array(eye), np.zeros(3), 0.1))


def _sphere_depths(camera: Camera, centre: np.ndarray, radius: float) -> np.ndarray:
    """Entry and exit z-depth of every pixel's ray, NaN where it misses, [2, h, w]."""
    k = camera.intrinsics
    direction = rays(k)
    middle = camera.cam_from_world[:3, :3] @ centre + camera.cam_from_world[:3, 3]
    a, b = (direction**2).sum(-1), direction @ middle
    under = b**2 - a * (middle @ middle - radius**2)
    root = np.sqrt(np.where(under > 0, under, np.nan))
    return np.stack([(b - root) / a, (b + root) / a])


def test_box_entry_and_exit_are_exact() -> None:
    camera = Camera(Intrinsics.from_fov(40, 32, 32), look_at(np.array([0.0, -3.0, 0.0]), np.zeros(3)))
    peeled = peel([_asset(shapes.box(10.0, 1.0, 10.0).at(z=-5.0))], camera)
    np.testing.assert_allclose(peeled.depth[0], 2.5, atol=1e-5)
    np.testing.assert_allclose(peeled.depth[1], 3.5, atol=1e-5)
    assert np.isnan(peeled.depth[2:]).all()
    assert (peeled.instance[:2] == 0).all()
    assert (peeled.instance[2:] == -1).all()


def test_sphere_entry_and_exit() -> None:
    camera = _camera((0.5, -3.0, 1.0))
    peeled = peel([_asset(shapes.ellipsoid(0.7, 0.7, 0.7, sides=128, rows=64))], camera)
    truth = _sphere_depths(camera, np.zeros(3), 0.7)
    # Away from the outline a faceted sphere is within its chord error of the round one.
    inner = np.isfinite(_sphere_depths(camera, np.zeros(3), 0.6)[0])
    np.testing.assert_allclose(peeled.depth[:2][:, inner], truth[:, inner], atol=4e-3)
    assert np.isnan(peeled.depth[2:]).all()


def test_overlapping_parts_of_one_instance_are_one_solid() -> None:
    parts = shapes.box(1.0, 1.0, 1.0), shapes.box(0.6, 2.0, 0.6).at(z=0.2)
    camera = Camera(Intrinsics.from_fov(8, 16, 16), look_at(np.array([0.0, -6.0, 0.5]), np.array([0.0, 0.0, 0.5])))
    together = peel([_asset(*parts)], camera)
    apart = peel([_asset(parts[0]), _asset(parts[1])], camera)
    middle = (slice(None), 8, 8)
    np.testing.assert_allclose(together.depth[middle][:2], [5, 7], atol=1e-4)
    assert np.isnan(together.depth[middle][2:]).all()
    np.testing.assert_allclose(apart.depth[middle][:4], [5, 5.5, 6.5, 7], atol=1e-4)
    assert apart.instance[middle].tolist() == [1, 0, 0, 1, -1, -1]


@pytest.mark.parametrize("seed", range(3))
def test_every_hit_agrees_with_open3d(seed: int) -> None:
    open3d = pytest.importorskip("open3d")
    rng = np.random.default_rng(seed)
    kinds = (lambda: shapes.sphere(0.4), lambda: shapes.torus(0.5, 0.15), lambda: shapes.knot(2, 3, 0.4, 0.08))
    assets = [_asset(kinds[rng.integers(3)]()).moved(*rng.uniform(-1, 1, 3), rng.uniform(0, 6)) for _ in range(12)]
    camera = _camera((0.3, -4.0, 1.2), 40, 50)
    mine = peel(assets, camera, 6, union=False)

    solids = Solids(assets)
    scene = open3d.t.geometry.RaycastingScene()
    scene.add_triangles(open3d.core.Tensor(solids.vertices), open3d.core.Tensor(solids.faces.astype(np.uint32)))
    origin, directions = world_rays(camera, rays(camera.intrinsics).reshape(-1, 3))
    lines = np.concatenate([np.broadcast_to(origin, directions.shape), directions], axis=1).astype(np.float32)
    found = {name: value.numpy() for name, value in scene.list_intersections(open3d.core.Tensor(lines)).items()}
    theirs = np.full((len(lines), 6), np.nan)
    for ray in range(len(lines)):
        t = np.sort(found["t_hit"][found["ray_ids"] == ray])
        theirs[ray, : min(len(t), 6)] = t[:6]
    ours = mine.depth.reshape(6, -1).T
    # A ray through an edge may meet one triangle or two; almost none do.
    same = (np.isnan(ours) == np.isnan(theirs)).all(axis=1) & (np.nan_to_num(np.abs(ours - theirs)) < 1e-4).all(axis=1)
    assert np.isfinite(ours).any(axis=0)[3]
    assert same.mean() > 0.995


def test_depth_is_z_and_sorted() -> None:
    assets = [_asset(shapes.sphere(0.3)).moved(x, 0.4 * x, 0.1) for x in (-0.6, 0.0, 0.6)]
    camera = _camera((-4.0, -0.5, 0.8), 64, 30)
    depth = peel(assets, camera).depth
    gaps = np.diff(depth, axis=0)
    assert (gaps[np.isfinite(gaps)] > 0).all()
    vertices = np.concatenate([asset.parts[0].vertices for asset in assets])
    z = (vertices @ camera.cam_from_world[:3, :3].T + camera.cam_from_world[:3, 3])[:, 2]
    assert np.nanmin(depth) >= z.min() - 1e-5
    assert np.nanmax(depth) <= z.max() + 1e-5


SHORT_OF_MEMORY = """
import resource
import numpy as np
from wt.data import peel

one = np.eye(3, dtype=np.float32), np.arange(3, dtype=np.int32)[None]
import embreex.mesh_construction, embreex.rtcore_scene

for spare in (2, 30, 60, 100, 150, 200):
    now = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (now + (spare << 20), resource.RLIM_INFINITY))
    try:
        peel.embree_scene(*one).run(np.zeros((9, 3), np.float32), np.ones((9, 3), np.float32), query="OCCLUDED")
        said = "enough"
    except MemoryError:
        said = "MemoryError"
    resource.setrlimit(resource.RLIMIT_AS, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    print(said)
peel.embree_scene(*one)
print("goes on")
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="address space is limited as Linux does it")
def test_too_little_memory_is_an_error_and_not_the_end_of_the_process() -> None:
    done = subprocess.run([sys.executable, "-c", SHORT_OF_MEMORY], capture_output=True, text=True, timeout=120)
    told = done.stdout.split("\n")
    assert done.returncode == 0, done.stderr[-2000:]
    assert told[0] == "MemoryError"
    assert told[6] == "goes on"
