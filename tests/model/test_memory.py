"""Estimates against what a step is counted to hold, weights kept in half precision, and who stays on an accelerator."""

import threading
from dataclasses import replace

import pytest
import torch
from torch import nn

from tests.test_benchmarks import benchmark
from wt.errors import WtError
from wt.model.config import mini, published
from wt.model.memory import GB, MemoryNeed, Residents, memory_need, require_host_memory
from wt.model.precision import autocast, round_weights
from wt.model.wt_dit import WTDiT

CPU, CARD = torch.device("cpu"), torch.device("cuda")
SMALL = replace(
    published("scene"), width=128, heads=2, decoder_blocks=3, head_blocks=3, image_side=56,
    encoder=replace(published("scene").encoder, channels=64, width=16, depth=4, heads=2, pretrain_grid=5),
)  # fmt: skip


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_the_estimate_covers_a_step_and_is_not_far_above_it(dtype):
    step = benchmark("memory").step_bytes(replace(SMALL, width=1536, heads=24), dtype)
    assert step["counted"] <= step["estimated"] <= 1.6 * step["counted"]


def test_the_estimate_of_weights_is_what_a_network_holds():
    config = mini("object")
    held = sum(tensor.nbytes for tensor in WTDiT(config).state_dict().values())
    assert memory_need(config).weights == held
    need = memory_need(published("object"))
    assert need.weights == pytest.approx(4 * 1_705_047_628, rel=1e-3)
    assert memory_need(published("object"), torch.bfloat16).weights < 0.55 * need.weights
    assert memory_need(published("dynamic"), frames=16).working > 10 * memory_need(published("dynamic")).working


def test_kept_half_weights_compute_what_autocast_does():
    torch.manual_seed(0)
    config = replace(SMALL, layerscale_init=1.0)
    network = WTDiT(config).eval()
    for parameter in network.parameters():
        nn.init.normal_(parameter, std=0.1)
    rgb, x = torch.rand(1, 3, 56, 56), torch.randn(1, 6, 56, 56, 3)

    def run():
        with torch.inference_mode(), autocast(CPU, torch.bfloat16):
            return network(x, torch.tensor([0.4]), network.condition(network.encode(rgb)), rgb)

    before = run()
    bytes_before = sum(p.nbytes for p in network.parameters())
    round_weights(network, torch.bfloat16)
    assert torch.equal(before, run())
    assert sum(p.nbytes for p in network.parameters()) < 0.7 * bytes_before
    assert network.time.first.weight.dtype == torch.float32


class Weights(nn.Module):
    """Says where it was moved."""

    def __init__(self, gigabytes: float, card: "Card") -> None:
        super().__init__()
        self.need, self.card, self.moves = MemoryNeed(int(gigabytes * GB), int(GB)), card, []

    def to(self, device):  # type: ignore[override]
        if not self.moves or self.moves[-1] != str(device):
            self.moves.append(str(device))
        self.card.held[self] = self.need.weights if str(device) == "cuda" else 0
        return self


class Card:
    """An accelerator of so many gigabytes."""

    def __init__(self, gigabytes: float) -> None:
        self.size, self.held = int(gigabytes * GB), {}
        self.residents = Residents(lambda _: self.size - sum(self.held.values()))

    def use(self, model):
        return self.residents.using(model, CARD, model.need, "A lift")


def test_two_models_stay_where_both_fit_and_take_turns_where_not():
    card = Card(12)
    one, two = Weights(4, card), Weights(4, card)
    for model in (one, two, one, two):
        with card.use(model):
            assert model.moves[-1] == "cuda"
    assert one.moves == two.moves == ["cuda"]
    card = Card(8)
    one, two = Weights(4, card), Weights(4, card)
    for model in (one, two, two, one):
        with card.use(model):
            assert model.moves[-1] == "cuda"
    assert one.moves == ["cuda", "cpu", "cuda"]
    assert two.moves == ["cuda", "cpu"]


def test_a_model_that_is_larger_than_the_card_is_refused_with_figures_and_others_go_on():
    card = Card(6)
    small, large = Weights(2, card), Weights(7, card)
    with card.use(small):
        pass
    figures = r"A lift needs about 8\.0 GB of memory \(7\.0 GB of weights\) on cuda"
    with pytest.raises(WtError, match=figures), card.use(large):
        pass
    with card.use(small):
        assert small.moves[-1] == "cuda"


def test_a_lift_waits_for_the_room_that_another_uses():
    card = Card(8)
    one, two = Weights(4, card), Weights(4, card)
    entered = threading.Event()

    def second() -> None:
        with card.use(two):
            entered.set()

    with card.use(one):
        thread = threading.Thread(target=second)
        thread.start()
        assert not entered.wait(0.2)
        assert one.moves == ["cuda"]
    thread.join(5)
    assert entered.is_set()
    assert one.moves == ["cuda", "cpu"]


def test_a_model_that_this_machine_cannot_hold_is_refused_before_it_is_read(monkeypatch):
    require_host_memory("Loading it", MemoryNeed(1, 1))
    with pytest.raises(WtError, match=r"needs about 1000000\.0 GB .* are free here"):
        require_host_memory("Loading it", MemoryNeed(int(1e15), 0))


def test_published_names_of_the_benchmark_are_those_of_the_release():
    from wt.model.names import our_name

    script = benchmark("memory")
    for config in (published("scene"), published("dynamic")):
        with torch.device("meta"):
            names = WTDiT(config).state_dict().keys()
        assert [our_name(script.published_name(name)) for name in names] == list(names)
