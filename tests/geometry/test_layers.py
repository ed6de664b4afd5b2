import numpy as np
import pytest

from wt.errors import WtError
from wt.geometry.camera import Intrinsics, unproject
from wt.geometry.layers import LayeredPointmap, forward_fill

K = Intrinsics(9.0, 8.0, 4.0, 3.0, 7, 5)


def layers_of(depth: np.ndarray, alpha: np.ndarray | None = None) -> LayeredPointmap:
    alpha = np.ones((5, 7), bool) if alpha is None else alpha
    rgb = np.arange(105, dtype=np.uint8).reshape(5, 7, 3)
    return LayeredPointmap(unproject(depth.astype(np.float32), K), alpha, rgb, "relative", K, "test", 42)


def column(*depths: float) -> LayeredPointmap:
    return layers_of(np.array(depths)[:, None, None] * np.ones((1, 5, 7)))


@pytest.mark.parametrize(
    ("depths", "expected"),
    [
        ((1, 2, 3), (True, True, True)),
        ((1, 1, 1), (True, False, False)),
        ((1, 2, 2), (True, True, False)),
        ((1, 2, 1), (True, True, False)),  # falls back to an earlier layer: a repeat
        ((1, 2, 1.5), (True, True, False)),  # in front of the last surface: out of order
        ((1, 1.005, 1.5), (True, False, True)),
        ((2, 2.015, 2.025), (True, False, True)),  # 0.02 is the limit: of layer 0's depth, from the last counted one
        ((-1, 2, 3), (False, False, False)),  # behind the camera
    ],
)
def test_surfaces_of_one_ray(depths, expected):
    assert column(*depths).surfaces()[:, 2, 3].tolist() == list(expected)


def test_surfaces_do_not_exist_outside_alpha_and_follow_the_tolerance():
    alpha = np.ones((5, 7), bool)
    alpha[0, 0] = False
    stack = layers_of(np.array([1, 1.05])[:, None, None] * np.ones((1, 5, 7)), alpha)
    assert stack.surfaces()[:, 0, 0].tolist() == [False, False]
    assert stack.surfaces(0.01)[1].sum() == 34
    assert stack.surfaces(0.1)[1].sum() == 0
    with pytest.raises(WtError, match="negative"):
        stack.surfaces(-0.1)


def test_surfaces_match_a_loop_over_rays():
    rng = np.random.default_rng(0)
    stack = layers_of(np.sort(rng.choice([1, 1.004, 1.02, 1.5, 2], (6, 5, 7)), axis=0))
    found = stack.surfaces(0.01)
    for row in range(5):
        for col in range(7):
            last, depth = stack.depth[0, row, col], stack.depth[:, row, col]
            for layer in range(1, 6):
                real = depth[layer] - last > 0.01 * depth[0]
                assert found[layer, row, col] == real
                last = depth[layer] if real else last


def test_forward_fill_matches_equation_2_written_as_a_loop():
    rng = np.random.default_rng(1)
    points, valid = rng.normal(size=(6, 5, 7, 3)), rng.random((6, 5, 7)) < 0.5
    expected = points.copy()
    for row in range(5):
        for col in range(7):
            for layer in range(6):
                if not valid[layer, row, col]:
                    earlier = [k for k in range(layer) if valid[k, row, col]]
                    if earlier:
                        expected[layer, row, col] = points[max(earlier), row, col]
    before = points.copy()
    np.testing.assert_array_equal(forward_fill(points, valid), expected)
    np.testing.assert_array_equal(points, before)


def test_filled_layers_are_not_surfaces():
    rng = np.random.default_rng(2)
    depth = np.cumsum(rng.uniform(0.5, 1, (6, 5, 7)), axis=0)
    count = rng.integers(1, 7, (5, 7))
    valid = np.arange(6)[:, None, None] < count
    filled = forward_fill(unproject(depth, K), valid)
    stack = LayeredPointmap(
        filled.astype(np.float32), np.ones((5, 7), bool), np.zeros((5, 7, 3), np.uint8), "relative", K
    )
    np.testing.assert_array_equal(stack.surfaces(), valid)


def test_points_outside_alpha_become_nan():
    alpha = np.zeros((5, 7), bool)
    alpha[2] = True
    stack = layers_of(np.ones((2, 5, 7)), alpha)
    assert np.isfinite(stack.points[:, 2]).all()
    assert np.isnan(stack.points[:, :2]).all()
    assert np.isnan(stack.depth[:, 3:]).all()


def test_points_that_are_not_finite_and_wrong_grids_are_refused():
    depth = np.ones((2, 5, 7))
    depth[1, 2, 3] = np.nan
    with pytest.raises(WtError, match="1 of 35 valid rays"):
        layers_of(depth)
    with pytest.raises(WtError, match="camera's grid is 6 x 5"):
        LayeredPointmap(
            np.ones((2, 5, 7, 3), np.float32),
            np.ones((5, 7), bool),
            np.zeros((5, 7, 3), np.uint8),
            "relative",
            Intrinsics(9.0, 8.0, 4.0, 3.0, 6, 5),
        )


def test_saving_and_loading_changes_nothing(tmp_path):
    alpha = np.random.default_rng(3).random((5, 7)) > 0.4
    stack = layers_of(np.random.default_rng(3).uniform(1, 5, (6, 5, 7)), alpha)
    again = LayeredPointmap.load(stack.save(tmp_path / "deep" / "layers.npz"))
    np.testing.assert_array_equal(again.points, stack.points)
    np.testing.assert_array_equal(again.alpha, stack.alpha)
    np.testing.assert_array_equal(again.rgb, stack.rgb)
    assert (again.units, again.model, again.seed) == ("relative", "test", 42)
    assert again.intrinsics.fx == 9.0
    assert [path.name for path in (tmp_path / "deep").iterdir()] == ["layers.npz"]


@pytest.mark.parametrize("content", [b"", b"not an archive", b"PK\x03\x04 cut"])
def test_a_bad_file_is_a_sentence(tmp_path, content):
    path = tmp_path / "layers.npz"
    path.write_bytes(content)
    with pytest.raises(WtError, match=r"layers.npz is not a readable layered pointmap"):
        LayeredPointmap.load(path)


def test_a_pickle_is_never_run(tmp_path):
    np.savez(tmp_path / "evil.npz", points=np.array([object()], dtype=object), meta=np.array("{}"))
    with pytest.raises(WtError, match="not a readable"):
        LayeredPointmap.load(tmp_path / "evil.npz")
