"""The suggested sky: drawn skies are found to the pixel row, rooms have none."""

import numpy as np
import pytest
from PIL import Image
from skimage import data

from editors.segment.superpixel import SuperpixelSegmenter

HORIZON = 0.55


def suggested(rgb: np.ndarray) -> np.ndarray | None:
    segmenter = SuperpixelSegmenter()
    segmenter.set_image(np.ascontiguousarray(rgb))
    return segmenter.suggest_sky()


def landscape(sky: tuple[int, int, int], height: int = 240, width: int = 320) -> np.ndarray:
    """A smooth sky, lighter towards the horizon, over rough ground."""
    rng = np.random.default_rng(3)
    rows = np.linspace(0, 1, height)[:, None, None]
    above = (
        np.array(sky) * (1 - 0.25 * rows / HORIZON) + 255 * 0.25 * rows / HORIZON + rng.normal(0, 1, (height, width, 1))
    )
    below = np.array([84, 92, 48]) + rng.normal(0, 22, (height, width, 1))
    return np.where(rows < HORIZON, above, below).clip(0, 255).astype(np.uint8)


def overlap(a: np.ndarray, b: np.ndarray) -> float:
    return float((a & b).sum() / (a | b).sum())


@pytest.mark.parametrize(
    "sky", [(96, 150, 215), (60, 110, 190), (242, 244, 246)], ids=["light blue", "blue", "overcast"]
)
def test_a_drawn_sky_is_found(sky):
    photo = landscape(sky)
    truth = np.broadcast_to(np.linspace(0, 1, 240)[:, None] < HORIZON, (240, 320))
    found = suggested(photo)
    assert found is not None
    assert found.dtype == bool
    assert overlap(found, truth) > 0.93


def test_a_large_photo_gets_its_sky_at_its_own_size():
    photo = np.asarray(Image.fromarray(landscape((80, 130, 210))).resize((1600, 1200), Image.Resampling.BICUBIC))
    found = suggested(photo)
    assert found is not None
    assert found.shape == (1200, 1600)
    edge = np.flatnonzero(~found[:, 800])[0] / 1200
    assert edge == pytest.approx(HORIZON, abs=0.02)


def test_a_real_sky_at_dusk_without_the_rocket():
    photo = data.rocket()
    found = suggested(photo)
    assert found is not None
    assert found[40:300, 200:280].mean() > 0.95
    assert found[180:340, 318:326].mean() < 0.25  # the rocket
    assert not found[-40:].any()


@pytest.mark.parametrize("name", ["coffee", "chelsea", "astronaut"])
def test_indoors_there_is_none(name):
    assert suggested(getattr(data, name)()[..., :3]) is None


def test_blue_that_does_not_touch_the_top_is_no_sky():
    assert suggested(np.flipud(landscape((80, 130, 210)))) is None


def test_a_white_ceiling_is_no_sky():
    """Bright, grey and smooth, over the upper third, but not as bright as a sky."""
    photo = landscape((214, 212, 207))
    photo[: int(HORIZON * 240)] = (214, 212, 207)
    assert suggested(photo) is None
