"""The parts of the load, soak and fault benchmarks that judge: markers, what was kept, what grew."""

import io
import json
import sys
import zipfile

import numpy as np
import pytest
from PIL import Image
from test_benchmarks import FOLDER, benchmark

sys.path.append(str(FOLDER))


@pytest.fixture(scope="module")
def marked():
    return benchmark("marked")


def encoded(rgb: np.ndarray, kind: str, **more) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(rgb).save(buffer, kind, **more)
    return buffer.getvalue()


def test_every_marker_is_found_again_and_no_other_one(marked) -> None:
    for number in range(marked.MOST):
        picture = encoded(marked.photo(number), "JPEG", quality=92, subsampling=0)
        assert marked.in_picture(picture) == {number}
        small = np.asarray(Image.fromarray(marked.photo(number)).resize((213, 160)))
        assert marked.numbers(small.reshape(-1, 3)) == {number}
    assert marked.in_picture(encoded(np.full((48, 64, 3), 128, np.uint8), "PNG")) == set()


def test_a_foreign_marker_is_a_leak_by_its_colour_or_by_its_number(marked) -> None:
    load = benchmark("load")
    mixed = marked.photo(3)
    mixed[:60, :60] = marked.colour(7)
    assert load.findings(3, {"photo": marked.in_picture(encoded(mixed, "PNG"))}) == (
        [],
        ["photo shows another's marker"],
    )
    squares = marked.photo(3)
    squares[300:380, 40:200] = marked.photo(12)[300:380, 40:200]
    squares[380:460, 40:200] = marked.colour(3)
    found = marked.in_picture(encoded(squares, "PNG"))
    assert 12 in found
    missing, leaks = load.findings(3, {"photo": set(), "3D": {3}})
    assert (missing, leaks) == (["photo lacks its own marker"], [])


def test_colours_of_a_ply_are_read_from_any_order_of_fields(marked) -> None:
    fields = [("x", "<f4"), ("green", "u1"), ("red", "u1"), ("blue", "u1"), ("y", "<f4")]
    rows = np.zeros(3, fields)
    rows["red"], rows["green"], rows["blue"] = (1, 2, 3), (4, 5, 6), (7, 8, 9)
    words = {"<f4": "float", "u1": "uchar"}
    head = "ply\nformat binary_little_endian 1.0\nelement vertex 3\n"
    head += "".join(f"property {words[kind]} {name}\n" for name, kind in fields) + "end_header\n"
    np.testing.assert_array_equal(marked.ply_colours(head.encode() + rows.tobytes()), [[1, 4, 7], [2, 5, 8], [3, 6, 9]])


def project(pixel: int, depth: float, saved: float) -> bytes:
    arrays, whole = io.BytesIO(), io.BytesIO()
    np.savez(arrays, depth=np.array([[depth, np.nan]], np.float32))
    with zipfile.ZipFile(whole, "w") as bundle:
        bundle.writestr("photo.png", encoded(np.full((4, 6, 3), pixel, np.uint8), "PNG"))
        bundle.writestr("arrays.npz", arrays.getvalue())
        bundle.writestr("project.json", json.dumps({"saved": saved, "edits": [{"prompt": "add a mug"}]}))
    return whole.getvalue()


def test_work_is_compared_by_its_arrays_and_not_by_when_it_was_saved() -> None:
    kept = benchmark("kept")
    assert kept.differences(project(9, 1.5, 1.0), project(9, 1.5, 2.0)) == []
    assert kept.differences(project(9, 1.5, 1.0), project(8, 1.6, 1.0)) == ["arrays.npz/depth", "photo.png"]
    assert kept.edits_in(project(9, 1.5, 1.0)) == 1


def test_a_soak_is_judged_after_its_warm_up_and_by_every_count() -> None:
    soak = benchmark("soak")

    def rows(memory, **more):
        return [{**dict.fromkeys(soak.COUNTS, 3.0), **more, "lifts": n, "rss_mb": memory(n)} for n in range(1, 51)]

    assert soak.summary(rows(lambda n: min(500 + 50 * n, 1000)), [], 1.0)["ok"], "it grows while it warms up only"
    assert not soak.summary(rows(lambda n: 1000 + 5 * n), [], 1.0)["ok"]
    assert not soak.summary(rows(lambda n: 1000.0), ["The lift ran out of memory."], 1.0)["ok"]
    growing = rows(lambda n: 1000.0)
    for row in growing:
        row["threads"] = row["lifts"] / 2
    told = soak.summary(growing, [], 1.0)
    assert (told["ok"], told["not_flat"]) == (False, ["threads"])
