"""Textures: in range, pure, patterned as they say, with the held-out ones kept apart."""

import numpy as np
import pytest

from wt.data import noise
from wt.data.mesh import Texture
from wt.data.palette import COLOURS, rgb_of
from wt.data.textures import materials, patterns, pickers

PICKERS = {
    "wall": pickers.wall_texture, "floor": pickers.floor_texture, "ceiling": pickers.ceiling_texture,
    "fabric": pickers.fabric_texture, "stone": pickers.stone_texture, "metal": pickers.metal_texture,
    "any": pickers.any_texture, "wallpaper": pickers.wallpaper,
}  # fmt: skip


def plane(side: int = 40, axis: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """Points of a square metre at 0.31 on an axis, and its normals."""
    a, b = np.meshgrid(np.linspace(-0.5, 0.5, side), np.linspace(-0.5, 0.5, side), indexing="ij")
    points = np.insert(np.stack([a, b], -1).reshape(-1, 2), axis, 0.31, axis=1)
    return points, np.tile(-np.eye(3)[axis], (len(points), 1))


@pytest.mark.parametrize("name", [*pickers.TEXTURES, *PICKERS])
def test_albedo_in_range_and_pure(name: str) -> None:
    make = pickers.TEXTURES.get(name) or PICKERS[name]
    points, normals = plane()
    for seed in range(4):
        texture = make(np.random.default_rng(seed))
        albedo = texture(points, normals)
        assert albedo.shape == points.shape
        assert albedo.dtype == np.float32
        assert albedo.min() > 0.0
        assert albedo.max() < 0.92
        assert np.array_equal(albedo, texture(points, normals))
        assert np.array_equal(albedo[7:8], texture(points[7:8], normals[7:8]))
        assert np.array_equal(albedo, make(np.random.default_rng(seed))(points, normals))


@pytest.mark.parametrize("name", ["plain", "wood", "weave", "brushed", "carpet", "leather", "marble", "tiles"])
def test_colour_is_kept(name: str) -> None:
    """On average over draws a red texture is red, a blue one blue."""
    points, normals = plane()
    for colour, channel in (("red", 0), ("blue", 2)):
        mean = np.mean(
            [pickers.TEXTURES[name](np.random.default_rng(s), colour)(points, normals).mean(0) for s in range(6)], 0
        )
        assert mean.argmax() == channel
        assert mean[channel] > 1.3 * np.delete(mean, channel).max()


def test_wood_runs_along_its_axis() -> None:
    points, normals = plane(60, axis=1)
    along, across = 0.0, 0.0
    for seed in range(5):
        grain = materials.wood(np.random.default_rng(seed), axis=2)(points, normals)[:, 0].reshape(60, 60)
        across += np.abs(np.diff(grain, axis=0)).mean()
        along += np.abs(np.diff(grain, axis=1)).mean()
    assert across > 2.5 * along


def test_checks_are_two_colours_in_equal_shares() -> None:
    points, normals = plane(80)
    albedo = patterns.checks(np.random.default_rng(0), size=0.125)(points, normals)
    tones, counts = np.unique(albedo, axis=0, return_counts=True)
    assert len(tones) == 2
    assert counts.min() > 0.4 * len(points)


def maker(texture: Texture) -> str:
    """The maker's name, out of the name of the closure that it returned."""
    return texture.__qualname__.split(".")[0]


def test_held_out_textures_are_not_drawn_unasked() -> None:
    for picker in (pickers.any_texture, pickers.wall_texture, pickers.floor_texture, pickers.fabric_texture):
        rng = np.random.default_rng(1)
        drawn = {maker(picker(rng)) for _ in range(150)}
        assert len(drawn) >= 5
        assert not drawn & set(pickers.HELD_OUT_TEXTURES)
        assert {maker(picker(rng, held_out=True)) for _ in range(40)} <= set(pickers.HELD_OUT_TEXTURES)


def test_noise_is_smooth_and_centred() -> None:
    line = np.stack([np.linspace(0, 30, 6001), np.full(6001, 0.3), np.full(6001, 0.7)], -1)
    values = noise.value_noise(line)
    assert 0.0 <= values.min() < 0.2
    assert 0.8 < values.max() <= 1.0
    assert np.abs(np.diff(values)).max() < 0.01
    many = noise.fractal_noise(np.random.default_rng(0).random((20000, 3)) * 30)
    assert abs(many.mean()) < 0.05


def test_image_look_up_hits_texel_centres_and_mirrors() -> None:
    image = np.arange(12, dtype=np.float32).reshape(3, 4, 1)
    uv = np.array([[0, 1], [1, 1], [0, 0], [1, 0], [-0.25, 1.0], [2.0, 1.0]])
    assert noise.sample_image(image, uv)[:, 0] == pytest.approx([0, 3, 8, 11, 0.75, 0.0])


@pytest.mark.parametrize("name", noise.PHOTOS)
def test_photographs_ship_in_the_wheel(name: str) -> None:
    image = noise.photo(name)
    assert image.ndim == 3
    assert image.shape[2] == 3
    assert max(image.shape) <= 384
    assert 0.0 <= image.min() <= image.max() <= 1.0


def test_colour_names_vary_in_tone_only() -> None:
    rng = np.random.default_rng(0)
    for name, rgb in COLOURS.items():
        draws = np.array([rgb_of(name, rng) for _ in range(30)])
        assert np.abs(np.log(draws.mean(0) / np.clip(rgb, 0.012, 0.85))).max() < 0.15
    assert rgb_of("gray", np.random.default_rng(0)) == pytest.approx(rgb_of("grey", np.random.default_rng(0)))
