"""Batches of clips: one crop, mask treatment and unit for all frames; checked on a ball that moves."""

import numpy as np
import pytest
import torch

from wt.data.shards import ClipSample
from wt.geometry.camera import Intrinsics, pixel_centres, project
from wt.geometry.normalise import ZScore
from wt.training.augment import window_k
from wt.training.clips import clip_photometric, make_clip_batch, shared_window
from wt.training.dataset import GREY, OBJECT_DEPTH, Sampling

PLAIN = ZScore((0.0, 0.0, 0.0), (1.0, 1.0, 1.0))
SIDE = 96


def ball(centres: list[tuple[float, float, float]], radius: float = 0.4) -> ClipSample:
    """A ball at so many places, seen by one camera."""
    f = 1.2 * SIDE
    v, u = np.mgrid[:SIDE, :SIDE] + 0.5
    ray = np.stack([(u - SIDE / 2) / f, (v - SIDE / 2) / f, np.ones((SIDE, SIDE))], axis=-1)
    depth = np.zeros((len(centres), 6, SIDE, SIDE))
    for frame, centre in zip(depth, np.array(centres)):
        a, b = (ray**2).sum(-1), ray @ centre
        under = b * b - a * (centre @ centre - radius**2)
        root = np.sqrt(np.maximum(under, 0))
        frame[:2] = np.where(under > 0, [(b - root) / a, (b + root) / a], 0)
    seen = depth[:, 0] > 0
    rgb = np.where(seen[..., None], np.uint8([200, 90, 40]), np.uint8(128)).astype(np.uint8)
    instance = np.where(seen, 0, 255).astype(np.uint8)
    return ClipSample(rgb, depth.astype(np.float32), instance, np.array([f, f, SIDE / 2, SIDE / 2], np.float32))


MOVING = [(-0.5, 0.0, 3.0), (0.0, 0.1, 3.2), (0.5, 0.0, 2.8)]
SAMPLING = Sampling("object", 56, 112, PLAIN)


def test_shapes_and_frame_major_views():
    batch = make_clip_batch([ball(MOVING), ball(MOVING[::-1])], SAMPLING, None)
    assert batch.photo.shape == (2, 3, 3, 112, 112)
    assert batch.rgb.shape == (2, 3, 3, 56, 56)
    assert batch.x0.shape == (2, 18, 56, 56, 3)
    assert batch.weight.shape == (2, 3, 56, 56)
    x0 = batch.x0.unflatten(1, (3, 6))
    torch.testing.assert_close(x0[0], x0[1].flip(0))
    depth = x0[0, :, 0, ..., 2]
    middles = [depth[t][batch.weight[0, t] > 0].mean().item() for t in range(3)]
    assert middles[2] < middles[0] < middles[1], "views of one frame are together, and nearness is kept"


def test_every_target_of_every_frame_lies_on_its_ray_and_on_the_ball():
    clip = ball(MOVING)
    batch = make_clip_batch([clip], SAMPLING, None)
    window, _ = shared_window(clip.depth[:, 0] > 0, None, SAMPLING.crop_fill)
    camera = Intrinsics(*(float(x) for x in window_k(clip.k, window, 56)), 56, 56)
    points = batch.x0[0].unflatten(0, (3, 6)).numpy()
    unit = np.median(np.concatenate([p[..., 2][:, w > 0].ravel() for p, w in zip(points, batch.weight[0].numpy())]))
    assert unit == pytest.approx(OBJECT_DEPTH)
    # The factor is found from the ball's own size: every first surface is its radius away from its place.
    scale = None
    for frame, centre in enumerate(MOVING):
        seen = batch.weight[0, frame].numpy() > 0
        for layer in range(6):
            assert np.abs((project(points[frame, layer], camera) - pixel_centres(56, 56))[seen]).max() < 1e-3
        nearest = points[frame, 0, ..., 2][seen].min()
        scale = scale or nearest / (centre[2] - 0.4)
        away = np.linalg.norm(points[frame, 0][seen] / scale - centre, axis=-1)
        assert np.median(np.abs(away - 0.4)) < 0.02, "one unit for all frames"


@pytest.mark.parametrize("seed", range(4))
def test_a_clip_that_stands_still_is_treated_alike_in_all_frames(seed):
    clip = ball([(0.1, 0.0, 3.0)] * 4)
    batch = make_clip_batch([clip], SAMPLING, np.random.default_rng(seed))
    x0 = batch.x0[0].unflatten(0, (4, 6))
    for frame in range(1, 4):
        torch.testing.assert_close(x0[frame], x0[0])
        torch.testing.assert_close(batch.weight[0, frame], batch.weight[0, 0])
    seen = batch.weight[0, 0] == 1
    inner = batch.rgb[0][:, :, seen]
    between = (inner.mean(dim=-1) - inner.mean(dim=(0, -1))).abs().max()
    assert between < 0.08, "colours vary mildly"
    assert (batch.rgb[0].mean() - GREY).abs() < 0.5
    other = make_clip_batch([clip], SAMPLING, np.random.default_rng(seed + 10))
    assert not torch.equal(other.rgb, batch.rgb)


def test_without_augmentation_nothing_changes_but_the_crop():
    clip = ball(MOVING)
    plain = make_clip_batch([clip], Sampling("object", 56, 112, PLAIN, augment=False), np.random.default_rng(0))
    torch.testing.assert_close(plain.photo, make_clip_batch([clip], SAMPLING, None).photo)
    assert torch.equal(plain.weight[0] > 0, plain.x0[0].unflatten(0, (3, 6))[:, 0, ..., 2] > 0)


def test_colours_follow_one_draw_and_noise_does_not_repeat():
    frames = torch.full((5, 3, 24, 24), 0.5)
    frames[:, 0] = 0.8
    strong = 0
    for seed in range(12):
        found = clip_photometric(frames, np.random.default_rng(seed))
        means = found.mean(dim=(2, 3))
        assert (means - means.mean(dim=0)).abs().max() < 0.1
        strong += int((means.mean(dim=0) - frames.mean(dim=(0, 2, 3))).abs().max() > 0.08)
        noise = found - found.mean(dim=(2, 3), keepdim=True)
        if noise[0].std() > 0.004:
            assert abs(float(torch.corrcoef(noise[:2].reshape(2, -1))[0, 1])) < 0.5
    assert strong > 4
    assert torch.equal(clip_photometric(frames, np.random.default_rng(0), 0.0), frames)
