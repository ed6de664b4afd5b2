"""The sheet of a clip: which clip it shows, and that its colours say what changes."""

import numpy as np

from wt.evaluation.clip_sheet import ClipSheet, Shown, sheet
from wt.evaluation.metrics import Fit, Reference
from wt.evaluation.samples import Case, Truth
from wt.evaluation.worst import CELL, NOTHING
from wt.geometry.camera import Intrinsics, rays

SIDE, FRAMES = 24, 7
CAMERA = Intrinsics(30.0, 30.0, SIDE / 2, SIDE / 2, SIDE, SIDE)
DISC = (np.hypot(*(np.mgrid[:SIDE, :SIDE] - SIDE / 2)) < 8)[None].repeat(FRAMES, 0)


def frames(flicker):
    """A slope that goes away by 0.02 a frame, and flickers."""
    slope = np.linspace(1.9, 2.1, SIDE) + 0.02 * np.arange(FRAMES)[:, None, None] + np.zeros((FRAMES, SIDE, SIDE))
    swing = flicker * (-1.0) ** np.arange(FRAMES)
    return [(z * rays(CAMERA).transpose(2, 0, 1)).transpose(1, 2, 0)[None] for z in slope + swing[:, None, None]]


def added(film, name, left):
    true, rgb = frames(0.0), np.full((SIDE, SIDE, 3), 90, np.uint8)
    case = Case(name, [Truth("object", rgb, mask, z, CAMERA) for mask, z in zip(DISC, true, strict=True)])
    references = [Reference(z, mask, 1.0) for z, mask in zip(true, DISC, strict=True)]
    film.add(case, Fit(frames(0.05), references), Fit(frames(0.05 * left), references))


def test_it_shows_the_clip_with_the_middle_share():
    film = ClipSheet()
    for name, left in (("good", 0.1), ("middling", 0.5), ("bad", 0.9)):
        added(film, name, left)
    assert 0 < film.shown[0].ratio < film.shown[1].ratio < film.shown[2].ratio < 1
    np.testing.assert_array_equal(film.picture(), sheet(film.shown[1]))


def test_red_comes_nearer_blue_goes_away_and_what_stays_is_white():
    depth = np.where(DISC, 2.0, np.nan)
    depth[:, :, :10] += 0.1 * np.arange(FRAMES)[:, None, None]
    depth[:, :, 14:] -= 0.1 * np.arange(FRAMES)[:, None, None]
    rgb = np.full((FRAMES, SIDE, SIDE, 3), 90, np.uint8)
    page = sheet(Shown("clip", rgb, dict.fromkeys(("true", "frame by frame", "steady"), depth), DISC, 1.0, (0.2, 0.1)))
    row = page[-70]
    found = {tuple(colour) for colour in row.tolist()}
    assert {(200, 40, 30), (30, 80, 200), (255, 255, 255), (NOTHING,) * 3} <= found
    red, blue = (np.nonzero((row[:CELL] == colour).all(axis=1))[0] for colour in ((200, 40, 30), (30, 80, 200)))
    assert blue.max() < red.min(), "the left side goes away, the right one comes"
