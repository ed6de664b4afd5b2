"""Four seeds of one instruction paint four different things of the family."""

from itertools import combinations

import numpy as np
import pytest

from editors.catalogue import paint


@pytest.mark.parametrize("family", ["chair", "plant"])
def test_neighbouring_seeds_differ_plainly(room, photo, scene, family):
    height, width = photo.shape[:2]
    paintings = [paint(scene, photo, family, (0.6 * width, 0.8 * height), colour="red", seed=seed) for seed in range(4)]
    for one, other in combinations(paintings, 2):
        region = one.region | other.region
        changed = np.abs(one.rgb.astype(int) - other.rgb).max(axis=2) > 24
        assert changed[region].mean() > 0.05
        assert not np.array_equal(one.mask, other.mask)
