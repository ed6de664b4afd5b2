"""The coverage table against shares that are known."""

from pathlib import Path

import numpy as np
import pytest

from wt.data.shards import ClipSample, Sample, write_shard
from wt.data.stats import as_markdown, corpus_stats, stored_depths
from wt.errors import WtError


def _view(first: int, second: int, z: float = 2.0) -> np.ndarray:
    """10 x 10 pixels of which so many have a first, and a second surface half as far again."""
    depth = np.zeros((6, 100), np.float32)
    depth[0, :first], depth[1, :second] = z, 1.5 * z
    return depth.reshape(6, 10, 10)


def test_shares_are_over_the_whole_picture_and_percentiles_over_views_with_the_layer() -> None:
    found = corpus_stats([_view(10, 0), _view(20, 4), _view(30, 8), _view(80, 0)])
    first, second, third = found["layers"][:3]
    assert found["views"] == 4
    assert first["layer"] == "L0"
    assert [first[name] for name in ("mean", "median", "p25", "p75", "p90")] == pytest.approx([35, 25, 17.5, 42.5, 65])
    assert first["valid_views"] == 4
    assert (second["mean"], second["valid_views"], second["mean_of_all"]) == pytest.approx((6, 2, 3))
    assert (third["mean"], third["median"], third["valid_views"]) == (0, 0, 0)
    assert found["empty"] == pytest.approx(0.65)


def test_depths_are_of_the_first_surface_and_spans_of_the_last() -> None:
    found = corpus_stats([_view(50, 50, z) for z in (1.0, 2.0, 3.0, 4.0, 5.0)])
    assert found["depth"]["p50"] == 3
    assert (found["depth"]["p01"], found["depth"]["p99"]) == (1, 5)
    assert found["span"]["p05"] == pytest.approx(1.5)
    empty = corpus_stats([_view(0, 0)])
    assert (empty["empty"], empty["depth"]) == (1, {})


def test_markdown_is_the_papers_table() -> None:
    text = as_markdown("scene", corpus_stats([_view(10, 5), _view(30, 0)]))
    lines = text.splitlines()
    assert lines[2] == "| Layer | Mean (%) | Median (%) | P25 (%) | P75 (%) | P90 (%) | Valid views |"
    assert lines[4] == "| L0 | 20.00 | 20.00 | 15.00 | 25.00 | 28.00 | 2 |"
    assert lines[5] == "| L1 | 5.00 | 5.00 | 5.00 | 5.00 | 5.00 | 1 |"
    assert "80.0 % of the pixels are sky." in lines


def test_stored_views_and_the_frames_of_stored_clips(tmp_path: Path) -> None:
    rgb, instance, k = np.zeros((10, 10, 3), np.uint8), np.zeros((10, 10), np.uint8), np.ones(4, np.float32)
    write_shard(tmp_path / "scenes-00000.safetensors", [Sample(rgb, _view(n, 0), instance, k) for n in (10, 30)])
    assert corpus_stats(stored_depths(tmp_path, "scene"))["layers"][0]["mean"] == 20
    frames = np.stack([_view(n, n // 2) for n in (20, 40, 60)])
    clip = ClipSample(np.stack([rgb] * 3), frames, np.stack([instance] * 3), k)
    write_shard(tmp_path / "clips-00000.safetensors", [clip, clip])
    found = corpus_stats(stored_depths(tmp_path, "clip"))
    assert (found["views"], found["layers"][1]["mean"]) == (6, 20)
    with pytest.raises(WtError, match="No object shards"):
        corpus_stats(stored_depths(tmp_path, "object"))
    with pytest.raises(WtError, match="no view"):
        corpus_stats([])
