"""Model files: ours come back, published ones are read under their own names, everything else is explained."""

import io
import json
import zipfile
from dataclasses import replace

import pytest
import torch
from safetensors.torch import load_file, save_file

from wt.errors import WtError
from wt.model import checkpoint
from wt.model.checkpoint import assemble, load_model, read_metadata, read_tensors, save_model
from wt.model.config import EncoderConfig, mini, published
from wt.model.eight_bits import pack, unpack
from wt.model.names import infer_config, our_name, plain_name
from wt.model.registry import MODELS, WEIGHTS, find, locate
from wt.model.wt_dit import WTDiT

TINY = replace(mini("scene"), width=32, heads=2, decoder_blocks=3, head_blocks=3, image_side=28)


@pytest.fixture(scope="module")
def network():
    torch.manual_seed(0)
    return WTDiT(TINY)


@pytest.fixture(scope="module")
def released(reference):
    return load_file(reference / "object_tiny.safetensors")


def test_our_file_comes_back(network, tmp_path):
    path = save_model(network, tmp_path / "a" / "m.safetensors", training={"steps": 3})
    again = load_model(path)
    assert again.config == TINY
    assert not again.training
    for name, tensor in network.state_dict().items():
        assert torch.equal(again.state_dict()[name], tensor.half().float()), name
    assert read_metadata(path) == {"config": TINY, "training": {"steps": 3}}
    assert all(t.dtype == torch.float16 for t in load_file(path).values())
    assert [p.name for p in path.parent.iterdir()] == ["m.safetensors"]


@pytest.mark.parametrize("kind", ["object", "scene", "dynamic"])
def test_every_published_name_has_its_place(kind, reference):
    schema = json.loads((reference / "weight_schema.json").read_text())
    entry = schema[{"object": "r75b", "scene": "r69l", "dynamic": "r76"}[kind]]
    shapes = {}
    for tensor in entry["tensors"]:
        index = "{j}" if "{j}" in tensor["name"] else "{i}"
        for i in range(tensor["count"]):
            shapes[tensor["name"].replace(index, str(i))] = tuple(tensor["shape"])
    with torch.device("meta"):
        model = WTDiT(published(kind))
    expected = {name: tuple(t.shape) for name, t in model.state_dict().items()}
    assert {our_name(name): shape for name, shape in shapes.items()} == expected
    assert len(expected) == entry["entries"]
    # The schema counts parameters with the two buffers of image statistics left out.
    assert sum(p.numel() for p in model.parameters()) == entry["parameters"]
    assert infer_config(model.state_dict()) == replace(published(kind), name=f"world-tracing-{kind}")


@pytest.mark.parametrize(
    ("name", "plain"),
    [
        ("_orig_mod.net.time_embedding.0.bias", "net.time_embedding.0.bias"),
        ("module._orig_mod.layer_embed.weight", "layer_embed.weight"),
        ("net.decoder_blocks.3._checkpoint_wrapped_module.norm1.bias", "net.decoder_blocks.3.norm1.bias"),
    ],
)
def test_wrappers_are_stripped(name, plain):
    assert plain_name(name) == plain
    assert our_name(name) is not None


def test_a_published_file_in_each_of_its_forms(released, tmp_path, reference):
    wanted = read_tensors(reference / "object_tiny.safetensors")[0]
    raw = {name: tensor + 1 for name, tensor in released.items()}
    averaged = {f"_orig_mod.{name}": t for name, t in released.items() if name != "layer_embed.weight"}
    forms = {
        "plain": released,
        "raw": {"model_state_dict": released, "ema_state_dict": None, "step": 3},
        "averaged": {"model_state_dict": raw, "ema_state_dict": averaged},
    }
    for name, content in forms.items():
        path = tmp_path / f"{name}.pt"
        torch.save(content, path)
        tensors, config = read_tensors(path)
        assert config is None
        assert set(tensors) == set(wanted)
        assert torch.equal(tensors["out.weight"], wanted["out.weight"])
        # What the averages lack is taken from the raw weights.
        lacking = 1 if name == "averaged" else 0
        assert torch.equal(tensors["decoder.layer.table.weight"], wanted["decoder.layer.table.weight"] + lacking)
    assert load_model(tmp_path / "plain.pt").config.kind == "object"


def test_a_published_file_that_changed_is_explained(released, tmp_path):
    def attempt(tensors):
        save_file(tensors, tmp_path / "m.safetensors")
        with pytest.raises(WtError) as error:
            load_model(tmp_path / "m.safetensors")
        return str(error.value)

    less = {name: t for name, t in released.items() if name != "net.decoder_blocks.2.mlp.fc1.bias"}
    assert "1 missing, such as decoder.blocks.2.mlp.fc1.bias" in attempt(less)
    assert "net.ray_map.weight" in attempt(released | {"net.ray_map.weight": torch.zeros(2)})
    short = attempt(released | {"net.time_embedding.0.bias": torch.zeros(7)})
    assert "time.first.bias: [7], not [64]" in short
    assert "no tensor" in attempt({"net.time_embedding.0.bias": torch.zeros(7)})


def test_code_in_a_file_never_runs(tmp_path):
    class Trap:
        def __reduce__(self):
            return (open, (str(tmp_path / "ran"), "w"))

    torch.save({"model_state_dict": Trap()}, tmp_path / "evil.pt")
    with pytest.raises(WtError, match="never done here"):
        load_model(tmp_path / "evil.pt")
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.safetensors", b"", "not a readable safetensors"),
        ("a.safetensors", b"\x00" * 64, "not a readable safetensors"),
        ("a.pt", b"hello", r"5 bytes\) is not a file that torch saved"),
        ("a.pt", b"", "not a file that torch saved"),
    ],
)
def test_damaged_files_are_said(name, content, words, tmp_path):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(WtError, match=words):
        load_model(tmp_path / name)


