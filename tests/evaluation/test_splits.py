"""What each split yields, that it is always the same, and what people are told."""

import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

sys.path.insert(0, str(Path(__file__).parents[1] / "training"))
from tiny_shards import ball_and_wall, write_clips, write_shards

from wt.cli.evaluate import SPLIT_NAMES
from wt.data.shards import ClipSample, Sample, shard_path, write_shard
from wt.errors import WtError
from wt.evaluation import rendered
from wt.evaluation.rendered import Rendered
from wt.evaluation.splits import OPEN_MESHES, SPLITS, held_out, open_meshes
from wt.geometry.camera import pixel_centres, project


def test_the_command_offers_the_splits_that_there_are():
    assert list(SPLIT_NAMES) == list(SPLITS)


def test_what_people_are_told(tmp_path):
    with pytest.raises(WtError, match="no split"):
        held_out("rooms", 1)
    with pytest.raises(WtError, match="at least 1"):
        held_out("scenes", 0)
    with pytest.raises(WtError, match="--side must be"):
        held_out("scenes", 1, side=4)
    folder = write_shards(tmp_path, "object", count=3)
    with pytest.raises(WtError, match="leave --side out"):
        held_out("objects", 1, folder, side=64)
    assert len(list(held_out("objects", 3, folder))) == 3
    with pytest.raises(WtError, match="holds 3 object samples"):
        list(held_out("objects", 4, folder))
    with pytest.raises(WtError, match="name it with --data"):
        list(held_out("rgbd", 1))
    with pytest.raises(WtError, match="no mesh file"):
        list(held_out("real-meshes", 1, write_shards(tmp_path / "other", "object", count=1)))


def test_held_out_renderings_have_their_own_seeds(monkeypatch):
    asked = []

    def make_sample(kind, seed, size):
        asked.append((kind, seed, size))
        made = ball_and_wall(np.random.default_rng(seed), size, kind)
        return Sample(made["rgb"], made["depth"], made["instance"], made["K"])

    monkeypatch.setitem(sys.modules, "wt.data.generate", SimpleNamespace(make_sample=make_sample))
    cases = list(held_out("objects", 2, side=40))
    assert asked == [("object", 2_000_000_000, 40), ("object", 2_000_000_001, 40)]
    assert [case.name for case in cases] == ["object-2000000000", "object-2000000001"]


def test_kept_renderings_are_the_renderings(tmp_path, monkeypatch):
    calls = []

    def make(size):
        calls.append(size)
        made = ball_and_wall(np.random.default_rng(0), size, "scene")
        return Sample(made["rgb"], made["depth"].astype(np.float32), made["instance"], made["K"])

    kept = Rendered(tmp_path, 32)
    first, again = kept.sample("a", make), Rendered(tmp_path, 32).sample("a", make)
    assert calls == [32]
    for name, value in vars(first).items():
        np.testing.assert_array_equal(value, getattr(again, name))
        assert value.dtype == getattr(again, name).dtype
    Rendered(tmp_path, 40).sample("a", make)
    Rendered(tmp_path, 32).sample("b", make)
    Rendered(None, 32).sample("a", make)
    assert calls == [32, 40, 32, 32], "another size, another name, nothing kept"
    monkeypatch.setattr(rendered, "renderer_digest", lambda: "changed")
    kept.sample("a", make)
    assert calls[4:] == [32], "a changed renderer renders anew"
    shown = tmp_path / "mesh.obj"
    for text in ("v 0 0 0", "v 0 0 0", "v 0 0 1"):
        shown.write_text(text)
        kept.sample("a", make, shown)
    assert calls[5:] == [32, 32], "and so does a changed file"


