"""What the catalogue has: at least sixty nouns, five different variants each, as large as such things are."""

from itertools import combinations

import numpy as np
import pytest

from editors.catalogue_assets import MADE, TOYS, VEHICLES, make
from editors.vocabulary import belongs, nouns
from wt.data.mesh import Asset
from wt.errors import WtError

LONGEST_SIDE_M = {
    "chair": (0.7, 1.2), "armchair": (0.7, 1.2), "sofa": (1.3, 3.0), "stool": (0.35, 0.85), "bench": (0.8, 2.0),
    "table": (0.4, 2.4), "coffee table": (0.5, 1.3), "desk": (0.9, 1.9), "shelf": (0.6, 2.3), "cabinet": (0.5, 2.0),
    "wardrobe": (1.6, 2.6), "box": (0.15, 0.8), "stack of boxes": (0.4, 1.8), "crate": (0.25, 0.7),
    "basket": (0.2, 0.7), "mug": (0.08, 0.16), "cup": (0.06, 0.18), "plate": (0.15, 0.35), "bowl": (0.1, 0.4),
    "bottle": (0.15, 0.4), "vase": (0.12, 0.8), "jar": (0.08, 0.3), "teapot": (0.15, 0.35), "glass": (0.07, 0.25),
    "pot": (0.15, 0.6), "candle": (0.05, 0.5), "torus": (0.03, 0.4), "toy animal": (0.1, 0.9), "figure": (1.4, 2.0),
    "ball": (0.05, 0.8), "knot": (0.1, 0.8), "building blocks": (0.03, 0.3), "robot": (0.1, 0.5), "duck": (0.05, 0.3),
    "car": (3.0, 5.5), "truck": (4.5, 12), "bus": (6, 19), "train": (0.1, 1.0), "aeroplane": (0.1, 0.8),
    "plant": (0.2, 2.2), "cactus": (0.05, 0.5), "tree": (2.0, 6.0), "book": (0.12, 0.4), "picture": (0.2, 1.5),
    "mirror": (0.4, 1.9), "rug": (0.8, 4.0), "curtain": (1.2, 3.2), "clock": (0.2, 0.6), "guitar": (0.8, 1.3),
    "sculpture": (0.1, 0.6), "floor lamp": (1.0, 2.2), "table lamp": (0.25, 0.8), "ceiling lamp": (0.15, 1.6),
    "bed": (1.8, 2.4), "monitor": (0.35, 1.0), "television": (0.4, 2.0), "laptop": (0.25, 0.45), "bin": (0.2, 1.1),
    "suitcase": (0.35, 1.2), "ladder": (0.8, 3.5), "traffic cone": (0.25, 1.0), "barrel": (0.5, 1.1),
    "bucket": (0.2, 0.5), "radio": (0.15, 0.7), "office chair": (0.8, 1.4), "nightstand": (0.35, 0.8),
    "fridge": (0.8, 2.1), "stove": (0.8, 1.1), "washing machine": (0.7, 1.0), "sink": (0.7, 1.4), "jug": (0.12, 0.4),
    "house": (0.15, 0.8), "cushion": (0.25, 0.9), "toy car": (0.05, 0.5), "toy truck": (0.05, 0.6),
    "toy bus": (0.05, 0.7),
}  # fmt: skip
"""What a person would call the usual sizes of such a thing; houses, trains and aeroplanes are toys."""
NOT_ON_THE_FLOOR = {
    "wall": {"picture", "mirror", "curtain", "clock"},
    "ceiling": {"ceiling lamp"},
    "table": {
        "mug", "cup", "plate", "bowl", "bottle", "vase", "jar", "teapot", "glass", "pot", "candle", "torus", "robot",
        "building blocks", "duck", "train", "aeroplane", "cactus", "book", "sculpture", "table lamp", "monitor",
        "television", "laptop", "radio", "jug",
    },
}  # fmt: skip


def variants(noun: str) -> list[Asset]:
    return [make(noun, np.random.default_rng([seed, 11])) for seed in range(5)]


def shape(asset: Asset) -> np.ndarray:
    """Sides, surface and number of triangles: what no turn and no colour changes."""
    low, high = asset.bounds()
    corners = [part.vertices[part.faces] for part in asset.parts]
    area = sum(np.linalg.norm(np.cross(c[:, 1] - c[:, 0], c[:, 2] - c[:, 0]), axis=1).sum() / 2 for c in corners)
    return np.array([*(high - low), np.sqrt(area), asset.num_triangles])


def test_there_are_sixty_nouns_and_many_more_words_for_them():
    assert set(LONGEST_SIDE_M) == MADE
    assert len(MADE - set(TOYS)) >= 60
    assert len(nouns()) > 3 * 60
    assert set(nouns().values()) == MADE, "each has a word"


def test_things_belong_where_people_have_them():
    for place, things in NOT_ON_THE_FLOOR.items():
        assert {noun for noun in MADE if belongs(noun) == place} == things
    assert {noun for noun in MADE if belongs(noun) == "floor"} == MADE.difference(*NOT_ON_THE_FLOOR.values())


@pytest.mark.parametrize("noun", sorted(MADE))
def test_five_seeds_give_five_shapes_of_a_plausible_size(noun):
    low, high = LONGEST_SIDE_M[noun]
    shapes = [shape(asset) for asset in variants(noun)]
    for one in shapes:
        assert low <= one[:3].max() <= high, one
    for one, other in combinations(shapes, 2):
        assert np.abs(one / other - 1).max() > 0.01


def test_a_car_is_as_long_as_a_car_unless_it_is_called_a_toy():
    for toy, vehicle in TOYS.items():
        for seed in range(5):
            true, small = (shape(make(noun, np.random.default_rng(seed))) for noun in (vehicle, toy))
            assert true[:3].max() > 2.9
            assert small[:3].max() < 0.75
            np.testing.assert_allclose(true[:3] / true[1], small[:3] / small[1], rtol=1e-6)
    assert set(VEHICLES) == set(TOYS.values())
    assert nouns()["toy car"] == "toy car"


def test_what_it_has_not_is_said():
    with pytest.raises(WtError, match="no 'unicorn'.* armchair"):
        make("unicorn", np.random.default_rng(0))
