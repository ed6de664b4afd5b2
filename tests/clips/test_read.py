"""Reading clips: which frames, which way up, and what is said of files that are no clips."""

import sys
import zipfile
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

sys.path.insert(0, str(Path(__file__).parent))

import av
from films import SIZE, animation, corner, film, frame, number

from wt.clips import choice, pictures, video
from wt.clips.choice import Choice
from wt.clips.read import is_clip, read_clip
from wt.errors import WtError


def numbers(clip) -> list[int]:
    return [round(number(picture)) for picture in clip.frames]


@pytest.mark.parametrize(("name", "codec"), [("a.mp4", "libx264"), ("a.mov", "libx264"), ("a.webm", "libvpx-vp9")])
def test_sixteen_frames_are_spread_over_a_video(tmp_path, name, codec):
    path = film(tmp_path / name, 40, codec=codec)
    clip = read_clip(path)
    assert clip.frames.shape == (16, SIZE[1], SIZE[0], 3)
    assert numbers(clip) == np.linspace(0, 39, 16).round().astype(int).tolist()
    assert clip.fps == pytest.approx(15 / (39 / 20), rel=0.02)
    assert corner(clip.frames[0]) == "top left"
    assert clip.notes == ("16 of its 40 frames are used.",)
    assert is_clip(path)


def test_files_that_do_not_say_when_their_frames_are_shown_are_read_by_decoding_order(tmp_path):
    """AVI: each frame is right to within one."""
    found = np.array(numbers(read_clip(film(tmp_path / "a.avi", 40, codec="mpeg4"))))
    assert len(found) == 16
    assert np.abs(found - np.linspace(0, 39, 16)).max() <= 1.5


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (Choice(count=4), [0, 13, 26, 39]),
        (Choice(every=3), list(range(0, 40, 3))),
        (Choice(every=2, start_s=1.0), list(range(20, 40, 2))),
        (Choice(start_s=0.5, end_s=0.75), [10, 11, 12, 13, 14, 15]),
        (Choice(count=3, start_s=1.5), [30, 34, 39]),
    ],
)
def test_a_part_of_a_video_and_every_nth_frame(tmp_path, wanted, expected):
    assert numbers(read_clip(film(tmp_path / "a.mp4"), wanted)) == expected


@pytest.mark.parametrize(("turn", "where"), [(90, "bottom left"), (-90, "top right"), (180, "bottom right")])
def test_a_video_is_turned_as_its_file_says(tmp_path, turn, where):
    """A turn against the clock takes the top left corner to the bottom left."""
    clip = read_clip(film(tmp_path / "a.mp4", 4, turn=turn))
    assert (clip.width, clip.height) == (SIZE if turn == 180 else SIZE[::-1])
    assert {corner(picture) for picture in clip.frames} == {where}
    assert "Rotated upright as the file says." in clip.notes


def test_long_sides_are_limited_and_pixels_made_square(tmp_path):
    clip = read_clip(film(tmp_path / "a.mp4", 4, shape=Fraction(2)), Choice(max_side=144))
    assert (clip.width, clip.height) == (144, 48)
    assert any("not square" in note for note in clip.notes)
    assert any("Shrunk" in note for note in clip.notes)


def test_only_what_is_needed_is_decoded(tmp_path, monkeypatch):
    """Of 50 frames two are taken, so no more than two groups of 12 are decoded."""
    path = film(tmp_path / "a.mp4", 50)
    monkeypatch.setattr(video, "MAX_DECODED", 30)
    assert len(read_clip(path, Choice(count=2))) == 2
    monkeypatch.setattr(video, "MAX_DECODED", 5)
    with pytest.raises(WtError, match="too far from their key frames"):
        read_clip(path, Choice(start_s=0.55))


@pytest.mark.parametrize("name", ["a.gif", "a.webp", "a.png"])
def test_animated_pictures(tmp_path, name):
    path = animation(tmp_path / name)
    clip = read_clip(path, Choice(every=4))
    assert numbers(clip) == [0, 4, 8, 12, 16]
    assert clip.fps == pytest.approx(5, rel=0.05)
    assert is_clip(path)


def test_transparency_of_an_animation_is_its_mask(tmp_path):
    pictures_ = []
    for index in range(3):
        rgba = np.zeros((64, 96, 4), np.uint8)
        rgba[20:40, 10 + 20 * index : 30 + 20 * index] = (200, 50, 50, 255)
        pictures_.append(Image.fromarray(rgba))
    path = tmp_path / "a.png"
    pictures_[0].save(path, save_all=True, append_images=pictures_[1:], duration=100)
    clip = read_clip(path)
    assert clip.masks is not None
    assert [np.flatnonzero(mask.any(axis=0))[[0, -1]].tolist() for mask in clip.masks] == [[10, 29], [30, 49], [50, 69]]


