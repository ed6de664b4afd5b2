"""Names on the photo: which things words mean, where the photo shows what was inserted, what an edit paints over."""

import numpy as np
import pytest

from editors.segment.named import Thing, called, inserted, remaining
from wt.geometry.camera import Intrinsics, unproject
from wt.geometry.layers import LayeredPointmap
from wt.scene.objects import Gauge, Placed
from wt.scene.scene import Scene

SOME = np.ones((2, 3), bool)


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        ("chair", ["chair"]),  # of exactly this name, so not the red one as well
        ("  CHAIR ", ["chair"]),
        ("chairs", ["red chair", "chair"]),
        ("a red seat", ["red chair", "chair"]),
        ("the blue seat", ["chair"]),
        ("lamp", ["Grandma's lamp"]),
        ("television", ["tv"]),
        ("zebra", []),
        ("", []),
    ],
)
def test_the_words_mean_things_of_that_name_or_sort(words, meant):
    things = [Thing(name, SOME) for name in ("red chair", "chair", "Grandma's lamp", "tv", "my own gizmo")]
    assert [thing.name for thing in called(words, things)] == meant


def test_a_thing_that_no_catalogue_knows_is_found_by_its_last_word():
    things = [Thing("my own gizmo", SOME), Thing("gadget", SOME)]
    assert [thing.name for thing in called("the gizmos", things)] == ["my own gizmo"]


GRID = Intrinsics.from_fov(60, 24, 16)


def placed(columns: slice) -> Placed:
    present = np.zeros((6, 16, 24), bool)
    present[:2, 4:12, columns] = True
    depth = np.where(present[0], 2.0, np.nan).astype(np.float32) * np.ones((6, 1, 1), np.float32)
    rgb = np.zeros((16, 24, 3), np.uint8)
    return Placed(unproject(depth, GRID), present, rgb, 1.0, 0.0, {"depth": 0.0}, Gauge(1.0, 0.0, 0.0))


@pytest.fixture
def scene() -> Scene:
    points = unproject(np.full((6, 16, 24), 5.0, np.float32), GRID)
    layers = LayeredPointmap(points, np.ones((16, 24), bool), np.zeros((16, 24, 3), np.uint8), "relative", GRID)
    return Scene.from_layers(layers).insert(placed(slice(2, 10)), "box").insert(placed(slice(7, 20)), "chair")


def test_an_inserted_thing_is_where_the_photo_shows_it(scene):
    chair, box = inserted(scene, (160, 240))
    assert (chair.name, box.name) == ("chair", "box")
    assert chair.mask.shape == (160, 240)
    assert chair.mask[80, 75:195].all()
    assert not chair.mask[80, :65].any()
    assert box.mask[80, 25:65].all()
    assert not (box.mask & chair.mask)[:, 75:].any(), "the chair was painted over the box"
    moved = np.eye(4)
    moved[0, 3] = 1.0
    again = inserted(scene.move(2, moved).show(1, False), (160, 240))
    assert [np.array_equal(a.mask, b.mask) for a, b in zip(again, (chair, box), strict=True)] == [True, True]


def test_a_thing_that_was_painted_over_is_gone():
    mask = np.zeros((10, 20), bool)
    mask[2:8, 2:12] = True
    thing, other = Thing("lamp", mask), Thing("rug", ~mask)
    region = np.zeros((10, 20), bool)
    region[:, :7] = True
    assert remaining((thing, other), region) == (thing, other)
    region[:, :9] = True
    assert remaining((thing, other), region) == (other,)
