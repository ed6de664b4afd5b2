"""Samples by seed, and the shards they are written to."""

from pathlib import Path

import numpy as np
import pytest

from wt.data import generate as generation
from wt.data.generate import generate, make_sample, preview_sheet
from wt.data.shards import ShardFolder
from wt.errors import WtError


@pytest.mark.parametrize("kind", ["scene", "object"])
def test_a_sample_depends_on_its_seed_alone(kind: str) -> None:
    first, again, other = make_sample(kind, 5, 48), make_sample(kind, 5, 48), make_sample(kind, 6, 48)
    for name in ("rgb", "depth", "instance", "k"):
        np.testing.assert_array_equal(getattr(first, name), getattr(again, name))
    assert not np.array_equal(first.depth, other.depth)


@pytest.mark.parametrize("seed", [*range(4), 2_000_000_001])
def test_scenes_are_pictures_of_something_in_front_of_the_camera(seed: int) -> None:
    sample = make_sample("scene", seed, 64)
    assert sample.depth.dtype == np.float32
    seen = sample.depth[0] > 0
    assert seen.mean() > 0.3
    assert sample.depth[0][seen].min() > 0.3
    assert 30 < sample.rgb[seen].mean() < 230
    assert sample.rgb[seen].std() > 4
    assert ((sample.instance == 255) == ~seen).all()
    deeper = np.diff(sample.depth, axis=0)[sample.depth[1:] > 0]
    assert (deeper > 0).all()


@pytest.mark.parametrize("seed", range(4))
def test_objects_fill_about_two_thirds_of_a_grey_square(seed: int) -> None:
    sample = make_sample("object", seed, 64)
    seen = sample.depth[0] > 0
    rows, columns = np.flatnonzero(seen.any(axis=1)), np.flatnonzero(seen.any(axis=0))
    longest = max(np.ptp(rows), np.ptp(columns)) + 1
    assert 0.45 * 64 <= longest <= 0.9 * 64
    assert (sample.rgb[~seen] == 128).all()
    # The unit is the longest side of the box: no stack of surfaces can be deeper than the box's diagonal.
    deepest = sample.depth.max(axis=0)[seen]
    assert (deepest - sample.depth[0][seen]).max() <= np.sqrt(3) + 1e-3


def test_shards_are_written_once_and_read_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(generation, "SHARD", 3)
    told: list[tuple[int, int]] = []
    paths = generate(
        "object", 4, tmp_path, start=3, size=32, on_progress=lambda done, total: told.append((done, total))
    )
    assert [path.name for path in paths] == ["objects-00001.safetensors", "objects-00002.safetensors"]
    assert told == [(3, 6), (6, 6)]
    stamps = [path.stat().st_mtime_ns for path in paths]
    assert generate("object", 4, tmp_path, start=3, size=32) == paths
    assert [path.stat().st_mtime_ns for path in paths] == stamps
    folder, expected = ShardFolder(tmp_path, "object"), make_sample("object", 7, 32)
    assert len(folder) == 6
    np.testing.assert_array_equal(folder[4].rgb, expected.rgb)
    np.testing.assert_array_equal(folder[4].depth, expected.depth.astype(np.float16))


def test_refusals(tmp_path: Path) -> None:
    with pytest.raises(WtError, match="divisible"):
        generate("scene", 1, tmp_path, start=5)


def test_sheet_has_a_tile_for_each_seed() -> None:
    sheet = preview_sheet("object", [1, 2, 3], columns=2, hidden=False)
    assert sheet.shape == (2 * 192, 2 * 192, 3)
    assert (sheet[192:, 192:] == 0).all()
