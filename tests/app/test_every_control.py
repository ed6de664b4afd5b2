"""Every control of the page does something: with another value, a model, a file or the 3D view gets something else."""

from collections.abc import Callable
from typing import Any

import gradio as gr
import numpy as np
import pytest
from hands import LARGE, Studio

from app import camera_path
from app.display import EVERY_POINT
from wt.clips.clip import Clip
from wt.views import frames as views_frames
from wt.views.mp4 import Preset

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")  # gradio's toasts, without a page

CHOICES = (gr.Radio, gr.Checkbox, gr.Slider, gr.Number, gr.Dropdown, gr.CheckboxGroup, gr.Textbox)
FILM = {"along": "orbit", "amplitude": 8, "frames": 2, "size": "512x512", "hidden": "filled"}
Seen = Callable[[Studio, Any], Any]


@pytest.fixture(scope="module")
def studio(tmp_path_factory):
    studio = Studio(tmp_path_factory.mktemp("studio"))
    studio.engine.look().result()
    yield studio
    studio.close()


def lifted(asked: str, name: str, **more: Any) -> Seen:
    """What the model was asked for."""

    def seen(studio: Studio, value: Any) -> Any:
        studio.photo()
        studio.hands.do("lift", "click", **{"seed": 42, "seed_lock": True, **more, name: value})
        return studio.engine.scene.calls[-1][asked]

    return seen


def is_own_seed(studio: Studio, locked: bool) -> bool:
    return lifted("seed", "seed", seed_lock=locked)(studio, 7) == 7


def edited(told: Callable[[Any], Any], **more: Any) -> Seen:
    """What an edit has become."""

    def seen(studio: Studio, changed: dict[str, Any]) -> Any:
        studio.scene()
        studio.hands.do("run_edit", "click", **{"prompt": "add a box", "edit_seed_lock": True, **changed})
        return told(studio.session.now.proposal)

    return seen


def exported(name: str, told: Callable[[dict[str, bytes]], Any], **more: Any) -> Seen:
    """What is in the zip."""

    def seen(studio: Studio, value: Any) -> Any:
        if studio.session.now.scene is None:
            studio.scene()
        nothing = {group: [] for group in studio.hands.parts if group.startswith("formats_")}
        studio.hands.do(
            "build", "click", **{**nothing, "export_axes": "opencv", "export_faces": 0, **more, name: value}
        )
        assert studio.session.message.endswith("is ready."), studio.session.message
        return told(studio.files())

    return seen


def viewed(name: str) -> Seen:
    """The colours of all points in the 3D view."""

    def seen(studio: Studio, value: Any) -> bytes:
        if studio.session.now.scene is None:
            studio.scene()
        for other, usual in (("colour", "photo"), ("hidden", "grey")):
            studio.hands.choose(other, value if other == name else usual)
        return studio.colours()

    return seen


def clip_lifted(told: Callable[[dict[str, Any]], Any], name: str, **more: Any) -> Seen:
    """What the model was asked for, and whether flyers were taken out."""

    def seen(studio: Studio, value: Any) -> Any:
        cleaned: list[Clip] = []
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Clip, "cleaned", lambda clip: cleaned.append(clip) or clip)
            studio.hands.shown |= {"clean_clip": False, "steady_clip": True, "seed": 42, **more, name: value}
            studio.clip()
        return told({**studio.engine.object.calls[-1], "cleaned": bool(cleaned)})

    return seen


def clip_files(studio: Studio, formats: list[str]) -> tuple[str, ...]:
    if studio.session.shown_clip is None:
        studio.clip()
    studio.hands.do("build_clip", "click", clip_formats=formats)
    return tuple(studio.files())


def selected(studio: Studio, level: str) -> int:
    studio.photo()
    studio.hands.choose("level", level)
    return int(studio.session.now.selection.mask.sum())


