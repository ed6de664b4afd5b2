"""What benchmarks/meshes.py measures with, on solids whose overlap is known."""

import importlib
import sys
from pathlib import Path

import numpy as np
import pytest

pytestmark = pytest.mark.filterwarnings("ignore::ImportWarning")  # Open3D's, where there is no GPU


@pytest.fixture
def bench(monkeypatch):
    monkeypatch.syspath_prepend(str(Path(__file__).resolve().parent.parent / "benchmarks"))
    for name in ("meshes", "mesh_sheet"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    return importlib.import_module("meshes")


def boxes(*middles: tuple[float, float, float]) -> tuple[np.ndarray, np.ndarray]:
    """Boxes of side 1 about these points, as parts of one list of triangles."""
    import trimesh

    joined = trimesh.util.concatenate([trimesh.creation.box().apply_translation(middle) for middle in middles])
    return np.asarray(joined.vertices, dtype=float), np.asarray(joined.faces, dtype=np.int64)


def test_parts_that_run_into_each_other_are_one_solid(bench):
    both = bench.Surface(*boxes((0, 0, 0), (0.5, 0, 0)), np.repeat([0, 1], 12))
    points = np.random.default_rng(0).uniform(-1, 1.5, (4000, 3))
    expected = (np.abs(points[:, 1:]) < 0.5).all(axis=1) & (points[:, 0] > -0.5) & (points[:, 0] < 1)
    np.testing.assert_array_equal(both.inside(points), expected)
    x, y, z = both.outer.T
    on_sides = np.isclose(np.abs(y), 0.5) | np.isclose(np.abs(z), 0.5)
    assert (on_sides | np.isclose(x, -0.5) | np.isclose(x, 1)).all()


def test_two_boxes_half_a_side_apart_share_a_third_of_their_volume(bench):
    one, other = bench.Surface(*boxes((0, 0, 0))), bench.Surface(*boxes((0.5, 0, 0)))
    assert bench.iou(one, other) == pytest.approx(1 / 3, abs=0.01)
    assert bench.iou(one, one) == 1


def test_borders_are_closed_by_fans(bench):
    from wt.meshes.manifold import is_closed

    vertices, faces = boxes((0, 0, 3))
    without = faces[~(vertices[faces][..., 2] > 3.4).all(axis=1)]
    assert len(without) == len(faces) - 2
    assert not is_closed(vertices, without)
    assert is_closed(*bench.fanned(vertices, without))


def test_a_held_out_object_is_the_one_that_was_rendered(bench):
    sample = bench.held_out(1001)
    depth, k = sample.layers.points[0][sample.layers.alpha], sample.layers.intrinsics
    assert (k.width, sample.rgb.shape) == (192, (192, 192, 3))
    near = sample.truth.tensor(np.concatenate([np.zeros_like(depth), depth], axis=1).astype(np.float32))
    np.testing.assert_allclose(sample.truth.rays.cast_rays(near)["t_hit"].numpy(), 1, atol=1e-4)
