import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from tiny_shards import ball_and_wall

from wt.data.source import Source
from wt.errors import WtError
from wt.geometry.camera import Intrinsics, pixel_centres, project
from wt.geometry.fit_intrinsics import solve
from wt.geometry.layers import forward_fill
from wt.geometry.normalise import LogMedian
from wt.training.augment import (
    RANGES,
    Augmentation,
    draw_augmentation,
    fill_depth,
    object_window,
    scene_window,
    target,
)
from wt.training.dataset import GREY, Sampling, make_batch, resample
from wt.training.window import Window, camera_map, source_index, window_k


def sample(kind, seed=0, side=192):
    made = ball_and_wall(np.random.default_rng(seed), side, kind)
    return Source(made["rgb"], made["depth"], made["K"])


def squeezed(source, height=120):
    """The same view with pixels that are not square, in a picture that is not square."""
    rows = ((np.arange(height) + 0.5) * len(source.rgb) / height).astype(int)
    k = source.k * np.float32([1, height / len(source.rgb)] * 2)
    return Source(source.rgb[rows], source.depth[:, rows], k)


def drawn_with(kind, seed, turn=0.0, shear=0.0):
    drawn = draw_augmentation(kind, np.random.default_rng(seed))
    return replace(drawn, turn=turn, shear=shear)


def window_of(source, kind, drawn):
    if kind == "scene":
        return scene_window(source.rgb.shape[:2], drawn, source.pixel_aspect)
    return object_window(source.depth[0] > 0, drawn, pixel_aspect=source.pixel_aspect)


@pytest.mark.parametrize(("turn", "shear"), [(0.0, 0.0), (0.3, 0.0), (-0.1, 0.05)])
@pytest.mark.parametrize("kind", ["scene", "object"])
@pytest.mark.parametrize("seed", range(3))
def test_every_target_reprojects_onto_its_own_pixel_and_onto_its_source_pixel(kind, seed, turn, shear):
    source = sample(kind, seed) if seed % 2 else squeezed(sample(kind, seed))
    window = window_of(source, kind, drawn_with(kind, seed, turn, shear))
    found = target(source, window, 56)
    camera = Intrinsics(*window_k(source.k, window, 56), 56, 56)
    own = Intrinsics(*(float(number) for number in source.k), 192, 192)
    seen = found.weight > 0
    assert seen.any()
    centres = pixel_centres(56, 56)
    origin = np.concatenate([centres / 56, np.ones((56, 56, 1))], axis=-1) @ window.matrix().T
    back = np.eye(3)
    back[:2, :2] = np.linalg.inv(camera_map(window))
    for layer in range(6):
        assert np.abs(project(found.points[layer], camera) - centres)[seen].max() < 1e-3
        # The points of the world before anything was turned, seen by the camera that took the picture.
        assert np.abs(project(found.points[layer] @ back.T, own) - origin)[seen].max() < 1e-3
    rows, columns, inside = source_index(window, 56, source.depth.shape[1:])
    assert np.abs(origin - np.stack([columns, rows], axis=-1) - 0.5)[inside].max() < 0.5 + 1e-9
    np.testing.assert_array_equal(found.points[0, ..., 2][seen], source.depth[0, rows, columns][seen])
    matrix, residual = solve(found.points[0], seen)
    assert residual < 1e-3, "an upright pinhole camera without a skew explains it"
    np.testing.assert_allclose(matrix[[0, 1, 0, 1], [0, 1, 2, 2]], window_k(source.k, window, 56), rtol=1e-3)


@pytest.mark.parametrize("seed", range(6))
def test_targets_lie_on_the_surfaces_of_the_world(seed):
    """Undo flip and turn, and every layer-0 point lies on the ball up to the nearest-pixel reading of depth."""
    source = sample("object", seed)
    window = object_window(source.depth[0] > 0, drawn_with("object", seed, 0.2 * (seed % 3)))
    found = target(source, window, 112)
    points = found.points[:, found.weight > 0].astype(np.float64)
    points[..., :2] = points[..., :2] @ np.linalg.inv(camera_map(window)).T
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
    for window in (
        Window(20.5, 7.0, 130, 101),
        Window(20.5, 7.0, 130, 101, flip=True),
        Window(40, 50, 100, 80, True, 0.3, -0.05, 1.2),
    ):
        shown = resample(photo, [window], 64)[0].numpy() * 192
        rows, columns, inside = source_index(window, 64, (192, 192))
        assert inside.all()
        assert np.abs(shown[0] - (columns + 0.5)).max() <= 0.51
        assert np.abs(shown[1] - (rows + 0.5)).max() <= 0.51
        at = np.concatenate([pixel_centres(64, 64) / 64, np.ones((64, 64, 1))], axis=-1) @ window.matrix().T
        np.testing.assert_allclose(shown[:2], at.transpose(2, 0, 1), atol=2e-3, err_msg="a ramp is resampled exactly")


def test_pictures_that_are_not_square_keep_their_places():
    v, u = np.mgrid[:90, :160] + 0.5
    photo = torch.from_numpy(np.stack([u, v, u * 0]) / 160)[None].float()
    window = scene_window((90, 160), Augmentation((0.7, 0.9), (0.2, 0.8), turn=0.1))
    shown = resample(photo, [window], 48)[0].numpy() * 160
    at = np.concatenate([pixel_centres(48, 48) / 48, np.ones((48, 48, 1))], axis=-1) @ window.matrix().T
    np.testing.assert_allclose(shown[:2], at.transpose(2, 0, 1), atol=2e-3)


