"""segment-anything and MobileSAM behind our interface, with random weights: set the photo once, predict many."""

import numpy as np
import pytest
import torch
from segment_anything.modeling import ImageEncoderViT, MaskDecoder, PromptEncoder, Sam, TwoWayTransformer

from editors.segment import new_segmenter
from editors.segment.base import Segmenter
from editors.segment.sam import SamSegmenter
from wt.errors import WtError

PHOTO = np.random.default_rng(0).integers(0, 255, (75, 120, 3), dtype=np.uint8)


def tiny_sam(side: int = 128) -> Sam:
    torch.manual_seed(0)
    encoder = ImageEncoderViT(
        depth=2, embed_dim=32, img_size=side, num_heads=2, patch_size=16, window_size=4, global_attn_indexes=[1],
        out_chans=32, use_rel_pos=True, mlp_ratio=2,
    )  # fmt: skip
    decoder = MaskDecoder(
        transformer=TwoWayTransformer(2, 32, 2, 64), transformer_dim=32, iou_head_hidden_dim=32, num_multimask_outputs=3
    )
    return Sam(encoder, PromptEncoder(32, (side // 16,) * 2, (side,) * 2, 16), decoder)


@pytest.fixture(scope="module")
def segmenter():
    found = SamSegmenter(tiny_sam())
    found.set_image(PHOTO)
    return found


def test_masks_come_at_photo_size_smallest_first(segmenter):
    masks = segmenter.predict(points=[(60.0, 40.0, True), (5.0, 5.0, False)])
    assert [mask.label for mask in masks] == ["part", "middle", "object"]
    assert all(mask.mask.shape == (75, 120) and mask.mask.dtype == bool for mask in masks)
    sizes = [int(mask.mask.sum()) for mask in masks]
    assert sizes == sorted(sizes)


def test_the_photo_is_encoded_once(segmenter, monkeypatch):
    def refuse(*_):
        raise AssertionError("encoded again")

    monkeypatch.setattr(segmenter._predictor.model.image_encoder, "forward", refuse)
    first = segmenter.predict(points=[(30.0, 30.0, True)])
    again = segmenter.predict(points=[(30.0, 30.0, True)])
    assert all((a.mask == b.mask).all() for a, b in zip(first, again, strict=True))
    assert segmenter.predict(box=(10.0, 10.0, 80.0, 60.0))


def test_no_photo_no_prompt_no_checkpoint(tmp_path):
    fresh = SamSegmenter(tiny_sam())
    with pytest.raises(WtError, match="Open a photo"):
        fresh.predict(points=[(1.0, 1.0, True)])
    fresh.set_image(PHOTO)
    with pytest.raises(WtError, match="Nothing is pointed at"):
        fresh.predict(points=[(1.0, 1.0, False)])
    with pytest.raises(WtError, match="no segment-anything checkpoint"):
        new_segmenter(tmp_path / "missing.pth")
    (tmp_path / "bad.pth").write_bytes(b"not tensors")
    with pytest.raises(WtError, match="not a whole segment-anything checkpoint"):
        new_segmenter(tmp_path / "bad.pth")
    torch.save(tiny_sam().state_dict(), tmp_path / "tiny.pth")
    with pytest.raises(WtError, match="2 encoder blocks"):
        new_segmenter(tmp_path / "tiny.pth")


def test_another_visitors_segmenter_shares_the_network_but_not_the_photo(segmenter):
    other = segmenter.fresh()
    assert isinstance(other, Segmenter)
    assert other._predictor.model is segmenter._predictor.model
    with pytest.raises(WtError, match="Open a photo"):
        other.predict(points=[(1.0, 1.0, True)])


def convolution(name: str, out: int, inside: int, side: int) -> dict[str, tuple[int, ...]]:
    """A convolution without bias and its batch norm, as TinyViT's authors name them."""
    norm = {f"{name}.bn.{part}": (out,) for part in ("weight", "bias", "running_mean", "running_var")}
    return {f"{name}.c.weight": (out, inside, side, side), **norm, f"{name}.bn.num_batches_tracked": ()}


def published_encoder() -> dict[str, tuple[int, ...]]:
    """Names and shapes of the image encoder in mobile_sam.pt: TinyViT-5M, its unused classifier, SAM's neck."""
    dims, depths, heads, windows = (64, 128, 160, 320), (2, 2, 6, 2), (2, 4, 5, 10), (7, 7, 14, 7)
    shapes = convolution("patch_embed.seq.0", 32, 3, 3) | convolution("patch_embed.seq.2", 64, 32, 3)
    for layer, (dim, depth, head, window) in enumerate(zip(dims, depths, heads, windows, strict=True)):
        for block in range(depth):
            name = f"layers.{layer}.blocks.{block}"
            if layer == 0:
                shapes |= convolution(f"{name}.conv1", 4 * dim, dim, 1) | convolution(f"{name}.conv2", 4 * dim, 1, 3)
                shapes |= convolution(f"{name}.conv3", dim, 4 * dim, 1)
                continue
            linear = {"attn.qkv": (3 * dim, dim), "attn.proj": (dim, dim)}
            linear |= {"mlp.fc1": (4 * dim, dim), "mlp.fc2": (dim, 4 * dim)}
            for part, shape in linear.items():
                shapes |= {f"{name}.{part}.weight": shape, f"{name}.{part}.bias": shape[:1]}
            for part in ("attn.norm", "mlp.norm"):
                shapes |= {f"{name}.{part}.weight": (dim,), f"{name}.{part}.bias": (dim,)}
            shapes |= {f"{name}.attn.attention_biases": (head, window**2)}
            shapes |= convolution(f"{name}.local_conv", dim, 1, 3)
        if layer < 3:
            name, wide = f"layers.{layer}.downsample", dims[layer + 1]
            shapes |= convolution(f"{name}.conv1", wide, dim, 1) | convolution(f"{name}.conv2", wide, 1, 3)
            shapes |= convolution(f"{name}.conv3", wide, wide, 1)
    shapes |= {"norm_head.weight": (320,), "norm_head.bias": (320,), "head.weight": (1000, 320), "head.bias": (1000,)}
    shapes |= {"neck.0.weight": (256, 320, 1, 1), "neck.2.weight": (256, 256, 3, 3)}
    return shapes | {f"neck.{norm}.{part}": (256,) for norm in (1, 3) for part in ("weight", "bias")}


@pytest.fixture(scope="module")
def mobile_state():
    """mobile_sam.pt with random weights; prompts and masks are decoded by segment-anything's own parts."""
    random = torch.Generator().manual_seed(0)
    shapes = published_encoder()
    state = {f"image_encoder.{name}": torch.rand(shape, generator=random) * 0.1 for name, shape in shapes.items()}
    parts = {"prompt_encoder": PromptEncoder(256, (64, 64), (1024, 1024), 16)}
    parts["mask_decoder"] = MaskDecoder(transformer_dim=256, transformer=TwoWayTransformer(2, 256, 8, 2048))
    for name, part in parts.items():
        state |= {f"{name}.{key}": tensor for key, tensor in part.state_dict().items()}
    return state


def test_a_mobile_sam_file_is_recognised_loads_whole_and_selects(mobile_state, tmp_path):
    count = sum(t.numel() for n, t in mobile_state.items() if "running" not in n and "tracked" not in n)
    assert 10.0e6 < count < 10.2e6, "10.1 M parameters were published"
    torch.save(mobile_state, tmp_path / "mobile_sam.pt")
    found = new_segmenter(tmp_path / "mobile_sam.pt", device="cpu")
    assert (found.name, found.licence) == ("MobileSAM", "Apache-2.0")
    ours = found._predictor.model.image_encoder.body.state_dict()
    told = mobile_state["image_encoder.layers.1.downsample.conv3.c.weight"]
    assert torch.equal(ours["stages.2.downsample.conv3.conv.weight"], told)
    found.set_image(PHOTO)
    assert found._predictor.get_image_embedding().shape == (1, 256, 64, 64)
    assert [mask.mask.shape for mask in found.predict(points=[(60.0, 40.0, True)])] == [(75, 120)] * 3


def test_a_cut_mobile_sam_file_is_one_sentence(mobile_state, tmp_path):
    cut = {name: tensor for name, tensor in mobile_state.items() if "layers.3" not in name}
    torch.save(cut, tmp_path / "mobile_sam.pt")
    with pytest.raises(WtError, match="mobile_sam.pt is not a whole segment-anything checkpoint"):
        new_segmenter(tmp_path / "mobile_sam.pt")
