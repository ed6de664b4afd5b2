"""Every button, gesture and field of the page with nothing loaded, and every field cleared: sentences, no traces."""

import re
from typing import Any

import gradio as gr
import pytest
from hands import Studio

from app.view import describe

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")  # gradio's toasts, without a page

SENTENCE = re.compile(r"[A-Z0-9\"].*[.!]")
PAGE_ITSELF = {("clock", "tick"), ("revision", "lost"), ("projects", "erase"), ("viewer", "touched")}
FILM = {"along": "orbit", "amplitude": 8, "frames": 4, "size": "512x512", "hidden": "filled"}


def kinds(*names: str, **more: Any) -> list[dict[str, Any]]:
    return [{"kind": name, **more} for name in names]


GESTURES: dict[tuple[str, str], list[dict[str, Any]]] = {
    ("camera", "act"): kinds("fitted", "exif", "typed", value="35", unit="mm"),
    ("edit_variants", "act"): kinds("look", "use", "drop", number=0),
    ("lift_variants", "act"): kinds("look", "use", "drop", number=0),
    ("examples", "pick"): [{"name": "none.jpg"}],
    ("film", "act"): kinds("frame", number=1),
    ("history", "jump"): [{"number": 1}],
    ("layers", "toggle"): [{"layer": 1, "solo": False}, {"layer": 1, "solo": True}],
    ("look", "act"): [
        *kinds("flyers", "drop_flyers", value=50),
        *({"kind": kind, "value": value} for kind, value in (("map", "magma"), ("budget", 0), ("size", 2))),
        *kinds("light", "frustum", "axes", value=True),
    ],
    ("mask_tools", "act"): kinds("fill", "largest", "invert", "clear", "grow", "shrink", "feather", amount=3),
    ("objects", "act"): kinds("show", "rename", "delete", "choose", id=1, visible=False, name="lamp"),
    ("path", "act"): kinds("add", "drop", "clear"),
    ("path", "film"): [FILM],
    ("pose", "act"): kinds("x", "y", "z", "heading", "scale", "snap", "reset", value=1),
    ("projects", "act"): kinds("open", "delete", ident="a" * 22),
    ("ruler", "act"): kinds("open", "clear", "ends", "really", value=1, ends=[[0, 0, 2], [1, 0, 2]]),
    ("stage", "gesture"): [
        *({"kind": "click", "x": 9, "y": 9, "how": how} for how in ("new", "add", "subtract")),
        {"kind": "box", "box": [9, 9, 30, 30]},
        {"kind": "stroke", "path": [[9, 9]], "size": 5, "erase": False},
        {"kind": "pin", "x": 9, "y": 9},
    ],
    ("things", "act"): kinds("name", "step", "choose", "forget", name="lamp", by=1, of="named", number=0),
    ("timeline", "act"): kinds("play", "pause", "seek", "fps", frame=1, fps=5),
}
"""What our widgets send."""
SETTINGS = {
    *(("look", kind) for kind in ("map", "budget", "size", "light", "frustum", "axes")),
    *(("layers", ""), ("colour", ""), ("hidden", ""), ("level", ""), ("lift_kind", ""), ("sky_out", "")),
    *(("steps_from", ""), ("seed_dice", ""), ("edit_seed_dice", ""), ("depth_kind", ""), ("prompt", "")),
    *(("camera_height", ""), ("ruler", "clear")),  # a field that is left is no request
}
"""(component, kind) of what is kept for later, so that there is nothing to say."""
QUIET = {"cancel", "depth_forget", "home", "unpin"}
"""Cannot be pressed with nothing loaded, as the page shows."""


@pytest.fixture
def studio(tmp_path):
    studio = Studio(tmp_path)
    yield studio
    studio.close()


def off(view: dict[str, dict[str, Any]], name: str) -> bool:
    """Whether the page shows this control as one that cannot be used now."""
    told = view.get(name, {})
    return not told.get("interactive", True) or not told.get("visible", True)


def test_everything_with_nothing_loaded_says_one_sentence_and_changes_nothing(studio):
    hands, session, bad = studio.hands, studio.session, []
    ours = {key for key in hands.listeners() if isinstance(hands.parts[key[0]], gr.HTML)}
    assert ours - PAGE_ITSELF == set(GESTURES), "a widget's events are tried here"
    view = describe(session, studio.engine)
    for name, event in hands.listeners():
        for data in GESTURES.get((name, event), [None]):
            if (name, event) in PAGE_ITSELF:
                continue
            session.message, session.problem = "", False
            hands.do(name, event, data)
            kind, said = (data or {}).get("kind", ""), session.message
            if said and (not SENTENCE.fullmatch(said) or "internal error" in said):
                bad.append(f"{name}.{event} {data}: {said}")
            if not said and (name, kind) not in SETTINGS and not (name in QUIET and off(view, name)):
                bad.append(f"{name}.{event} {data} says nothing")
            if session.now.photo is not None or len(session.history.steps) > 1 or session.busy:
                bad.append(f"{name}.{event} {data} began something")
    assert not bad, "\n".join(bad)


EMPTY: dict[type, list[Any]] = {
    gr.Textbox: ["", None],
    gr.Number: [None],
    gr.CheckboxGroup: [[]],
    gr.File: [None],
    gr.UploadButton: [None],
}
"""What the page sends for a control that was cleared; the others cannot be."""


def test_no_cleared_control_reaches_a_model_or_spoils_what_follows(studio):
    hands, session, bad = studio.hands, studio.session, []
    for begin, only in ((studio.scene, None), (studio.clip, ("lift_clip", "build_clip"))):
        begin()
        start, kept = session.history.at, dict(hands.shown)
        kept |= {name: [] for name in kept if name.startswith("formats_")} | {"formats_points": ["ply"]}  # quick ones
        for name, event in hands.listeners():
            if (name, event) in PAGE_ITSELF or (only and name not in only):
                continue
            for field in hands.inputs_of(name, event):
                for value in EMPTY.get(type(hands.parts[field]), []):
                    studio.controller.jump(session, start)
                    hands.shown = dict(kept)
                    session.message = ""
                    hands.do(name, event, **{field: value})
                    studio.idle()
                    if "internal error" in session.message:
                        bad.append(f"{name}.{event} with {field}={value!r}: {session.message}")
        hands.shown = dict(kept)
    assert not bad, "\n".join(bad)
    studio.thing()
