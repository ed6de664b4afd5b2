"""`viewer`: the scene as one page that opens from disk in any browser, with no server and no network.

It is viser's own client with the scene recorded into it.
"""

import html
from pathlib import Path
from typing import Any

import numpy as np

from wt.errors import WtError
from wt.exports.job import ExportJob
from wt.scene.display import fitting_fov, middle_depth, point_nodes

POINT_BUDGET = 300_000
"""About five megabytes of points beside 0.8 of client."""
_BACKGROUND_RGB = (13, 15, 19)
_NARROWEST = 4 / 3
"""The recorded field of view shows the whole photo in every window at least this wide for its height."""


def write(job: ExportJob) -> list[Path]:
    """viewer.html: a node for every thing and layer, seen from the photo's camera."""
    try:
        import viser
    except ImportError as error:
        raise WtError("The viewer page needs a package that is not installed. Run: pip install viser.") from error
    import rich

    rich.reconfigure(quiet=True)  # viser prints a banner, whatever `verbose` says
    server = viser.ViserServer(host="127.0.0.1", port=0, verbose=False)  # what records a scene; nobody connects to it
    try:
        _fill(server, job)
        page = server.scene.as_html(dark_mode=True)
    finally:
        server.stop()
    name = html.escape(job.scene.background.name)
    return [job.save("viewer.html", page.replace("<title>Viser</title>", f"<title>{name} in 3D</title>", 1))]


def _fill(server: Any, job: ExportJob) -> None:
    server.gui.configure_theme(dark_mode=True, show_logo=False, show_share_button=False)
    server.scene.set_up_direction("-y")
    server.scene.set_background_image(np.full((2, 2, 3), _BACKGROUND_RGB, np.uint8), format="png")
    camera = server.initial_camera
    camera.up = (0.0, -1.0, 0.0)
    camera.position = (0.0, 0.0, 0.0)
    camera.look_at = (0.0, 0.0, middle_depth(job.scene.background.points[0, ..., 2]))
    camera.fov = fitting_fov(job.scene.intrinsics, _NARROWEST)
    cloud = job.scene.point_cloud(hidden=job.hidden)
    sent = 0
    for node in point_nodes(cloud, POINT_BUDGET, job.scene.intrinsics):
        thing = _node_name(job.scene[node.object_id].name, node.object_id)
        server.scene.add_point_cloud(
            f"/{thing}/layer {node.layer}/{('near', 'middle', 'far')[node.depth_range]}",
            node.points,
            node.colours,
            point_size=node.footprint,
            point_shape="circle",
            precision="float32",
            point_shading="flat",
        )
        sent += len(node.points)
    if sent < len(cloud):
        job.notes.append(
            f"viewer.html shows {sent:,} of {len(cloud):,} points, to stay small; the other files hold all."
        )


def _node_name(name: str, ident: int) -> str:
    """A slash would make a child of it, and two things may share a name."""
    return name.replace("/", " ") if ident == 0 else f"{name.replace('/', ' ')} {ident}"
