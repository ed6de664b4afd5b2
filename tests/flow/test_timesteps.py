import math

import pytest
import torch

from wt.errors import WtError
from wt.flow.timesteps import (
    LogitNormal,
    Mixture,
    NoiseShift,
    PlateauedLogitNormal,
    Schedule,
    paper_schedule,
)

DISTRIBUTIONS = {
    "logit-normal": LogitNormal(),
    "shifted logit-normal": LogitNormal(mean=0.7, std=0.6),
    "plateaued": PlateauedLogitNormal(),
    "mixture": Mixture(PlateauedLogitNormal(), LogitNormal()),
    "noise shift": NoiseShift(0.35, 12.0),
    "mixture with an atom": Mixture(NoiseShift(0.5, 3.0), LogitNormal()),
}


@pytest.mark.parametrize("name", DISTRIBUTIONS)
def test_the_histogram_follows_the_density(name):
    times = DISTRIBUTIONS[name]
    drawn = times.sample(400_000, torch.Generator().manual_seed(3))
    assert float((drawn == 1).float().mean()) == pytest.approx(times.atom, abs=3e-3)
    bins = 20
    found = torch.histc(drawn[drawn < 1], bins=bins, min=0, max=1) / len(drawn)
    fine = (torch.arange(bins * 400, dtype=torch.float64) + 0.5) / (bins * 400)
    expected = times.density(fine).reshape(bins, 400).mean(dim=1) / bins
    torch.testing.assert_close(found.double(), expected, atol=2.5e-3, rtol=0)


@pytest.mark.parametrize("name", DISTRIBUTIONS)
def test_the_density_integrates_to_what_the_atom_leaves(name):
    times = DISTRIBUTIONS[name]
    t = (torch.arange(200_000, dtype=torch.float64) + 0.5) / 200_000
    assert float(times.density(t).mean()) == pytest.approx(1 - times.atom, abs=1e-4)


def test_known_values():
    assert float(LogitNormal().density(torch.tensor([0.5]))) == pytest.approx(4 / math.sqrt(2 * math.pi), rel=1e-6)
    plateau = PlateauedLogitNormal().density(torch.tensor([0.01, 0.3, 0.5]))
    assert plateau.max() == plateau.min(), "flat up to one half"
    shift = NoiseShift(0.0, 12.0)
    drawn = shift.sample(100_000, torch.Generator().manual_seed(0))
    assert float(drawn.median()) == pytest.approx(12 * 0.5 / (1 + 11 * 0.5), abs=2e-3)


def test_draws_are_repeatable():
    first = NoiseShift().sample(64, torch.Generator().manual_seed(5))
    assert torch.equal(first, NoiseShift().sample(64, torch.Generator().manual_seed(5)))


def test_phase_one_draws_layers_apart_and_phase_two_together():
    schedule = paper_schedule(layer_aware_until=0.5)
    generator = torch.Generator().manual_seed(1)
    early = schedule.draw(4000, 6, 0.1, generator)
    assert early.shape == (4000, 6)
    assert (early[:, 1:] != early[:, :1]).all()
    correlation = torch.corrcoef(early.T)
    assert float((correlation - torch.eye(6)).abs().max()) < 0.08
    # The visible layer has more small times than the hidden ones.
    assert float((early[:, 0] < 0.1).float().mean()) > 5 * float((early[:, 3] < 0.1).float().mean())
    late = schedule.draw(4000, 6, 0.6, generator)
    assert (late == late[:, :1]).all()


def test_a_schedule_without_phase_one_is_always_shared():
    drawn = Schedule(NoiseShift()).draw(8, 6, 0.0, torch.Generator().manual_seed(0))
    assert (drawn == drawn[:, :1]).all()


@pytest.mark.parametrize(("atom", "shift"), [(-0.1, 1.0), (1.1, 1.0), (0.5, 0.0)])
def test_impossible_shifts_are_refused(atom, shift):
    with pytest.raises(WtError, match="NoiseShift needs"):
        NoiseShift(atom, shift)
