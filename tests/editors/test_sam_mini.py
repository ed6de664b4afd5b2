"""sam-mini: the network, what it learns from and how, and selection with the shipped weights."""

import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file
from segment_anything.modeling import Sam
from skimage import data

sys.path.insert(0, str(Path(__file__).parents[1] / "training"))
from tiny_shards import write_shards

from editors.segment import BUILT_IN, SAM_MINI, SUPERPIXELS, Segmenter, new_segmenter
from editors.segment.look import Look, around
from editors.segment.sam_mini import FILE, SIDE, load_sam_mini, sam_mini
from editors.segment.sam_mini_losses import DICE, FOCAL, losses
from editors.segment.sam_mini_samples import NOTHING, box_around, click_in, draw_picture, pasted
from editors.segment.sam_mini_segmenter import SamMiniSegmenter, agreement
from editors.segment.sam_mini_training import SamMiniTrainer
from editors.segment.superpixel import SuperpixelSegmenter
from wt.data.shards import Sample, ShardFolder
from wt.errors import WtError


def overlap(a: np.ndarray, b: np.ndarray) -> float:
    return float((a & b).sum() / (a | b).sum())


def ball(height: int, width: int, x: float, y: float, radius: float) -> tuple[np.ndarray, np.ndarray]:
    """(photo, truth): a shaded red ball before a grained green wall."""
    v, u = np.mgrid[:height, :width] + 0.5
    truth = (u - x) ** 2 + (v - y) ** 2 <= radius**2
    grain = np.random.default_rng(1).normal(0, 7, (height, width, 1))
    shade = 1.1 - 0.4 * np.hypot(u - x + radius / 3, v - y + radius / 3)[..., None] / radius
    rgb = np.where(truth[..., None], shade * (190, 50, 40), (70.0, 120.0, 80.0))
    return np.clip(rgb + grain, 0, 255).astype(np.uint8), truth


@pytest.fixture(scope="module")
def shards(tmp_path_factory) -> ShardFolder:
    return ShardFolder(write_shards(tmp_path_factory.mktemp("shards"), "scene", count=8, side=96), "scene")


@pytest.fixture(scope="module")
def shipped() -> SamMiniSegmenter:
    return SamMiniSegmenter(load_sam_mini())