def found(studio: Studio, words: str) -> int:
    studio.photo()
    for name, then in (("lamp", "invert"), ("rug", "clear")):
        studio.hands.do("things", "act", {"kind": "name", "name": name})
        studio.hands.do("mask_tools", "act", {"kind": then, "amount": 1})
    studio.hands.choose("find", words, "submit")
    return int(studio.session.now.selection.mask.sum())


def lifts_all(studio: Studio, sky_out: bool) -> bool:
    studio.photo()
    studio.hands.do("sky_mark")
    studio.hands.choose("sky_out", sky_out)
    studio.hands.do("lift")
    return studio.engine.scene.calls[-1]["mask"] is None


def lifted_kind(studio: Studio, kind: str) -> str:
    studio.photo()
    studio.hands.choose("lift_kind", kind)
    studio.hands.do("lift")
    made = studio.session.now.lift["kind"]
    studio.hands.choose("lift_kind", "scene")
    return made


def lifted_by(studio: Studio, model: str) -> str:
    studio.photo()
    studio.hands.choose("model", model)
    studio.hands.do("lift")
    made = studio.session.now.lift["model"]
    studio.hands.choose("model", "wt-s-mini")
    return made


def depth_kind(studio: Studio, kind: str) -> str:
    studio.photo()
    path = str(studio.folder / "depth.npy")
    studio.hands.do("depth_upload", "upload", depth_upload=path, depth_kind=kind)
    return studio.session.now.depth.kind


def unit(studio: Studio, height: float) -> float:
    studio.scene()
    studio.hands.choose("camera_height", height, "submit")
    return round(studio.session.now.scene.metres_per_unit(), 6)


def understood(studio: Studio, prompt: str) -> str:
    studio.scene()
    studio.hands.choose("prompt", prompt, "change")
    studio.hands.do("run_edit")
    return f"{studio.hands.shown['understood']} {studio.session.now.proposal.prompt}"


CONTROLS: dict[str, tuple[Seen, list[Any]]] = {
    "level": (selected, ["part", "object"]),
    "find": (found, ["lamp", "rug"]),
    "sky_out": (lifts_all, [True, False]),
    "lift_kind": (lifted_kind, ["scene", "object"]),
    "model": (lifted_by, ["wt-s-mini", LARGE]),
    "steps_from": (lifted("steps", "steps_from", steps=9), ["own", "mine"]),
    "steps": (lifted("steps", "steps", steps_from="mine"), [3, 5]),
    "seed": (lifted("seed", "seed"), [1, 2]),
    "seed_lock": (is_own_seed, [True, False]),
    "depth_kind": (depth_kind, ["metric", "disparity"]),
    "camera_height": (unit, [1.2, 1.9]),
    "prompt": (understood, ["add a box", "add a red box"]),
    "edit_seed": (edited(lambda made: made.photo_after.tobytes()), [{"edit_seed": 3}, {"edit_seed": 4}]),
    "edit_seed_lock": (
        edited(lambda made: made.seed == 6),
        [{"edit_seed": 6, "edit_seed_lock": locked} for locked in (True, False)],
    ),
    "export_axes": (
        exported("export_axes", lambda files: files["layer_0.ply"], formats_points=["ply"]),
        ["opencv", "z-up"],
    ),
    "export_faces": (
        exported("export_faces", lambda files: files["mesh.obj"].count(b"\nf "), formats_meshes=["obj"]),
        [0, 1000],
    ),
    "formats_points": (exported("formats_points", tuple), [["ply"], ["npz"]]),
    "formats_meshes": (exported("formats_meshes", tuple), [["glb"], ["obj"]]),
    "formats_splats": (exported("formats_splats", tuple, formats_points=["npz"]), [[], ["gaussians"]]),
    "formats_pictures": (exported("formats_pictures", tuple), [["png"], ["depth"]]),
    "formats_cameras": (exported("formats_cameras", tuple), [["camera"], ["transforms"]]),
    "formats_views": (exported("formats_views", tuple, formats_points=["npz"]), [[], ["blender"]]),
    "formats_records": (exported("formats_records", tuple), [["wts"], ["manifest"]]),
    "clip_formats": (clip_files, [["npz"], ["wtc"]]),
    "clean_clip": (clip_lifted(lambda told: told["cleaned"], "clean_clip"), [True, False]),
    "steady_clip": (clip_lifted(lambda told: told["steady"], "steady_clip"), [True, False]),
    "colour": (viewed("colour"), ["photo", "layer", "depth", "normals"]),
    "hidden": (viewed("hidden"), ["grey", "photo", "filled"]),
}
"""Control -> what is seen of it, and values that must not look alike."""


