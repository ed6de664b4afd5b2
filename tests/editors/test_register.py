"""Known shifts and zooms are measured and undone; the outside of the region stays bit-identical."""

import cv2
import numpy as np
import pytest
from skimage import data

from editors.register import measure, repair

PHOTO = data.coffee()[:, :480]
REGION = np.zeros(PHOTO.shape[:2], bool)
REGION[150:260, 180:300] = True


def moved(shift: tuple[float, float], zoom: float) -> np.ndarray:
    """The photo as an editor that shifts and zooms would return it, with something painted into the region."""
    edited = PHOTO.copy()
    edited[REGION] = (200, 30, 30)
    height, width = REGION.shape
    centre = np.array([(width - 1) / 2, (height - 1) / 2])
    matrix = np.array([[zoom, 0.0, 0.0], [0.0, zoom, 0.0]])  # where a photo pixel goes
    matrix[:, 2] = centre + shift - zoom * centre
    return cv2.warpAffine(edited, matrix, (width, height), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)


@pytest.mark.parametrize(
    ("shift", "zoom"), [((0.0, 0.0), 1.0), ((3.0, -2.0), 1.0), ((0.6, 1.3), 1.01), ((7.5, 5.0), 0.98)]
)
def test_known_shift_and_zoom_are_recovered(shift, zoom):
    found = measure(PHOTO, moved(shift, zoom), REGION)
    assert np.hypot(found.shift_px[0] - shift[0], found.shift_px[1] - shift[1]) < 0.3
    assert found.zoom == pytest.approx(zoom, abs=1e-3)


def test_repair_keeps_the_outside_and_the_edit():
    result = repair(PHOTO, moved((3.0, -2.0), 1.0), REGION)
    assert result.changed_outside == 0
    np.testing.assert_array_equal(result.rgb[~REGION], PHOTO[~REGION])
    inside = result.rgb[170:240, 200:280].astype(int)
    assert np.abs(inside - (200, 30, 30)).max() < 8


def test_an_editor_on_the_photos_own_pixels_is_not_resampled():
    edited = PHOTO.copy()
    edited[REGION] = 255 - edited[REGION]
    result = repair(PHOTO, edited, REGION, registered=True)
    np.testing.assert_array_equal(result.rgb, edited)
    assert result.registration.shift_px == (0.0, 0.0)
