"""Moving things: rigid parts, joints that hold together, clips by seed, and their shards."""

from pathlib import Path

import numpy as np
import pytest

from wt.data import generate as generation
from wt.data.assets import HELD_OUT_FAMILIES
from wt.data.clips import draw_clip_view, filmstrip, make_clip
from wt.data.generate import generate, per_shard, preview_sheet
from wt.data.mesh import Asset
from wt.data.motion import Joint, draw_motion, joint_map, posed, rotation
from wt.data.objects import normalised
from wt.data.rigs import RIGS, rigged
from wt.data.roles import all_families, make
from wt.data.seeds import HELD_OUT_FROM, unseen
from wt.data.shards import ClipFolder, ClipSample
from wt.geometry.camera import project


def _rigged(family: str, seed: int) -> tuple[Asset, tuple[Joint, ...]]:
    rng = np.random.default_rng(seed)
    return rigged(normalised(make(family, rng)), rng)


def test_turning_is_counter_clockwise() -> None:
    np.testing.assert_allclose(rotation(np.array([0.0, 0, 1]), np.pi / 2) @ [1, 0, 0], [0, 1, 0], atol=1e-12)
    np.testing.assert_allclose(rotation(np.array([1.0, 0, 0]), np.pi / 2) @ [0, 1, 0], [0, 0, 1], atol=1e-12)
    hinge = Joint((0,), np.array([1.0, 2.0, 0.0]), (0.0, 0.0, 1.0))
    np.testing.assert_allclose(joint_map(hinge, np.pi) @ [1.5, 2.0, 7.0, 1.0], [0.5, 2.0, 7.0, 1.0], atol=1e-12)
    drawer = Joint((0,), np.zeros(3), (0.0, 1.0, 0.0), slide=True)
    np.testing.assert_allclose(joint_map(drawer, -0.3) @ [0.0, 0.0, 0.0, 1.0], [0.0, -0.3, 0.0, 1.0], atol=1e-12)


@pytest.mark.parametrize("family", RIGS)
def test_joints_lie_where_their_parts_are(family: str) -> None:
    """The line that parts turn about runs through or along them; most assets of a family have a joint."""
    found = 0
    for seed in range(8):
        asset, joints = _rigged(family, seed)
        found += bool(joints)
        for joint in joints:
            assert joint.parent is None or joint.parent < len(joints)
            points = np.concatenate([asset.parts[i].vertices for i in joint.parts])
            across = np.array(joint.axis) == 0
            if not joint.slide:
                assert (joint.pivot > points.min(axis=0) - 0.06)[across].all(), f"{family} {seed}: {joint}"
                assert (joint.pivot < points.max(axis=0) + 0.06)[across].all(), f"{family} {seed}: {joint}"
    rare = {"table lamp": 1, "box": 1, "bin": 2, "suitcase": 2, "pot": 2}
    assert found >= rare.get(family, 7)


@pytest.mark.parametrize("family", ["figure", "cabinet", "table lamp", "truck", "aeroplane", "ceiling lamp", "plant"])
def test_motion_is_rigid_and_nothing_comes_apart(family: str) -> None:
    for seed in range(3):
        asset, joints = _rigged(family, seed)
        motion = draw_motion(np.random.default_rng(seed), asset, joints, 6)
        moved = 0.0
        for frame in range(6):
            pose = posed(asset, motion, frame)
            for before, after in zip(asset.parts, pose.parts, strict=True):
                a, b = before.vertices[:40], after.vertices[:40]
                lengths = [np.linalg.norm(np.diff(points, axis=0), axis=1) for points in (a, b)]
                np.testing.assert_allclose(*lengths, atol=1e-9)
                moved = max(moved, float(np.abs(a - b).max()))
                # A texture travels with its part.
                back = after.object_from_world
                back_before = before.object_from_world
                np.testing.assert_allclose(
                    b @ back[:3, :3].T + back[:3, 3], a @ back_before[:3, :3].T + back_before[:3, 3], atol=1e-9
                )
            for i, joint in enumerate(joints):
                if joint.slide:
                    continue
                above = motion.way[frame] if joint.parent is None else _map(motion, joint.parent, frame)
                pin = np.append(joint.pivot, 1.0)
                np.testing.assert_allclose(_map(motion, i, frame) @ pin, above @ pin, atol=1e-9)
        assert moved > 0.02


def _map(motion, index: int, frame: int) -> np.ndarray:
    """A joint's map by recursion, another way than `posed` goes."""
    joint = motion.joints[index]
    above = motion.way[frame] if joint.parent is None else _map(motion, joint.parent, frame)
    return above @ joint_map(joint, float(motion.values[frame, index]))


