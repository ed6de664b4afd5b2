"""Ray and the deployments: how many replicas, what each takes of a device, when they are called sick or busy."""

import logging
import math
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from app.config import AppConfig
from app.ray_engine.remote import Deployment
from app.ray_engine.replicas import Editing, Lifting, Replica, Selecting
from wt.errors import WtError

log = logging.getLogger(__name__)

INSTALL = "--engine ray needs Ray Serve, which is not installed. Run: pip install 'ray[serve]'"
SMALL_SHARE = 0.1
"""Of a GPU, for what selects and for what edits: Ray counts shares, it does not enforce them."""
WAITING_AT_MOST = 16
"""Calls of one page that wait for a deployment; further ones are refused."""
_IDLE_S = 600
_HEALTH_S = 5
_LEFT_HERE = [".git", ".ci", "tests", "benchmarks", "**/__pycache__", "**/.*_cache"]


def require_ray() -> None:
    """Say at once if Ray Serve is missing.

    Raises:
        WtError: how to install it.
    """
    try:
        import ray.serve  # noqa: F401
    except ImportError as error:
        raise WtError(INSTALL) from error


def joined() -> bool:
    """Whether the cluster is one that runs anyway."""
    return bool(os.environ.get("RAY_ADDRESS"))


def start(config: AppConfig) -> tuple[Deployment, Deployment, Deployment]:
    """Join the cluster that RAY_ADDRESS names, or begin one on this machine, and deploy: lifting, selecting, editing.

    Raises:
        WtError: Ray did not start, or the deployments did not become healthy.
    """
    import ray
    from ray import serve
    from ray.exceptions import RayError

    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"  # Ray would report its use to a server
    try:
        ray.init(**_cluster(config.replicas), log_to_driver=False, configure_logging=False)
        logging.getLogger("ray.serve").setLevel(logging.WARNING)
        serve.start(proxy_location="Disabled")  # the page is not Ray's: it only calls
        gpus = 0.0 if config.device == "cpu" else ray.cluster_resources().get("GPU", 0.0)
        most, share = config.replicas, lifting_share(gpus, config.replicas)
        small = SMALL_SHARE if gpus else 0.0
        models = [config.scene_model, config.object_model]
        lifting, selecting = _deployed(
            _target(Lifting, 1, _scaled(most, share), config.device, models),
            _target(Selecting, 1, _single(small), config),
            wait=False,
        )
        (editing,) = _deployed(_target(Editing, most, _single(small), config, most, lifting, selecting))
    except (RayError, RuntimeError, ConnectionError, TimeoutError, OSError) as error:
        log.exception("Ray could not be started")
        stop()
        words = next(iter(str(error).splitlines()), type(error).__name__)
        raise WtError(f"Ray could not be started: {words} Look at its log, or run without --engine ray.") from error
    return lifting, selecting, editing


def stop(deployments: Sequence[Deployment] = ()) -> None:
    """Take our deployments off the cluster and leave it; one that was begun here ends with all that is in it."""
    import ray
    from ray import serve

    for deployment in deployments:
        deployment.handle.shutdown()  # or it would go on asking a cluster that is gone
    if ray.is_initialized() and joined():
        for kind in (Editing, Selecting, Lifting):
            serve.delete(_name(kind))
    ray.shutdown()


def lifting_share(gpus: float, replicas: int) -> float:
    """What a lifting replica takes of a GPU, so that all of them and what selects and edits have room."""
    if not gpus:
        return 0.0
    on_one = math.ceil(replicas / gpus)
    return math.floor((1 - 2 * SMALL_SHARE) / on_one * 100) / 100


def _scaled(most: int, share: float) -> dict[str, Any]:
    """All replicas at first, one while nobody lifts for long."""
    scaling = {
        "min_replicas": 1,
        "initial_replicas": most,
        "max_replicas": most,
        "target_ongoing_requests": 1,
        "upscale_delay_s": 2,
        "downscale_delay_s": _IDLE_S,
    }
    return {"autoscaling_config": scaling, "ray_actor_options": {"num_cpus": 1, "num_gpus": share}}


def _single(share: float) -> dict[str, Any]:
    """One replica: it remembers photos, and what lay under what it painted."""
    return {"num_replicas": 1, "ray_actor_options": {"num_cpus": 1, "num_gpus": share}}


def _target(kind: type[Replica], at_once: int, options: dict[str, Any], *given: Any) -> Any:
    from ray import serve
    from ray.serve.schema import LoggingConfig

    plain: Any = serve.deployment(kind)
    deployment = plain.options(
        max_ongoing_requests=at_once,
        max_queued_requests=WAITING_AT_MOST,
        health_check_period_s=_HEALTH_S,
        logging_config=LoggingConfig(enable_access_log=False, log_level="WARNING"),
        **options,
    )
    return serve.RunTarget(deployment.bind(*given), name=_name(kind), route_prefix=None)


def _name(kind: type[Replica]) -> str:
    return f"world-tracing-{kind.__name__.lower()}"


def _deployed(*targets: Any, wait: bool = True) -> list[Deployment]:
    from ray import serve

    handles = serve.run_many(targets, wait_for_applications_running=wait)
    return [Deployment(handle.options(stream=True)) for handle in handles]


def _cluster(replicas: int) -> dict[str, Any]:
    """Arguments of `ray.init`. Other machines get this program sent along; they need the packages that it imports."""
    root = Path(__file__).resolve().parents[2]
    if joined():
        return {"runtime_env": {"working_dir": str(root), "excludes": _LEFT_HERE}}
    cores = os.cpu_count() or 1
    threads = os.environ.get("OMP_NUM_THREADS") or str(max(1, cores // replicas))
    found = os.pathsep.join([str(root), *filter(None, [os.environ.get("PYTHONPATH")])])
    # Ray counts one core for a replica; each of ours computes on its part of them.
    return {
        "num_cpus": replicas + 2,
        "include_dashboard": False,
        "runtime_env": {"env_vars": {"OMP_NUM_THREADS": threads, "PYTHONPATH": found}},
    }
