"""What the page shows of a moving clip: the strip of its frames, the timeline under the 3D view, its export."""

from typing import Any

from app.markup import escaped, hint, size_words, table
from app.reel import FPS
from app.session import Session
from app.work import Work
from wt.clips.export import FORMATS
from wt.scene.cloud import LAYER_COLOURS

Props = dict[str, Any]
FORMAT_LABELS = {
    "ply": "PLY by frame",
    "glb": "Animated GLB",
    "npz": "NPZ",
    "mp4": "Film (MP4)",
    "wtc": "Clip (.wtc)",
    "manifest": "Manifest",
}
"""Of `wt.clips.export.FORMATS`."""


def describe(session: Session) -> dict[str, Props]:
    """Component name -> properties; what the photo's own description says otherwise is replaced where a clip plays."""
    work, clip, shown = session.now, session.now.clip, session.shown_clip
    free = clip is not None and not session.busy and work.proposal is None
    selected = work.selection.mask is not None
    props: dict[str, Props] = {
        "film": {"value": film(session)},
        "film_tools": {"visible": clip is not None},
        "follow": {"interactive": free and selected},
        "lift_clip": {"interactive": free and (selected or (clip is not None and clip.masks is not None))},
        "timeline": {"value": timeline(session)},
        "clip_export": {"visible": shown is not None},
        "scene_export": {"visible": shown is None},
        "build_clip": {"interactive": shown is not None and not session.busy},
        "clip_facts": {"value": facts(session)},
    }
    if shown is not None and session.viewer is not None:
        props["home"] = {"interactive": True}
        props["layers"] = {"value": {"layers": layers(session)}}
        ready = "clip's zip ready" if "clip" in session.exported else "the clip"
        props["step_export"] = {
            "label": f"Export   {ready}",
            "open": True,
            "elem_classes": ["step", "open", "current"],
        }
    return props


def film(session: Session) -> Props:
    """State of the strip; its script fetches the one picture of all frames by version."""
    work = session.now
    if work.clip is None:
        return {"count": 0, "token": session.token}
    clip = work.clip
    return {
        "count": len(clip),
        "token": session.token,
        "version": session.version("film"),
        "at": work.frame,
        "aspect": round(clip.width / clip.height, 4),
        "busy": session.busy or work.proposal is not None,
        "told": _told(work),
    }


def timeline(session: Session) -> Props:
    """State of the bar under the 3D view; between two states its script counts the frames by itself."""
    clip, viewer = session.shown_clip, session.viewer
    if clip is None or viewer is None:
        return {"count": 0}
    reel = viewer.reel
    at = {} if reel.playing else {"at": reel.at}
    paces = sorted({*FPS, round(reel.fps)})
    return {"count": len(clip), "playing": reel.playing, "fps": reel.fps, "paces": paces, "beat": reel.beat, **at}


def layers(session: Session) -> list[Props]:
    """Pills of the layers, as of a scene; points of all frames are counted."""
    assert session.viewer is not None
    counts, chosen = session.viewer.reel.counts, session.display.layers
    return [
        {
            "number": number,
            "shown": chosen is None or number in chosen,
            "points": counts[number] if number < len(counts) else 0,
            "colour": "rgb({},{},{})".format(*colour),
        }
        for number, colour in enumerate(LAYER_COLOURS)
    ]


def facts(session: Session) -> str:
    """How the clip was lifted, and the files of its last export."""
    clip, made = session.shown_clip, session.exported
    if clip is None:
        return ""
    one = clip.lifted[0].intrinsics
    rows = [
        ("Clip", f"{clip.name}, {len(clip)} frames, {clip.fps:.1f} a second"),
        ("Model, seed", f"{clip.model}, {clip.seed}"),
        ("Grid", f"{one.width} × {one.height}, {len(clip.lifted[0].points)} layers a frame"),
        ("Units", clip.lifted[0].units),
    ]
    if "clip" not in made:
        return table(rows) + hint("One zip: points by frame, an animated GLB, a film and the clip itself (.wtc).")
    bundle = made["zip"]
    old = "" if made["clip"] is clip else hint("The clip has changed since; build the zip again.")
    size = size_words(bundle.stat().st_size) if bundle.is_file() else ""
    link = f"studio/{session.token}/download/{bundle.name}"
    attributes = f'id="download_clip" class="download" href="{escaped(link)}" download="{escaped(bundle.name)}"'
    anchor = f"<a {attributes}>Download {escaped(bundle.name)}<small>{size}</small></a>"
    return anchor + old + table([*rows, ("Files", str(len(made["files"])))])


def formats() -> list[tuple[str, str]]:
    """(label, name) of what a clip can be written as."""
    return [(FORMAT_LABELS[name], name) for name in FORMATS]


def _told(work: Work) -> str:
    """What to do next with the clip, in a few words."""
    assert work.clip is not None
    count = len(work.clip)
    if work.clip.masks is None:
        if work.selection.mask is None:
            return f"{count} frames. Click the thing that moves, in any of them."
        return f"Selected in frame {work.frame + 1}. Follow it through the others, or lift: that follows it first."
    seen = int(work.clip.masks.any(axis=(1, 2)).sum())
    return f"Selected in {seen} of {count} frames. Correct one by hand, or follow again from it."
