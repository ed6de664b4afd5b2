"""The handles by which an object is moved and turned in one visitor's 3D view."""

import asyncio
from collections.abc import Callable
from typing import Any

import numpy as np

from wt.scene.pose import Stand

Released = Callable[[int, np.ndarray, np.ndarray], None]
"""Told the object's id, the place and the orientation (wxyz) that its frame was dragged to."""

_NAME = "/gizmo"
_SIZE = 0.6
"""Length of the arrows, as a share of the object's longest side."""
_LEAST_SIZE = 0.1
"""The same of small things, as a share of their distance from the photo's camera."""


class Gizmo:
    """At most one set of handles; while they are dragged, the object's node follows and no point is sent."""

    def __init__(self, server: Any) -> None:
        self.on_release: Released = lambda ident, position, wxyz: None
        self._server = server
        self._handle: Any = None
        self._node: Any = None
        self._ident = 0
        self._size = 0.0

    @property
    def shown(self) -> bool:
        """Whether there are handles."""
        return self._handle is not None

    @property
    def position(self) -> np.ndarray:
        """Where the handles are."""
        return np.array(self._handle.position)

    @property
    def wxyz(self) -> np.ndarray:
        """How they are turned."""
        return np.array(self._handle.wxyz)

    def show(self, ident: int, stand: Stand, node: Any) -> None:
        """Put the handles at an object's base; `node` is what follows them."""
        size = max(_SIZE * stand.size, _LEAST_SIZE * float(np.linalg.norm(stand.position)))
        if self._handle is None or size != self._size:
            self.hide()
            self._handle = self._server.scene.add_transform_controls(
                _NAME, scale=size, line_width=3.0, depth_test=False, wxyz=stand.wxyz, position=stand.position
            )
            self._handle.on_update(self._follow)
        else:
            self._handle.wxyz, self._handle.position = stand.wxyz, stand.position
        self._ident, self._node, self._size = ident, node, size

    def hide(self) -> None:
        """Take the handles away."""
        if self._handle is not None:
            self._handle.remove()
            self._handle = None

    async def _follow(self, event: Any) -> None:
        """On the server's own loop, so that poses stay in order; what takes longer goes to a thread."""
        self._node.wxyz, self._node.position = self.wxyz, self.position
        if event.phase == "end":
            asyncio.get_running_loop().run_in_executor(None, self.on_release, self._ident, self.position, self.wxyz)