def test_a_wheel_rolls_without_slipping() -> None:
    for seed in range(4):
        asset, joints = _rigged("car", seed)
        motion = draw_motion(np.random.default_rng(seed), asset, joints, 5)
        gone = np.linalg.norm(np.diff(motion.way[:, :3, 3], axis=0), axis=1)
        wheel = asset.parts[joints[0].parts[0]]
        radius = np.ptp(wheel.vertices[:, 2]) / 2
        np.testing.assert_allclose(np.diff(motion.values[:, 0]) * radius, gone, rtol=0.02, atol=1e-9)


def test_opened_cupboards_stay_closed_meshes() -> None:
    for family in ("cabinet", "fridge", "box"):
        for seed in range(4):
            for part in _rigged(family, seed)[0].parts:
                edges = np.sort(np.concatenate([part.faces[:, [0, 1]], part.faces[:, [1, 2]], part.faces[:, [2, 0]]]))
                _, uses = np.unique(edges, axis=0, return_counts=True)
                assert (uses == 2).all()


def test_a_clip_depends_on_its_seed_alone() -> None:
    first, again, other = (make_clip(seed, 24, 3) for seed in (5, 5, 6))
    for name in ("rgb", "depth", "instance", "k"):
        np.testing.assert_array_equal(getattr(first, name), getattr(again, name))
    assert not np.array_equal(first.depth, other.depth)
    assert first.depth.shape == (3, 6, 24, 24)
    seen = first.depth[:, 0] > 0
    assert ((first.instance == 255) == ~seen).all()
    assert (first.rgb[~seen] == 128).all()
    deeper = np.diff(first.depth, axis=1)[first.depth[:, 1:] > 0]
    assert (deeper > 0).all()
    assert not np.array_equal(first.depth[0], first.depth[2]), "something moves"


def test_one_crop_holds_the_thing_in_every_frame() -> None:
    for seed in range(4):
        asset, joints = _rigged("figure", seed)
        rng = np.random.default_rng(seed)
        motion = draw_motion(rng, asset, joints, 5)
        poses = [posed(asset, motion, frame) for frame in range(5)]
        cameras = draw_clip_view(rng, poses, 100)
        assert len({camera.intrinsics for camera in cameras}) == 1
        seen = []
        for pose, camera in zip(poses, cameras):
            outline = np.concatenate([part.vertices for part in pose.parts])
            points = outline @ camera.cam_from_world[:3, :3].T + camera.cam_from_world[:3, 3]
            assert points[:, 2].min() > 0.05
            seen.append(project(points, camera.intrinsics))
        every = np.concatenate(seen)
        assert every.min() >= 0
        assert every.max() <= 100
        assert 50 < np.ptp(every, axis=0).max() < 95


def test_held_out_seeds_show_held_out_families() -> None:
    assert not unseen(HELD_OUT_FROM - 1)
    assert unseen(HELD_OUT_FROM + (-HELD_OUT_FROM) % 3)
    assert set(all_families(True)) == set(HELD_OUT_FAMILIES)
    assert not set(all_families(False)) & set(HELD_OUT_FAMILIES)


def test_clips_in_shards(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert per_shard("clip") == 4
    made: list[int] = []

    def small(seed: int, size: int = 8) -> ClipSample:
        made.append(seed)
        rng = np.random.default_rng(seed)
        depth = rng.random((16, 6, size, size)).astype(np.float32)
        pictures = rng.integers(0, 255, (16, size, size, 3), dtype=np.uint8)
        return ClipSample(pictures, depth, pictures[..., 0], np.array([9, 9, 4, 4], np.float32))

    monkeypatch.setattr(generation, "make_clip", small)
    paths = generate("clip", 5, tmp_path, start=4, size=8)
    assert [path.name for path in paths] == ["clips-00001.safetensors", "clips-00002.safetensors"]
    assert made == list(range(4, 12))
    assert generate("clip", 5, tmp_path, start=4, size=8) == paths
    assert len(made) == 8, "shards that exist are kept"
    folder = ClipFolder(tmp_path)
    assert len(folder) == 8
    np.testing.assert_array_equal(folder[5].rgb, small(9).rgb)
    np.testing.assert_array_equal(folder[5].depth, small(9).depth.astype(np.float16))
    sheet = preview_sheet("clip", [1, 2], columns=5)
    assert sheet.shape == (2 * (8 + 4), 5 * 8, 3)
    assert filmstrip(small(1), 4, hidden=False).shape == (8, 32, 3)
    assert sorted(path.name for path in tmp_path.iterdir()) == [path.name for path in paths], "no temporary file stays"
