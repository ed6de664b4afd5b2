"""What holds for every input: parsers end in a result or a sentence, names stay names, geometry comes back."""

import io
import json
import math
import re

import numpy as np
import pytest
from bad_archives import project as project_members
from bad_arrays import header, npy
from cases import zipped
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from app.facts import preview
from app.gestures import MOST_PARTS, checked, understood
from app.project import open_file
from app.work import Work
from editors.instruction import LONGEST, parse
from wt.clips.pictures import picture_names
from wt.depth import open_depth
from wt.errors import WtError
from wt.geometry.camera import Intrinsics, project, unproject
from wt.images import Photo, open_photo
from wt.scene import archive

some = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=40),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=9), inner, max_size=5),
    max_leaves=30,
)
SAID = st.lists(
    st.sampled_from(
        ["add", "remove", "replace", "move", "with", "a", "the", "red", "chair", "lamp", "next to", "it", "2"]
    )
    | st.text(max_size=8),
    max_size=25,
).map(" ".join)


def tried(act):
    """(what came of it, the sentence if it was refused)."""
    try:
        return act(), ""
    except WtError as error:
        return None, str(error)


@some
@given(SAID | st.text(max_size=LONGEST + 50))
def test_words_are_understood_or_refused_with_one_short_sentence_and_never_become_markup(text):
    assert not re.search("<(?!/?(ul|li|p)\\b)", preview(text))
    operations, words = tried(lambda: parse(text))
    assert 1 <= len(operations) <= 8 if operations else 0 < len(words) < 3 * LONGEST


@some
@given(ANYTHING)
def test_whatever_a_page_sends_is_taken_or_refused(sent):
    seen = []
    try:
        understood(lambda session, data: seen.append(data), None, sent)
    except WtError:
        assert seen == []
    else:
        assert seen == [sent]
        numbers = [one for one in re.findall(r"-?\d+\.?\d*(?:e[+-]?\d+)?", json.dumps(sent)) if len(one) < 300]
        assert "NaN" not in json.dumps(sent) or isinstance(sent, dict)
        assert all(math.isfinite(float(one)) for one in numbers)


@pytest.mark.parametrize(
    "sent", [{"x": math.nan}, {"x": [math.inf]}, {"x": 10**400}, {"x": [0] * MOST_PARTS}, [[[[[[[1]]]]]]]]
)
def test_numbers_that_are_none_and_what_is_too_much_are_refused(sent):
    with pytest.raises(WtError, match="Reload the page"):
        checked(sent)


@some
@given(st.binary(max_size=300), st.integers(0, 3))
def test_bytes_are_a_photo_or_a_sentence(data, kind):
    begins = (b"", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff\xe0", b"GIF89a")[kind]
    with pytest.raises(WtError):
        open_photo(begins + data, "a.png")


@some
@given(st.integers(0, 5000), st.binary(min_size=1, max_size=12))
def test_a_project_with_some_bytes_changed_opens_or_is_one_sentence(tmp_path, place, change):
    data = bytearray(zipped(project_members()))
    place %= len(data)
    data[place : place + len(change)] = change
    path = tmp_path / "a.wts"
    path.write_bytes(data)
    work, words = tried(lambda: open_file(path, "p"))
    assert isinstance(work, Work) != bool(words)
    assert "\n" not in words


@some
@given(
    st.dictionaries(
        st.sampled_from(["name", "notes", "pin", "level", "edits", "lift", "named", "focal_35mm"]), ANYTHING
    )
)
def test_a_project_that_says_anything_opens_or_is_one_sentence(tmp_path, told):
    path = tmp_path / "a.wts"
    path.write_bytes(zipped(project_members(**told)))
    work, words = tried(lambda: open_file(path, "p"))
    assert "\n" not in words
    assert words or not re.search(r"[/\\]", work.file_name + work.mask_name)


@some
@given(st.text(max_size=60))
def test_the_name_of_a_photo_never_names_another_folder(name):
    work = Work(photo=Photo(np.zeros((32, 32, 3), np.uint8), name=name))
    for made in (work.file_name, work.mask_name):
        assert re.fullmatch(r"[^/\\\0\r\n<>\"']+", made)
        assert not made.startswith(".")


@some
@given(st.lists(st.text(max_size=30).map(lambda text: f"{text}.png"), max_size=20))
def test_pictures_in_a_zip_have_an_order_whatever_their_names(names):
    assert picture_names(names) == picture_names(sorted(names))
    numbered = [f"frame_{number}.png" for number in (10, 2, 1, 33)]
    assert picture_names(numbered) == ["frame_1.png", "frame_2.png", "frame_10.png", "frame_33.png"]


@some
@given(
    arrays.arrays(
        st.sampled_from(["f4", "f8", "u2", "i4", "u1", "f2", "?", "c8"]), arrays.array_shapes(max_dims=3, max_side=20)
    )
)
def test_an_array_is_a_depth_map_or_one_sentence(tmp_path, array):
    path = tmp_path / "d.npy"
    path.write_bytes(npy(array))
    found, words = tried(lambda: open_depth(path))
    assert "\n" not in words
    assert words or (found.values.dtype == np.float32 and found.known.any())
    assert words or found.kind != "metric" or (found.values[found.known] > 0).all()


@some
@given(st.text("()[]{},'0123456789-eE ", max_size=80), st.binary(max_size=64))
def test_a_claimed_shape_is_never_believed(shape, data):
    stream = io.BytesIO(zipped({"values.npy": header(shape, data=data)}, 0))
    try:
        found = archive.unpack_arrays(stream.getvalue())["values"]
    except (WtError, ValueError, EOFError):
        return
    assert found.nbytes <= len(data)


FOCAL = st.floats(5, 5000)


@some
@given(FOCAL, FOCAL, st.integers(2, 40), st.integers(2, 30), st.floats(0.01, 1e4), st.randoms(use_true_random=False))
def test_points_of_any_camera_lie_on_their_pixels_again(fx, fy, width, height, far, random):
    k = Intrinsics(fx, fy, random.uniform(0, width), random.uniform(0, height), width, height)
    depth = np.array([[random.uniform(0.01, 1) * far for _ in range(width)] for _ in range(height)])
    points = unproject(depth, k)
    np.testing.assert_allclose(points[..., 2], depth)
    v, u = np.mgrid[:height, :width] + 0.5
    np.testing.assert_allclose(project(points, k), np.stack([u, v], -1), atol=1e-6 * max(width, height, fx, fy))
