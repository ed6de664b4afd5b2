"""gaussians.ply by plyfile, and drawn by a rasteriser that shares nothing with its writer."""

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from ball_room import CENTRE, K, make_ball_room
from PIL import Image
from plyfile import PlyData

from wt.exports.export import export
from wt.scene.place import place
from wt.scene.scene import Scene

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.append(str(ROOT / "benchmarks"))

from splats import Splats, View, draw, psnr, read_splats  # noqa: E402

BACK = {  # to x right, y down, z forward, as each frame's makers define it
    "opencv": np.eye(3),
    "opengl": np.diag([1.0, -1.0, -1.0]),
    "z-up": np.array([[1.0, 0, 0], [0, 0, -1.0], [0, 1.0, 0]]),
}


@pytest.fixture(scope="module")
def photographed() -> Scene:
    """The room with a ball in it, in the colours of a real photo, on 224 x 160 pixels."""
    room = make_ball_room(K.resized(224, 160))
    photo = Image.open(ROOT / "assets" / "examples" / "room_dining.jpg").convert("RGB").resize((224, 160))
    room = replace(room, rgb=np.asarray(photo))
    placed = place(room.ball(), room.scene, room.mask, room.layers(room.edited))
    return room.scene.insert(placed, "ball")


@pytest.fixture(scope="module")
def path(photographed, tmp_path_factory):
    (found,) = export(photographed, tmp_path_factory.mktemp("splats"), "gaussians")["gaussians"]
    return found


def photo_view(scene: Scene, axes: str = "opencv") -> View:
    k = scene.intrinsics
    return View(k.fx, k.fy, k.cx, k.cy, k.width, k.height, BACK[axes], np.zeros(3))


def of(splats: Splats, rows: np.ndarray) -> Splats:
    return Splats(splats.centres[rows], splats.covariances[rows], splats.colours[rows], splats.opacities[rows])


def test_the_rasteriser_draws_two_balls_as_by_hand():
    """A ball of radius s at depth z is a blot of variance (f s / z)^2; the nearer one takes its share first."""
    view = View(100.0, 100.0, 4.5, 4.5, 9, 9, np.eye(3), np.zeros(3))
    balls = Splats(
        np.array([[0, 0, 4.0], [0, 0, 2.0]]),
        np.stack([np.eye(3) * 0.08**2, np.eye(3) * 0.02**2]),
        np.array([[1.0, 0, 0], [0, 1.0, 0]]),
        np.array([0.5, 0.5]),
    )
    picture, opacity = draw(balls, view)
    np.testing.assert_allclose(picture[4, 4], [0.25, 0.5, 0])
    near, far = 0.5 * np.exp(-2 * 2 / 2 / 1.0**2), 0.5 * np.exp(-2 * 2 / 2 / 2.0**2)
    np.testing.assert_allclose(picture[4, 6], [(1 - near) * far, near, 0])
    np.testing.assert_allclose(opacity[4, 6], near + (1 - near) * far)
    blurred, _ = draw(balls, view, blur=3.0)
    near, far = 0.5 * np.exp(-2 * 2 / 2 / 4.0), 0.5 * np.exp(-2 * 2 / 2 / 7.0)
    np.testing.assert_allclose(blurred[4, 6], [(1 - near) * far, near, 0])


def test_readers_that_count_bytes_and_lines_find_what_they_look_for(path, photographed):
    """The file of the 3DGS paper: the count in line 3, then 62 floats in its order, 45 of them of degrees 1 to 3."""
    head, _, body = path.read_bytes().partition(b"end_header\n")
    lines = head.decode().splitlines()
    count = len(photographed.point_cloud())
    assert lines[:3] == ["ply", "format binary_little_endian 1.0", f"element vertex {count}"]
    assert all(line.startswith("property float ") for line in lines[3:65])
    assert not any(line.startswith("property") for line in lines[65:])
    values = np.frombuffer(body, "<f4").reshape(count, 62)
    assert not values[:, 9:54].any(), "nothing is known of other views"
    assert values[:, 54:].any(axis=0).all()


def test_the_layout_is_the_one_that_viewers_read(photographed, path):
    table = PlyData.read(path)["vertex"]
    assert [prop.name for prop in table.properties] == [
        *("x", "y", "z", "nx", "ny", "nz", "f_dc_0", "f_dc_1", "f_dc_2"),
        *(f"f_rest_{number}" for number in range(45)),
        *("opacity", "scale_0", "scale_1", "scale_2", "rot_0", "rot_1", "rot_2", "rot_3"),
    ]
    assert {prop.val_dtype for prop in table.properties} == {"f4"}
    cloud = photographed.point_cloud()
    assert len(table.data) == len(cloud)
    dc = np.stack([table[f"f_dc_{index}"] for index in range(3)], axis=-1)
    np.testing.assert_allclose(255 * (0.5 + 0.28209479177387814 * dc), cloud.colours, atol=1e-3)
    np.testing.assert_allclose(1 / (1 + np.exp(-table["opacity"].astype(float))), 0.99, atol=1e-6)
    norm = sum(table[f"rot_{index}"].astype(float) ** 2 for index in range(4))
    np.testing.assert_allclose(norm, 1, atol=1e-5)
    said = path.read_bytes().partition(b"end_header")[0].decode()
    assert "\ncomment units relative\n" in said
    assert "+x right, +y down, +z forward" in said
    assert "(0.5, 0.5)" in said