def test_it_is_sam_around_the_frozen_convolutions():
    model = sam_mini()
    assert isinstance(model, Sam)
    photo = torch.randint(0, 255, (3, 200, SIDE)).float()
    embedding = model.image_encoder(model.preprocess(photo)[None])
    assert embedding.shape == (1, 128, SIDE // 8, SIDE // 8)
    assert not any("trunk" in name for name in model.state_dict())
    assert FILE.stat().st_size < 8e6
    assert set(load_file(FILE)) == set(model.state_dict())


def test_a_new_network_already_looks_where_a_click_points():
    torch.manual_seed(0)
    model = sam_mini()
    cross = model.mask_decoder.transformer.layers[0].cross_attn_token_to_image
    where = model.prompt_encoder.get_dense_pe()[0].flatten(1).T
    cell = 9 * 32 + 20
    alike = cross.q_proj(where[cell : cell + 1]) @ cross.k_proj(where).T
    assert int(alike.argmax()) == cell


def test_a_pasted_thing_keeps_its_colour_and_gets_a_number_of_its_own():
    rgb = np.full((96, 96, 3), 40, np.uint8)
    instance = np.zeros((96, 96), np.uint8)
    thing = np.full((96, 96), NOTHING, np.uint8)
    thing[30:60, 20:70] = 7
    cut_off = thing.copy()
    cut_off[0:25, 80:] = 9  # at the rim: it would be pasted with a straight cut
    colours = np.where((cut_off == 7)[..., None], (200, 30, 30), (0, 0, 250)).astype(np.uint8)
    other = Sample(colours, np.zeros((6, 96, 96), np.float16), cut_off, np.ones(4, np.float32))
    seen = 0
    for seed in range(12):
        photo, numbers = pasted(rgb, instance, other, np.random.default_rng(seed))
        new = numbers != 0
        assert set(np.unique(numbers)) <= {0, NOTHING - 1}
        assert (photo[~cv2.dilate(new.astype(np.uint8), np.ones((3, 3))).astype(bool)] == 40).all()
        inside = cv2.erode(np.pad(new, 1).astype(np.uint8), np.ones((5, 5)))[1:-1, 1:-1].astype(bool)
        assert (photo[inside] == (200, 30, 30)).all()
        seen += int(inside.sum())
    assert seen > 500
    assert (rgb == 40).all()
    assert (instance == 0).all()


def test_pictures_show_what_their_masks_say(shards):
    for seed in range(8):
        picture = draw_picture(shards, np.random.default_rng(seed), 3)
        height, width = picture.rgb.shape[1:]
        assert max(height, width) == SIDE
        assert picture.masks.shape == (3, SIDE, SIDE)
        assert picture.masks.any(axis=(1, 2)).all()
        assert not picture.masks[:, height:].any()
        assert not picture.masks[:, :, width:].any()


def test_clicks_lie_inside_and_boxes_around():
    rng = np.random.default_rng(0)
    mask = np.zeros((SIDE, SIDE), bool)
    mask[40:60, 100:180] = True
    mask[60:62, 100:104] = True
    boxes = np.array([box_around(mask, rng) for _ in range(60)])
    assert np.abs(boxes.mean(axis=0) - (100, 40, 180, 62)).max() < 1.5
    assert np.abs(boxes - (100, 40, 180, 62)).max() <= 0.15 * 80
    clicks = [click_in(mask, rng) for _ in range(60)]
    assert all(mask[int(y), int(x)] for x, y in clicks)
    assert np.ptp([x for x, _ in clicks]) > 50


def test_the_loss_is_that_of_the_single_mask_and_of_the_best_of_three():
    target = torch.zeros(1, 8, 8, dtype=torch.bool)
    target[0, :4] = True
    right = torch.where(target, 20.0, -20.0)[:, None]
    logits = torch.cat([right, -right, right, torch.zeros_like(right)], dim=1)
    true_iou = torch.tensor([[1.0, 0.0, 1.0, 0.0]])
    loss, found = losses(logits, true_iou, target)
    assert torch.equal(found, true_iou)
    # Wrong everywhere: focal -log(p) is 20 nats, dice 1 - 1 / 65; even chances: 0.25 log 2, dice 1 - 33 / 65.
    wrong = FOCAL * 20 + DICE * (1 - 1 / 65)
    even = FOCAL * 0.25 * np.log(2) + DICE * (1 - 33 / 65)
    assert loss.item() == pytest.approx(0.1 * (wrong + 0 + even) / 3, rel=1e-4)
    assert losses(logits, true_iou + 0.5, target)[0].item() == pytest.approx(loss.item() + 0.25, rel=1e-4)


def test_a_killed_training_goes_on_to_the_same_digits(shards, tmp_path):
    def trainer(out: Path) -> SamMiniTrainer:
        return SamMiniTrainer(shards.folder, out, hours=1000.0, steps=4, threads=1)

    straight = trainer(tmp_path / "a")
    for _ in range(2):
        straight.train_step()
    killed = trainer(tmp_path / "b")
    killed.train_step()
    killed.save()
    again = trainer(tmp_path / "b")
    assert again.step == 1
    again.train_step()
    for name, weight in straight.model.state_dict().items():
        assert torch.equal(weight, again.model.state_dict()[name]), name
    assert load_sam_mini(killed.file).mask_decoder.num_mask_tokens == 4


def test_no_scenes_and_a_strange_file_are_said(tmp_path):
    with pytest.raises(WtError, match="no scenes"):
        SamMiniTrainer(tmp_path, tmp_path / "out", hours=1.0)
    with pytest.raises(WtError, match="trains it again"):
        load_sam_mini(tmp_path / "missing.safetensors")
    with pytest.raises(WtError, match="does not hold the segmenter"):
        load_sam_mini(FILE.with_name("encoder-lite2.safetensors"))


def test_the_second_look_holds_the_box_and_every_positive_click():
    window = around((900.0, 500.0, 960.0, 620.0), [(700.0, 510.0, True), (5.0, 5.0, False)], (1440, 1920, 3))
    assert window is not None
    left, top, right, bottom = window
    assert left <= 700
    assert right >= 960
    assert top <= 500
    assert bottom >= 620
    assert right - left == bottom - top < 0.4 * 1920
    corner = around((0.0, 0.0, 100.0, 50.0), [], (1440, 1920, 3))
    assert corner is not None
    assert corner[:2] == (0, 0)
    assert around((100.0, 100.0, 1500.0, 1200.0), [], (1440, 1920, 3)) is None
    assert around(None, [(3.0, 3.0, True)], (1440, 1920, 3)) is None


@pytest.mark.parametrize("radius", [18, 90, 330])
def test_a_click_selects_a_ball_of_any_size(shipped, radius):
    photo, truth = ball(960, 1280, 700, 500, radius)
    shipped.set_image(photo)
    masks = shipped.predict([(700.0 + radius / 3, 500.0, True)])
    assert [mask.label for mask in masks] == ["part", "middle", "object"]
    sizes = [int(mask.mask.sum()) for mask in masks]
    assert sizes == sorted(sizes)
    assert overlap(masks[-1].mask, truth) > 0.85


def test_a_closer_look_sees_the_same_thing_in_the_same_place():
    photo, truth = ball(960, 1280, 900, 400, 50)
    model = load_sam_mini()
    window = around((850.0, 350.0, 950.0, 450.0), [], photo.shape)
    assert window is not None
    left, top, right, bottom = window
    look = Look(model, photo, window)
    chance = look.chance([(900.0, 400.0, True), (10.0, 10.0, False)], None)
    assert chance.shape == (bottom - top, right - left)
    assert overlap(chance > 0.5, truth[top:bottom, left:right]) > 0.85
    assert np.allclose(look.extent(truth[top:bottom, left:right]), (850, 350, 950, 450), atol=1.01)


def test_agreement_is_the_overlap_of_a_mask_and_chances():
    mask = np.zeros((4, 5), bool)
    mask[:, :2] = True
    assert agreement(mask, mask.astype(np.float32)) == 1
    assert agreement(mask, 1.0 - mask) == 0
    # Half a chance everywhere: 8 x 0.5 shared, 8 + 12 x 0.5 joint.
    assert agreement(mask, np.full((4, 5), 0.5)) == pytest.approx(4 / 14)
    assert agreement(np.zeros((4, 5), bool), np.zeros((4, 5))) == 0


def test_a_negative_click_keeps_the_ball_out(shipped):
    photo, truth = ball(480, 640, 300, 200, 70)
    shipped.set_image(photo)
    wall = shipped.predict([(600.0, 440.0, True), (300.0, 200.0, False)])[-1].mask
    assert (wall & truth).sum() < 0.1 * truth.sum()
    assert wall[440, 600]


def test_clicks_that_disagree_side_by_side_are_answered(shipped):
    photo, _ = ball(480, 640, 300, 200, 70)
    shipped.set_image(photo)
    assert shipped.predict([(300.0, 200.0, True), (305.0, 200.0, False)])[-1].mask[200, 300]


def test_a_box_selects_the_ball(shipped):
    photo, truth = ball(480, 640, 300, 200, 70)
    shipped.set_image(photo)
    assert overlap(shipped.predict(box=(226.0, 128.0, 372.0, 273.0))[-1].mask, truth) > 0.85


@pytest.mark.parametrize("shape", [(40, 60), (16, 200), (300, 24), (3, 3)])
def test_odd_sizes(shipped, shape):
    shipped.set_image(np.asarray(Image.fromarray(data.chelsea()).resize(shape[::-1])))
    masks = shipped.predict([(shape[1] / 2, shape[0] / 2, True)])
    assert len(masks) == 3
    assert all(mask.mask.shape == shape for mask in masks)


def test_another_visitors_segmenter_shares_the_network_but_not_the_photo(shipped):
    other = shipped.fresh()
    assert isinstance(other, Segmenter)
    assert other._model is shipped._model
    with pytest.raises(WtError, match="Open a photo"):
        other.predict([(1.0, 1.0, True)])


def test_it_is_what_selects_unless_superpixels_are_asked_for():
    for name in (SAM_MINI, BUILT_IN):
        assert new_segmenter(name, device="cpu").name == "sam-mini"
    assert isinstance(new_segmenter(SUPERPIXELS), SuperpixelSegmenter)
