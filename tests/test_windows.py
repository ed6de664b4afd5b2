"""Several windows of one photo and the mean of their lifts, on networks that know their answer."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from tests.test_lift import CAMERA, TINY, tiny
from wt.errors import Cancelled, WtError
from wt.geometry.camera import rays
from wt.lift import Lifter
from wt.model.wt_dit import WTDiT
from wt.windows import WINDOWS, Window, mean_depth

V, U = np.mgrid[:80, :120] + 0.5


class Painted(WTDiT):
    """Answers with depths that the picture itself shows, whichever window of it is looked at: z = 2 + 2 red."""

    def forward(self, x_t, t, tokens, rgb, mask=None, fill_noise=None):
        side = rgb.shape[-1]
        z = 2 + 2 * rgb.flatten(0, -4)[0, 0]
        r = torch.from_numpy(rays(CAMERA.resized(side, side))).float()
        layers = torch.stack([z * share for share in (1.0, 1.5, 1.5, 1.5, 1.5, 1.5)])
        return self.config.coordinates().forward(layers[None, ..., None] * r, torch.tensor(1.0))


def painted_photo():
    """Red grows to the right and, half as fast, downwards."""
    photo = np.zeros((80, 120, 3), np.uint8)
    photo[..., 0] = np.round(255 * (U / 120 + V / 160) / 1.5)
    return photo


def test_every_window_lies_where_it_was_cut():
    """A window that is read one pixel of the grid off moves the mean by 2e-3, one that is not mirrored back by more."""
    lifter = Lifter(Painted(tiny("scene")), device="cpu")
    photo, inner = painted_photo(), np.s_[:, 4:-4, 4:-4]
    one = lifter.lift(photo, windows=1)
    for windows in range(2, len(WINDOWS) + 1):
        many = lifter.lift(photo, windows=windows)
        apart = np.abs(many.depth[inner] / one.depth[inner] - 1)
        assert apart.max() < 6e-3
        assert apart.mean() < 5e-4
        np.testing.assert_array_equal(many.alpha, one.alpha)
        directions = [layers.points[inner][..., :2] / layers.depth[inner][..., None] for layers in (many, one)]
        np.testing.assert_allclose(*directions, atol=1e-5)


def test_the_mean_is_of_log_depth_after_the_scale_is_taken_out():
    """A window on the left half says 3 times the depth, and on its upper quarter 1.21 times that."""
    rng = np.random.default_rng(0)
    z = rng.uniform(1, 4, (6, 8, 8)).astype(np.float32)
    whole = np.stack([0.3 * z, -0.2 * z, z], axis=-1)
    weight, alpha = np.zeros((8, 8), np.float32), np.ones((8, 8), bool)
    weight[:, :4], weight[:, 3], alpha[7] = 1, 1 / 3, False
    other = 3 * whole
    other[:, :2, :4] *= 1.21
    mean = mean_depth(whole, alpha, [(other, weight)])
    wanted = np.ones((8, 8))
    wanted[:2, :3], wanted[:2, 3] = 1.1, 1.21**0.25
    np.testing.assert_allclose(mean, whole * wanted[..., None], rtol=1e-5)
    np.testing.assert_array_equal(mean_depth(whole, alpha, [(other, weight * ~alpha)]), whole)


def test_a_mirrored_window_of_a_picture():
    picture = np.arange(60, dtype=np.uint8).reshape(4, 5, 3)
    window = Window(0.4, 0.0, 1.0, 0.5, mirrored=True)
    assert window.pixels(5, 4) == (2, 0, 3, 2)
    np.testing.assert_array_equal(window.cut(picture), picture[:2, 4:1:-1])
    np.testing.assert_array_equal(window.cut(picture[..., 0]), picture[:2, 4:1:-1, 0])


def test_a_window_fades_out_towards_its_edges_but_not_towards_the_photos():
    weight = Window(0.0, 0.0, 0.85, 1.0).weight(100, 4)
    assert weight.shape == (4, 100)
    assert (weight[:, :65] == 1).all()
    assert (weight[:, 85:] == 0).all()
    np.testing.assert_allclose(np.diff(weight[0, 65:85]), -0.05, rtol=1e-3)


def test_progress_counts_every_window_and_any_step_can_cancel():
    torch.manual_seed(0)
    lifter = Lifter(WTDiT(replace(tiny("scene"), windows=3)), device="cpu")
    photo, told = painted_photo(), []
    lifter.lift(photo, on_step=lambda done, total, layers: told.append((done, total, layers.points.shape)))
    assert {total for _, total, _ in told} == {3 * TINY["default_steps"]}
    assert told[-1][0] == told[-1][1]
    assert {shape for *_, shape in told} == {(6, 80, 120, 3)}

    assert [done for done, *_ in told] == list(range(1, 3 * TINY["default_steps"] + 1))

    def stop(done, total, layers):
        if done == TINY["default_steps"] + 1:  # inside the second window
            raise Cancelled

    with pytest.raises(Cancelled):
        lifter.lift(photo, on_step=stop)
    with pytest.raises(WtError, match="1 to 5 windows of a photo; got 6"):
        lifter.lift(photo, windows=len(WINDOWS) + 1)


def test_known_depth_and_windows_without_a_ray_leave_the_whole_alone():
    torch.manual_seed(0)
    lifter = Lifter(WTDiT(tiny("scene")), device="cpu")
    photo, known = painted_photo(), np.full((80, 120), 3.0, np.float32)
    one, many = (lifter.lift(photo, depth=known, windows=n) for n in (1, 4))
    np.testing.assert_array_equal(one.points, many.points)
    corner = np.zeros((80, 120), bool)
    corner[:10, :12] = True  # the lower right window sees nothing of it
    assert lifter.lift(photo, corner, windows=4).alpha.sum() == corner.sum()
