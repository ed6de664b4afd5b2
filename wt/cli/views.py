"""`python -m wt views`: a saved scene along a camera path, as frames for video models and as a video."""

import argparse
from pathlib import Path
from typing import Any

from wt.cli.common import Subparsers, Timer, add_command, log_steps, names, peak_rss_mb


def register(subparsers: Subparsers) -> None:
    """Add the parser."""
    text = "Draw a saved scene (.wts) along a camera path: frames with depth and masks, and a video."
    parser = add_command(subparsers, "views", run, text)
    parser.add_argument("scene", type=Path, help="scene.wts of lift, edit or the app")
    parser.add_argument("-o", "--out", type=Path, required=True, help="folder for frames and path.mp4")
    parser.add_argument(
        "--path", default="orbit", help="orbit, dolly, spiral, look, or a JSON file of keyframes (orbit)"
    )
    parser.add_argument("--amplitude", type=float, help="degrees of orbit and look, share of the near depth of others")
    parser.add_argument("--about", type=int, metavar="ID", help="object that an orbit turns about")
    parser.add_argument(
        "--size", default="832x480", help="832x480, 1280x720, 720x480, 1024x576, 512x512, photo, or WxH"
    )
    parser.add_argument("--frames", type=int, help="how many (the size's own number)")
    parser.add_argument("--fps", type=int, help="frames a second (the size's own)")
    parser.add_argument("--photo", type=Path, help="the photo, whose own pixels are sharper than the scene's grid")
    parser.add_argument(
        "--hidden", choices=("filled", "grey", "photo"), default="filled", help="colours behind layer 0 (filled)"
    )
    parser.add_argument("--exr", action="store_true", help="depth as 32-bit EXR too")
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda or mps (auto)")


def run(arguments: argparse.Namespace) -> dict[str, Any]:
    """Read the scene, lay the path, draw it."""
    import json

    from wt.images import open_photo
    from wt.scene.scene import Scene
    from wt.views.frames import CAMERAS, render_path
    from wt.views.mp4 import camera_for, preset_named
    from wt.views.paths import keyframes, path_named, read_keyframes
    from wt.views.surfels import surfels_of

    timer = Timer()
    size = preset_named(arguments.size)
    frames, fps = arguments.frames or size.frames, arguments.fps or size.fps
    scene = Scene.load(arguments.scene)
    pictures = [] if arguments.photo is None else [open_photo(arguments.photo).rgb]
    shape = (pictures[0].shape[1], pictures[0].shape[0]) if pictures else None
    camera = camera_for(size, scene.intrinsics, shape)
    if arguments.path.endswith(".json"):
        views = keyframes(read_keyframes(Path(arguments.path)), camera, frames)
    else:
        views = path_named(arguments.path, scene, camera, frames, amplitude=arguments.amplitude, about=arguments.about)
    surfels = surfels_of(scene, hidden=arguments.hidden, pictures=pictures)
    timer.lap("surfels")
    told = {"path": Path(arguments.path).name, "units": scene.units, "metres_per_unit": scene.metres_per_unit()}
    step = log_steps("views")
    paths = render_path(
        surfels,
        views,
        arguments.out,
        fps=fps,
        about=told,
        exr=arguments.exr,
        device=arguments.device,
        on_frame=lambda done, total: step(done + 1, total),
    )
    timer.lap("draw")
    rows = json.loads((arguments.out / CAMERAS).read_text(encoding="utf-8"))["frames"]
    return {
        "scene": arguments.scene.as_posix(),
        "path": told["path"],
        "surfels": len(surfels),
        "frames": len(views),
        "size": [camera.width, camera.height],
        "fps": fps,
        "seen": sum(row["seen"] for row in rows) / len(rows),
        "hidden": sum(row["hidden"] for row in rows) / len(rows),
        "seconds": timer.seconds,
        "peak_rss_mb": peak_rss_mb(),
        "files": names(paths),
    }
