"""Shapes of no family and families out of proportion: closed solids; evaluation draws neither."""

import numpy as np
import pytest
from test_primitives import assert_closed

from wt.data import objects
from wt.data.free_form import deformed, free_form
from wt.data.mesh import Asset
from wt.data.primitives import Shell
from wt.data.roles import make


@pytest.mark.parametrize("seed", range(16))
def test_free_forms_are_closed_solids_on_the_floor(seed: int) -> None:
    asset = free_form(np.random.default_rng(seed))
    low, high = asset.bounds()
    assert low[2] == pytest.approx(0, abs=1e-9)
    assert 0.2 < (high - low).max() < 20
    for part in asset.parts:
        assert_closed(part.faces)
        assert Shell(part.vertices, part.faces).volume() > 0


def test_free_forms_differ() -> None:
    sizes = [np.ptp(free_form(np.random.default_rng(seed)).bounds(), axis=0) for seed in range(20)]
    assert len(np.unique(np.round(sizes, 6), axis=0)) == 20


@pytest.mark.parametrize("seed", range(8))
def test_a_deformed_asset_stays_closed_and_changes_its_proportions(seed: int) -> None:
    chair = make("chair", np.random.default_rng(0))
    bent = deformed(np.random.default_rng(seed), chair)
    for part in bent.parts:
        assert_closed(part.faces)
        assert Shell(part.vertices, part.faces).volume() > 0
    before, after = (np.ptp(asset.bounds(), axis=0) for asset in (chair, bent))
    assert 0.3 < (after / before).min() < (after / before).max() < 3
    assert not np.allclose(before / before.max(), after / after.max(), rtol=0.01)


def test_only_training_draws_them(monkeypatch: pytest.MonkeyPatch) -> None:
    """Held-out seeds must give what they gave before there were free forms: their tables compare over time."""
    drawn: list[str] = []

    def free(rng: np.random.Generator) -> Asset:
        drawn.append("free form")
        return free_form(rng)

    monkeypatch.setattr(objects, "free_form", free)
    plain = [objects.draw_object(np.random.default_rng(seed)) for seed in range(12)]
    assert not drawn
    assert all(asset.name != "free form" for asset in plain)
    names = [objects.draw_object(np.random.default_rng(seed), free=True).name for seed in range(12)]
    assert 1 <= len(drawn) == names.count("free form") < 12
