"""The project file: everything comes back, old scene files open, and whatever is wrong with a file is one sentence."""

import io
import json
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

sys.path.insert(0, str(Path(__file__).parent))

from flow import edited, lifted

from app import project
from wt.errors import WtError
from wt.scene import archive
from wt.scene.scene import Scene


@pytest.fixture
def worked(controller, session, photo_file):
    """Photo, depth map, lift, an accepted edit, sky, selection, pin."""
    lifted(controller, session, photo_file, seed=7)
    np.save(photo_file.with_name("lidar.npy"), np.full((64, 96), 2.5, np.float32))
    controller.geometry.load_depth(session, photo_file.with_name("lidar.npy"), "auto")
    edited(controller, session)
    controller.place.accept(session)
    controller.select.box(session, 5, 5, 30, 20)
    controller.words.name(session, "corner")
    controller.select.sky_from_selection(session)
    controller.select.box(session, 50, 30, 80, 60)
    controller.words.name(session, "my thing")
    controller.edit.pin(session, 12, 34)
    return session


@pytest.fixture
def saved(controller, worked, tmp_path) -> Path:
    path = tmp_path / "ramp.wts"
    path.write_bytes(controller.sessions.download(worked.token, "ramp.wts"))
    return path


def rewritten(path: Path, changes: dict[str, bytes | None]) -> Path:
    """A copy with members replaced, added, or (None) left out."""
    with zipfile.ZipFile(path) as bundle:
        content = {name: bundle.read(name) for name in bundle.namelist()} | changes
    changed = path.with_name("changed.wts")
    with zipfile.ZipFile(changed, "w", zipfile.ZIP_DEFLATED) as bundle:
        for name, data in content.items():
            if data is not None:
                bundle.writestr(name, data)
    return changed


def document_of(path: Path) -> dict:
    with zipfile.ZipFile(path) as bundle:
        return json.loads(bundle.read("project.json"))


def test_everything_comes_back_for_another_visitor_as_a_project_of_its_own(controller, worked, saved):
    other = controller.sessions.attach("other")
    controller.photo.open(other, saved)
    then, now = worked.now, other.now
    assert now.project != then.project
    for pair in (
        (now.photo.rgb, then.photo.rgb),
        (now.rgb, then.rgb),
        (now.sky, then.sky),
        (now.selection.mask, then.selection.mask),
        (now.depth.values, then.depth.values),
        (now.scene.background.points, then.scene.background.points),
        (now.scene.objects[0].rgb, then.scene.objects[0].rgb),
    ):
        np.testing.assert_array_equal(*pair)
    assert not np.array_equal(now.rgb, now.photo.rgb), "the edit is in it"
    assert (now.photo.name, now.pin, now.lift, now.keep_sky_out) == (then.photo.name, then.pin, then.lift, True)
    assert [thing.name for thing in now.named] == ["corner", "my thing"]
    for mine, theirs in zip(now.named, then.named, strict=True):
        np.testing.assert_array_equal(mine.mask, theirs.mask)
    assert now.edits[0]["prompt"] == "add a box"
    assert "with 1 edit" in other.message
    job = controller.export.build(other, ["ply", "manifest"])
    assert job.wait(30)
    assert job.state == "done", job.message
    controller.undo(other)
    assert other.now.photo is None, "opening it is one step"


def test_the_file_holds_png_json_and_npz_without_pickle_and_is_a_scene_file_too(worked, saved):
    with zipfile.ZipFile(saved) as bundle:
        names = set(bundle.namelist())
        for name in names:
            if name.endswith(".npz"):
                with np.load(io.BytesIO(bundle.read(name)), allow_pickle=False) as arrays:
                    assert all(arrays[key].dtype != object for key in arrays)
            elif name.endswith(".json"):
                json.loads(bundle.read(name))
            else:
                Image.open(io.BytesIO(bundle.read(name))).verify()
    assert {"project.json", "photo.png", "rgb.png", "mask.png", "sky.png", "depth.npz", "scene.json"} <= names
    assert document_of(saved)["version"] == project.VERSION
    scene = Scene.load(saved)
    np.testing.assert_array_equal(scene.objects[0].points, worked.now.scene.objects[0].points)


def test_a_photo_without_a_scene_is_a_project_too(controller, session, photo_file, tmp_path):
    controller.photo.open(session, photo_file)
    path = tmp_path / "ramp.wts"
    path.write_bytes(controller.sessions.download(session.token, "ramp.wts"))
    with pytest.raises(WtError, match="ramp.wts is .*a project whose photo was not lifted"):
        Scene.load(path)
    controller.photo.open(session, path)
    assert session.now.scene is None
    assert session.now.photo.name == "ramp.png"


def test_an_old_file_with_nothing_but_a_scene_opens_with_the_picture_of_its_grid(controller, worked, tmp_path):
    scene = worked.now.scene
    other = controller.sessions.attach("other")
    controller.photo.open(other, scene.save(tmp_path / "room.wts"))
    np.testing.assert_array_equal(other.now.rgb, scene.layers.rgb)
    assert [thing.name for thing in other.now.scene.objects] == ["a box"]
    assert "stands in" in other.message
    edited(controller, other, "add a lamp", (20, 20))
    controller.place.accept(other)
    assert len(other.now.scene.objects) == 2


