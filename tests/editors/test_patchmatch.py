"""Removal by PatchMatch: outside untouched, seed exact, texture continued, and quick on large photos."""

import numpy as np
import pytest

from editors.patchmatch import PatchMatchEditor, grown
from wt.errors import WtError


def stripes(height: int, width: int) -> np.ndarray:
    x = np.arange(width) // max(8, width // 30) % 2
    picture = np.where(x[None, :, None] > 0, (180, 140, 90), (90, 60, 40)).astype(np.uint8)
    return np.ascontiguousarray(np.broadcast_to(picture, (height, width, 3)))


@pytest.mark.parametrize("size", [(200, 260), (800, 1000)])
def test_stripes_are_continued_and_the_rest_is_untouched(size):
    height, width = size
    clean = stripes(height, width)
    mask = np.zeros(size, bool)
    mask[int(0.4 * height) : int(0.6 * height), int(0.4 * width) : int(0.62 * width)] = True
    dirty = clean.copy()
    dirty[mask] = (20, 200, 40)
    steps = []
    out = PatchMatchEditor().edit(dirty, mask, seed=1, on_step=lambda *step: steps.append(step))
    np.testing.assert_array_equal(out[~mask], dirty[~mask])
    np.testing.assert_array_equal(out, PatchMatchEditor().edit(dirty, mask, seed=1))
    assert np.abs(out[mask].astype(int) - clean[mask]).mean() < 25
    assert steps == [(0, 1), (1, 1)]
    assert (dirty[mask] == (20, 200, 40)).all()


def test_the_rim_grows_with_the_photo():
    mask = np.zeros((300, 1000), bool)
    mask[150, 500] = True
    assert grown(mask).any(axis=0).sum() == 2 * 13 + 1


@pytest.mark.parametrize(("mask", "words"), [(None, "Nothing is selected"), (np.ones((40, 40), bool), "100%")])
def test_sentences(mask, words):
    with pytest.raises(WtError, match=words):
        PatchMatchEditor().edit(stripes(40, 40), mask)
