"""Select: the tools, and the mask that they leave."""

import numpy as np
from PIL import Image


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
