"""A scene in one visitor's viser server: stable node names, a point budget, the photo's own camera as home."""

import logging
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from app import flyers
from app.display import Display
from app.gizmo import Gizmo
from app.marks import Marks
from app.reel import Reel
from app.ruler import Ruler
from wt.clips.clip import Clip
from wt.geometry.camera import Intrinsics
from wt.scene.cloud import PointCloud
from wt.scene.display import fitting_fov, middle_depth, point_nodes
from wt.scene.objects import SceneObject
from wt.scene.pose import Stand, stand_of
from wt.scene.scene import Scene

log = logging.getLogger(__name__)

DARK_RGB, LIGHT_RGB = (13, 15, 19), (236, 238, 242)
_AT_HOME = 0.02
"""A camera this near to the photo's own place, over the depth of the scene, is at home."""


@dataclass(frozen=True)
class Shown:
    """What the caption under the view says."""

    points: int = 0
    """Points sent to the browser."""
    total: int = 0
    """Points that the scene has under the same filters."""
    forming: bool = False


class Viewer:
    """Owns one `viser.ViserServer` on loopback; reached only through our own routes under `token`."""

    def __init__(self, point_budget: int) -> None:
        import rich
        import viser

        rich.reconfigure(quiet=True)  # viser prints a banner with its private address, whatever `verbose` says
        self.token = secrets.token_urlsafe(24)
        self.point_budget = point_budget
        self.shown = Shown()
        self.last_used = time.monotonic()
        self._lock = threading.RLock()
        self.on_click: Callable[[np.ndarray, np.ndarray], None] = lambda origin, direction: None
        """Told the ray of a click: where the visitor's camera is, and the direction."""
        self._nodes: dict[str, tuple[Any, float]] = {}
        self._frames: dict[int, Any] = {}
        """Node of every object, above its points; it stands at the object's base and turns with it."""
        self._camera: tuple[Intrinsics, float] | None = None
        self._scene: Scene | None = None
        self._ruler = Ruler()
        self._server = viser.ViserServer(host="127.0.0.1", port=0, verbose=False)
        self._server.gui.configure_theme(dark_mode=True, show_logo=False, show_share_button=False)
        self._server.gui.main_panel.minimize()
        self._server.scene.set_up_direction("-y")
        self._light: bool | None = None
        self._set_ground(light=False)
        self._server.on_client_connect(self._welcome)
        self._server.scene.on_click()(self._clicked)
        self.gizmo = Gizmo(self._server)
        self.reel = Reel(self._server)
        self.marks = Marks(self._server)

    @property
    def port(self) -> int:
        """The loopback port that the relay talks to."""
        return self._server.get_port()

    @property
    def watched(self) -> bool:
        """Whether a browser is connected."""
        return bool(self._server.get_clients())

    def show(
        self,
        scene: Scene | None,
        display: Display,
        ruler: Ruler | None = None,
        *,
        forming: bool = False,
        chosen: SceneObject | None = None,
    ) -> Shown:
        """Replace everything by this scene, with handles at the chosen object; None clears the view."""
        self.last_used = time.monotonic()
        self._set_ground(light=display.light)
        if scene is None:
            with self._lock:
                self.gizmo.hide()
                self.marks.hide()
                self._drop(set(self._nodes))
                self._keep_frames({})
                self._scene, self.shown = None, Shown()
            return self.shown
        self.reel.show(None, display, 0)
        marked = None if forming or display.flyers is None else flyers.found(scene, display.flyers)
        cloud = scene.point_cloud(
            layers=display.layers,
            colour=display.colour,
            hidden=display.hidden,
            colour_map=display.colour_map,
            marked=None if marked is None else marked.surfaces,
        )
        budget = display.limit(self.point_budget, len(cloud))
        with self._lock, self._server.atomic():
            stands = {thing.id: stand_of(thing, scene.up()) for thing in scene.objects if thing.visible}
            self._keep_frames(stands)
            sent = self._send(cloud, budget // 4 if forming else budget, scene.intrinsics, display, stands)
            self.hold(scene, chosen)
            self._scene, self._ruler = scene, ruler or Ruler()
            self.marks.show(scene, display, self._ruler)
            self.shown = Shown(sent, len(cloud), forming)
        return self.shown

    def play(self, clip: Clip | None, display: Display) -> None:
        """Show a lifted clip in place of a scene, or none."""
        self.reel.show(clip, display, self.point_budget)
        if clip is not None:
            self.shown = Shown(self.reel.sent, self.reel.total)

    def hold(self, scene: Scene, chosen: SceneObject | None) -> None:
        """Show handles at an object of the scene that is on screen, or take them away; no point is sent."""
        with self._lock, self._server.atomic():
            if chosen is None or chosen.id not in self._frames:
                self.gizmo.hide()
            else:
                self.gizmo.show(chosen.id, stand_of(chosen, scene.up()), self._frames[chosen.id])

    def dress(self, display: Display) -> None:
        """Another point size, ground, camera or axes; no point is sent."""
        self.reel.dress(display)
        self._set_ground(light=display.light)
        with self._lock, self._server.atomic():
            for handle, size in self._nodes.values():
                handle.point_size = size * display.point_scale
            if self._scene is not None:
                self.marks.show(self._scene, display, self._ruler)

    def home(self, scene: Scene | None = None) -> None:
        """Bring every connected browser back to the photo's own view; with a scene, that scene's camera is home."""
        if scene is not None:
            self._camera = (scene.intrinsics, middle_depth(scene.background.points[0, ..., 2]))
        for client in self._server.get_clients().values():
            self._aim(client)

    def pose(self) -> np.ndarray | None:
        """Camera to world [4,4] of the browser that connected last, OpenCV axes; None if there is none."""
        from viser.transforms import SE3, SO3

        clients = list(self._server.get_clients().values())
        if not clients:
            return None
        camera = clients[-1].camera
        return SE3.from_rotation_and_translation(SO3(np.array(camera.wxyz)), np.array(camera.position)).as_matrix()

    def stop(self) -> None:
        """Close the server and its threads."""
        self.reel.stop()
        self._server.stop()

    def _welcome(self, client: Any) -> None:
        self._aim(client)
        client.camera.on_update(self._keep_home)

    def _keep_home(self, camera: Any) -> None:
        """A window that changes its shape while it stands at the photo's own place still shows the whole photo."""
        if self._camera is None:
            return
        distance = float(np.linalg.norm(camera.position)) / self._camera[1]
        self.marks.seen_from(away=distance > _AT_HOME)
        if distance > 1e-4:
            return
        wanted = fitting_fov(self._camera[0], camera.aspect)
        if abs(camera.fov / wanted - 1) > 1e-3:
            camera.fov = wanted

    def _aim(self, client: Any) -> None:
        if self._camera is None:
            return
        intrinsics, distance = self._camera
        aspect = client.camera.aspect or intrinsics.width / intrinsics.height
        with client.atomic():
            client.camera.up_direction = (0.0, -1.0, 0.0)
            client.camera.position = (0.0, 0.0, 0.0)
            client.camera.look_at = (0.0, 0.0, distance)
            client.camera.fov = fitting_fov(intrinsics, aspect)

    def _set_ground(self, *, light: bool) -> None:
        if light != self._light:
            self._light = light
            ground = np.full((2, 2, 3), LIGHT_RGB if light else DARK_RGB, np.uint8)
            self._server.scene.set_background_image(ground, format="png")

    def _clicked(self, event: Any) -> None:
        self.on_click(np.array(event.ray_origin), np.array(event.ray_direction))

    def _keep_frames(self, stands: dict[int, Stand]) -> None:
        """A node above the points of every object, and none of another scene's."""
        for ident in set(self._frames) - set(stands):
            self._drop({name for name in self._nodes if name.startswith(f"/object_{ident}/")})
            self._frames.pop(ident).remove()
        for ident, stand in stands.items():
            if ident not in self._frames:
                self._frames[ident] = self._server.scene.add_frame(f"/object_{ident}", show_axes=False)
            self._frames[ident].wxyz, self._frames[ident].position = stand.wxyz, stand.position

    def _send(
        self, cloud: PointCloud, budget: int, intrinsics: Intrinsics, display: Display, stands: dict[int, Stand]
    ) -> int:
        keep, sent = set(), 0
        for node in point_nodes(cloud, budget, intrinsics):
            stand = stands.get(node.object_id)
            thing = "photo" if node.object_id == 0 else f"object_{node.object_id}"
            name = f"/{thing}/layer_{node.layer}/range_{node.depth_range}"
            size = node.footprint * (1.0 if stand is None else stand.spread)
            handle = self._server.scene.add_point_cloud(
                name,
                node.points if stand is None else stand.local(node.points),
                node.colours,
                point_size=size * display.point_scale,
                point_shape="circle",
                precision="float32",
                point_shading="flat",
            )
            self._nodes[name] = (handle, size)
            keep.add(name)
            sent += len(node.points)
        self._drop(set(self._nodes) - keep)
        return sent

    def _drop(self, names: set[str]) -> None:
        for name in names:
            self._nodes.pop(name)[0].remove()
