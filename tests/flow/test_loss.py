import numpy as np
import pytest
import torch

from wt.flow.loss import FLICKER_HUBER, endpoint_loss, flicker, gate_layers, monotonicity


def slow_endpoint(predicted, target, weight, single):
    """Eq. 3 and 4, pixel by pixel."""
    total, count, first, first_count = 0.0, 0.0, 0.0, 0.0
    b, v, h, w, _ = predicted.shape
    for i in range(b):
        for layer in range(v):
            for y in range(h):
                for x in range(w):
                    a = weight[i, y, x] * (0 if single[i] and layer >= 1 else 1)
                    if a == 0:
                        continue
                    error = float(((predicted[i, layer, y, x] - target[i, layer, y, x]) ** 2).mean())
                    total, count = total + a * error, count + a
                    if layer == 0:
                        first, first_count = first + a * error, first_count + a
    return total / count, first / first_count, (total - first) / (count - first_count)


def tensors(*arrays):
    return [torch.from_numpy(np.asarray(a)).float() for a in arrays]


def test_against_the_slow_sum():
    rng = np.random.default_rng(0)
    predicted, target = rng.normal(size=(3, 4, 5, 6, 3)), rng.normal(size=(3, 4, 5, 6, 3))
    weight = rng.choice([0.0, 0.3, 1.0], size=(3, 5, 6))
    single = np.array([False, True, False])
    loss = endpoint_loss(*tensors(predicted, target, weight), torch.from_numpy(single))
    slow = slow_endpoint(predicted, target, weight, single)
    assert [float(loss.total), float(loss.layer0), float(loss.hidden)] == pytest.approx(slow, rel=1e-5)


def test_pseudo_huber_is_the_square_near_zero_and_the_size_far_away():
    d, target, weight = 0.5, torch.zeros(1, 1, 1, 1, 3), torch.ones(1, 1, 1)

    def loss(error: float) -> float:
        return float(endpoint_loss(target + error, target, weight, torch.tensor([False]), huber=d).total)

    assert loss(0.01) == pytest.approx(0.01**2, rel=1e-3)
    assert loss(0.4) == pytest.approx(2 * d * (np.hypot(d, 0.4) - d), rel=1e-5)
    assert loss(300.0) == pytest.approx(2 * d * (300 - d), rel=1e-2)


def test_invalid_pixels_neither_count_nor_poison():
    target = torch.zeros(1, 6, 4, 4, 3)
    predicted = torch.ones(1, 6, 4, 4, 3, requires_grad=True)
    weight = torch.ones(1, 4, 4)
    weight[0, 1] = 0
    spoilt = target.clone()
    spoilt[:, :, 1] = float("nan")
    loss = endpoint_loss(predicted, spoilt, weight, torch.tensor([False]))
    loss.total.backward()
    assert float(loss.total.detach()) == pytest.approx(1.0)
    assert torch.isfinite(predicted.grad).all()
    assert (predicted.grad[:, :, 1] == 0).all()
    assert (predicted.grad[:, :, 0] != 0).all()


def test_single_layer_samples_supervise_layer_zero_only():
    gated = gate_layers(torch.ones(2, 1, 1), torch.tensor([True, False]), 6)[:, :, 0, 0]
    assert gated.tolist() == [[1, 0, 0, 0, 0, 0], [1, 1, 1, 1, 1, 1]]


def test_monotonicity_by_hand():
    z = torch.tensor([1.0, 2.0, 1.5, 1.5, 3.0, 0.0]).reshape(1, 6, 1, 1)
    # Two pairs go back, by 0.5 and by 3; five pairs.
    assert float(monotonicity(z, torch.ones(1, 1, 1))) == pytest.approx((0.25 + 9.0) / 5)
    ordered = torch.arange(6.0).reshape(1, 6, 1, 1)
    assert float(monotonicity(ordered, torch.ones(1, 1, 1))) == 0
    assert float(monotonicity(z, torch.zeros(1, 1, 1))) == 0


def test_flicker_counts_wrong_steps_between_frames_where_both_are_supervised():
    truth = torch.tensor([1.0, 1.5, 1.5]).view(1, 3, 1, 1, 1).expand(1, 3, 2, 2, 2)
    weight = torch.ones(1, 3, 2, 2)
    assert flicker(truth + 0.7, truth, weight).item() == pytest.approx(0, abs=1e-6)
    seen = truth.clone()
    seen[:, 1] += 0.4  # the step there and the step back are wrong by 0.4
    expected = np.hypot(0.4, FLICKER_HUBER) - FLICKER_HUBER
    assert flicker(seen, truth, weight).item() == pytest.approx(expected, rel=1e-5)
    half = weight.clone()
    half[:, 2, :, 0] = 0
    seen[:, 2, :, :, 0] = float("nan")
    assert flicker(seen, truth, half).item() == pytest.approx(expected, rel=1e-5)
    assert flicker(seen, truth, torch.zeros_like(weight)).item() == 0
