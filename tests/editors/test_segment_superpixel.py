"""Clicks and boxes: a drawn thing with a known outline, and places on real photos that must be in or out."""

import numpy as np
import pytest
from PIL import Image
from skimage import data

from editors.segment import Segmenter
from editors.segment.superpixel import SuperpixelSegmenter
from wt.errors import WtError


def disc(height: int, width: int, x: float, y: float, radius: float) -> np.ndarray:
    v, u = np.mgrid[:height, :width] + 0.5
    return (u - x) ** 2 + (v - y) ** 2 <= radius**2


def still_life(scale: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """(photo, truth): a red ball with a white spot before a grained green wall, drawn at 320 x 240 times `scale`."""
    height, width = 240 * scale, 320 * scale
    grain = np.random.default_rng(1).normal(0, 7, (240, 320, 1)).repeat(scale, axis=0).repeat(scale, axis=1)
    rgb = np.full((height, width, 3), (70.0, 120.0, 80.0))
    ball = disc(height, width, 170 * scale, 110 * scale, 60 * scale)
    rgb[ball] = (190, 50, 40)
    rgb[disc(height, width, 150 * scale, 90 * scale, 14 * scale)] = (235, 230, 225)
    return np.clip(rgb + grain, 0, 255).astype(np.uint8), ball


def looking_at(rgb: np.ndarray) -> SuperpixelSegmenter:
    segmenter = SuperpixelSegmenter()
    segmenter.set_image(np.ascontiguousarray(rgb))
    return segmenter


def overlap(a: np.ndarray, b: np.ndarray) -> float:
    return float((a & b).sum() / (a | b).sum())


@pytest.fixture(scope="module")
def drawn():
    photo, truth = still_life()
    return looking_at(photo), truth


@pytest.fixture(scope="module")
def coffee():
    return looking_at(data.coffee())


def test_a_click_gives_part_middle_object(drawn):
    segmenter, truth = drawn
    masks = segmenter.predict([(200.0, 130.0, True)])
    assert [mask.label for mask in masks] == ["part", "middle", "object"]
    assert all(mask.mask.shape == truth.shape and 0 <= mask.score <= 1 for mask in masks)
    assert all(mask.mask[130, 200] for mask in masks)
    sizes = [int(mask.mask.sum()) for mask in masks]
    assert sizes == sorted(sizes)
    assert max(overlap(mask.mask, truth) for mask in masks) > 0.9


def test_a_box_around_the_thing_gives_the_thing(drawn):
    segmenter, truth = drawn
    found = segmenter.predict(box=(105.0, 45.0, 235.0, 175.0))[-1].mask
    assert overlap(found, truth) > 0.95
    assert not found[:, :104].any()
    loose = segmenter.predict(box=(95.0, 35.0, 250.0, 190.0))[-1].mask
    assert overlap(loose, truth) > 0.9


def test_a_large_photo_gets_a_crisp_mask_of_its_own_size():
    photo, truth = still_life(scale=6)
    segmenter = looking_at(photo)
    found = segmenter.predict(box=(630.0, 270.0, 1410.0, 1050.0))[-1].mask
    assert found.shape == (1440, 1920)
    # The outline is 2262 px long: half a working pixel of error on all of it would be 1.9 px here.
    assert (found ^ truth).sum() / 2262 < 3.0


def test_the_cup_with_its_saucer_from_a_click_on_either(coffee):
    for x, y in ((270, 200), (180, 300)):
        found = coffee.predict([(float(x), float(y), True)])[-1].mask
        assert found[300, 180]  # saucer
        assert found[180, 300]  # coffee
        assert not found[:60, :100].any()  # table
        assert not found[300:, 540:].any()


def test_a_negative_click_takes_the_cup_off_the_saucer(coffee):
    found = coffee.predict([(180.0, 300.0, True), (270.0, 120.0, False)])[-1].mask
    assert found[300, 180]
    assert not found[120, 270]
    assert not found[130, 290]


def test_a_box_on_the_cup_alone(coffee):
    found = coffee.predict(box=(180.0, 20.0, 432.0, 240.0))[-1].mask
    assert found[130, 300]
    assert not found[300, 180]
    assert 0.10 < found.mean() < 0.20


def test_the_same_question_has_the_same_answer(coffee):
    first, again = (coffee.predict([(270.0, 200.0, True)]) for _ in range(2))
    assert all((a.mask == b.mask).all() and a.score == b.score for a, b in zip(first, again, strict=True))


@pytest.mark.parametrize("shape", [(40, 60), (16, 200), (300, 24), (3, 3)])
def test_odd_sizes(shape):
    rgb = np.asarray(Image.fromarray(data.chelsea()).resize(shape[::-1]))
    segmenter = looking_at(rgb)
    masks = segmenter.predict([(shape[1] / 2, shape[0] / 2, True)])
    assert len(masks) == 3
    assert all(mask.mask.shape == shape for mask in masks)
    assert len(segmenter.predict(box=(0.0, 0.0, float(shape[1]), float(shape[0])))) == 3


def test_a_photo_of_one_colour():
    segmenter = looking_at(np.full((60, 80, 3), 90, np.uint8))
    assert all(mask.mask[30, 40] for mask in segmenter.predict([(40.5, 30.5, True)]))
    assert segmenter.suggest_sky() is None


def test_what_cannot_be_answered_is_said(drawn):
    segmenter, _ = drawn
    assert isinstance(segmenter, Segmenter)
    with pytest.raises(WtError, match="Nothing is pointed at"):
        segmenter.predict([])
    with pytest.raises(WtError, match="Nothing is pointed at"):
        segmenter.predict([(10.0, 10.0, False)])
    with pytest.raises(WtError, match="outside the photo"):
        segmenter.predict([(1000.0, 10.0, True)])
    with pytest.raises(WtError, match="holds no pixel"):
        segmenter.predict(box=(500.0, 10.0, 600.0, 20.0))
    for ask in (lambda s: s.predict([(1.0, 1.0, True)]), lambda s: s.suggest_sky()):
        with pytest.raises(WtError, match="photo"):
            ask(SuperpixelSegmenter())