def test_what_a_newer_studio_adds_does_no_harm_but_its_version_is_said(controller, session, saved):
    document = document_of(saved)
    more = {"project.json": json.dumps({**document, "mood": "calm"}).encode(), "audio.ogg": b"\0" * 100}
    controller.photo.open(session, rewritten(saved, more))
    newer = {"project.json": json.dumps({**document, "version": 7}).encode()}
    with pytest.raises(WtError, match=r"newer studio \(format version 7, this one reads up to 1\). Update"):
        controller.photo.open(session, rewritten(saved, newer))


def png(width: int, height: int) -> bytes:
    buffer = io.BytesIO()
    Image.new("1", (width, height)).save(buffer, "PNG")
    return buffer.getvalue()


def npz(**arrays) -> bytes:
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    return buffer.getvalue()


HOSTILE = {
    "traversal": ({"../../evil.png": b"x"}, "another folder"),
    "backslash": ({"..\\evil.png": b"x"}, "another folder"),
    "crowd": ({f"{index}.bin": b"" for index in range(200)}, "files, a scene holds a few"),
    "no photo": ({"photo.png": None}, "holds no photo"),
    "broken photo": ({"photo.png": b"\x89PNG\r\n\x1a\n broken"}, "photo.png is"),
    "huge photo": ({"photo.png": png(12_000, 11_000)}, "more than the 120 megapixels"),
    "mask of another photo": ({"mask.png": png(40, 40)}, "mask.png is not of the photo's size"),
    "pickle": ({"depth.npz": npz(values=np.array([{}], dtype=object))}, "damaged"),
    "depth of another photo": ({"depth.npz": npz(values=np.ones((3, 3), np.float32))}, "not of its photo"),
    "no json": ({"project.json": b"{"}, "damaged"),
    "deep json": ({"project.json": b"[" * 100_000}, "damaged"),
    "another's scene": ({"photo.png": png(64, 96)}, "not of the photo's size|not of its photo"),
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_hostile_file_is_one_sentence_and_nothing_is_lost(controller, worked, saved, kind):
    changes, words = HOSTILE[kind]
    work = worked.now
    with pytest.raises(WtError, match=words) as told:
        controller.photo.open(worked, rewritten(saved, changes))
    assert "\n" not in str(told.value)
    assert worked.now is work


@pytest.mark.parametrize(
    "change",
    [
        {"version": "1"},
        {"named": 3},
        {"named": ["one", "and", "too many"]},
        {"notes": None},
        {"level": 9},
        {"pin": [1e9, 2]},
        {"lift": 3},
        {"edits": [{}]},
        {"original": [10**6, 10**6]},
        {"focal_35mm": "wide"},
        {"depth": {"kind": "taste", "name": "", "notes": []}},
    ],
)
def test_a_document_that_says_nonsense_is_one_sentence(controller, worked, saved, change):
    work = worked.now
    text = json.dumps({**document_of(saved), **change}).encode()
    with pytest.raises(WtError):
        controller.photo.open(worked, rewritten(saved, {"project.json": text}))
    assert worked.now is work


def test_a_bomb_is_refused_before_it_unfolds(controller, worked, saved, monkeypatch):
    monkeypatch.setattr(project, "_PIECE_BYTES", 1 << 20)
    with pytest.raises(WtError, match="mask.png unpacks to more than 1 MiB"):
        controller.photo.open(worked, rewritten(saved, {"mask.png": bytes(5 << 20)}))
    monkeypatch.setattr(archive, "MAX_BYTES", 1 << 20)
    with pytest.raises(WtError, match="arrays.npz unpacks to more than 1 MiB"):
        controller.photo.open(worked, rewritten(saved, {"arrays.npz": bytes(5 << 20)}))


def test_a_cut_or_flipped_file_and_a_foreign_zip_are_one_sentence(controller, session, saved, tmp_path):
    whole = saved.read_bytes()
    for content in (whole[:-500], b"", b"no zip at all", b"PK\x03\x04" + bytes(50)):
        (tmp_path / "bad.wts").write_bytes(content)
        with pytest.raises(WtError, match="bad.wts is (damaged|not a scene)"):
            controller.photo.open(session, tmp_path / "bad.wts")
    generator, told = np.random.default_rng(1), []
    for at in generator.integers(0, len(whole), 60):
        flipped = bytearray(whole)
        flipped[at] ^= 0x55
        (tmp_path / "bad.wts").write_bytes(flipped)
        try:
            controller.photo.open(session, tmp_path / "bad.wts")
        except WtError as error:
            told.append(str(error))
    assert len(told) > 30, "most flips are noticed, by the checksums at least"
    assert not any("\n" in text for text in told)
    with zipfile.ZipFile(tmp_path / "letter.docx", "w") as bundle:
        bundle.writestr("word.xml", "<p/>")
    with pytest.raises(WtError, match="neither a photo nor a project"):
        controller.photo.open(session, tmp_path / "letter.docx")
