"""Moving a pointmap between grids, against surfaces whose points are known in closed form."""

import numpy as np
import pytest

from wt.geometry.camera import Intrinsics, rays
from wt.geometry.regrid import Placement, regrid

PHOTO = Intrinsics(180.0, 150.0, 95.0, 60.0, 200, 120)  # asymmetric on purpose: a swap must show


def plane(camera, normal=(0.1, -0.9, 0.3), offset=-1.2):
    """Points of n . x = d (a floor below a tilted camera) and where the rays meet it in front."""
    r = rays(camera)
    z = offset / (r @ np.asarray(normal))
    return (r * z[..., None]).astype(np.float32), z > 0


def square_of_photo(side=56):
    """The photo squeezed to a square, and the placement that undoes it."""
    camera = PHOTO.resized(side, side)
    return camera, Placement((side / PHOTO.width, side / PHOTO.height), (0.0, 0.0), PHOTO.height, PHOTO.width)


def grey(h, w):
    return np.full((h, w, 3), 128, dtype=np.uint8)


def test_a_plane_stays_a_plane_and_pixels_stay_on_their_rays():
    camera, place = square_of_photo()
    fine, fine_valid = plane(PHOTO, normal=(0.1, -0.2, -0.9), offset=-3.0)
    coarse, valid = plane(camera, normal=(0.1, -0.2, -0.9), offset=-3.0)
    assert valid.all()
    assert fine_valid.all()
    got, found = regrid(np.stack([coarse, coarse * 1.5]), valid, camera, grey(56, 56), place, grey(120, 200))
    assert found.all()
    inner = np.s_[4:-4, 4:-4]  # the outermost half of a coarse pixel repeats the border
    np.testing.assert_allclose(got[0][inner], fine[inner], rtol=2e-4, atol=2e-4)
    np.testing.assert_allclose(got[1][inner], 1.5 * fine[inner], rtol=2e-4, atol=2e-4)
    uv = got[0][..., :2] / got[0][..., 2:]
    np.testing.assert_allclose(uv, rays(PHOTO)[..., :2], atol=1e-5)


@pytest.mark.parametrize("ratio", [1.2, 3.0])
def test_no_point_floats_between_two_surfaces(ratio):
    camera, place = square_of_photo()
    depth = np.where(np.arange(56) < 23, 2.0, 2.0 * ratio)[None].repeat(56, 0)
    coarse = (rays(camera) * depth[..., None]).astype(np.float32)
    got, _ = regrid(coarse[None], np.ones((56, 56), bool), camera, grey(56, 56), place, grey(120, 200))
    z = got[0, ..., 2]
    assert np.all(np.isclose(z, 2.0, rtol=1e-5) | np.isclose(z, 2.0 * ratio, rtol=1e-5))
    edge = (z > 2.5 if ratio > 2 else z > 2.2).argmax(axis=1)
    assert np.all(np.abs(edge - 23 * 200 / 56) <= 2)


def test_colours_decide_on_which_side_of_an_edge_a_pixel_lies():
    """The true edge lies at photo column 83, off the coarse grid's; the colours know."""
    camera, place = square_of_photo()
    depth = np.where(np.arange(56) < 23, 2.0, 4.0)[None].repeat(56, 0)
    coarse = (rays(camera) * depth[..., None]).astype(np.float32)
    coarse_rgb = np.where(np.arange(56) < 23, 40, 200)[None, :, None].repeat(56, 0).repeat(3, 2).astype(np.uint8)
    fine_rgb = np.where(np.arange(200) < 83, 40, 200)[None, :, None].repeat(120, 0).repeat(3, 2).astype(np.uint8)
    got, _ = regrid(coarse[None], np.ones((56, 56), bool), camera, coarse_rgb, place, fine_rgb)
    assert np.all((got[0, :, :, 2] < 3) == (np.arange(200) < 83))


def test_a_crop_lands_where_it_was_cut_and_invalid_rays_are_never_used():
    """A square of the photo, reaching outside it, on its own grid."""
    left, top, crop_side, side = 92, -10, 100, 56
    camera = PHOTO.cropped(left, top, crop_side, crop_side).resized(side, side)
    place = Placement((side / crop_side,) * 2, (-left * side / crop_side, -top * side / crop_side), 120, 200)
    centre, radius = np.array([0.5, -0.1, 2.0]), 0.4

    def ball(k):
        r = rays(k)
        a, b, c = (r**2).sum(-1), r @ centre, centre @ centre - radius**2
        inside = b**2 > a * c
        z = (b - np.sqrt(np.where(inside, b**2 - a * c, 0))) / a
        return (r * z[..., None]).astype(np.float32), inside

    coarse, valid = ball(camera)
    coarse[~valid] = np.nan
    truth, hit = ball(PHOTO)
    got, found = regrid(np.nan_to_num(coarse, nan=-7.0)[None], valid, camera, grey(56, 56), place, grey(120, 200))
    assert (hit & found).sum() >= 0.99 * hit.sum()
    error = np.linalg.norm(got[0] - truth, axis=-1)[hit & found]
    assert np.median(error) < 2e-3
    assert np.percentile(error, 80) < 0.05 * radius  # the limb is finer than a coarse pixel
    assert error.max() < radius
    assert not found[:, :92].any()
    _, covered = regrid(np.ones((1, 56, 56, 3), np.float32), valid | True, camera, grey(56, 56), place, grey(120, 200))
    assert covered[:90, 92:192].all()
    assert not covered[:, :90].any()
    assert not covered[93:].any()
    again = place.camera(camera)
    for name in ("fx", "fy", "cx", "cy"):
        assert getattr(again, name) == pytest.approx(getattr(PHOTO, name))
