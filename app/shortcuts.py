"""Every shortcut of the page in one table: the sheet lists it, and web/shortcuts.js acts on it."""

import html
import json
from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class Shortcut:
    """One line of the sheet."""

    what: str
    keys: tuple[str, ...]
    """Chords such as "Ctrl+Shift+Z"; on a Mac, Ctrl is also Cmd."""
    does: str = ""
    """An action of web/shortcuts.js and its argument; empty: the photo pane or the 3D view sees to it itself."""
    typing: bool = False
    """Whether it works while a text field has the focus."""
    over_view: bool = False
    """Whether it works while the 3D view has the focus, which flies with letters of its own."""


TABLE: dict[str, tuple[Shortcut, ...]] = {
    "Photo": (
        Shortcut("Select what you click", ("V",), "tool pick"),
        Shortcut("Add, take away", ("Shift-click", "Alt-click")),
        Shortcut("Box", ("M",), "tool box"),
        Shortcut("Brush", ("B",), "tool brush"),
        Shortcut("Eraser", ("E",), "tool eraser"),
        Shortcut("Smaller brush", ("[",), "brush -6"),
        Shortcut("Larger brush", ("]",), "brush 6"),
        Shortcut("Mark where the next object stands", ("P",), "tool place"),
        Shortcut("Compare before and after", ("C",), "tool compare"),
        Shortcut("See the photo before, while held", ("O",), "hold"),
        Shortcut("Fit the photo", ("0",), "fit"),
        Shortcut("Zoom, pan", ("Wheel", "Middle-drag")),
    ),
    "Photo, without a mouse": (
        Shortcut("Move the crosshair", ("Arrow keys",)),
        Shortcut("Move it ten times as far", ("Shift+Arrow keys",)),
        Shortcut("Click there", ("Enter",)),
        Shortcut("Add, take away", ("Shift+Enter", "Alt+Enter")),
        Shortcut("Zoom in, zoom out", ("+", "-")),
    ),
    "Selection": (
        Shortcut("Grow", ("G",), "press grow"),
        Shortcut("Shrink", ("Shift+G",), "press shrink"),
        Shortcut("Feather", ("F",), "press feather"),
        Shortcut("Fill holes", ("H",), "press fill_holes"),
        Shortcut("Keep the largest piece", ("L",), "press keep_largest"),
        Shortcut("Invert", ("I",), "press invert"),
        Shortcut("Clear", ("N",), "press clear"),
    ),
    "3D view": (
        Shortcut("Turn", ("Left-drag",)),
        Shortcut("Pan, zoom", ("Right-drag", "Wheel")),
        Shortcut("Fly", ("W", "A", "S", "D", "Q", "E")),
        Shortcut("Back to the photo's view", ("Home",), "press home", over_view=True),
        Shortcut("Before the edit, and back", ("X",), "press peek", over_view=True),
        Shortcut("Ruler", ("R",), "press measure", over_view=True),
        Shortcut("Depth pictures", ("T",), "press depths_open", over_view=True),
        Shortcut("Clip: play, pause", ("Space",), "play", over_view=True),
    ),
    "Everywhere": (
        Shortcut("Run what is next", ("Ctrl+Enter",), "next", typing=True, over_view=True),
        Shortcut("Undo", ("Ctrl+Z",), "press undo", over_view=True),
        Shortcut("Redo", ("Ctrl+Shift+Z", "Ctrl+Y"), "press redo", over_view=True),
        Shortcut("Save the project as a file", ("Ctrl+S",), "follow save_project", typing=True, over_view=True),
        Shortcut("Leave what was begun, close", ("Escape",), "escape", over_view=True),
        Shortcut("This sheet", ("?",), "sheet", over_view=True),
    ),
}


def script() -> str:
    """The table for web/shortcuts.js."""
    rows = [asdict(row) for group in TABLE.values() for row in group if row.does]
    return f"window.studioShortcuts = {json.dumps(rows)};"


def sheet() -> str:
    """The dialog that lists them all."""
    groups = "".join(f"<section><h3>{title}</h3>{_lines(rows)}</section>" for title, rows in TABLE.items())
    return (
        '<dialog class="sheet" aria-labelledby="sheet_title"><button class="close" aria-label="Close">×</button>'
        f'<h2 id="sheet_title">Shortcuts</h2><div class="cols">{groups}</div>'
        "<p>Photo → Select → Geometry → Edit → Place → Export. A lift predicts six surfaces along the ray of every "
        "pixel: layer 0 is what the camera sees, deeper layers lie behind it and are grey unless you choose other "
        "colours. Frame: OpenCV axes, camera at the origin, pixel centres at +0.5, depth is z. Everything runs on this "
        'machine.</p><button class="again">Show the tour again</button></dialog>'
    )


def _lines(rows: tuple[Shortcut, ...]) -> str:
    return "".join(
        f"<div><span>{html.escape(row.what)}</span>"
        f"<span>{' '.join(f'<kbd>{html.escape(key)}</kbd>' for key in row.keys)}</span></div>"
        for row in rows
    )
