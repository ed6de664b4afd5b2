from dataclasses import replace

import numpy as np
import pytest

from wt.errors import WtError
from wt.geometry.edge_flyers import SOFT_LAYER_0
from wt.scene.cloud import WARNING
from wt.scene.flyers import filter_of, flyers, without
from wt.scene.scene import Scene


@pytest.fixture
def flown(ball_room):
    """The room with forty points of its visible surface pulled half way to the camera."""
    depth = ball_room.room.copy()
    rng = np.random.default_rng(3)
    rows, columns = rng.integers(5, 75, 40), rng.integers(5, 107, 40)
    depth[rows, columns] *= 0.5
    pulled = np.zeros(depth.shape, bool)
    pulled[rows, columns] = True
    return Scene.from_layers(ball_room.layers(depth)), pulled


def test_the_middle_strength_is_the_published_preset_and_more_takes_more(flown):
    scene, pulled = flown
    assert filter_of(50) == SOFT_LAYER_0
    counts = [int(flyers(scene, strength)[0].sum()) for strength in (0, 25, 50, 75, 100)]
    assert counts == sorted(counts)
    assert counts[0] < counts[-1]
    assert flyers(scene, 50)[0][0][pulled].all(), "every pulled point is found"
    with pytest.raises(WtError, match="between 0 and 100; got 120"):
        filter_of(120)


def test_dropping_changes_presence_alone_and_marked_points_are_shown_in_the_warning_colour(flown):
    scene, pulled = flown
    found = flyers(scene, 50)
    cloud = scene.point_cloud(marked=found)
    assert int((cloud.colours == WARNING).all(axis=1).sum()) == found[0].sum()
    cleaned = without(scene, found)
    assert cleaned.background.points is scene.background.points
    assert not cleaned.background.present[0][pulled].any()
    assert scene.background.present[0][pulled].all(), "the scene before is as it was"
    assert len(cleaned.point_cloud()) == len(cloud) - found[0].sum()


def test_an_object_is_not_emptied_and_a_hidden_one_is_left_alone(flown):
    scene, _ = flown
    with pytest.raises(WtError, match="every point of 'photo'"):
        without(scene, {0: scene.background.present})
    hidden = replace(scene, background=replace(scene.background, visible=False))
    assert flyers(hidden, 50) == {}