def test_pictures_in_a_folder_or_a_zip_go_by_their_numbers(tmp_path):
    folder = tmp_path / "frames"
    folder.mkdir()
    (folder / "notes.txt").write_text("no picture")
    for index in range(12):
        Image.fromarray(frame(index)).save(folder / f"f{index}.png")
    assert numbers(read_clip(folder)) == list(range(12))
    bundle = tmp_path / "frames.zip"
    with zipfile.ZipFile(bundle, "w") as target:
        target.writestr("__MACOSX/._f0.png", b"junk")
        for path in folder.iterdir():
            target.write(path, f"inner/{path.name}")
    assert numbers(read_clip(bundle)) == list(range(12))
    assert is_clip(bundle)


def test_frames_of_several_sizes_are_refused(tmp_path):
    Image.fromarray(frame(0)).save(tmp_path / "a.png")
    Image.fromarray(frame(1, (80, 64))).save(tmp_path / "b.png")
    with pytest.raises(WtError, match="one size; got 80 x 64 and 96 x 64"):
        read_clip(tmp_path)


def _sound(path: Path) -> Path:
    with av.open(str(path), "w") as container:
        stream = container.add_stream("aac", rate=8000)
        silence = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), format="fltp", layout="mono")
        silence.sample_rate = 8000
        container.mux(stream.encode(silence))
        container.mux(stream.encode())
    return path


def test_what_is_no_clip_is_told_in_a_sentence(tmp_path, monkeypatch):
    (tmp_path / "empty.mp4").touch()
    (tmp_path / "noise.mp4").write_bytes(np.random.default_rng(0).bytes(5000))
    (tmp_path / "list.mp4").write_text("#EXTM3U\n#EXTINF:1,\nfile:///etc/hostname\n#EXT-X-ENDLIST\n")
    Image.fromarray(frame(0)).save(tmp_path / "one.gif")
    (tmp_path / "bare").mkdir()
    whole = film(tmp_path / "whole.mp4", 30).read_bytes()
    (tmp_path / "short.mp4").write_bytes(whole[: len(whole) // 3])
    cases = {
        "gone.mp4": "There is no file",
        "empty.mp4": "is empty",
        "noise.mp4": "no video that can be read",
        "list.mp4": "no video that can be read",
        "one.gif": "one frame; a clip needs two",
        "bare": "There is no picture",
        "short.mp4": "damaged",
    }
    for name, words in cases.items():
        with pytest.raises(WtError, match=words):
            read_clip(tmp_path / name)
    with pytest.raises(WtError, match="There is no video in"):
        read_clip(_sound(tmp_path / "sound.mp4"))
    with pytest.raises(WtError, match="one frame in the part"):
        read_clip(tmp_path / "whole.mp4", Choice(start_s=1.45))
    monkeypatch.setattr(choice, "MAX_SECONDS", 1.0)
    with pytest.raises(WtError, match="minutes long"):
        read_clip(tmp_path / "whole.mp4")
    monkeypatch.setattr(video, "MAX_PIXELS", 1000)
    with pytest.raises(WtError, match="megapixels"):
        read_clip(tmp_path / "whole.mp4")
    monkeypatch.setattr(video, "MAX_PACKETS", 10)
    monkeypatch.setattr(video, "MAX_PIXELS", 10**7)
    with pytest.raises(WtError, match="more than 10 frames"):
        read_clip(tmp_path / "whole.mp4")
    monkeypatch.setattr(pictures, "MAX_ANIMATED", 3)
    with pytest.raises(WtError, match="holds 20 frames"):
        read_clip(animation(tmp_path / "long.gif"))


@pytest.mark.parametrize(
    ("wrong", "words"),
    [({"count": 1}, "2 to 64"), ({"every": 0}, "at least 1"), ({"start_s": 2.0, "end_s": 1.0}, "must have a length")],
)
def test_impossible_choices_are_refused(wrong, words):
    with pytest.raises(WtError, match=words):
        Choice(**wrong)


def test_photos_scenes_and_single_pictures_are_no_clips(tmp_path):
    Image.fromarray(frame(0)).save(tmp_path / "photo.png")
    Image.fromarray(frame(0)).save(tmp_path / "photo.gif")
    with zipfile.ZipFile(tmp_path / "scene.wts", "w") as bundle:
        bundle.writestr("scene.json", "{}")
        bundle.writestr("photo.png", b"")
    assert not any(is_clip(tmp_path / name) for name in ("photo.png", "photo.gif", "scene.wts"))
