"""Mixing rendered scenes with RGB-D frames: how often, which ones, resumed exactly, and layer 0 alone is taught."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from tiny_shards import ball_and_wall, write_shards

from wt.data.rgbd import RgbdFolder
from wt.errors import WtError
from wt.flow.loss import endpoint_loss
from wt.geometry.normalise import LogMedian
from wt.training.dataset import Sampling, make_batch
from wt.training.mixing import P_RGB, MixedStream


def write_frames(folder: Path, count: int) -> Path:
    """RGB-D frames of the ball before a wall, 64 x 48 pixels."""
    for name in ("rgb", "depth"):
        (folder / name).mkdir(parents=True)
    made = ball_and_wall(np.random.default_rng(7), 64, "scene")
    for i in range(count):
        Image.fromarray(made["rgb"][8:56]).save(folder / f"rgb/{i:02d}.png")
        depth = np.round(made["depth"][0, 8:56].astype(np.float64) * 1000).astype(np.uint16)
        Image.fromarray(depth).save(folder / f"depth/{i:02d}.png")
    fx, fy, cx, cy = (float(x) for x in made["K"])
    (folder / "intrinsics.txt").write_text(f"{fx} {fy} {cx} {cy - 8}")
    return folder


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    folder = tmp_path_factory.mktemp("mix")
    write_shards(folder, "scene", shards=1, count=6, side=64)
    photos = RgbdFolder(write_frames(folder / "photos", 4))
    rendered = RgbdFolder(write_frames(folder / "rendered", 9), photographs=False)
    return folder, (photos, rendered)


def stream_of(data, seed=0, **more):
    folder, rgbd = data
    return MixedStream(folder, "scene", np.random.default_rng(seed), rgbd=rgbd, **more)


def test_frequencies_are_the_papers(data):
    stream = stream_of(data)
    drawn = np.array([stream.draw() for _ in range(6000)])
    frames = -1 - drawn[drawn < 0]
    assert (drawn < 0).mean() == pytest.approx(0.4, abs=0.02) == pytest.approx(P_RGB, abs=0.02)
    # Root of 4 photographs with their boost against the root of 9 renderings: 3 to 3.
    assert (frames < 4).mean() == pytest.approx(0.5, abs=0.03)
    share = np.bincount(frames, minlength=13) / len(frames)
    np.testing.assert_allclose(share[:4], 0.5 / 4, atol=0.02)
    np.testing.assert_allclose(share[4:], 0.5 / 9, atol=0.02)
    rendered = np.bincount(drawn[drawn >= 0], minlength=6)
    assert np.ptp(rendered) <= 1, "every rendered sample once before any again"


def test_indices_read_what_they_name(data):
    stream = stream_of(data)
    _, (photos, rendered) = data
    assert not stream.read(3).single
    for index, frame in ((-1, photos[0]), (-4, photos[3]), (-5, rendered[0]), (-13, rendered[8])):
        found = stream.read(index)
        assert found.single
        assert found.photograph == frame.photograph
        np.testing.assert_array_equal(found.depth, frame.depth)
    assert [s.single for s, _ in zip(stream, range(8))].count(True) in range(1, 7)


def test_the_order_follows_from_the_states_that_a_run_keeps(data):
    stream = stream_of(data)
    for _ in range(10):
        stream.draw()
    state, queue = stream.rng.bit_generator.state, list(stream.queue)
    rest = [stream.draw() for _ in range(30)]
    other = stream_of(data, seed=5)
    other.rng.bit_generator.state, other.queue = state, queue
    assert [other.draw() for _ in range(30)] == rest


def test_single_layer_samples_teach_layer_0_alone(data):
    stream = stream_of(data)
    batch = make_batch([stream.read(i) for i in (-1, 0, -6)], Sampling("scene", 28, 56, LogMedian()), None)
    assert batch.single.tolist() == [True, False, True]
    predicted = torch.zeros_like(batch.x0, requires_grad=True)
    endpoint_loss(predicted, batch.x0, batch.weight, batch.single).total.backward()
    slope = predicted.grad.abs().sum(dim=(2, 3, 4))
    assert (slope[[0, 2], 1:] == 0).all()
    assert (slope[[0, 2], 0] > 0).all()
    assert (slope[1] > 0).all()


def test_only_scenes_mix_and_a_mix_needs_frames(data):
    folder, rgbd = data
    write_shards(folder, "object", shards=1, count=2, side=64)
    with pytest.raises(WtError, match="do not mix with objects"):
        MixedStream(folder, "object", np.random.default_rng(0), rgbd=rgbd)
    with pytest.raises(WtError, match="got 0 and 0.4"):
        MixedStream(folder, "scene", np.random.default_rng(0), rgbd=())
    with pytest.raises(WtError, match="from 0 to 1"):
        stream_of(data, p_rgb=1.0)
