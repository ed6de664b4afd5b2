"""Exports of clips, opened again by readers that are not ours."""

import hashlib
import json

import av
import numpy as np
import plyfile
import pygltflib
import pytest
import trimesh

from wt.clips.clip import Clip
from wt.clips.export import FORMATS, export_clip
from wt.errors import Cancelled, WtError
from wt.geometry.camera import Intrinsics, unproject
from wt.geometry.layers import LayeredPointmap

FRAMES = 4


@pytest.fixture(scope="module")
def clip() -> Clip:
    """A slab of two surfaces, two units away, that moves to the right, one colour a frame."""
    k = Intrinsics.from_fov(50, 32, 24)
    lifted, frames = [], []
    for index in range(FRAMES):
        alpha = np.zeros((24, 32), bool)
        alpha[8:16, 4 + 4 * index : 14 + 4 * index] = True
        depth = np.full((2, 24, 32), 2.0, np.float32)
        depth[1] = 2.5
        rgb = np.full((24, 32, 3), (40 * index, 128, 200), np.uint8)
        lifted.append(LayeredPointmap(unproject(depth, k), alpha, rgb, "units", k, "a-model", 3))
        frames.append(np.full((48, 64, 3), (40 * index, 128, 200), np.uint8))
    masks = np.stack([np.kron(one.alpha, np.ones((2, 2))) > 0 for one in lifted])
    return Clip(np.stack(frames), 5.0, "slab.mp4", (), masks, tuple(lifted))


@pytest.fixture(scope="module")
def written(clip, tmp_path_factory):
    out = tmp_path_factory.mktemp("clip")
    return out, export_clip(clip, out, manifest={"steps": 1})


def test_every_format_is_written_and_listed_with_its_hash(written):
    out, files = written
    assert list(files) == list(FORMATS)
    told = json.loads((out / "manifest.json").read_text())
    assert told["steps"] == 1
    assert told["models"] == [{"name": "a-model"}]
    listed = {row["path"]: row["sha256"] for row in told["files"]}
    assert set(listed) == {path.relative_to(out).as_posix() for paths in files.values() for path in paths} - {
        "manifest.json"
    }
    for path, digest in listed.items():
        assert hashlib.sha256((out / path).read_bytes()).hexdigest() == digest


def test_plys_hold_each_frames_points_with_their_layers(clip, written):
    out, _ = written
    for index, one in enumerate(clip.lifted):
        vertex = plyfile.PlyData.read(out / f"ply/frame_{index:04d}.ply")["vertex"]
        points = np.stack([vertex[name] for name in "xyz"], axis=1)
        expected = np.concatenate([one.points[layer][one.alpha] for layer in (0, 1)])
        np.testing.assert_allclose(points, expected, atol=1e-6)
        np.testing.assert_array_equal(vertex["layer"], np.repeat([0, 1], one.alpha.sum()))
        np.testing.assert_array_equal(vertex["red"][vertex["layer"] == 0], 40 * index)


def test_the_animated_glb_shows_one_frame_at_a_time(clip, written):
    """Every node's scale steps between 1 and 0, so that at each key exactly its own frame has a size."""
    out, _ = written
    gltf = pygltflib.GLTF2().load(str(out / "clip.glb"))
    blob = gltf.binary_blob()

    def numbers(index: int) -> np.ndarray:
        accessor = gltf.accessors[index]
        view, wide = gltf.bufferViews[accessor.bufferView], {"SCALAR": 1, "VEC3": 3}[accessor.type]
        assert view.target is None
        assert accessor.componentType == pygltflib.FLOAT
        return np.frombuffer(blob, "<f4", accessor.count * wide, view.byteOffset).reshape(-1, wide)

    (animation,) = gltf.animations
    sizes = {}
    for channel in animation.channels:
        sampler = animation.samplers[channel.sampler]
        assert (channel.target.path, sampler.interpolation) == ("scale", "STEP")
        np.testing.assert_allclose(numbers(sampler.input)[:, 0], np.arange(FRAMES + 1) / 5, atol=1e-6)
        sizes[gltf.nodes[channel.target.node].name] = numbers(sampler.output)
    table = np.stack([sizes[f"frame {index}"] for index in range(FRAMES)])
    np.testing.assert_array_equal(table[:, :FRAMES, 0], np.eye(FRAMES))
    np.testing.assert_array_equal(table[:, FRAMES, 0], [0, 0, 0, 1])
    assert [gltf.nodes[channel.target.node].scale[0] for channel in animation.channels] == [1, 0, 0, 0]


def test_trimesh_reads_the_glbs_points_in_gltf_axes(clip, written):
    out, _ = written
    parts = trimesh.load(out / "clip.glb").geometry
    assert len(parts) == 2 * FRAMES
    for index, one in enumerate(clip.lifted):
        expected = one.points[1][one.alpha] * [1, -1, -1]
        found = parts[f"frame {index} layer 1"]
        np.testing.assert_allclose(np.sort(found.vertices, axis=0), np.sort(expected, axis=0), atol=1e-6)


def test_the_npz_and_the_clip_file_hold_the_lifts(clip, written):
    out, _ = written
    with np.load(out / "clip.npz", allow_pickle=False) as arrays:
        np.testing.assert_array_equal(arrays["points"], np.stack([one.points for one in clip.lifted]))
        np.testing.assert_array_equal(arrays["masks"], clip.masks)
        np.testing.assert_allclose(arrays["K"][1], clip.lifted[1].intrinsics.matrix())
    np.testing.assert_array_equal(Clip.load(out / "clip.wtc").lifted[2].points, clip.lifted[2].points)


def test_the_film_shows_the_clip_and_its_points_beside_it(clip, written):
    out, _ = written
    with av.open(str(out / "clip.mp4")) as container:
        stream = container.streams.video[0]
        assert (stream.codec_context.name, int(stream.average_rate)) == ("h264", 5)
        pictures = [frame.to_ndarray(format="rgb24").astype(int) for frame in container.decode(stream)]
    assert len(pictures) == 5 * 4  # four seconds: five times round
    assert pictures[0].shape == (48, 64 + 48, 3)
    for index in range(FRAMES):
        left = pictures[index][4:44, 4:60].mean(axis=(0, 1))
        np.testing.assert_allclose(left, (40 * index, 128, 200), atol=8)
        points = pictures[index][:, 64:]
        assert ((points[..., 2] - points[..., 0]) > 30).any(), "blue points before black"
        assert (points.sum(axis=-1) < 40).mean() > 0.2


def test_some_formats_other_axes_and_cancelling(clip, tmp_path):
    files = export_clip(clip, tmp_path, "ply", axes="opengl", fps=12.0)
    assert list(files) == ["ply"]
    vertex = plyfile.PlyData.read(files["ply"][0])["vertex"]
    assert vertex["z"].max() == pytest.approx(-2)

    def stop(name, done, total):
        raise Cancelled

    with pytest.raises(Cancelled):
        export_clip(clip, tmp_path / "more", on_format=stop)
    assert not (tmp_path / "more").exists()


def test_what_cannot_be_exported_is_refused(clip, tmp_path):
    with pytest.raises(WtError, match="no export format 'stl' for clips"):
        export_clip(clip, tmp_path, ["stl"])
    with pytest.raises(WtError, match="Lift it first"):
        export_clip(Clip(clip.frames), tmp_path)
