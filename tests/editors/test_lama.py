"""LaMa's TorchScript interface, with a small scripted network in its place."""

import numpy as np
import pytest
import torch

from editors.lama import LamaEditor
from wt.errors import WtError

PHOTO = np.random.default_rng(0).integers(0, 255, (75, 101, 3), dtype=np.uint8)
MASK = np.zeros((75, 101), bool)
MASK[20:50, 30:71] = True


class Mean(torch.nn.Module):
    """Fills with the mean of what is not masked; refuses what LaMa refuses."""

    def forward(self, image: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        assert image.shape[2] % 8 == 0
        assert image.shape[3] % 8 == 0
        assert mask.shape[1] == 1
        kept = 1 - mask
        mean = (image * kept).sum(dim=(2, 3), keepdim=True) / kept.sum(dim=(2, 3), keepdim=True)
        return torch.where(mask > 0.5, mean, torch.zeros_like(image))


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    path = tmp_path_factory.mktemp("lama") / "big-lama.pt"
    torch.jit.script(Mean()).save(str(path))
    return path


def test_the_hole_is_filled_and_the_outside_keeps_its_bytes(file):
    told = []
    result = LamaEditor(file, device="cpu").edit(PHOTO, MASK, on_step=lambda *step: told.append(step))
    np.testing.assert_array_equal(result[~MASK], PHOTO[~MASK])
    inside = result[MASK]
    assert (inside == inside[0]).all()
    np.testing.assert_allclose(inside[0], PHOTO[~MASK].mean(axis=0), atol=6)
    assert told == [(0, 1), (1, 1)]


def test_a_large_hole_is_filled_at_a_smaller_size(file):
    grey, hole = np.full((900, 1400, 3), 90, np.uint8), np.zeros((900, 1400), bool)
    hole[100:800, 300:1100] = True
    result = LamaEditor(file, device="cpu").edit(grey, hole)
    assert np.abs(result.astype(int) - 90).max() <= 1


@pytest.mark.parametrize(("mask", "words"), [(None, "Nothing is selected"), (np.ones((75, 101), bool), "100%")])
def test_masks_that_cannot_be_filled(file, mask, words):
    with pytest.raises(WtError, match=words):
        LamaEditor(file).edit(PHOTO, mask)


def test_files_that_are_no_lama(tmp_path):
    with pytest.raises(WtError, match="There is no file"):
        LamaEditor(tmp_path / "none.pt")
    broken = tmp_path / "broken.pt"
    broken.write_bytes(b"no script")
    with pytest.raises(WtError, match="no TorchScript file"):
        LamaEditor(broken, device="cpu").edit(PHOTO, MASK)

    class Other(torch.nn.Module):
        def forward(self, image: torch.Tensor) -> torch.Tensor:
            return image

    torch.jit.script(Other()).save(str(broken))
    with pytest.raises(WtError, match="did not fill"):
        LamaEditor(broken, device="cpu").edit(PHOTO, MASK)
