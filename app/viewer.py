"""A scene in one visitor's viser server: stable node names, a point budget, the photo's own camera as home."""

import logging
import math
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from app.gizmo import Gizmo
from wt.geometry.camera import Intrinsics
from wt.scene.cloud import PointCloud
from wt.scene.objects import SceneObject
from wt.scene.pose import Stand, stand_of
from wt.scene.scene import Scene
from wt.types import UInt8

log = logging.getLogger(__name__)

BACKGROUND_RGB = (13, 15, 19)
_MARGIN = 1.03
"""A little ground around the photo, so that its edge is seen."""
_DEPTH_BINS = 3
"""A layer is sent in this many depth ranges, so that the point size can follow the footprint of a pixel."""


@dataclass(frozen=True)
class Display:
    """How the cached scene is shown; changing it never runs a network."""

    layers: tuple[int, ...] | None = None
    """Layers to show; None shows all."""
    colour: str = "photo"
    hidden: str = "grey"
    point_scale: float = 1.0
    """1 is the footprint of one pixel of the grid."""


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
        self._server = viser.ViserServer(host="127.0.0.1", port=0, verbose=False)
        self._server.gui.configure_theme(dark_mode=True, show_logo=False, show_share_button=False)
        self._server.gui.main_panel.minimize()
        self._server.scene.set_up_direction("-y")
        self._server.scene.set_background_image(np.full((2, 2, 3), BACKGROUND_RGB, np.uint8), format="png")
        self._server.on_client_connect(self._welcome)
        self._server.scene.on_click()(self._clicked)
        self.gizmo = Gizmo(self._server)

    @property
    def port(self) -> int:
        """The loopback port that the relay talks to."""
        return self._server.get_port()

    @property
    def watched(self) -> bool:
        """Whether a browser is connected."""
        return bool(self._server.get_clients())

    def show(
        self, scene: Scene | None, display: Display, *, forming: bool = False, chosen: SceneObject | None = None
    ) -> Shown:
        """Replace everything by this scene, with handles at the chosen object; None clears the view."""
        self.last_used = time.monotonic()
        if scene is None:
            with self._lock:
                self.gizmo.hide()
                self._drop(set(self._nodes))
                self._keep_frames({})
                self.shown = Shown()
            return self.shown
        cloud = scene.point_cloud(layers=display.layers, colour=display.colour, hidden=display.hidden)
        budget = self.point_budget // 4 if forming else self.point_budget
        kept = thin(cloud.layer, budget)
        with self._lock, self._server.atomic():
            stands = {thing.id: stand_of(thing, scene.up()) for thing in scene.objects if thing.visible}
            self._keep_frames(stands)
            self._send(cloud, kept, scene.intrinsics, display, stands)
            self.hold(scene, chosen)
            self.shown = Shown(len(kept), len(cloud), forming)
        return self.shown

    def hold(self, scene: Scene, chosen: SceneObject | None) -> None:
        """Show handles at an object of the scene that is on screen, or take them away; no point is sent."""
        with self._lock, self._server.atomic():
            if chosen is None or chosen.id not in self._frames:
                self.gizmo.hide()
            else:
                self.gizmo.show(chosen.id, stand_of(chosen, scene.up()), self._frames[chosen.id])

    def resize(self, display: Display) -> None:
        """Another point size, nothing sent but one number a node."""
        with self._lock, self._server.atomic():
            for handle, size in self._nodes.values():
                handle.point_size = size * display.point_scale

    def home(self, scene: Scene | None = None) -> None:
        """Bring every connected browser back to the photo's own view; with a scene, that scene's camera is home."""
        if scene is not None:
            depth = scene.background.points[0, ..., 2]
            known = depth[np.isfinite(depth) & (depth > 0)]
            self._camera = (scene.intrinsics, float(np.median(known)) if len(known) else 1.0)
        for client in self._server.get_clients().values():
            self._aim(client)

    def stop(self) -> None:
        """Close the server and its threads."""
        self._server.stop()

    def _welcome(self, client: Any) -> None:
        self._aim(client)
        client.camera.on_update(self._keep_home)

    def _keep_home(self, camera: Any) -> None:
        """A window that changes its shape while it stands at the photo's own place still shows the whole photo."""
        if self._camera is None or np.linalg.norm(camera.position) > 1e-4 * self._camera[1]:
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
        self, cloud: PointCloud, kept: np.ndarray, intrinsics: Intrinsics, display: Display, stands: dict[int, Stand]
    ) -> None:
        points, colours = cloud.points[kept], cloud.colours[kept]
        layer, ident = cloud.layer[kept], cloud.object_id[kept]
        bins = depth_bins(points[:, 2])
        keep = set()
        for key in np.unique(np.stack([ident, layer, bins], axis=1), axis=0) if len(points) else ():
            thing, number, bin_ = (int(part) for part in key)
            inside = (ident == thing) & (layer == number) & (bins == bin_)
            name = f"/{'photo' if thing == 0 else f'object_{thing}'}/layer_{number}/range_{bin_}"
            footprint = float(np.median(points[inside, 2])) / min(intrinsics.fx, intrinsics.fy) * 1.15
            thinned = max(1.0, (cloud.layer == number).sum() / (layer == number).sum())
            footprint *= min(math.sqrt(thinned), 1.3)  # a thinned layer needs larger points to stay closed
            footprint *= stands[thing].spread if thing in stands else 1.0
            handle = self._server.scene.add_point_cloud(
                name,
                stands[thing].local(points[inside]) if thing in stands else points[inside],
                colours[inside],
                point_size=footprint * display.point_scale,
                point_shape="circle",
                precision="float32",
                point_shading="flat",
            )
            self._nodes[name] = (handle, footprint)
            keep.add(name)
        self._drop(set(self._nodes) - keep)

    def _drop(self, names: set[str]) -> None:
        for name in names:
            self._nodes.pop(name)[0].remove()


def thin(layer: UInt8[np.ndarray, " n"], budget: int) -> np.ndarray:
    """Indices of at most `budget` points: the visible layer gets up to two thirds, the others share the rest.

    Neighbours in the list are neighbours on the grid, so equal steps thin evenly; the same points every time.
    """
    if len(layer) <= budget:
        return np.arange(len(layer))
    front, behind = np.flatnonzero(layer == 0), np.flatnonzero(layer > 0)
    for_front = min(len(front), max(2 * budget // 3, budget - len(behind)))
    parts = [_spread(front, for_front), _spread(behind, min(len(behind), budget - for_front))]
    return np.sort(np.concatenate(parts))


def _spread(indices: np.ndarray, count: int) -> np.ndarray:
    return indices[(np.arange(count) * (len(indices) / max(count, 1))).astype(int)]


def depth_bins(z: np.ndarray) -> np.ndarray:
    """0, 1, 2 by thirds of the points' depth."""
    if not len(z):
        return np.zeros(0, np.int16)
    return np.searchsorted(np.quantile(z, np.arange(1, _DEPTH_BINS) / _DEPTH_BINS), z).astype(np.int16)


def fitting_fov(intrinsics: Intrinsics, aspect: float) -> float:
    """Vertical field of view in radians of a window of this aspect that shows the whole photo.

    The browser's camera looks along the axis, which is the photo's centre only if the principal point is.
    """
    k = intrinsics
    half_x, half_y = max(k.cx, k.width - k.cx) / k.fx, max(k.cy, k.height - k.cy) / k.fy
    return 2 * math.atan(_MARGIN * max(half_y, half_x / aspect))


def with_layers(display: Display, layers: tuple[int, ...] | None) -> Display:
    """The same display with other layers shown."""
    return replace(display, layers=layers)