@pytest.mark.parametrize("axes", BACK)
def test_the_photos_view_has_no_holes_and_is_not_blurred(photographed, tmp_path, axes):
    """As it is on the grid; and three times as large, blurred by the 0.3 px^2 that viewers add, still without holes."""
    export(photographed, tmp_path, "gaussians", axes=axes)
    splats, view = read_splats(tmp_path / "gaussians.ply"), photo_view(photographed, axes)
    covered = photographed.background.present[0]
    picture, opacity = draw(splats, view)
    assert opacity[covered].min() > 0.99
    seen = np.where(photographed[1].present[0][..., None], photographed[1].rgb, photographed.rgb) / 255
    figure = psnr(picture, seen, covered)
    print(f"PSNR {figure:.1f} dB, least opacity {opacity[covered].min():.3f}")
    assert figure > 28
    if axes == "opencv":
        _, covering = draw(splats, view.larger(3), blur=0.3)
        assert covering[2:-2, 2:-2].min() > 0.9


def test_every_splat_is_the_round_blot_of_its_pixel(photographed, path):
    splats, k = read_splats(path), photographed.intrinsics
    x, y, z = splats.centres.T
    zero = np.zeros_like(z)
    jacobian = np.stack([k.fx / z, zero, -k.fx * x / z**2, zero, k.fy / z, -k.fy * y / z**2], axis=-1).reshape(-1, 2, 3)
    screen = jacobian @ splats.covariances @ jacobian.transpose(0, 2, 1)
    flat = np.linalg.eigvalsh(splats.covariances)[:, 0] < 0.05 * (z / k.fx) ** 2 * 0.6**2
    assert flat.mean() > 0.95
    np.testing.assert_allclose(screen[flat], np.broadcast_to(0.36 * np.eye(2), screen[flat].shape), atol=0.36 * 0.05)


def test_splats_lie_on_their_surfaces(photographed, path):
    """The thinnest direction is the normal: up on the floor, towards the camera on the wall, radial on the ball."""
    splats = read_splats(path)
    thinnest = np.linalg.eigh(splats.covariances)[1][..., 0]
    cloud = photographed.point_cloud()
    y, z = cloud.points[:, 1], cloud.points[:, 2]
    room = cloud.object_id == 0
    floor = room & (np.abs(y - 1.5) < 1e-4) & (z < 5.9)
    wall = room & (np.abs(z - 6) < 1e-4) & (y < 1.3)
    assert floor.sum() > 1000
    assert wall.sum() > 1000
    assert (np.abs(thinnest[floor, 1]) > 0.999).mean() > 0.98
    assert (np.abs(thinnest[wall, 2]) > 0.999).mean() > 0.98
    radial = cloud.points - CENTRE
    radial /= np.linalg.norm(radial, axis=1, keepdims=True)
    facing = np.abs(np.einsum("nk,nk->n", radial, cloud.points)) / np.linalg.norm(cloud.points, axis=1)
    ball = ~room & (facing > 0.4)
    assert {0, 1} == set(cloud.layer[ball].tolist())
    assert (np.abs(np.einsum("nk,nk->n", thinnest[ball], radial[ball])) > 0.99).mean() > 0.97


def test_a_point_without_neighbours_is_a_ball_of_its_pixels_size(photographed, tmp_path):
    lone = np.zeros_like(photographed.background.present)
    lone[0, 30, 40] = True
    alone = replace(photographed, background=replace(photographed.background, present=lone), objects=())
    export(alone, tmp_path, "gaussians")
    splats, k = read_splats(tmp_path / "gaussians.ply"), photographed.intrinsics
    z = splats.centres[0, 2]
    sizes = np.sqrt(np.linalg.eigvalsh(splats.covariances[0]))
    np.testing.assert_allclose(sizes, np.sort(0.6 * z / np.array([k.fx, k.fy, np.sqrt(k.fx * k.fy)])), rtol=1e-5)


def test_hidden_surfaces_have_the_chosen_colours(photographed, tmp_path):
    for hidden in ("grey", "photo"):
        export(photographed, tmp_path, "gaussians", hidden=hidden)
        cloud = photographed.point_cloud(hidden=hidden)
        back = of(read_splats(tmp_path / "gaussians.ply"), cloud.layer == 1)
        np.testing.assert_allclose(255 * back.colours, cloud.colours[cloud.layer == 1], atol=1e-3)
        assert (np.ptp(back.colours, axis=1) < 1e-6).all() == (hidden == "grey")


def test_splats_turn_and_grow_with_their_object(photographed, path, tmp_path):
    transform = np.eye(4)
    transform[:3, :3] = 2 * np.array([[0.0, 0, 1], [0, 1, 0], [-1, 0, 0]])
    transform[:3, 3] = [-9.0, -1.0, 4.0]
    export(photographed.move(1, transform), tmp_path, "gaussians")
    rows = photographed.point_cloud().object_id == 1
    before, after = of(read_splats(path), rows), of(read_splats(tmp_path / "gaussians.ply"), rows)
    turn = transform[:3, :3]
    np.testing.assert_allclose(after.centres, before.centres @ turn.T + transform[:3, 3], atol=1e-4)
    expected = turn @ before.covariances @ turn.T
    np.testing.assert_allclose(after.covariances, expected, atol=1e-4 * np.abs(expected).max())
