import io
import json
import zipfile

import numpy as np
import pytest

from wt.errors import WtError
from wt.scene import archive
from wt.scene.place import place
from wt.scene.scene import Scene


@pytest.fixture
def full_scene(ball_room) -> Scene:
    placed = place(ball_room.ball(), ball_room.scene, ball_room.mask, ball_room.layers(ball_room.edited))
    shift = np.eye(4)
    shift[:3, 3] = 0.1, -0.2, 0.3
    scene = ball_room.scene.insert(placed, "Kugel ü", {"prompt": "add a ball"}).insert(placed, "other")
    return scene.move(2, shift).show(2, False).clear(ball_room.mask, [0])


def rewrite(path, **members: bytes) -> None:
    """The same archive with some members replaced."""
    with zipfile.ZipFile(path) as bundle:
        content = {name: bundle.read(name) for name in bundle.namelist()}
    content |= {name.replace("__", "."): data for name, data in members.items()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as bundle:
        for name, data in content.items():
            bundle.writestr(name, data)


def meta_of(path) -> dict:
    with zipfile.ZipFile(path) as bundle:
        return json.loads(bundle.read("scene.json"))


def test_everything_comes_back_bit_for_bit(full_scene, tmp_path):
    again = Scene.load(full_scene.save(tmp_path / "new" / "scene.wts"))
    assert again.intrinsics == full_scene.intrinsics or np.isnan(full_scene.intrinsics.residual_px)
    assert again.next_id == 3
    for old, new in zip((full_scene.background, *full_scene.objects), (again.background, *again.objects), strict=True):
        np.testing.assert_array_equal(new.points, old.points)
        np.testing.assert_array_equal(new.present, old.present)
        np.testing.assert_array_equal(new.rgb, old.rgb)
        np.testing.assert_array_equal(new.transform, old.transform)
        assert (new.id, new.name, new.visible) == (old.id, old.name, old.visible)
    assert again[1].info["prompt"] == "add a ball"
    np.testing.assert_array_equal(again.layers.points, full_scene.layers.points)
    assert (again.layers.model, again.layers.seed, again.units) == ("analytic", 7, "relative")
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["scene.wts"]


def test_a_loaded_scene_can_be_edited_and_saved_again(full_scene, tmp_path):
    again = Scene.load(full_scene.save(tmp_path / "a.wts")).remove(1).rename(2, "kept")
    third = Scene.load(again.save(tmp_path / "a.wts"))
    assert [thing.name for thing in third.objects] == ["kept"]
    assert third.next_id == 3


@pytest.mark.parametrize("content", [b"", b"hello", b"PK\x05\x06" + bytes(18)])
def test_what_is_no_scene_is_a_sentence(tmp_path, content):
    path = tmp_path / "x.wts"
    path.write_bytes(content)
    with pytest.raises(WtError, match=r"x.wts is (not a scene|damaged)"):
        Scene.load(path)


def test_a_missing_file_is_a_sentence(tmp_path):
    with pytest.raises(WtError, match="no scene file nowhere.wts"):
        Scene.load(tmp_path / "nowhere.wts")


def test_a_cut_file_is_a_sentence(full_scene, tmp_path):
    path = full_scene.save(tmp_path / "cut.wts")
    path.write_bytes(path.read_bytes()[:-2000])
    with pytest.raises(WtError, match="damaged"):
        Scene.load(path)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"version": 99}, "version 99"),
        ({"format": "zip"}, "does not say"),
        ({"objects": []}, "damaged"),
        ({"objects": None}, "damaged"),
        ({"next_id": 1}, "damaged"),
        ({"intrinsics": {"fx": 1.0}}, "damaged"),
        ({"objects": [{}] * 2000}, "claims 2000 objects"),
    ],
)
def test_a_bad_description_is_a_sentence(full_scene, tmp_path, change, message):
    path = full_scene.save(tmp_path / "x.wts")
    rewrite(path, scene__json=json.dumps(meta_of(path) | change).encode())
    with pytest.raises(WtError, match=message):
        Scene.load(path)


def test_a_zip_bomb_is_refused_before_it_unfolds(full_scene, tmp_path, monkeypatch):
    path = full_scene.save(tmp_path / "x.wts")
    monkeypatch.setattr(archive, "MAX_BYTES", 1 << 20)
    rewrite(path, arrays__npz=bytes(5 << 20))
    with pytest.raises(WtError, match="more than 1 MiB"):
        Scene.load(path)


def test_an_inner_bomb_a_huge_claim_and_a_pickle_are_refused(full_scene, tmp_path):
    path = full_scene.save(tmp_path / "x.wts")
    packed = io.BytesIO()
    np.savez_compressed(packed, layers_points=np.zeros((1000, 1000)))
    rewrite(path, arrays__npz=packed.getvalue())
    with pytest.raises(WtError, match="packed in an unknown way"):
        Scene.load(path)
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(header, {"descr": "<f4", "fortran_order": False, "shape": (1 << 40,)})
    claim = io.BytesIO()
    with zipfile.ZipFile(claim, "w") as bundle:
        bundle.writestr("layers_points.npy", header.getvalue() + bytes(16))
    rewrite(path, arrays__npz=claim.getvalue())
    with pytest.raises(WtError, match="damaged"):
        Scene.load(path)
    evil = io.BytesIO()
    np.savez(evil, layers_points=np.array([object()], dtype=object))
    rewrite(path, arrays__npz=evil.getvalue())
    with pytest.raises(WtError, match="damaged"):
        Scene.load(path)
