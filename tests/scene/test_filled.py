"""A red box stands before a wall that is green on the left and blue on the right; the floor is not seen."""

import numpy as np

from wt.geometry.camera import Intrinsics, unproject
from wt.scene.filled import filled_colours
from wt.scene.objects import SceneObject

K = Intrinsics(60.0, 60.0, 40.0, 30.0, 80, 60)
RED, GREEN, BLUE = (200, 10, 10), (10, 200, 10), (10, 10, 200)


def room() -> SceneObject:
    box = np.zeros((60, 80), bool)
    box[20:40, 25:55] = True
    depth = np.full((3, 60, 80), np.nan, np.float32)
    depth[0], depth[1], depth[2] = np.where(box, 3.0, 4.0), 3.2, 4.0
    present = np.stack([np.ones_like(box), box, box])
    rgb = np.empty((60, 80, 3), np.uint8)
    rgb[:, :40], rgb[:, 40:] = GREEN, BLUE
    rgb[box] = RED
    return SceneObject(0, "photo", unproject(depth, K), present, rgb)


def test_what_lies_behind_takes_the_colour_of_its_own_kind_of_surface_not_of_what_hides_it():
    thing = room()
    colours = filled_colours(thing)
    assert np.array_equal(colours[0], thing.rgb), "what is seen stays as it is"
    back, wall = colours[1][thing.present[1]], colours[2]
    assert (back == RED).all(), "the box's own back is red"
    assert (wall[20:40, 25:33] == GREEN).all()
    assert (wall[20:40, 47:55] == BLUE).all()
    assert not (wall[thing.present[2]] == RED).all(axis=-1).any()
    assert filled_colours(thing) is colours, "worked out once"


def test_a_surface_that_became_the_first_of_its_ray_keeps_the_photos_colour():
    thing = room()
    present = thing.present.copy()
    present[0] &= ~thing.present[1]
    opened = SceneObject(0, "photo", thing.points, present, thing.rgb)
    colours = filled_colours(opened)
    assert (colours[1][thing.present[1]] == RED).all()
    assert np.array_equal(
        filled_colours(SceneObject(1, "flat", thing.points, present[:1].repeat(3, 0), thing.rgb))[0], thing.rgb
    )
