import numpy as np
import pytest
import torch
from tiny_shards import ball_and_wall

from wt.errors import WtError
from wt.geometry.camera import Intrinsics, pixel_centres, project
from wt.geometry.layers import forward_fill
from wt.training.augment import (
    PSEUDO_WEIGHT,
    Source,
    Window,
    fill_depth,
    jitter_mask,
    object_window,
    scene_window,
    source_index,
    target,
    window_k,
)
from wt.training.dataset import GREY, resample


def sample(kind, seed=0, side=192):
    made = ball_and_wall(np.random.default_rng(seed), side, kind)
    return Source(made["rgb"], made["depth"], made["K"])


@pytest.mark.parametrize("kind", ["scene", "object"])
@pytest.mark.parametrize("seed", range(6))
def test_every_target_reprojects_onto_its_own_pixel(kind, seed):
    rng = np.random.default_rng(seed)
    source = sample(kind, seed)
    window = scene_window(192, rng) if kind == "scene" else object_window(source.depth[0] > 0, rng)
    found = target(source, window, 56)
    fx, fy, cx, cy = window_k(source.k, window, 56)
    camera = Intrinsics(fx, fy, cx, cy, 56, 56)
    seen = found.weight > 0
    assert seen.any()
    for layer in range(6):
        error = project(found.points[layer], camera) - pixel_centres(56, 56)
        assert np.abs(error[seen]).max() < 1e-3


@pytest.mark.parametrize("seed", range(6))
def test_targets_lie_on_the_surfaces_of_the_world(seed):
    """Undo a flip, and every layer-0 point of the ball lies on the ball up to the nearest-pixel reading of depth."""
    rng = np.random.default_rng(seed)
    source = sample("object", seed)
    window = object_window(source.depth[0] > 0, rng)
    found = target(source, window, 112)
    points = found.points[:, found.weight > 0]
    if window.flip:
        points = points * [-1, 1, 1]
    made = np.random.default_rng(seed)
    made.uniform(0.8, 1.4)
    centre = np.array([made.uniform(-0.2, 0.2), made.uniform(-0.2, 0.2), made.uniform(2.0, 3.0)])
    off = np.abs(np.linalg.norm(points - centre, axis=-1) - 0.5)
    assert np.median(off) < 0.005
    assert np.percentile(off, 95) < 0.03


def test_a_flip_mirrors_the_target():
    source = sample("scene", 4)
    plain = target(source, Window(0, 0, 192, 192), 48)
    flipped = target(source, Window(0, 0, 192, 192, flip=True), 48)
    np.testing.assert_allclose(flipped.points[:, :, ::-1] * [-1, 1, 1], plain.points, atol=1e-5)


def test_picture_and_geometry_share_pixels():
    """A photo that shows its own pixel coordinates: the resampled colours tell where each target pixel came from."""
    v, u = np.mgrid[:192, :192] + 0.5
    photo = torch.from_numpy(np.stack([u, v, u * 0]) / 192)[None].float()
    for window in (Window(20.5, 7.0, 130, 101), Window(20.5, 7.0, 130, 101, flip=True)):
        shown = resample(photo, [window], 64)[0].numpy() * 192
        rows, columns, _ = source_index(window, 64, (192, 192))
        assert np.abs(shown[0] - (columns + 0.5)).max() <= 0.51
        assert np.abs(shown[1] - (rows + 0.5)[:, None]).max() <= 0.51


def test_outside_the_photo_is_grey_and_invalid():
    source = sample("object", 1)
    window = Window(-100, -100, 150, 150)
    shown = resample(torch.ones(1, 3, 192, 192), [window], 30)[0]
    assert float((shown[:, 0, 0] - GREY).abs().max()) < 1e-6
    assert float(target(source, window, 30).weight[0, 0]) == 0


def test_the_unjittered_object_crop_is_the_published_one():
    mask = np.zeros((192, 192), bool)
    mask[40:101, 60:151] = True
    window = object_window(mask)
    side = np.ceil(91 / (2 / 3))
    assert (window.width, window.height) == (side, side)
    assert window.top == round((40 + 100) / 2 - side / 2)
    assert window.left == round((60 + 150) / 2 - side / 2)
    with pytest.raises(WtError, match="without a single visible pixel"):
        object_window(np.zeros((8, 8), bool))


def test_filling_agrees_with_the_pointmap_rule():
    rng = np.random.default_rng(2)
    valid = rng.random((6, 5, 7)) < 0.5
    depth = np.where(valid, rng.uniform(1, 2, (6, 5, 7)), 0)
    expected = forward_fill(np.repeat(depth[..., None], 3, -1), valid)[..., 2]
    np.testing.assert_array_equal(fill_depth(depth, valid), expected)


def test_a_grown_mask_gets_its_neighbours_geometry_at_less_weight():
    source = sample("object", 3)
    real = source.depth[0] > 0
    grown = real.copy()
    grown[1:] |= real[:-1]
    found = target(source, Window(0, 0, 192, 192), 192, grown)
    added = grown & ~real
    assert set(np.unique(found.weight)) == {0.0, np.float32(PSEUDO_WEIGHT), 1.0}
    assert ((found.weight == np.float32(PSEUDO_WEIGHT)) == added).all()
    assert (found.points[0, added, 2] > 1).all()
    shrunk = real & np.roll(real, 2, axis=1)
    found = target(source, Window(0, 0, 192, 192), 192, shrunk)
    assert ((found.weight > 0) == shrunk).all()


def test_mask_jitter_stays_within_a_pixel():
    mask = sample("object", 3).depth[0] > 0
    inner = mask.copy()
    for shift, axis in ((1, 0), (-1, 0), (1, 1), (-1, 1)):
        inner &= np.roll(mask, shift, axis)
    outer = ~mask
    for shift, axis in ((1, 0), (-1, 0), (1, 1), (-1, 1)):
        outer &= ~np.roll(mask, shift, axis)
    kinds = set()
    for seed in range(40):
        jittered = jitter_mask(mask, np.random.default_rng(seed))
        assert (jittered | ~inner).all(), "keeps the inside"
        assert not (jittered & outer).any(), "adds only neighbours"
        kinds.add(int(jittered.sum()) - int(mask.sum()))
    assert len(kinds) > 3
    assert min(kinds) < 0 < max(kinds)
