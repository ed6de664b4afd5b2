"""Steadied depth against sums written out frame by frame."""

import numpy as np
import pytest

from wt.errors import WtError
from wt.geometry.camera import Intrinsics, rays
from wt.geometry.steady import steady

CAMERA = Intrinsics(20.0, 22.0, 4.0, 3.0, 8, 6)
ALL = np.ones((6, 8), bool)


def clip(depths):
    """Two layers, the second 0.5 behind the first, all pixels at one depth a frame."""
    return [np.stack([rays(CAMERA) * z, rays(CAMERA) * (z + 0.5)]).astype(np.float32) for z in depths]


def test_it_is_the_bilateral_mean_of_the_log_depth_along_each_ray():
    depths = np.array([2.0, 2.3, 1.9, 2.1, 3.0])
    found = steady(clip(depths), [ALL] * 5, 1.5)
    at = np.arange(5)
    for now in range(5):
        near = np.exp(-0.5 * ((at - now) / 1.5) ** 2) * (abs(at - now) <= 4)
        for layer, z in enumerate((depths, depths + 0.5)):
            weights = near * np.exp(-0.5 * (np.log(z / z[now]) / 0.1) ** 2)
            expected = np.exp((weights * np.log(z)).sum() / weights.sum())
            np.testing.assert_allclose(found[now][layer], rays(CAMERA) * expected, rtol=1e-5)


def test_frames_where_the_pixel_is_empty_neither_count_nor_change():
    points, there = clip([2.0, 2.1, 2.0]), [ALL, ALL.copy(), ALL]
    there[1][2, 3] = False
    points[1][:, 2, 3] = np.nan
    found = steady(points, there, 1.0)
    np.testing.assert_allclose(found[0][:, 2, 3], points[0][:, 2, 3], rtol=1e-6)
    assert np.isnan(found[1][:, 2, 3]).all()
    assert found[0][0, 0, 0, 2] > 2.01


def test_what_moves_for_certain_is_left_alone():
    found = steady(clip([2.0, 4.0, 8.0]), [ALL] * 3, 4.0)
    for frame, z in zip(found, (2.0, 4.0, 8.0), strict=True):
        np.testing.assert_allclose(frame[0, ..., 2], z, rtol=1e-6)


def test_nothing_to_do_and_nothing_sensible():
    points = clip([2.0, 3.0])
    assert all(a is b for a, b in zip(steady(points, [ALL] * 2, 0.0), points))
    assert steady(points[:1], [ALL], 2.0)[0] is points[0]
    with pytest.raises(WtError, match="0 frames or more"):
        steady(points, [ALL] * 2, -1.0)
