"""segment-anything behind our interface, with a tiny random Sam: set the photo once, predict many."""

import numpy as np
import pytest
import torch
from segment_anything.modeling import ImageEncoderViT, MaskDecoder, PromptEncoder, Sam, TwoWayTransformer

from editors.segment import new_segmenter
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
    with pytest.raises(WtError, match="is not a segment-anything checkpoint"):
        new_segmenter(tmp_path / "bad.pth")
    torch.save(tiny_sam().state_dict(), tmp_path / "tiny.pth")
    with pytest.raises(WtError, match="2 encoder blocks"):
        new_segmenter(tmp_path / "tiny.pth")