def test_a_turn_is_a_rotation_and_turns_the_picture_the_other_way():
    np.testing.assert_allclose(
        camera_map(Window(0, 0, 5, 7, turn=0.4)), [[0.921061, 0.389418], [-0.389418, 0.921061]], atol=1e-6
    )
    # The camera turns clockwise, from +x to +y: what was below its axis moves to the right.
    np.testing.assert_allclose(camera_map(Window(0, 0, 5, 7, turn=math.pi / 2)) @ [0, 1], [1, 0], atol=1e-12)
    shown = resample(torch.eye(3)[None, None].expand(1, 3, 3, 3), [Window(0, 0, 3, 3, turn=math.pi / 2)], 3)
    torch.testing.assert_close(shown[0, 0], torch.eye(3).flip(0), atol=1e-5, rtol=0)
    mixed = camera_map(Window(0, 0, 5, 7, flip=True, turn=0.4, shear=0.1))
    np.testing.assert_allclose(mixed @ mixed.T, np.eye(2), atol=0.12)
    assert np.linalg.det(mixed) == pytest.approx(-1)


@pytest.mark.parametrize("seed", range(12))
def test_a_turned_scene_window_stays_inside(seed):
    drawn = drawn_with("scene", seed, (-1) ** seed * 0.14, 0.03)
    window = scene_window((120, 192), drawn, 0.9)
    corners = np.array([[0, 0, 1], [1, 0, 1], [0, 1, 1], [1, 1, 1]]) @ window.matrix().T
    assert corners.min() > -1e-9
    assert (corners <= np.array([192, 120]) + 1e-9).all()
    assert source_index(window, 56, (120, 192))[2].all()


def test_a_turned_object_fills_its_crop_as_an_upright_one_does():
    """A long bar that lies aslant, turned upright: its box is the bar's own, not that of the aslant one."""
    v, u = np.mgrid[:192, :192] + 0.5 - 96
    along, across = u * math.cos(0.35) + v * math.sin(0.35), v * math.cos(0.35) - u * math.sin(0.35)
    mask = (np.abs(along) < 60) & (np.abs(across) < 8)
    drawn = Augmentation((1.0, 1.0), (0.0, 0.0), turn=0.35)
    window = object_window(mask, drawn, 0.9)
    assert window.width == pytest.approx(120 / 0.9, abs=3)
    rows, columns, inside = source_index(window, 90, (192, 192))
    seen = mask[rows, columns] & inside
    found = np.argwhere(seen)
    low, high = found.min(axis=0), found.max(axis=0)
    np.testing.assert_allclose((low + high) / 2, 44.5, atol=1.5)
    assert high[1] - low[1] == pytest.approx(81, abs=3)
    assert high[0] - low[0] < 16


def test_only_a_share_is_turned_or_sheared_and_sparse_frames_never():
    for kind, ranges in RANGES.items():
        rng = np.random.default_rng(0)
        drawn = [draw_augmentation(kind, rng) for _ in range(2000)]
        turns, shears = (np.array([getattr(d, name) for d in drawn]) for name in ("turn", "shear"))
        assert (turns != 0).mean() == pytest.approx(ranges.turned, abs=0.04)
        assert (shears != 0).mean() == pytest.approx(ranges.turned / 2, abs=0.04)
        assert 0.9 * ranges.turn < np.abs(turns).max() <= ranges.turn
        assert np.abs(shears).max() <= ranges.shear
        assert np.mean([d.flip for d in drawn]) == pytest.approx(0.5, abs=0.04)
        assert not any(draw_augmentation(kind, rng, turns=False).turn for _ in range(200))


def test_a_batch_of_pictures_of_several_sizes_marks_single_layers():
    whole = sample("scene", 1)
    frame = squeezed(sample("scene", 2))
    frame = replace(frame, depth=np.concatenate([frame.depth[:1], 0 * frame.depth[1:]]), single=True)
    sampling = Sampling("scene", 28, 56, LogMedian())
    for rng in (None, np.random.default_rng(0)):
        batch = make_batch([whole, frame, whole], sampling, rng)
        assert batch.single.tolist() == [False, True, False]
        assert batch.photo.shape == (3, 3, 56, 56)
        torch.testing.assert_close(batch.x0[1], batch.x0[1, :1].expand(6, -1, -1, -1), msg="broadcast over the layers")
        assert float(batch.median[1]) > 0
        if rng is None:
            torch.testing.assert_close(batch.x0[0], batch.x0[2])


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


def test_sparse_frames_keep_their_rows_level_in_batches():
    """A photo whose rows are of one colour each: after any draw but a turn its rows still are."""
    whole = sample("scene", 1)
    striped = np.broadcast_to(np.arange(192, dtype=np.uint8)[:, None, None], (192, 192, 3)).copy()
    sparse = replace(whole, rgb=striped, single=True, sparse=True)
    sampling = Sampling("scene", 28, 56, LogMedian(), photometric_strength=0.0)
    for source, level in ((sparse, True), (replace(sparse, sparse=False), False)):
        photo = make_batch([source] * 40, sampling, np.random.default_rng(0)).photo
        assert bool((photo.std(dim=3) < 1e-3).all()) == level
