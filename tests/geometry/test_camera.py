import math

import numpy as np
import pytest

from wt.errors import WtError
from wt.geometry.camera import Intrinsics, pixel_centres, project, rays, unproject

ODD = Intrinsics(60.0, 45.0, 20.0, 18.5, 47, 33)  # fx != fy, off-centre: a swap must show


def test_unproject_lands_on_a_sphere_hit_by_rays():
    centre, radius = np.array([0.1, -0.2, 4.0]), 1.0
    pixels = np.stack(np.meshgrid(np.arange(47) + 0.5, np.arange(33) + 0.5), axis=-1)
    through = np.concatenate([pixels, np.ones((33, 47, 1))], axis=-1) @ np.linalg.inv(ODD.matrix()).T
    a, b, c = (through**2).sum(-1), through @ centre, centre @ centre - radius**2
    with np.errstate(invalid="ignore"):
        z_near = (b - np.sqrt(b**2 - a * c)) / a
    points = unproject(z_near, ODD)
    hit = np.isfinite(z_near)
    assert 0 < hit.sum() < hit.size
    np.testing.assert_allclose(np.linalg.norm(points[hit] - centre, axis=-1), radius, atol=1e-12)
    assert np.isnan(points[~hit]).all()


def test_projection_inverts_unprojection_for_stacks():
    depth = np.random.default_rng(0).uniform(0.5, 9, (6, 33, 47))
    np.testing.assert_allclose(
        project(unproject(depth, ODD), ODD), np.broadcast_to(pixel_centres(33, 47), (6, 33, 47, 2))
    )


def test_projection_refuses_what_is_behind_the_camera():
    uv = project(np.array([[0.1, 0.2, -1.0], [0.1, 0.2, 0.0], [np.nan, 0.0, 1.0]]), ODD)
    assert np.isnan(uv[:2]).all()
    assert np.isnan(uv[2, 0])


def test_the_first_pixel_centre_is_at_one_half():
    assert pixel_centres(2, 3)[0, 0].tolist() == [0.5, 0.5]
    assert pixel_centres(2, 3)[1, 2].tolist() == [2.5, 1.5]


def test_unproject_keeps_the_dtype():
    assert unproject(np.ones((33, 47), np.float32), ODD).dtype == np.float32


def test_resizing_and_cropping_see_the_same_world():
    point = np.array([0.3, -0.2, 2.0])
    u, v = project(point, ODD)
    np.testing.assert_allclose(project(point, ODD.resized(94, 99)), [2 * u, 3 * v])
    np.testing.assert_allclose(project(point, ODD.cropped(5, -7, 20, 30)), [u - 5, v + 7])
    assert ODD.cropped(5, -7, 20, 30).width == 20


def test_field_of_view():
    k = Intrinsics.from_fov(60, 200, 100)
    assert k.fov_x_deg == pytest.approx(60)
    edge = rays(k)[50, 0, 0] - 0.5 / k.fx  # half a pixel further out is the picture's border
    assert math.degrees(math.atan(-edge)) == pytest.approx(30)


@pytest.mark.parametrize("fx", [0.0, -3.0, math.nan, math.inf])
def test_a_camera_without_a_focal_length_is_refused(fx):
    with pytest.raises(WtError, match="focal"):
        Intrinsics(fx, 10.0, 5.0, 5.0, 10, 10)


def test_a_depth_map_of_another_grid_is_refused():
    with pytest.raises(WtError, match="47 x 33"):
        unproject(np.ones((47, 33)), ODD)
