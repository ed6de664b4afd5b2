"""`video`: two short films, of what stands in the scene turning round, and of a camera that moves through it."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from wt.exports.job import ExportJob
from wt.types import UInt8

LONG_SIDE = 512
FPS, FRAMES = 24, 40


def write(job: ExportJob) -> list[Path]:
    """turntable.mp4, the objects once all round or, without any, the scene to and fro; and path.mp4, a spiral."""
    from wt.views.mp4 import Preset, camera_for, write_mp4
    from wt.views.paths import path_named, turntable
    from wt.views.rasterise import Rasteriser
    from wt.views.surfels import Surfels, surfels_of
    from wt.views.view import View

    scene, grid = job.scene, job.scene.intrinsics
    shrink = LONG_SIDE / max(grid.width, grid.height)
    camera = camera_for(Preset("", round(grid.width * shrink), round(grid.height * shrink), FPS, FRAMES), grid)
    pictures = [picture for picture in (job.before, job.after) if picture is not None]
    whole = surfels_of(scene, hidden=job.hidden, pictures=pictures)
    objects = [thing.id for thing in job.things if thing.id != 0]
    if objects:
        alone = surfels_of(scene, objects=objects, hidden=job.hidden, pictures=pictures)
        turning = turntable(alone.centre.astype(np.float64), camera, FRAMES, up=scene.up())
    else:
        alone, turning = whole, path_named("orbit", scene, camera, FRAMES)
    moving = path_named("spiral", scene, camera, FRAMES)

    def drawn(surfels: Surfels, views: list[View], done: int) -> Iterator[UInt8[np.ndarray, "h w 3"]]:
        rasteriser = Rasteriser(surfels)
        for number, view in enumerate(views):
            job.step(done + number, 2 * FRAMES)
            yield rasteriser.draw(view).rgb

    return [
        write_mp4(drawn(alone, turning, 0), job.out / "turntable.mp4", FPS),
        write_mp4(drawn(whole, moving, FRAMES), job.out / "path.mp4", FPS),
    ]
