"""`python -m wt clip` on a small animation and a tiny model."""

import json

import numpy as np
import pytest
from helpers import exist
from PIL import Image

from wt.clips.clip import Clip


@pytest.fixture(scope="module")
def film(tmp_path_factory):
    """Eight frames of a bright disc that goes right before dark noise, and the mask of the third."""
    folder = tmp_path_factory.mktemp("film")
    ground = np.random.default_rng(0).integers(0, 50, (64, 96, 3)).astype(np.uint8)
    v, u = np.mgrid[:64, :96]
    pictures = []
    for index in range(8):
        frame, disc = ground.copy(), (u - 30 - 4 * index) ** 2 + (v - 32) ** 2 < 15**2
        frame[disc] = (240, 200, 60)
        pictures.append(Image.fromarray(frame))
        if index == 2:
            Image.fromarray(disc).save(folder / "mask.png")
    pictures[0].save(folder / "disc.png", save_all=True, append_images=pictures[1:], duration=100)
    return folder


def test_a_clip_is_read_followed_lifted_and_written(here, film, call, tmp_path):
    code, told, err = call(
        "clip", film / "disc.png", "-o", tmp_path, "--mask", film / "mask.png", "--frame", "2", "--model",
        here / "tiny-object.safetensors", "--steps", "1", "--device", "cpu", "--formats", "ply,npz,wtc,manifest",
        "--clean", "--json",
    )  # fmt: skip
    assert code == 0, err
    assert (told["frames"], told["clip"], told["together"]) == (8, [96, 64], False)
    assert told["fps"] == pytest.approx(10)
    assert len(told["points"]) == len(told["masks"]) == 8
    share = np.pi * 15**2 / (64 * 96)
    np.testing.assert_allclose(told["masks"], share, atol=0.03)
    names = exist(told["files"])
    assert {"frame_0007.ply", "clip.npz", "clip.wtc", "manifest.json", "frame_0000.png"} <= names
    manifest = json.loads((tmp_path / "manifest.json").read_text())
    assert (manifest["clean"], manifest["steady"]) == (True, True)
    clip = Clip.load(tmp_path / "clip.wtc")
    middle = [float(np.nonzero(mask)[1].mean()) for mask in clip.masks]
    np.testing.assert_allclose(middle, 30 + 4 * np.arange(8), atol=2.5)


def test_depth_is_steady_unless_it_is_not_wanted(here, film, call, tmp_path):
    swings = {}
    for flag in ("--steady", "--no-steady"):
        code, _, err = call(
            "clip", film / "disc.png", "-o", tmp_path / flag, "--mask", film / "mask.png", "--frame", "2", "--model",
            here / "tiny-object.safetensors", "--steps", "1", "--device", "cpu", "--formats", "wtc", flag, "--json",
        )  # fmt: skip
        assert code == 0, err
        lifts = Clip.load(tmp_path / flag / "clip.wtc").lifted
        depth = np.stack([np.where(one.alpha, one.depth[0], np.nan) for one in lifts])
        swings[flag] = np.nanmedian(np.abs(np.diff(depth, axis=0)))
    assert swings["--steady"] < 0.9 * swings["--no-steady"]


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (["--at", "500,10"], "lies outside the frames"),
        (["--mask", "mask.png", "--frame", "9"], "not one of the 8 frames"),
        (["--frames", "1"], "2 to 64 frames"),
        (["--formats", "stl"], "--formats knows"),
        (["--start", "3"], "no frames in the part"),
    ],
)
def test_mistakes_are_told_before_a_model_is_loaded(film, call, tmp_path, more, words):
    more = [film / "mask.png" if word == "mask.png" else word for word in more]
    code, told, err = call("clip", film / "disc.png", "-o", tmp_path, "--model", "no-such-model", *more, "--json")
    assert (code, told) == (2, None)
    assert words in err
