"""A scene to export: a room, a ball in it whose back is known, and a thing that is hidden."""

import pytest

from wt.scene.place import place
from wt.scene.scene import Scene


@pytest.fixture(scope="session")
def scene(ball_room) -> Scene:
    placed = place(ball_room.ball(), ball_room.scene, ball_room.mask, ball_room.layers(ball_room.edited))
    return ball_room.scene.insert(placed, "ball").insert(placed, "unseen").show(2, False)
