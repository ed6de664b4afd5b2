"""The engine behind `app.py --engine ray`: the page holds no model, replicas do."""

import threading
from typing import Any

from app.config import AppConfig
from app.ray_engine import cluster
from app.ray_engine.remote import Deployment, RemoteModels, RemotePipeline


class RayEngine(RemoteModels):
    """Starts Ray when the first part is asked for; everything runs in its deployments."""

    def __init__(self, config: AppConfig) -> None:
        """Raises WtError if Ray Serve is not installed."""
        cluster.require_ray()
        super().__init__(config, None, None)
        self._starting = threading.Lock()
        self._editing: Deployment | None = None

    @property
    def slots(self) -> int:
        """Jobs at once: one for each replica."""
        return self.config.replicas

    @property
    def where(self) -> str:
        """See `app.engine.Engine`."""
        return "on this studio's Ray cluster" if cluster.joined() else "on this machine"

    def device(self) -> str:
        """See `app.engine.Engine`; the page's own machine does not tell."""
        count = self.config.replicas
        return f"Ray Serve, {'1 replica' if count == 1 else f'up to {count} replicas'}"

    @property
    def lifting(self) -> Deployment:
        """Where models are, started if need be."""
        self._start()
        return super().lifting

    @property
    def selecting(self) -> Deployment:
        """Where the segmenter is, started if need be."""
        self._start()
        return super().selecting

    def close(self) -> None:
        """Stop Ray."""
        super().close()
        with self._starting:
            found = (self._lifting, self._selecting, self._editing)
            if self._lifting is not None:
                cluster.stop([deployment for deployment in found if deployment is not None])

    def _load_editor(self) -> Any:
        self._start()
        editing = self._editing
        assert editing is not None
        return lambda *lifters: RemotePipeline(editing, lifters)

    def _start(self) -> None:
        with self._starting:
            if self._lifting is None:
                self._lifting, self._selecting, self._editing = cluster.start(self.config)
