"""Grain and softness are measured as they were made."""

import cv2
import numpy as np
import pytest

from editors.camera_look import LEAST_BLUR, USUAL_BLUR, blur_px, noise_level

FINE = 8


def discs(blur: float, grain: float = 0.0) -> np.ndarray:
    """Discs of many greys, blurred by so many pixels before the sensor's own squares average them."""
    rng = np.random.default_rng(0)
    fine = np.full((200 * FINE, 300 * FINE, 3), 60, np.float32)
    for _ in range(12):
        centre = (int(rng.integers(100, 2300)), int(rng.integers(100, 1500)))
        cv2.circle(fine, centre, int(rng.integers(80, 300)), [float(rng.integers(0, 255))] * 3, -1)
    fine = cv2.GaussianBlur(fine, (0, 0), blur * FINE)
    photo = cv2.resize(fine, (300, 200), interpolation=cv2.INTER_AREA)
    return np.clip(photo + rng.normal(0, grain, (200, 300, 1)), 0, 255).astype(np.uint8)


@pytest.mark.parametrize("blur", [0.7, 1.0, 1.5, 2.0])
def test_the_blur_of_edges_is_found(blur):
    expected = np.hypot(blur, np.sqrt(1 / 12))  # a pixel's square adds its own variance
    assert blur_px(discs(blur)) == pytest.approx(expected, rel=0.15)


def test_a_softer_photo_is_found_softer_in_spite_of_grain():
    found = [blur_px(discs(blur, grain=2.0)) for blur in (0.5, 1.0, 1.5)]
    assert found == sorted(found)
    assert found[2] > 1.4 * found[0]


def test_without_edges_it_is_as_usual_and_never_none():
    assert blur_px(np.full((60, 60, 3), 90, np.uint8)) == USUAL_BLUR
    assert blur_px(discs(0.01)) == LEAST_BLUR


def test_grain_is_found_and_edges_are_not_taken_for_it():
    for grain in (1.0, 3.0):
        assert noise_level(discs(0.7, grain)) == pytest.approx(grain, rel=0.35)
    assert noise_level(discs(0.7)) < 0.6
