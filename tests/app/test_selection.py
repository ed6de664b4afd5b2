"""Select: the tools, and the mask that they leave."""

import numpy as np
import pytest
from PIL import Image

from wt.errors import WtError


def test_selection_tools(controller, session, photo_file, tmp_path):
    controller.photo.open(session, photo_file)
    controller.select.click(session, 30, 20)
    assert [int(c.sum()) for c in session.now.selection.candidates] == sorted(
        int(c.sum()) for c in session.now.selection.candidates
    )
    whole = session.now.selection.mask
    assert whole[20, 30]
    assert not whole[20, 90]
    controller.select.click(session, 80, 40, "add")
    assert session.now.selection.mask[40, 80]
    assert session.now.selection.mask[20, 30]
    controller.select.click(session, 30, 20, "subtract")
    assert not session.now.selection.mask[20, 30]
    controller.select.box(session, 70, 50, 10, 5)
    assert session.now.selection.box == (10, 5, 70, 50)
    assert session.now.selection.mask.sum() == 60 * 45
    controller.select.grow(session, 3)
    assert session.now.selection.mask.sum() == 66 * 51
    controller.select.grow(session, -3)
    assert session.now.selection.mask.sum() == 60 * 45
    controller.select.stroke(session, [(20, 10), (60, 10)], 6, erase=True)
    assert not session.now.selection.mask[10, 40]
    controller.select.stroke(session, [(90, 60)], 6, erase=False)
    assert session.now.selection.mask[60, 90]
    before = session.now.selection.mask
    controller.select.invert(session)
    assert np.array_equal(session.now.selection.mask, ~before)
    controller.select.clear(session)
    assert session.now.selection.mask is None
    mask = np.zeros((32, 48), np.uint8)
    mask[8:16, 12:24] = 255
    Image.fromarray(mask).save(tmp_path / "mask.png")
    controller.select.load_mask(session, tmp_path / "mask.png")
    assert session.now.selection.mask.sum() == 16 * 24
    assert session.now.selection.mask[16, 24]


def state(selection):
    """Everything that a selection is, with its masks as bytes."""
    masks = [None if mask is None else mask.tobytes() for mask in (selection.base, selection.mask)]
    return (masks, selection.points, selection.box, len(selection.candidates), selection.level, selection.found)


@pytest.mark.parametrize("reset", ["clear", "undo", "invert and clear", "open it again"])
def test_after_a_reset_a_click_is_what_it_is_for_somebody_who_just_came(controller, session, photo_file, reset):
    controller.photo.open(session, photo_file)
    start = session.history.at
    controller.select.click(session, 70, 50)
    controller.select.click(session, 20, 50, "add")
    controller.select.click(session, 68, 50, "subtract")
    controller.select.stroke(session, [(90, 60)], 6, erase=False)
    if reset == "clear":
        controller.select.clear(session)
    elif reset == "undo":
        controller.jump(session, start)
    elif reset == "invert and clear":
        controller.select.invert(session)
        controller.select.clear(session)
    else:
        controller.photo.open(session, photo_file)
    fresh = controller.sessions.attach("page-2")
    controller.photo.open(fresh, photo_file)
    assert state(session.now.selection) == state(fresh.now.selection)
    for visitor in (session, fresh):
        controller.select.click(visitor, 30, 20)
    assert state(session.now.selection) == state(fresh.now.selection)


def test_how_much_a_click_selects_is_kept_while_the_mask_is_painted_loaded_and_inverted(
    controller, session, photo_file, tmp_path
):
    controller.photo.open(session, photo_file)
    controller.select.click(session, 30, 20)
    controller.select.level(session, "part")
    Image.fromarray(np.eye(64, dtype=np.uint8) * 255).save(tmp_path / "mask.png")
    for act in (
        lambda: controller.select.stroke(session, [(50, 50)], 8, erase=False),
        lambda: controller.select.stroke(session, [(50, 50)], 4, erase=True),
        lambda: controller.select.invert(session),
        lambda: controller.select.load_mask(session, tmp_path / "mask.png"),
        lambda: controller.select.sky_from_selection(session),
        lambda: controller.select.click(session, 30, 20),
    ):
        act()
        assert session.now.selection.level == 0, session.message


