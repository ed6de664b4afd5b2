"""The photo as a texture: taken from the picture that shows a thing, and laid where its pixels are."""

from dataclasses import replace

import numpy as np
import pytest
from PIL import Image
from test_obj import parsed

from wt.exports.export import export
from wt.exports.textures import picture_of
from wt.scene.objects import SceneObject

SIZE, GRID = (320, 448), (80, 112)


def checks(a: tuple[int, int, int], b: tuple[int, int, int]) -> np.ndarray:
    """A board of 4 x 4 pixels of the photo, so that its colours on the grid are the mean and its detail is not."""
    rows, columns = np.indices(SIZE)
    board = ((rows // 2 + columns // 2) % 2).astype(bool)
    return np.where(board[..., None], np.uint8(a), np.uint8(b))


def thing(rgb: np.ndarray, present: np.ndarray | None = None) -> SceneObject:
    surfaces = np.zeros((6, *GRID), bool)
    surfaces[0] = True if present is None else present
    return SceneObject(1, "thing", np.ones((6, *GRID, 3), np.float32), surfaces, rgb)


@pytest.fixture(scope="module")
def pictures():
    """(before, after): the room, and the room with a red thing painted into its middle."""
    before, after = checks((90, 120, 150), (110, 140, 170)), checks((90, 120, 150), (110, 140, 170))
    after[120:200, 160:280] = checks((200, 20, 20), (220, 40, 40))[120:200, 160:280]
    return before, after


def test_each_thing_takes_the_picture_that_shows_it(pictures):
    before, after = pictures
    room = thing(np.full((*GRID, 3), (100, 130, 160), np.uint8))
    np.testing.assert_array_equal(picture_of(room, [before, after]), before)
    np.testing.assert_array_equal(picture_of(room, [after, before]), before)
    middle = np.zeros(GRID, bool)
    middle[30:50, 40:70] = True
    red = thing(np.full((*GRID, 3), (210, 30, 30), np.uint8), middle)
    np.testing.assert_array_equal(picture_of(red, [before, after])[120:200, 160:280], after[120:200, 160:280])


def test_what_no_picture_shows_keeps_its_own_colours(pictures):
    before, after = pictures
    rgb = np.full((*GRID, 3), (100, 130, 160), np.uint8)
    rgb[60:80, :30] = (20, 200, 20)
    found = picture_of(thing(rgb), [before, after])
    np.testing.assert_array_equal(found[260:, :100], np.full((60, 100, 3), (20, 200, 20)))
    np.testing.assert_array_equal(found[:200], before[:200])


def test_without_a_picture_of_it_there_is_no_texture(pictures):
    green = thing(np.full((*GRID, 3), (20, 200, 20), np.uint8))
    assert picture_of(green, []) is None
    assert picture_of(green, list(pictures)) is None


def test_an_obj_shows_every_corner_its_own_pixel_of_the_photo(scene, tmp_path):
    """A photo that is smooth, so that half a texel is less than a level; read at `vt` from the file's own PNG."""
    rows, columns = np.indices(SIZE)
    photo = np.stack([rows * 250 // SIZE[0], columns * 250 // SIZE[1], (rows + columns) // 4], axis=-1).astype(np.uint8)
    grid = photo.reshape(80, 4, 112, 4, 3).mean(axis=(1, 3)).astype(np.uint8)
    shown = replace(scene, background=replace(scene.background, rgb=grid))
    files = export(shown, tmp_path, "obj", before=photo)["obj"]
    assert [path.name for path in files] == [
        "mesh.obj",
        "mesh.mtl",
        "photo_layer_0.png",
    ]  # the ball's noise is not in it
    part = parsed((tmp_path / "mesh.obj").read_text())["photo_layer_0"]
    texture = np.asarray(Image.open(tmp_path / "photo_layer_0.png"))
    place = np.array(part["vt"]) * [1, -1] + [0, 1]
    column, row = np.minimum(place * texture.shape[1::-1], np.array(texture.shape[1::-1]) - 1).astype(int).T
    x, y, z = np.array(part["v"])[:, :3].T
    k = scene.intrinsics
    u, v = 4 * (k.fx * x / z + k.cx), 4 * (k.fy * y / z + k.cy)
    expected = np.stack([v * 250 / SIZE[0], u * 250 / SIZE[1], (u + v) / 4], axis=-1)
    assert np.abs(texture[row, column] - expected).max() < 2.5
    assert all(
        corner[0] - corner[1] == part["f"][0][0][0] - part["f"][0][0][1] for face in part["f"] for corner in face
    )
    assert "map_Kd photo_layer_0.png" in (tmp_path / "mesh.mtl").read_text()
