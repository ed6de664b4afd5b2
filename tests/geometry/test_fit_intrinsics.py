import numpy as np
import pytest

from wt.errors import WtError
from wt.geometry.camera import Intrinsics, unproject
from wt.geometry.fit_intrinsics import fit_intrinsics, solve

TRUE = Intrinsics(83.0, 71.0, 25.3, 17.8, 48, 36)


def clean(seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    alpha = rng.random((36, 48)) > 0.3
    return unproject(rng.uniform(1, 8, (36, 48)), TRUE).astype(np.float32), alpha


@pytest.mark.parametrize("robust", [False, True])
def test_recovers_a_known_camera_to_a_thousandth_of_a_pixel(robust):
    k = fit_intrinsics(*clean(), robust=robust)
    np.testing.assert_allclose(k.matrix(), TRUE.matrix(), atol=1e-3)
    assert k.residual_px < 1e-4
    assert (k.width, k.height) == (48, 36)


def test_exact_and_robust_agree_on_clean_data_and_on_the_unit():
    points, alpha = clean()
    exact, robust = fit_intrinsics(points, alpha), fit_intrinsics(points * np.float32(37), alpha, robust=True)
    np.testing.assert_allclose(exact.matrix(), robust.matrix(), atol=1e-4)


def test_noise_matches_ordinary_least_squares_of_numpy():
    points, alpha = clean()
    points += np.random.default_rng(1).normal(0, 0.02, points.shape).astype(np.float32)
    k = fit_intrinsics(points, alpha)
    row, column = np.nonzero(alpha)
    p = points[alpha].astype(float)
    fx, cx = np.polyfit(p[:, 0] / p[:, 2], column + 0.5, 1)
    fy, cy = np.polyfit(p[:, 1] / p[:, 2], row + 0.5, 1)
    np.testing.assert_allclose([k.fx, k.cx, k.fy, k.cy], [fx, cx, fy, cy], rtol=1e-9)
    du, dv = fx * p[:, 0] / p[:, 2] + cx - column - 0.5, fy * p[:, 1] / p[:, 2] + cy - row - 0.5
    assert k.residual_px == pytest.approx(np.sqrt((du**2 + dv**2).mean()))


def test_square_pixels_share_one_focal_length_as_numpy_has_it():
    points, alpha = clean()
    k = fit_intrinsics(points, alpha, square_pixels=True)
    row, column = np.nonzero(alpha)
    p = points[alpha].astype(float)
    slope = np.concatenate([p[:, 0] / p[:, 2], p[:, 1] / p[:, 2]])
    first = np.repeat([1.0, 0.0], len(p))
    design = np.stack([slope, first, 1 - first], axis=1)
    f, cx, cy = np.linalg.lstsq(design, np.concatenate([column, row]) + 0.5, rcond=None)[0]
    np.testing.assert_allclose([k.fx, k.fy, k.cx, k.cy], [f, f, cx, cy], rtol=1e-9)


@pytest.mark.parametrize("robust", [False, True])
def test_square_pixels_recover_a_square_camera(robust):
    true = Intrinsics(77.0, 77.0, 25.3, 17.8, 48, 36)
    points = unproject(np.random.default_rng(0).uniform(1, 8, (36, 48)), true).astype(np.float32)
    k = fit_intrinsics(points, np.ones((36, 48), bool), robust=robust, square_pixels=True)
    np.testing.assert_allclose(k.matrix(), true.matrix(), atol=1e-3)


def test_robust_shrugs_off_wild_points():
    points, alpha = clean()
    wild = np.random.default_rng(2).random((36, 48)) < 0.08
    points[wild, 0] += 0.5 * points[wild, 2]
    exact, robust = fit_intrinsics(points, alpha), fit_intrinsics(points, alpha, robust=True)
    error = [abs(k.cx - TRUE.cx) for k in (exact, robust)]
    assert error[1] < 0.01 * error[0]


def test_points_behind_the_camera_and_nan_are_ignored():
    points, alpha = clean()
    points[:4] *= -1
    points[5] = np.nan
    np.testing.assert_allclose(fit_intrinsics(points, alpha).matrix(), TRUE.matrix(), atol=1e-3)


def degenerate(kind: str) -> tuple[np.ndarray, np.ndarray]:
    points, alpha = clean()
    if kind == "nine pixels":
        alpha = np.zeros_like(alpha)
        alpha[3, :9] = True
    elif kind == "all NaN":
        points[:] = np.nan
    elif kind == "no depth":
        points[..., 2] = 0
    elif kind == "one ray":
        points = np.broadcast_to(np.float32([0.5, 0.25, 2]), points.shape).copy()
    elif kind == "one row":
        alpha = np.zeros_like(alpha)
        alpha[3] = True
    elif kind == "mirrored":
        points[..., 0] *= -1
    return points, alpha


@pytest.mark.parametrize("robust", [False, True])
@pytest.mark.parametrize("kind", ["nine pixels", "all NaN", "no depth", "one ray", "one row", "mirrored"])
def test_no_camera_is_a_sentence(kind, robust):
    with pytest.raises(WtError, match=r"No camera can be fitted: .*\. [A-Z]"):
        fit_intrinsics(*degenerate(kind), robust=robust)


@pytest.mark.parametrize("name", ["clean", "noisy", "rand"])
def test_matches_the_golden_fixture(reference, name):
    arrays = np.load(reference / "intrinsics_io.npz")
    points = arrays["xyz"] if name == "clean" else arrays[f"xyz_{name}"]
    matrix, _ = solve(points, arrays["mask"])
    expected = arrays[f"K_{name}"]
    assert np.max(np.abs(matrix - expected) / np.maximum(1, np.abs(expected))) < 1e-6
    fov = np.degrees(2 * np.arctan(points.shape[1] / (2 * matrix[0, 0])))
    assert fov == pytest.approx(float(arrays[f"fovx_{name}"]), abs=1e-4)
