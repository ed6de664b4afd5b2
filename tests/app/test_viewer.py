"""What the 3D view is sent: the photo's own colours and full precision, wherever the scene lies."""

import numpy as np
import pytest
from scipy.spatial import cKDTree
from viser.transforms import SO3

from app.display import Display
from app.viewer import Viewer
from wt.clips.clip import Clip
from wt.exports.export import export
from wt.geometry.layers import LayeredPointmap
from wt.scene.place import place
from wt.scene.scene import Scene

SWATCH = (188, 55, 255)
FAR = 3000.0
"""Times the size of the room: its wall is 18 000 units away, where half precision knows steps of 16."""
PIXEL = 4 * FAR / 100
"""How far apart neighbouring points of the ball are."""


@pytest.fixture
def viewer():
    viewer = Viewer(point_budget=100_000)
    yield viewer
    viewer.stop()


def far(layers: LayeredPointmap) -> LayeredPointmap:
    return LayeredPointmap(layers.points * np.float32(FAR), layers.alpha, layers.rgb, layers.units, layers.intrinsics)


@pytest.fixture(scope="module")
def distant(ball_room) -> Scene:
    """The room and the ball in it, all so much larger, and the ball moved aside besides."""
    scene = Scene.from_layers(far(ball_room.layers(ball_room.room)))
    placed = place(far(ball_room.ball()), scene, ball_room.mask, far(ball_room.layers(ball_room.edited)))
    transform = np.eye(4)
    transform[:3, 3] = (2.5 * FAR, 0, 1.5 * FAR)
    return scene.insert(placed, "ball").move(1, transform)


def seen(viewer: Viewer, ident: int) -> np.ndarray:
    """The points of one thing where the browser draws them, float64 [n, 3]."""
    frame = viewer._frames.get(ident)
    name = f"/object_{ident}/" if ident else "/photo/"
    points = [handle.points for node, (handle, _) in viewer._nodes.items() if node.startswith(name)]
    points = np.concatenate(points).astype(np.float64)
    return points if frame is None else SO3(np.array(frame.wxyz)).apply(points) + np.array(frame.position)


def furthest(points: np.ndarray, expected: np.ndarray) -> float:
    """The largest distance of a point from its nearest, both ways."""
    assert len(points) == len(expected) > 100
    return max(cKDTree(a).query(b)[0].max() for a, b in ((expected, points), (points, expected)))


def test_points_far_from_the_origin_are_where_they_were_computed(viewer, distant):
    viewer.show(distant, Display())
    for ident in (0, 1):
        expected = distant.point_cloud(objects=[ident]).points.astype(np.float64)
        assert furthest(seen(viewer, ident), expected) < 1e-4 * PIXEL
    shapes = {handle.points.dtype for handle, _ in viewer._nodes.values()}
    assert shapes == {np.dtype(np.float32)}


def test_so_are_those_of_a_clip(viewer, ball_room):
    lift = far(ball_room.layers(ball_room.room))
    frames, masks = np.stack([ball_room.rgb] * 2), np.ones((2, 80, 112), bool)
    clip = Clip(frames, masks=masks).with_lifts([lift, lift])
    viewer.play(clip, Display())
    handles = [handle for handle, *_ in viewer.reel._points if "frame_1/" in handle.name]
    points = np.concatenate([handle.points for handle in handles]).astype(np.float64)
    expected = clip.scene(1).point_cloud().points.astype(np.float64)
    assert furthest(points, expected) < 1e-4 * PIXEL


def test_so_are_those_in_files(distant, tmp_path):
    """Binary and written out in decimals."""
    export(distant, tmp_path, ("ply", "obj"))
    expected = distant.point_cloud().points.astype(np.float64)
    body = (tmp_path / "pointcloud.ply").read_bytes().partition(b"end_header\n")[2]
    stored = np.frombuffer(body, np.uint8).reshape(len(expected), -1)[:, :12].copy().view("<f4")
    assert furthest(stored.astype(np.float64), expected) < 1e-4 * PIXEL
    lines = [line.split()[1:4] for line in (tmp_path / "mesh.obj").read_text().splitlines() if line.startswith("v ")]
    corners = np.array(lines, dtype=np.float64)
    assert len(corners) > 0.9 * len(expected)
    assert cKDTree(expected).query(corners)[0].max() < 1e-4 * PIXEL


def test_a_known_swatch_reaches_the_browser_as_it_is(viewer, ball_room):
    """PLY and GLB have the same test in tests/exports/test_glb.py, the pixels on screen in test_viewer_page.py."""
    layers = ball_room.layers(ball_room.room)
    rgb = np.broadcast_to(np.uint8(SWATCH), (80, 112, 3)).copy()
    layers = LayeredPointmap(layers.points, layers.alpha, rgb, "relative", layers.intrinsics)
    viewer.show(Scene.from_layers(layers), Display())
    clip = Clip(rgb[None], masks=np.ones((1, 80, 112), bool)).with_lifts([layers])
    shown = [handle for handle, _ in viewer._nodes.values()]
    viewer.play(clip, Display())
    shown += [handle for handle, *_ in viewer.reel._points]
    assert {handle.name.split("/")[1] for handle in shown} == {"photo", "clip"}
    for handle in shown:
        assert handle.colors.dtype == np.uint8
        assert (handle.colors == SWATCH).all()
        assert handle.point_shading == "flat", "shaded points are darker than the photo"