def test_a_clip_keeps_its_frames_and_drops_empty_ones(tmp_path):
    folder = write_clips(tmp_path, count=2, frames=3)
    (case, _) = held_out("clips", 2, folder)
    assert len(case.frames) == 3
    for truth in case.frames:
        assert truth.kind == "object"
        assert truth.mask is not None
        error = project(truth.points[0][truth.alpha], truth.intrinsics) - pixel_centres(64, 64)[truth.alpha]
        assert np.abs(error).max() < 1e-9
    depth = np.zeros((2, 6, 8, 8), np.float32)
    depth[1, 0, 2:5, 2:5] = 2.0
    gone = ClipSample(np.zeros((2, 8, 8, 3), np.uint8), depth, np.zeros((2, 8, 8), np.uint8), np.ones(4, np.float32))
    write_shard(shard_path(tmp_path / "gone", "clip", 0), [gone])
    assert len(next(held_out("clips", 1, tmp_path / "gone")).frames) == 1


def write_cube(path, size):
    import trimesh

    trimesh.creation.box(extents=size).export(path)


def test_meshes_take_turns_and_broken_ones_are_passed_over(tmp_path):
    write_cube(tmp_path / "brick.stl", (2.0, 1.0, 0.5))
    write_cube(tmp_path / "post.obj", (0.2, 3.0, 0.2))
    (tmp_path / "broken.ply").write_text("ply\nnothing")
    cases = list(held_out("real-meshes", 3, tmp_path, side=48))
    assert [case.name for case in cases] == ["brick-00", "post-00", "brick-01"]
    for case in cases:
        (truth,) = case.frames
        found = truth.points[:, truth.alpha].reshape(-1, 3)
        assert 0.5 < np.ptp(found, axis=0).max() < 1.8, "a longest side of 1, seen from anywhere"
        # A convex body has exactly two surfaces on nearly every ray.
        assert (np.diff(truth.points[..., 2], axis=0)[0][truth.alpha] > 0).mean() > 0.9
        assert (np.diff(truth.points[..., 2], axis=0)[1:][:, truth.alpha] == 0).all()
    assert np.abs(cases[0].frames[0].rgb.astype(int) - cases[2].frames[0].rgb).max() > 10, "another view"
    again = next(held_out("real-meshes", 1, tmp_path, side=48)).frames[0]
    np.testing.assert_array_equal(again.rgb, cases[0].frames[0].rgb)
    (tmp_path / "brick.stl").unlink()
    (tmp_path / "post.obj").unlink()
    with pytest.raises(WtError, match="None of the 1 mesh files"):
        list(held_out("real-meshes", 1, tmp_path))


def test_the_open_meshes_come_with_a_package():
    files = open_meshes()
    assert {path.name for path in files} == {Path(name).name for name in OPEN_MESHES}
    fox = next(path for path in files if path.name == "Fox.gltf")
    assert "CC-BY 4.0" in fox.read_text(), "the licence is in the file"


def test_without_the_package_meshes_are_asked_for(monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(WtError, match="--data"):
        open_meshes()


def test_rgbd_knows_layer_0_alone_and_gives_no_mask(tmp_path):
    for name in ("rgb", "depth"):
        (tmp_path / name).mkdir()
    z = np.full((40, 60), 2000, np.uint16) + np.arange(60, dtype=np.uint16) * 10
    z[:, :10] = 0
    for frame in range(5):
        Image.fromarray(np.full((40, 60, 3), 40 * frame, np.uint8)).save(tmp_path / "rgb" / f"{frame}.png")
        Image.fromarray(z + np.uint16(100 * frame) * (z > 0)).save(tmp_path / "depth" / f"{frame}.png")
    (tmp_path / "intrinsics.txt").write_text("50 50 30 20")
    cases = list(held_out("rgbd", 3, tmp_path, side=40))
    assert [case.name for case in cases] == ["frame-00000", "frame-00002", "frame-00004"], "spread over the folder"
    (truth,) = cases[1].frames
    assert truth.points.shape == (1, 40, 60, 3)
    assert truth.mask is None, "what a sensor did not see is not sky"
    assert not truth.alpha[:, :10].any()
    assert truth.alpha[:, 10:].all()
    np.testing.assert_allclose(truth.points[0, 7, 10:, 2], 2.2 + np.arange(10, 60) * 0.01, rtol=1e-6)
    assert len(list(held_out("rgbd", 64, tmp_path))) == 5