def test_two_visitors_who_take_turns_at_clicking_select_what_each_would_alone(controller, photo_file, tmp_path):
    Image.open(photo_file).transpose(Image.Transpose.ROTATE_90).save(tmp_path / "turned.png")
    clicks = {photo_file: [(30, 20), (70, 40), (80, 10)], tmp_path / "turned.png": [(10, 80), (50, 30), (30, 60)]}
    alone = []
    for number, (photo, places) in enumerate(clicks.items()):
        visitor = controller.sessions.attach(f"alone-{number}")
        controller.photo.open(visitor, photo)
        for x, y in places:
            controller.select.click(visitor, x, y, "add" if alone else "new")
        alone.append(state(visitor.now.selection))
        controller.sessions.detach(f"alone-{number}")
    visitors = [controller.sessions.attach(f"together-{number}") for number in range(2)]
    for visitor, photo in zip(visitors, clicks, strict=True):
        controller.photo.open(visitor, photo)
    for first, second in zip(*clicks.values(), strict=True):
        controller.select.click(visitors[0], *first, "new")
        controller.select.click(visitors[1], *second, "add")
    assert [state(visitor.now.selection) for visitor in visitors] == alone
    assert visitors[0].segmenter is not visitors[1].segmenter


def test_a_click_after_brushing_keeps_what_was_painted(controller, session, photo_file):
    controller.photo.open(session, photo_file)
    controller.select.stroke(session, [(90, 60)], 6, erase=False)
    controller.select.click(session, 20, 20, "add")
    assert session.now.selection.mask[60, 90]
    assert session.now.selection.mask[20, 20]


def test_the_photos_own_alpha_is_the_selection(controller, session, tmp_path):
    rgba = np.full((64, 64, 4), 200, np.uint8)
    rgba[:32, :, 3] = 0
    Image.fromarray(rgba).save(tmp_path / "cut.png")
    controller.photo.open(session, tmp_path / "cut.png")
    assert session.now.selection.mask[40].all()
    assert not session.now.selection.mask[10].any()
    assert "mask" in session.message


def test_whole_mask_tools_act_and_are_undone(controller, session, photo_file):
    controller.photo.open(session, photo_file)
    controller.select.box(session, 10, 10, 50, 50)
    controller.select.stroke(session, [(30, 30)], 10, erase=True)
    controller.select.stroke(session, [(80, 20)], 6, erase=False)
    start = session.now.selection.mask
    controller.select.fill_holes(session)
    assert session.now.selection.mask[30, 30]
    controller.select.keep_largest(session)
    assert session.now.selection.mask.sum() == 40 * 40
    controller.select.feather(session, 3)
    assert not session.now.selection.mask[10, 10]
    assert session.now.selection.mask[10, 30]
    for label in ("Feather the selection", "Keep the largest piece", "Fill holes"):
        assert session.history.undo_label == label
        controller.undo(session)
    assert session.now.selection.mask is start


@pytest.mark.parametrize("tool", ["fill_holes", "keep_largest", "feather", "grow"])
def test_whole_mask_tools_want_a_selection(controller, session, photo_file, tool):
    controller.photo.open(session, photo_file)
    act, amount = getattr(controller.select, tool), [] if tool in ("fill_holes", "keep_largest") else [3]
    with pytest.raises(WtError, match="Nothing is selected"):
        act(session, *amount)


def test_what_would_leave_nothing_is_refused_and_the_selection_stays(controller, session, photo_file):
    controller.photo.open(session, photo_file)
    controller.select.stroke(session, [(80, 20)], 4, erase=False)
    mask = session.now.selection.mask
    for act in (lambda: controller.select.grow(session, -9), lambda: controller.select.feather(session, 9)):
        with pytest.raises(WtError, match="nothing would be left"):
            act()
    assert session.now.selection.mask is mask


def test_the_mask_is_saved_at_the_files_own_size_upright_and_loads_as_it_was(controller, session, tmp_path):
    """A 3000 x 900 file whose EXIF turns it: the photo is 614 x 2048, the mask 900 x 3000."""
    picture = Image.fromarray(np.full((900, 3000, 3), 90, np.uint8))
    exif = Image.Exif()
    exif[274] = 6
    picture.save(tmp_path / "turned photo.jpg", exif=exif)
    controller.photo.open(session, tmp_path / "turned photo.jpg")
    assert session.now.rgb.shape == (2048, 614, 3)
    assert controller.sessions.download(session.token, "turned-photo-mask.png") is None, "nothing is selected yet"
    controller.select.box(session, 100, 1000, 300, 1500)
    path = tmp_path / "turned-photo-mask.png"
    path.write_bytes(controller.sessions.download(session.token, path.name))
    with Image.open(path) as saved:
        assert saved.size == (900, 3000)
        full = np.asarray(saved)
    assert set(np.unique(full)) == {0, 255}
    ys, xs = np.nonzero(full)
    scale = 3000 / 2048
    bounds = [xs.min(), xs.max() + 1, ys.min(), ys.max() + 1]
    np.testing.assert_allclose(bounds, np.array([100, 300, 1000, 1500]) * scale, atol=1.5)
    mask = session.now.selection.mask
    controller.select.clear(session)
    controller.select.load_mask(session, path)
    assert np.array_equal(session.now.selection.mask, mask)
    other = controller.sessions.attach("other")
    assert controller.sessions.download(other.token, path.name) is None