def test_no_control_of_the_page_is_left_out(studio):
    assert {name for name, part in studio.hands.parts.items() if isinstance(part, CHOICES)} == set(CONTROLS)


@pytest.mark.parametrize("name", CONTROLS)
def test_another_value_makes_another_result(studio, name):
    seen, values = CONTROLS[name]
    results = [seen(studio, value) for value in values]
    assert all(a != b for at, a in enumerate(results) for b in results[:at]), f"{name} does nothing"


def test_a_clip_takes_the_seed_and_its_lock_too(studio):
    seeds = [clip_lifted(lambda told: told["seed"], "seed", seed_lock=locked)(studio, 7) for locked in (True, False)]
    assert seeds[0] == 7 != seeds[1]
    assert studio.hands.shown["seed"] == seeds[1], "the page shows what was taken"


def test_another_kind_of_numbers_than_those_of_the_loaded_map_is_not_passed_over_in_silence(studio):
    assert depth_kind(studio, "metric") == "metric"
    studio.hands.choose("depth_kind", "disparity")
    assert studio.session.message == "depth.npy was read as metric depth. Load it again to have it read as disparity."
    assert studio.session.now.depth.kind == "metric"


def shown(studio: Studio) -> tuple[Any, ...]:
    """What is seen in the 3D view: points, their size and colours, the ground, camera and axes."""
    viewer = studio.session.viewer
    nodes = tuple(
        (name, round(handle.point_size, 6), len(handle.points)) for name, (handle, _) in viewer._nodes.items()
    )
    marks = (viewer.marks._camera is not None, len(viewer.marks._axes), viewer._light)
    return studio.colours(), nodes, marks


def posed(studio: Studio) -> tuple[Any, ...]:
    return (studio.session.now.scene[1].transform.round(6).tobytes(), studio.session.snapping)


def selection(studio: Studio) -> tuple[Any, ...]:
    return (studio.session.now.selection.mask.tobytes(),)


def ruler(studio: Studio) -> tuple[Any, ...]:
    return (np.array(studio.session.ruler.ends).tobytes(), studio.session.now.scene.metres_per_unit())


def camera(studio: Studio) -> tuple[Any, ...]:
    return (studio.session.now.scene.intrinsics,)


def objects(studio: Studio) -> tuple[Any, ...]:
    return tuple((thing.id, thing.name, thing.visible) for thing in studio.session.now.scene.objects)


def reel(studio: Studio) -> tuple[Any, ...]:
    return (studio.session.viewer.reel.at, studio.session.viewer.reel.fps, studio.session.now.frame)


