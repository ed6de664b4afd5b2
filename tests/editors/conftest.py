"""A rendered room whose geometry is known, and lifters that answer with the truth instead of a network."""

from dataclasses import dataclass, replace

import numpy as np
import pytest

from wt.data.mesh import Asset, Camera, Light, Material, Part, World, look_at
from wt.data.peel import Solids, peel
from wt.data.primitives import box
from wt.data.render import render
from wt.geometry.camera import Intrinsics, unproject
from wt.geometry.layers import LayeredPointmap, forward_fill
from wt.scene.scene import Scene

GRID = Intrinsics.from_fov(62.0, 160, 120)
PHOTO = GRID.resized(640, 480)
CAMERA_HEIGHT = 1.5


def solid(name: str, shell, colour: tuple[float, float, float]) -> Asset:
    """A single-part asset of one matt colour with faint grain, so that pictures have structure."""
    albedo = np.array(colour)

    def texture(points: np.ndarray, normals: np.ndarray) -> np.ndarray:
        grain = np.sin(37 * points[:, :1]) * np.sin(41 * points[:, 1:2]) * np.sin(29 * points[:, 2:] + 1)
        return np.clip(albedo * (1 + 0.25 * grain), 0, 1)

    return Asset(name, (Part(shell.vertices, shell.faces, Material(texture)),))


@dataclass
class Room:
    """Floor, walls, a table; what the catalogue has painted is added by `Truth`."""

    instances: tuple[Asset, ...]
    camera: Camera

    def photo(self) -> np.ndarray:
        lights = (Light("point", np.full(3, 9.0), position=np.array([1.0, 0.5, 2.4]), radius=0.3),)
        world = World(self.instances, lights, np.full(3, 0.5))
        return render(world, replace(self.camera, intrinsics=PHOTO), ambient_occlusion=4).rgb

    def layers(self, instances: tuple[Asset, ...], scale: float, grid: Intrinsics = GRID) -> LayeredPointmap:
        """The truth, forward filled, in units of 1 / scale metres."""
        depth = peel(Solids(instances), replace(self.camera, intrinsics=grid)).depth / np.float32(scale)
        found = np.isfinite(depth)
        alpha = found[0]
        points = forward_fill(unproject(depth, grid), found)
        rgb = np.full((*alpha.shape, 3), 128, np.uint8)
        return LayeredPointmap(points, alpha, rgb, "relative", grid)


def make_room() -> Room:
    """Camera at 1.5 m, looking 12 degrees down at a table 2.6 m away; a wall 4.4 m away."""
    eye = np.array([0.0, 0.0, CAMERA_HEIGHT])
    pose = look_at(eye, eye + np.array([0.0, 1.0, -0.21]))
    parts = (
        solid("floor", box(8, 8, 0.1).at(0, 2, -0.1), (0.35, 0.27, 0.2)),
        solid("wall", box(8, 0.1, 3).at(0, 4.45, 0), (0.6, 0.58, 0.5)),
        solid("table", box(0.9, 0.6, 0.7).at(-0.75, 2.7, 0), (0.3, 0.2, 0.12)),
    )
    return Room(parts, Camera(GRID, pose))


class Truth:
    """Answers as WT-S and WT-O would if they were perfect: knows the room, and is told what was painted."""

    licence, units, default_steps, long_side = "test", "relative", 1, 160

    def __init__(self, room: Room, kind: str, scale: float) -> None:
        self.room, self.kind, self.scale, self.name = room, kind, scale, f"truth-{kind}"
        self.painted: list[Asset] = []
        self.gone: set[str] = set()
        self.calls = 0

    def lift(self, image, mask=None, *, steps=None, seed=42, depth=None, intrinsics=None, on_step=None):
        self.calls += 1
        own = tuple(thing for thing in self.room.instances if thing.name not in self.gone)
        things = tuple(self.painted[-1:]) if self.kind == "object" else (*own, *self.painted)
        layers = self.room.layers(things, self.scale)
        if self.kind == "object":
            rows = (np.arange(GRID.height) * PHOTO.height / GRID.height + 2).astype(int)
            columns = (np.arange(GRID.width) * PHOTO.width / GRID.width + 2).astype(int)
            layers = replace(layers, alpha=layers.alpha & mask[rows[:, None], columns])
        if on_step is not None:
            on_step(1, 1, layers)
        return layers


@pytest.fixture(scope="session")
def room() -> Room:
    return make_room()


@pytest.fixture(scope="session")
def photo(room) -> np.ndarray:
    return room.photo()


@pytest.fixture(scope="session")
def scene(room) -> Scene:
    """In units of 0.8 m."""
    from wt.images import resize_rgb

    layers = room.layers(room.instances, 0.8)
    return Scene.from_layers(replace(layers, rgb=resize_rgb(room.photo(), GRID.width, GRID.height)))


@pytest.fixture
def truths(room, monkeypatch) -> tuple[Truth, Truth]:
    """(scene lifter, object lifter), each in a unit of its own; both see what the catalogue paints."""
    import editors.catalogue as catalogue

    scene_lifter, object_lifter = Truth(room, "scene", 1.7), Truth(room, "object", 0.31)
    paint = catalogue._paint

    def told(scene, photo, asset, stand, *rest):
        world_from_local = np.linalg.inv(room.camera.cam_from_world) @ stand.cam_from_local
        result = paint(scene, photo, asset, stand, *rest)
        for lifter in (scene_lifter, object_lifter):
            lifter.painted.append(asset.transformed(world_from_local))
        return result

    monkeypatch.setattr(catalogue, "_paint", told)
    return scene_lifter, object_lifter
