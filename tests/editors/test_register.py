"""Known shifts and zooms are measured and undone, or refused; the outside of the region stays bit-identical."""

import cv2
import numpy as np
import pytest
from skimage import data

from editors.register import measure, repair, repair_unmasked
from wt.errors import WtError

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


def degraded(picture: np.ndarray) -> np.ndarray:
    """Brighter, grainy, and saved as a JPEG of quality 60."""
    rough = picture * 1.04 + 3 + np.random.default_rng(0).normal(0, 4, picture.shape)
    data = cv2.imencode(".jpg", np.clip(rough, 0, 255).astype(np.uint8), [cv2.IMWRITE_JPEG_QUALITY, 60])[1]
    return cv2.imdecode(data, cv2.IMREAD_COLOR)


def corner_error(found, shift: tuple[float, float], zoom: float) -> float:
    """How far the measured movement is from the true one where it is furthest: at the picture's corners, pixels."""
    height, width = REGION.shape
    corners = np.array([(x, y) for x in (-width / 2, width / 2) for y in (-height / 2, height / 2)])
    error = (found.zoom - zoom) * corners + np.array(found.shift_px) - shift
    return float(np.linalg.norm(error, axis=1).max())


MOVES = [
    ((0.0, 0.0), 1.0),
    ((3.0, -2.0), 1.0),
    ((0.6, 1.3), 1.01),
    ((16.0, 16.0), 1.0),
    ((-16.0, 16.0), 1.03),
    ((16.0, -9.5), 0.97),
    ((0.0, 0.0), 1.03),
    ((0.4, -0.3), 0.97),
]


@pytest.mark.parametrize("spoil", [lambda picture: picture, degraded], ids=["clean", "noise, JPEG, exposure"])
@pytest.mark.parametrize("region", [REGION, np.zeros_like(REGION)], ids=["region known", "region unknown"])
@pytest.mark.parametrize(("shift", "zoom"), MOVES)
def test_known_shift_and_zoom_are_recovered_to_the_corners(shift, zoom, region, spoil):
    assert corner_error(measure(PHOTO, spoil(moved(shift, zoom)), region), shift, zoom) < 0.3


@pytest.mark.parametrize(
    ("edited", "words"),
    [
        (moved((60.0, 0.0), 1.0), "moved the picture by 6"),
        (moved((0.0, 0.0), 1.09), r"zoomed it by \+9\.\d%"),
        (data.astronaut()[:400, :480], "changed the whole picture: only [01]?[0-9]%"),
    ],
)
def test_what_cannot_be_undone_is_refused_with_the_figure(edited, words):
    with pytest.raises(WtError, match=words):
        repair(PHOTO, edited, REGION)


def test_a_picture_without_structure_counts_as_not_moved():
    grey = np.full_like(PHOTO, 128)
    assert measure(grey, grey + 5, REGION).shift_px == (0.0, 0.0)


def test_colour_drift_outside_the_region_is_measured():
    """Without clipping, 7 levels brighter is a drift of 7."""
    brighter = (np.clip(PHOTO, 0, 240) + 7).astype(np.uint8)
    assert repair(np.clip(PHOTO, 0, 240), brighter, REGION).colour_drift == pytest.approx(7.0, abs=0.01)


def test_a_repainted_place_is_found_after_the_shift_is_undone():
    fixed, region = repair_unmasked(PHOTO, moved((3.0, -2.0), 1.01))
    assert region[REGION].mean() > 0.95
    assert region.sum() < 1.6 * REGION.sum()
    np.testing.assert_array_equal(fixed.rgb[~region], PHOTO[~region])


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
