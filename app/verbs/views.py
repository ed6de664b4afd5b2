"""Camera paths: keyframes from the 3D view, and the scene rendered along a path, as a film and as frames."""

import shutil
from datetime import UTC, datetime
from typing import Any

from app.bundles import wanted
from app.camera_path import KEYFRAMES, Wish
from app.jobs import Job
from app.markup import size_words
from app.session import Session
from app.verbs.base import Verbs
from wt.errors import WtError
from wt.scene.scene import Scene


class ViewsVerbs(Verbs):
    """The scene from other places."""

    def act(self, session: Session, data: dict[str, Any]) -> None:
        """What the panel's small buttons do."""
        kind = data.get("kind")
        if kind == "add":
            self.add_keyframe(session)
        elif kind == "clear":
            self.clear_keyframes(session)
        elif kind == "drop":
            self.drop_keyframe(session)

    def add_keyframe(self, session: Session) -> None:
        """The place of the 3D view's camera becomes the next keyframe."""
        scene, path = _scene(session), session.camera_path
        pose = self.sessions.viewer_of(session).pose()
        if pose is None:
            raise WtError("The 3D view is not open, so that there is no camera to take. Wait until it has loaded.")
        path.poses, path.of = [*path.poses_in(scene), pose], scene.layers
        count = len(path.poses)
        session.message = f"Keyframe {count} is set{'.' if count > 1 else '; turn the 3D view and add the next.'}"

    def drop_keyframe(self, session: Session) -> None:
        """Without the last keyframe."""
        session.camera_path.poses = session.camera_path.poses[:-1]
        session.message = f"{len(session.camera_path.poses)} keyframes are left."

    def clear_keyframes(self, session: Session) -> None:
        """Without any."""
        session.camera_path.poses = []
        session.message = "The keyframes are cleared."

    def render(self, session: Session, data: dict[str, Any]) -> Job:
        """The scene along the chosen path: a film to look at, frames with depth and masks to take away."""
        scene, wish, work = _scene(session), Wish.read(data), session.now
        poses = session.camera_path.poses_in(scene)
        if wish.path == KEYFRAMES and len(poses) < 2:
            raise WtError(f"A path through keyframes needs at least two of them; got {len(poses)}. Add another one.")
        photo = work.photo
        pictures = [] if photo is None else [photo.rgb, *([] if work.rgb is None else [work.rgb])]

        def run(job: Job) -> None:
            from wt.exports.export import zip_folder
            from wt.views.frames import VIDEO, render_path
            from wt.views.mp4 import PRESETS, camera_for
            from wt.views.paths import keyframes, path_named
            from wt.views.surfels import surfels_of

            job.report(0, 0, "Laying out the surfaces")
            size = PRESETS[wish.size]
            camera = camera_for(size, scene.intrinsics, None if photo is None else (photo.width, photo.height))
            if wish.path == KEYFRAMES:
                views = keyframes(poses, camera, wish.frames)
            else:
                views = path_named(wish.path, scene, camera, wish.frames, amplitude=wish.amplitude)
            surfels = surfels_of(scene, hidden=wish.hidden, pictures=pictures)
            name = f"{work.stem}-{wish.path}-{datetime.now(UTC):%Y%m%d-%H%M%S}"
            folder = session.folder / "exports" / name
            try:
                render_path(
                    surfels,
                    views,
                    folder,
                    fps=size.fps,
                    about={"path": wish.path, **_units(scene)},
                    on_frame=lambda done, total: job.report(done, total, "Rendering"),
                )
                job.report(0, 0, "Zipping")
                bundle = zip_folder(folder, folder.with_name(f"{name}-frames.zip"))
                video = (folder / VIDEO).replace(folder.with_name(f"{name}.mp4"))
            finally:
                shutil.rmtree(folder, ignore_errors=True)
            said = f"{len(views)} frames · {camera.width} × {camera.height} · {size.fps} fps"
            with wanted(session, job, work, video, bundle):
                session.camera_path.forget_film(video, bundle)
                session.camera_path.files = {path.name: path for path in (video, bundle)}
                session.camera_path.made = {
                    "video": video.name,
                    "frames": bundle.name,
                    "frames_size": size_words(bundle.stat().st_size),
                    "said": said,
                    "scene": scene,
                }
                session.message = f"{video.name} is ready."

        return self._start(session, Job("The camera path", run))


def _scene(session: Session) -> Scene:
    if session.now.scene is None:
        raise WtError("There is no scene to move a camera in yet. Lift the photo first.")
    return session.now.scene


def _units(scene: Scene) -> dict[str, Any]:
    return {"units": scene.units, "metres_per_unit": scene.metres_per_unit()}