def test_a_file_that_is_cut_off_and_another_networks(released, tmp_path):
    torch.save(released, tmp_path / "whole.pt")
    (tmp_path / "half.pt").write_bytes((tmp_path / "whole.pt").read_bytes()[:50_000])
    with pytest.raises(WtError, match=r"half\.pt \(50,000 bytes\) is cut off"):
        load_model(tmp_path / "half.pt")
    torch.save({"conv_in.weight": torch.zeros(3)}, tmp_path / "other.pt")
    with pytest.raises(
        WtError, match=r"None of the 1 tensors of other\.pt, such as conv_in\.weight, .* another network"
    ):
        load_model(tmp_path / "other.pt")


def test_a_zip_that_is_no_checkpoint(tmp_path):
    store = io.BytesIO()
    with zipfile.ZipFile(store, "w") as z:
        z.writestr("x", "y")
    (tmp_path / "a.pt").write_bytes(store.getvalue())
    with pytest.raises(WtError, match="damaged torch file"):
        load_model(tmp_path / "a.pt")


def test_a_missing_file_and_a_newer_configuration(network, tmp_path):
    with pytest.raises(WtError, match="does not exist"):
        load_model(tmp_path / "absent.safetensors")
    newer = json.loads(TINY.to_json()) | {"moon": 1}
    save_file({"x": torch.zeros(1)}, tmp_path / "n.safetensors", {"format": "wt-dit", "config": json.dumps(newer)})
    with pytest.raises(WtError, match="moon"):
        load_model(tmp_path / "n.safetensors")


def test_strict_for_our_own_files_too(network):
    state = dict(network.state_dict())
    state.pop("out.bias")
    with pytest.raises(WtError, match=r"1 missing, such as out\.bias"):
        assemble(TINY, state)


def test_the_registry_explains_what_is_not_here(monkeypatch):
    assert find("hf://haoz19/object-model-6layer@main").name == "world-tracing-object"
    assert find("wt-s-mini").kind == "scene"
    with pytest.raises(WtError, match="wt-s-mini"):
        find("nonsense")
    for entry in MODELS.values():
        if entry.hub:
            with pytest.raises(WtError, match=rf"python -m wt download {entry.name}.*model\.pt"):
                locate(entry.name)
        else:
            assert locate(entry.name) == (entry, entry.file)
    gone = replace(find("wt-s-mini"), file=find("wt-s-mini").file.with_name("absent.safetensors"))
    monkeypatch.setitem(MODELS, "wt-s-mini", gone)
    with pytest.raises(WtError, match="missing"):
        locate("wt-s-mini")


@pytest.fixture
def necked(tmp_path, monkeypatch):
    """A tiny model whose neck is the one that models of its kind share."""
    neck = EncoderConfig(kind="necked_lite2", channels=520 + 8, side=64, width=16, depth=1, heads=2)
    model = WTDiT(replace(TINY, encoder=neck))
    monkeypatch.setattr(checkpoint, "WEIGHTS", tmp_path)
    packed = pack(model.encoder.state_dict())
    model.encoder.load_state_dict(unpack(packed))
    save_file({**packed, "answer.weight": torch.zeros(2)}, checkpoint.neck_file(model.config))
    return model


def test_a_model_with_the_shared_neck_does_not_repeat_it(necked, tmp_path):
    path = save_model(necked, tmp_path / "m.safetensors")
    assert not any(name.startswith("encoder.") for name in load_file(path))
    loaded = load_model(path)
    for name, tensor in necked.state_dict().items():
        torch.testing.assert_close(loaded.state_dict()[name], tensor.half().float(), atol=0, rtol=0)


def test_a_model_with_another_neck_holds_it(necked, tmp_path):
    with torch.no_grad():
        necked.encoder.neck.positions += 1
    path = save_model(necked, tmp_path / "m.safetensors")
    checkpoint.neck_file(necked.config).unlink()
    own = necked.encoder.neck.positions.half().float()
    assert torch.equal(load_model(path).encoder.neck.positions, own)


def test_another_shared_neck_is_never_taken_for_it(necked, tmp_path):
    path = save_model(necked, tmp_path / "m.safetensors")
    tensors = load_file(checkpoint.neck_file(necked.config))
    save_file({**tensors, "neck.positions": tensors["neck.positions"] + 1}, checkpoint.neck_file(necked.config))
    with pytest.raises(WtError, match="the neck that it was trained with"):
        load_model(path)
    checkpoint.neck_file(necked.config).unlink()
    with pytest.raises(WtError, match="m.safetensors needs the neck"):
        load_model(path)


def test_a_model_that_shares_the_rest_with_another_is_whole_only_beside_it(tmp_path):
    shipped = WEIGHTS / "wt-d-mini.safetensors"
    still, clip = (load_model(WEIGHTS / f"{name}.safetensors").state_dict() for name in ("wt-o-mini", "wt-d-mini"))
    assert all(torch.equal(tensor, clip[name]) for name, tensor in still.items())
    assert {name for name in clip if name not in still} == {n for n in clip if n.startswith("decoder.temporal.")}
    assert shipped.stat().st_size < 3_000_000
    alone = tmp_path / shipped.name
    alone.write_bytes(shipped.read_bytes())
    with pytest.raises(WtError, match="must lie beside it"):
        load_model(alone)
