import numpy as np
from ball_room import CENTRE, RADIUS, K, ball, directions

from wt.geometry.normals import pixel_normals


def test_normals_of_a_ball_point_away_from_its_centre_and_none_reaches_across_its_edge():
    rays = directions()
    near, _ = ball(rays)
    mask = np.isfinite(near)
    depth = np.where(mask, near, 6.0)
    points = (depth[..., None] * rays).astype(np.float32)
    normals = pixel_normals(points, np.ones(mask.shape, bool))
    wall = ~mask & np.isfinite(normals).all(axis=-1)
    assert wall.sum() > 0.99 * (~mask).sum()
    np.testing.assert_allclose(normals[wall], np.broadcast_to([0, 0, -1], (wall.sum(), 3)), atol=1e-4)
    from_centre = (points - CENTRE) / RADIUS
    facing = mask & ((from_centre * -points).sum(-1) > 0.5 * np.linalg.norm(points, axis=-1))
    assert facing.sum() > 200
    cosine = (normals * from_centre).sum(-1)[facing]
    assert np.degrees(np.arccos(np.clip(cosine, -1, 1))).max() < 12
    assert np.degrees(np.arccos(np.clip(np.median(cosine), -1, 1))) < 3


def test_normals_face_the_camera_and_lone_pixels_have_none():
    rays = directions()
    floor = 1.5 / np.maximum(rays[..., 1], 1e-3)
    points = (floor[..., None] * rays).astype(np.float32)
    present = np.zeros(floor.shape, bool)
    present[60:70, 20:40] = True
    present[75, 60] = True
    normals = pixel_normals(points, present)
    assert np.isnan(normals[75, 60]).all()
    assert np.isnan(normals[~present]).all()
    np.testing.assert_allclose(normals[65, 30], [0, -1, 0], atol=1e-4)
    assert (K.height, K.width) == floor.shape
