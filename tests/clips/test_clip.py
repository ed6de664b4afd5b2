"""The clip: what it refuses, and one file that gives it back bit for bit."""

import json
import zipfile

import numpy as np
import pytest

from wt.clips.clip import Clip
from wt.clips.read import is_clip, read_clip
from wt.errors import WtError
from wt.geometry.camera import Intrinsics, unproject
from wt.geometry.layers import LayeredPointmap
from wt.scene import archive


def lift(seed: int, height: int = 12, width: int = 16) -> LayeredPointmap:
    """Two surfaces with a hole, on the rays of a camera of its own."""
    rng = np.random.default_rng(seed)
    k = Intrinsics.from_fov(50 + seed, width, height)
    front = rng.uniform(1, 2, (height, width)).astype(np.float32)
    alpha = rng.random((height, width)) > 0.2
    rgb = rng.integers(0, 256, (height, width, 3), dtype=np.uint8)
    return LayeredPointmap(unproject(np.stack([front, front + 0.5]), k), alpha, rgb, "units", k, "some-model", 7)


@pytest.fixture
def clip() -> Clip:
    rng = np.random.default_rng(1)
    frames = rng.integers(0, 256, (3, 24, 32, 3), dtype=np.uint8)
    masks = rng.random((3, 24, 32)) > 0.5
    return Clip(frames, 12.5, "a dance.mp4", ("A note.",), masks, tuple(lift(seed) for seed in range(3)))


def test_a_file_gives_the_clip_back_bit_for_bit(clip, tmp_path):
    path = clip.save(tmp_path / "a.wtc")
    back = Clip.load(path)
    assert is_clip(path)
    assert (back.fps, back.name, back.notes, back.model, back.seed) == (
        12.5,
        "a dance.mp4",
        ("A note.",),
        "some-model",
        7,
    )
    np.testing.assert_array_equal(back.frames, clip.frames)
    np.testing.assert_array_equal(back.masks, clip.masks)
    for mine, theirs in zip(back.lifted, clip.lifted, strict=True):
        assert repr(mine.intrinsics) == repr(theirs.intrinsics)  # a residual that is not known is NaN
        assert mine.units == "units"
        for name in ("points", "alpha", "rgb"):
            np.testing.assert_array_equal(getattr(mine, name), getattr(theirs, name))
    bare = read_clip(Clip(clip.frames).save(tmp_path / "b.wtc"))
    assert bare.masks is None
    assert bare.lifted == ()


def test_points_of_a_frame_are_its_surfaces_on_its_rays(clip):
    cloud = clip.cloud(1, layers=[1])
    one = clip.lifted[1]
    assert len(cloud) == one.surfaces()[1].sum()
    np.testing.assert_allclose(np.sort(cloud.points[:, 2]), np.sort(one.depth[1][one.alpha]), rtol=1e-6)
    assert set(cloud.layer.tolist()) == {1}


def test_another_selection_drops_the_lift(clip):
    assert clip.masked(None).lifted == ()
    assert clip.lifted != ()


def test_parts_that_do_not_fit_are_refused(clip):
    with pytest.raises(WtError, match="uint8 frames"):
        Clip(clip.frames[:0])
    with pytest.raises(WtError, match="masks must be"):
        Clip(clip.frames, masks=clip.masks[:2])
    with pytest.raises(WtError, match="3 frames needs as many lifts"):
        clip.with_lifts(clip.lifted[:2])
    with pytest.raises(WtError, match="share one grid"):
        clip.with_lifts([*clip.lifted[:2], lift(2, 10, 16)])
    with pytest.raises(WtError, match="frames a second"):
        Clip(clip.frames, fps=0.0)
    with pytest.raises(WtError, match="Lift it first"):
        Clip(clip.frames).cloud(0)


def test_files_that_are_no_clips_are_refused(clip, tmp_path):
    path = clip.save(tmp_path / "a.wtc")
    with zipfile.ZipFile(path) as bundle:
        members = {name: bundle.read(name) for name in bundle.namelist()}
    meta = json.loads(members["clip.json"])
    broken = {
        "no clip": ({"other.json": b"{}"}, "is not a clip file"),
        "other format": (members | {"clip.json": b'{"format": "wts", "version": 1}'}, "is not a clip file"),
        "newer": (members | {"clip.json": json.dumps(meta | {"version": 9}).encode()}, "format version 9"),
        "no camera": (members | {"clip.json": json.dumps(meta | {"intrinsics": [{}] * 3}).encode()}, "damaged"),
        "two cameras": (
            members | {"clip.json": json.dumps(meta | {"intrinsics": meta["intrinsics"][:2]}).encode()},
            "as many lifts",
        ),
        "other masks": (
            members | {"arrays.npz": archive.pack_arrays({"frames": clip.frames, "masks": clip.frames[..., 0]})},
            "damaged",
        ),
        "no arrays": ({"clip.json": members["clip.json"]}, "damaged"),
    }
    for name, (content, words) in broken.items():
        target = tmp_path / f"{name}.wtc"
        with zipfile.ZipFile(target, "w") as bundle:
            for member, data in content.items():
                bundle.writestr(member, data)
        with pytest.raises(WtError, match=words):
            Clip.load(target)
    (tmp_path / "text.wtc").write_text("hello")
    with pytest.raises(WtError, match="is not a clip file"):
        Clip.load(tmp_path / "text.wtc")
    with pytest.raises(WtError, match="There is no clip file"):
        Clip.load(tmp_path / "gone.wtc")
