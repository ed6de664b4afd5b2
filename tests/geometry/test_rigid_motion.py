"""Rigid motion of a ball against the motion that it was given."""

import numpy as np
from moving_ball import CAMERA, CENTRE, film
from scipy.spatial.transform import Rotation

from wt.geometry.camera import project
from wt.geometry.optical_flow import Matches, match_frames
from wt.geometry.rigid_motion import between, carried, rigid_motion


def exact(ball, strides=(1, 2, 4), count=400):
    """Matches that geometry gives, without any picture."""
    rng, pairs = np.random.default_rng(0), []
    for stride in strides:
        for earlier in range(len(ball.valid) - stride):
            points = ball.points[earlier][0][ball.valid[earlier]]
            points = points[rng.choice(len(points), count, replace=False)]
            moved = carried(between(ball.poses, earlier, earlier + stride), points)
            pairs.append((earlier, earlier + stride, project(points, CAMERA), project(moved, CAMERA)))
    earlier, later, start, end = zip(*pairs)
    weight = np.full((len(pairs), count), 1 / count)
    return Matches(np.array(earlier), np.array(later), np.stack(start), np.stack(end), weight)


def depth_of(ball):
    return np.where(ball.valid, ball.depth[0], 1.0)


def middle(poses):
    """Where the ball's middle goes."""
    return carried(poses, np.tile(CENTRE, (len(poses), 1, 1)))[:, 0]


def turned(poses):
    return Rotation.from_matrix(poses[:, :3, :3]).as_rotvec()


def test_a_known_motion_is_found_from_exact_matches():
    ball = film(turn=(0.02, 0.06, -0.03), shift=(0.05, -0.02, 0.0))
    poses = rigid_motion(exact(ball), depth_of(ball), np.stack(ball.valid), CAMERA)
    np.testing.assert_array_equal(poses[0], np.eye(4))
    far = np.linalg.norm(middle(ball.poses)[-1] - CENTRE)
    assert np.linalg.norm(middle(poses) - middle(ball.poses), axis=1).max() < 0.1 * far
    angle = np.linalg.norm(turned(ball.poses)[-1])
    assert np.linalg.norm(turned(poses) - turned(ball.poses), axis=1).max() < 0.25 * angle


def test_what_comes_nearer_is_told_from_what_grows_in_the_picture():
    ball = film(turn=(0.0, 0.0, 0.0), shift=(0.0, 0.0, -0.06))
    poses = rigid_motion(exact(ball), depth_of(ball), np.stack(ball.valid), CAMERA)
    gone = (middle(poses)[-1] - CENTRE)[2] / (middle(ball.poses)[-1] - CENTRE)[2]
    assert 0.6 < gone < 1.05


def test_a_known_motion_is_found_from_the_pictures():
    ball = film()
    poses = rigid_motion(match_frames(ball.rgb, ball.valid), depth_of(ball), np.stack(ball.valid), CAMERA)
    far = np.linalg.norm(middle(ball.poses)[-1] - CENTRE)
    assert np.linalg.norm(middle(poses) - middle(ball.poses), axis=1).max() < 0.3 * far


def test_wild_matches_do_not_lead_astray():
    ball = film()
    matches = exact(ball)
    wild = np.random.default_rng(1).random(matches.weight.shape) < 0.2
    end = np.where(wild[..., None], matches.end + 25.0, matches.end)
    spoilt = Matches(matches.earlier, matches.later, matches.start, end, matches.weight)
    depth, valid = depth_of(ball), np.stack(ball.valid)
    clean, found = (middle(rigid_motion(m, depth, valid, CAMERA)) for m in (matches, spoilt))
    far = np.linalg.norm(middle(ball.poses)[-1] - CENTRE)
    assert np.linalg.norm(found - clean, axis=1).max() < 0.3 * far


def test_without_matches_it_stands_still_and_out_of_sight_it_goes_on():
    ball = film()
    still = rigid_motion(None, depth_of(ball), np.stack(ball.valid), CAMERA)
    np.testing.assert_array_equal(still, np.tile(np.eye(4), (8, 1, 1)))
    valid = np.stack(ball.valid)
    valid[3] = False
    matches = exact(ball)
    seen = (matches.earlier != 3) & (matches.later != 3)
    parts = (matches.earlier, matches.later, matches.start, matches.end, matches.weight)
    poses = rigid_motion(Matches(*(part[seen] for part in parts)), np.where(valid, ball.depth[0], 1.0), valid, CAMERA)
    assert np.linalg.norm(middle(poses)[3] - middle(ball.poses)[3]) < 0.05