WIDGETS: list[tuple[str, str, str, Callable[[Studio], tuple[Any, ...]], list[dict[str, Any]]]] = [
    ("scene", "look", "act", shown, [{"kind": "budget", "value": EVERY_POINT}]),
    ("scene", "look", "act", shown, [{"kind": "size", "value": 2.0}, {"kind": "size", "value": 0.5}]),
    ("scene", "look", "act", shown, [{"kind": "colour", "value": "depth"}, {"kind": "map", "value": "magma"}]),
    ("scene", "look", "act", shown, [{"kind": "light", "value": True}, {"kind": "axes", "value": True}]),
    ("scene", "look", "act", shown, [{"kind": "frustum", "value": True}]),
    ("scene", "layers", "toggle", shown, [{"layer": 1, "solo": False}, {"layer": 0, "solo": True}]),
    ("scene", "ruler", "act", ruler, [
        {"kind": "ends", "ends": [[0, 0, 2], [1, 0, 2]]},
        {"kind": "really", "value": "3"},
    ]),
    ("scene", "camera", "act", camera, [
        {"kind": "typed", "value": "30", "unit": "mm"},
        {"kind": "typed", "value": "70", "unit": "px"},
    ]),
    ("thing", "pose", "act", posed, [{"kind": kind, "value": 0.7} for kind in ("x", "y", "z", "heading", "scale")]),
    ("thing", "pose", "act", posed, [{"kind": "snap", "value": True}, {"kind": "snap", "value": False}]),
    ("thing", "objects", "act", objects, [{"kind": "show", "id": 1, "visible": False}]),
    ("thing", "objects", "act", objects, [{"kind": "rename", "id": 1, "name": "crate"}, {"kind": "delete", "id": 1}]),
    ("photo", "mask_tools", "act", selection, [{"kind": k, "amount": 5} for k in ("shrink", "invert", "feather")]),
    ("photo", "stage", "gesture", selection, [
        {"kind": "click", "x": 70, "y": 40, "how": "add"},
        {"kind": "click", "x": 70, "y": 40, "how": "subtract"},
        {"kind": "stroke", "path": [[10, 50]], "size": 6, "erase": False},
        {"kind": "stroke", "path": [[10, 50]], "size": 14, "erase": False},
        {"kind": "stroke", "path": [[10, 50]], "size": 9, "erase": True},
    ]),
    ("clip", "timeline", "act", reel, [{"kind": "fps", "fps": 12}, {"kind": "seek", "frame": 2}]),
    ("clip", "film", "act", reel, [{"kind": "frame", "number": 1}]),
]  # fmt: skip
"""What is loaded, our widget and its event, what is seen, and gestures each of which must change that."""


@pytest.mark.parametrize("row", WIDGETS, ids=lambda row: f"{row[1]}-{row[4][0].get('kind', '')}")
def test_every_choice_of_our_own_widgets_changes_what_is_seen(studio, row):
    begin, name, event, seen, gestures = row
    getattr(studio, begin)()
    before = seen(studio)
    for gesture in gestures:
        studio.hands.do(name, event, gesture)
        after = seen(studio)
        assert after != before, f"{gesture}: {studio.session.message}"
        before = after


@pytest.mark.parametrize("kind", ["grow", "shrink", "feather"])
def test_the_mask_tools_reach_as_far_as_is_asked(studio, kind):
    masks = []
    for pixels in (2, 5):
        studio.photo()
        studio.hands.do("mask_tools", "act", {"kind": kind, "amount": pixels})
        masks.append(selection(studio))
    assert masks[0] != masks[1]


def test_every_choice_of_the_camera_path_reaches_the_film(studio, monkeypatch):
    made: list[tuple[Any, ...]] = []

    def render_path(surfels, views, folder, *, fps, about, on_frame):
        poses = b"".join(view.camera_to_world.tobytes() for view in views)
        made.append((poses, fps, views[0].intrinsics, surfels.colours.tobytes()))
        folder.mkdir(parents=True)
        (folder / views_frames.VIDEO).write_bytes(b"film")

    monkeypatch.setattr(views_frames, "render_path", render_path)
    monkeypatch.setitem(camera_path.PRESETS, "512x512", Preset("small", 64, 64, 8, 16))
    monkeypatch.setitem(camera_path.PRESETS, "832x480", Preset("wide", 80, 48, 16, 16))
    studio.scene()
    changes = {"along": "dolly", "amplitude": 3, "frames": 3, "size": "832x480", "hidden": "grey"}
    for changed in ({}, *({key: value} for key, value in changes.items())):
        studio.hands.do("path", "film", {**FILM, **changed})
        assert studio.session.message.endswith("is ready."), studio.session.message
    assert len(made) == 6
    for key, film in zip(changes, made[1:], strict=True):
        assert film != made[0], f"{key} does nothing"
