"""Primitives: closed, facing outwards, with the volumes that geometry says."""

import numpy as np
import pytest

from wt.data import primitives as shapes

_T = np.linspace(0.0, 1.0, 9)
_WAVE = np.stack([*np.meshgrid(_T, _T), 0.1 * np.sin(6 * np.add.outer(_T, _T))], -1)

SHELLS = {
    "box": (lambda: shapes.box(1, 2, 3), 6.0, 1e-9),
    "bevelled box": (lambda: shapes.box(1, 2, 3, 0.01), 6.0, 2e-3),
    "rounded box": (lambda: shapes.rounded_box(1, 2, 3, 0.2), 6.0, 0.06),
    "cylinder": (lambda: shapes.cylinder(1, 2, 64), 2 * np.pi, 0.01),
    "cone": (lambda: shapes.frustum(1, 0, 2, 64), 2 * np.pi / 3, 0.01),
    "sphere": (lambda: shapes.sphere(1, 48, 32), 4 * np.pi / 3, 0.01),
    "ellipsoid": (lambda: shapes.ellipsoid(1, 2, 3, 48, 32), 8 * np.pi, 0.01),
    "torus": (lambda: shapes.torus(1, 0.25, 64, 32), 2 * np.pi**2 * 0.0625, 0.02),
    "tube": (lambda: shapes.tube([[0, 0, 0], [0, 0, 2]], 0.5, 48), 0.5 * np.pi, 0.01),
    "bar": (lambda: shapes.bar((0, 0, 0), (3, 0, 4), 0.1, sides=48), 0.05 * np.pi, 0.01),
    "beam": (lambda: shapes.beam((0, 0, 0), (0.5, 0.2, 2), 0.1, 0.2), 0.04, 1e-9),
    "frame": (lambda: shapes.frame(2, 3, 0.5, 0.1), 0.4, 1e-9),
    "concave prism": (lambda: shapes.extrude([[0, 0], [3, 0], [3, 2], [1.5, 0.5], [0, 2]], 2), 7.5, 1e-9),
    "clockwise prism": (lambda: shapes.extrude([[0, 0], [0, 1], [1, 1], [1, 0]], 2), 2.0, 1e-9),
    "sheet": (lambda: shapes.sheet(_WAVE, 0.02), None, None),
    "knot": (lambda: shapes.knot(2, 3, 1.0, 0.15), None, None),
    "vessel": (
        lambda: shapes.vessel(np.array([[0, 0], [1, 0], [1, 2]]), 0.1, 64),
        2 * np.pi - np.pi * 0.81 * 1.9,
        0.02,
    ),
    "mirrored": (lambda: shapes.box(1, 2, 3).at(1, 1, 1).mirrored("y"), 6.0, 1e-9),
    "turned": (lambda: shapes.box(1, 2, 3).turned("x", 30).turned("z", 70).scaled(2.0), 48.0, 1e-9),
}


def assert_closed(faces: np.ndarray) -> None:
    """Each directed edge occurs once and its opposite once: two faces an edge, all wound the same way."""
    edges = np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]]).astype(np.int64)
    key, opposite = edges[:, 0] * 10**7 + edges[:, 1], edges[:, 1] * 10**7 + edges[:, 0]
    assert len(np.unique(key)) == len(key)
    assert np.array_equal(np.sort(key), np.sort(opposite))


@pytest.mark.parametrize("name", SHELLS)
def test_closed_and_outward(name: str) -> None:
    make, volume, tolerance = SHELLS[name]
    shell = make()
    assert_closed(shell.faces)
    assert shell.volume() > 0
    if volume is not None:
        assert shell.volume() == pytest.approx(volume, rel=tolerance)


def test_standing_shells_start_at_zero() -> None:
    for shell in (
        shapes.box(1, 2, 3),
        shapes.rounded_box(1, 1, 1, 0.1),
        shapes.cylinder(1, 2),
        shapes.frustum(1, 0, 2),
    ):
        low, high = shell.vertices.min(axis=0), shell.vertices.max(axis=0)
        assert low[2] == pytest.approx(0.0, abs=1e-12)
        assert low[:2] + high[:2] == pytest.approx(0.0, abs=1e-6)


def test_rounded_box_keeps_its_size() -> None:
    shell = shapes.rounded_box(1.0, 2.0, 3.0, 0.2)
    assert np.ptp(shell.vertices, axis=0) == pytest.approx([1.0, 2.0, 3.0])


def test_smooth_path_meets_its_control_points() -> None:
    points = np.array([[0, 0, 0], [1, 2, 0], [3, 1, 1], [4, 4, 2.0]])
    assert np.allclose(shapes.smooth_path(points, 31)[::10], points)


def test_closed_tube_meets_itself_without_a_jump() -> None:
    shell = shapes.knot(3, 4, 1.0, 0.1, samples=120, section=8)
    rings = shell.vertices.reshape(120, 8, 3)
    seam = np.linalg.norm(rings[0] - rings[-1], axis=-1).max()
    elsewhere = np.linalg.norm(np.diff(rings, axis=0), axis=-1).max()
    assert seam < 1.5 * elsewhere


def test_turn_follows_the_right_hand() -> None:
    assert shapes.turn("z", 90) @ [1, 0, 0] == pytest.approx([0, 1, 0])
    assert shapes.turn("x", 90) @ [0, 1, 0] == pytest.approx([0, 0, 1])


def test_merge_keeps_solids_apart() -> None:
    both = shapes.merge([shapes.box(1, 1, 1), shapes.box(1, 1, 1).at(x=3)])
    assert_closed(both.faces)
    assert both.volume() == pytest.approx(2.0)
