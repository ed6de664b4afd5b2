"""The average of the weights against a plain loop."""

import torch
from torch import nn

from wt.training.ema import Ema


def network():
    torch.manual_seed(0)
    made = nn.Sequential(nn.Linear(3, 4), nn.Linear(4, 2))
    made[1].bias.requires_grad_(False)
    return made


def test_the_average_follows_its_formula():
    model = network()
    ema = Ema(model, decay=0.9)
    expected = {name: p.detach().clone().double() for name, p in model.named_parameters() if p.requires_grad}
    assert set(ema.weights) == {"0.weight", "0.bias", "1.weight"}, "frozen weights are left out"
    for n in range(1, 40):
        with torch.no_grad():
            for p in model.parameters():
                p += torch.randn(p.shape)
        ema.update(model)
        decay = min(0.9, (1 + n) / (10 + n))
        for name, p in model.named_parameters():
            if name in expected:
                expected[name] = decay * expected[name] + (1 - decay) * p.detach().double()
    for name, average in ema.weights.items():
        torch.testing.assert_close(average.double(), expected[name], rtol=1e-5, atol=1e-6)


def test_it_starts_at_the_weights_and_owns_its_memory():
    model = network()
    ema = Ema(model, 0.99)
    with torch.no_grad():
        model[0].weight.fill_(7)
    assert not (ema.weights["0.weight"] == 7).any()


def test_loading_continues_where_it_stopped():
    model = network()
    first, second = Ema(model, 0.9), Ema(model, 0.9)
    for _ in range(5):
        with torch.no_grad():
            model[0].weight.add_(1)
        first.update(model)
    second.load({name: w.clone() for name, w in first.weights.items()}, first.updates)
    with torch.no_grad():
        model[0].weight.add_(1)
    first.update(model)
    second.update(model)
    torch.testing.assert_close(first.weights["0.weight"], second.weights["0.weight"], rtol=0, atol=0)
