"""The sampler against closed forms, and its random draws."""

import math

import pytest
import torch

from wt.flow import SAMPLERS
from wt.flow.sampler import channel_major_noise, euler_steps, sampler_steps, time_knots

ONE = torch.ones(1, 1, 1, 1, 1, dtype=torch.float64)


def knots(steps):
    return torch.linspace(1, 0, steps + 1, dtype=torch.float64)


@pytest.mark.parametrize("steps", [1, 2, 10, 20])
def test_a_constant_endpoint_is_reached_exactly(steps):
    """v = (x - c) / t is solved by the straight line, which Euler follows without error while t >= 0.05."""
    states = [x.item() for x, _ in euler_steps(lambda x, t: 3 * ONE, ONE, knots(steps))]
    line = [3 + (1 - 3) * (1 - (i + 1) / steps) for i in range(steps)]
    assert states == pytest.approx(line, abs=1e-12)


def test_the_clamp_shortens_the_last_steps():
    """With 50 steps the evaluation at t = 0.02 covers 0.02 / 0.05 of the way (ARCHITECTURE section 14.2)."""
    states = [x.item() for x, _ in euler_steps(lambda x, t: 3 * ONE, ONE, knots(50))]
    assert (states[-1] - states[-2]) / (3 - states[-2]) == pytest.approx(0.02 / 0.05, abs=1e-9)


@pytest.mark.parametrize("steps", [1, 10, 20])
def test_euler_matches_its_closed_form_and_uses_the_time_before_the_step(steps):
    """x0 = x - t max(t, .05) gives v = t: the sum of t_i / N is (N + 1) / 2N."""
    end = lambda x, t: x - t.view(-1, 1, 1, 1, 1) ** 2  # noqa: E731
    *_, (x, _) = euler_steps(end, ONE, knots(steps))
    assert x.item() == pytest.approx(1 - (steps + 1) / (2 * steps), abs=1e-9)


def test_the_estimate_of_each_step_is_handed_out():
    seen = [(x.item(), x_0.item()) for x, x_0 in euler_steps(lambda x, t: 2 * x, ONE, knots(2))]
    assert seen == [(1.5, 2.0), (3.0, 3.0)]


def power(x, t):
    """x0 = x / 2: dx/dt = x / 2t, so x(t) is the square root of t."""
    return x / 2


def error_at_a_quarter(sampler, steps):
    times = torch.linspace(1, 0.25, steps + 1, dtype=torch.float64)
    *_, (x, _) = sampler_steps(sampler, power, ONE, times)
    return abs(x.item() - 0.5)


@pytest.mark.parametrize(("sampler", "order"), [("euler", 1), ("multistep", 2), ("heun", 2)])
def test_orders_of_the_samplers(sampler, order):
    """Half the step, half or a quarter of the error."""
    assert error_at_a_quarter(sampler, 40) / error_at_a_quarter(sampler, 80) == pytest.approx(2**order, rel=0.1)
    assert error_at_a_quarter(sampler, 80) < (3e-3 if order == 1 else 1e-4)


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_every_sampler_ends_at_its_endpoint(sampler):
    for steps in (1, 2, 5):
        *_, (x, _) = sampler_steps(sampler, lambda x, t: 3 * ONE, ONE, knots(steps))
        assert x.item() == pytest.approx(3, abs=1e-12)


def test_multistep_goes_on_exactly_along_an_endpoint_that_moves_evenly():
    """x0 = 2 + 3 t: x / t = x(s) / s + 2 (1 / t - 1 / s) + 3 ln(s / t)."""
    end = lambda x, t: 2 + 3 * t.view(-1, 1, 1, 1, 1).expand(x.shape)  # noqa: E731
    states = [x.item() for x, _ in sampler_steps("multistep", end, ONE, knots(4))]
    s, t = 0.75, 0.5
    assert states[1] == pytest.approx(t * (states[0] / s + 2 * (1 / t - 1 / s) + 3 * math.log(s / t)), abs=1e-12)
    assert states[-1] == pytest.approx(2, abs=1e-12)


@pytest.mark.parametrize(("sampler", "evaluations"), [("euler", 5), ("multistep", 5), ("heun", 9)])
def test_what_a_sampler_costs(sampler, evaluations):
    calls = []
    list(sampler_steps(sampler, lambda x, t: calls.append(t) or x, ONE, knots(5)))
    assert len(calls) == evaluations


def test_it_is_lazy_so_a_caller_can_stop_within_one_step():
    calls = []
    steps = euler_steps(lambda x, t: calls.append(float(t)) or x, ONE, knots(20))
    next(steps)
    next(steps)
    steps.close()
    assert calls == pytest.approx([1.0, 0.95])


def test_knots_are_plain():
    assert time_knots(4).tolist() == [1.0, 0.75, 0.5, 0.25, 0.0]
    assert time_knots(20).dtype == torch.float32


def test_draws_follow_the_seed_and_leave_the_global_generator_alone():
    torch.manual_seed(7)
    before = torch.random.get_rng_state()
    shape = (1, 6, 28, 28, 3)
    first = channel_major_noise(shape, torch.Generator().manual_seed(42), contiguous_draw=True)
    again = channel_major_noise(shape, torch.Generator().manual_seed(42), contiguous_draw=True)
    other = channel_major_noise(shape, torch.Generator().manual_seed(43), contiguous_draw=True)
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    assert torch.equal(torch.random.get_rng_state(), before)
    assert first.shape == shape
    assert first.mean().abs() < 0.02
    assert abs(first.std() - 1) < 0.02


def test_the_start_is_drawn_channel_first_and_the_fill_through_the_transposed_view():
    shape, pixels = (1, 6, 14, 28, 3), 6 * 14 * 28
    start = channel_major_noise(shape, torch.Generator().manual_seed(42), contiguous_draw=True)
    plain = torch.randn(1, 3, 6, 14, 28, generator=torch.Generator().manual_seed(42))
    assert torch.equal(start, plain.permute(0, 2, 3, 4, 1))
    fill = channel_major_noise(shape, torch.Generator().manual_seed(42), contiguous_draw=False)
    like = torch.empty(1, 3, pixels).transpose(1, 2).normal_(generator=torch.Generator().manual_seed(42))
    assert torch.equal(fill.reshape(1, pixels, 3), like)
    assert not torch.equal(fill, start)
