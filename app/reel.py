"""A lifted clip in one visitor's 3D view: all frames are sent once, and one at a time is visible."""

import threading
import time
from dataclasses import replace
from typing import Any

import numpy as np

from app.display import Display
from wt.clips.clip import Clip
from wt.scene.display import point_nodes

FPS = (2, 4, 6, 8, 12, 16, 24)
"""What can be chosen."""
_SLOWEST, _FASTEST = 4.0, 24.0
"""At first the clip runs as it was taken, within these."""


class Reel:
    """Nodes `/clip/frame_N/layer_L/range_R`; playing switches the frames' visibility and sends no point."""

    def __init__(self, server: Any) -> None:
        self._server = server
        self._lock = threading.RLock()
        self._clip: Clip | None = None
        self._display = Display()
        self._frames: list[Any] = []
        self._points: list[tuple[Any, int, float]] = []
        """Handle, layer and size of every cloud."""
        self._wake = threading.Condition(self._lock)
        self._thread: threading.Thread | None = None
        self._stopped = False
        self._began = 0.0
        self._first = 0
        self.at = 0
        """The frame that is visible."""
        self.fps = 8.0
        self.playing = False
        self.beat = 0
        """Counts what was done to it, so that the page's own clock knows when to start anew."""
        self.counts: tuple[int, ...] = ()
        """Points of every layer, in all frames."""
        self.sent = 0

    @property
    def total(self) -> int:
        """Points of all frames under the display's filters."""
        return sum(self.counts)

    def show(self, clip: Clip | None, display: Display, budget: int) -> None:
        """Show a lifted clip, or none; what is on screen already is not sent again."""
        with self._lock, self._server.atomic():
            if clip is not self._clip or not display.same_points(_with_layers_of(display, self._display)):
                self._rebuild(clip, display, budget)
            self._display = display
            for handle, layer, size in self._points:
                handle.visible = display.layers is None or layer in display.layers
                handle.point_size = size * display.point_scale

    def dress(self, display: Display) -> None:
        """Another point size."""
        self.show(self._clip, display, 0)

    def play(self) -> None:
        """Run from the frame of the moment on, round and round."""
        with self._wake:
            if len(self._frames) < 2:
                return
            self.playing, self._first, self._began = True, self.at, time.monotonic()
            self.beat += 1
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="clip-player", daemon=True)
                self._thread.start()
            self._wake.notify_all()

    def pause(self) -> None:
        """Stay at the frame of the moment."""
        with self._lock:
            self.playing = False
            self.beat += 1

    def seek(self, frame: int) -> None:
        """Stay at this frame."""
        with self._lock:
            self.pause()
            self._turn_to(frame)

    def pace(self, fps: float) -> None:
        """So many frames a second from now on."""
        with self._lock:
            self.fps = float(np.clip(fps, FPS[0], FPS[-1]))
            if self.playing:
                self.play()
            else:
                self.beat += 1

    def stop(self) -> None:
        """End the thread that plays."""
        with self._wake:
            self._stopped, self.playing = True, False
            self._wake.notify_all()

    def _rebuild(self, clip: Clip | None, display: Display, budget: int) -> None:
        for frame in self._frames:
            frame.remove()  # and with it what hangs on it
        known = clip is not None and self._clip is not None and len(clip) == len(self._clip)
        self._clip, self._frames, self._points, self.sent, self.counts = clip, [], [], 0, ()
        if clip is None:
            self.playing, self.at = False, 0
            return
        if not known:
            self.at, self.fps = 0, float(np.clip(round(clip.fps), _SLOWEST, _FASTEST))
            self.beat += 1
        counts = np.zeros(len(clip.lifted[0].points), dtype=int)
        for index in range(len(clip)):
            counts += self._send(clip, index, display, max(1, display.limit(budget, 1 << 40) // len(clip)))
        self.counts = tuple(counts.tolist())

    def _send(self, clip: Clip, index: int, display: Display, budget: int) -> np.ndarray:
        """One frame's nodes; how many points each layer has."""
        scene = self._server.scene
        cloud = clip.scene(index).point_cloud(
            colour=display.colour, hidden=display.hidden, colour_map=display.colour_map
        )
        self._frames.append(scene.add_frame(f"/clip/frame_{index}", show_axes=False, visible=index == self.at))
        for node in point_nodes(cloud, budget, clip.lifted[index].intrinsics):
            handle = scene.add_point_cloud(
                f"/clip/frame_{index}/layer_{node.layer}/range_{node.depth_range}",
                node.points,
                node.colours,
                point_size=node.footprint * display.point_scale,
                point_shape="circle",
                precision="float32",
                point_shading="flat",
            )
            self._points.append((handle, node.layer, node.footprint))
            self.sent += len(node.points)
        return np.bincount(cloud.layer, minlength=len(clip.lifted[index].points))

    def _turn_to(self, frame: int) -> None:
        if not self._frames:
            return
        frame %= len(self._frames)
        if frame == self.at:
            return
        with self._server.atomic():
            self._frames[frame].visible = True
            self._frames[self.at].visible = False
        self.at = frame

    def _run(self) -> None:
        """By the clock, so that the page's own count of the frames stays right."""
        while True:
            with self._wake:
                while not self.playing and not self._stopped:
                    self._wake.wait()
                if self._stopped:
                    return
                passed = int((time.monotonic() - self._began) * self.fps)
                self._turn_to(self._first + passed)
                due = self._began + (passed + 1) / self.fps
                self._wake.wait(max(due - time.monotonic(), 0.005))


def _with_layers_of(display: Display, other: Display) -> Display:
    """Layers are switched like frames: no point is sent for them."""
    return replace(other, layers=display.layers)
