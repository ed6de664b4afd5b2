"""Colours, style sheet, scripts and the two texts that are part of the frame."""

from pathlib import Path

WEB = Path(__file__).parent / "web"

BRAND = """<div class="brand"><svg viewBox="0 0 32 32" aria-hidden="true">
<path d="M16 3l12 6.500-12 6.500L4 9.500z" fill="#7c5cff"/><path d="M4 16l12 6.500L28 16" fill="none" stroke="#a08bff"
stroke-width="2.400" stroke-linejoin="round"/><path d="M4 22.500L16 29l12-6.500" fill="none" stroke="#4f4a78"
stroke-width="2.400" stroke-linejoin="round"/></svg><span>World Tracing Studio</span></div>"""

_KEYS = (
    ("Select, add, take away", "V, Shift-click, Alt-click"),
    ("Box", "M"),
    ("Brush, eraser", "B, E"),
    ("Brush size", "[ and ]"),
    ("Selection: grow, shrink, feather", "G, Shift+G, F"),
    ("Selection: fill holes, largest piece", "H, L"),
    ("Selection: invert, clear", "I, N"),
    ("Mark the place", "P"),
    ("Compare before and after", "C"),
    ("Hold to see the photo before", "O"),
    ("Zoom, pan the photo", "wheel, middle-drag"),
    ("Fit the photo", "0"),
    ("Photo's view in 3D", "Home"),
    ("Before the edit in 3D, and back", "X"),
    ("Run what is next", "Ctrl+Enter"),
    ("Undo, redo", "Ctrl+Z, Ctrl+Shift+Z"),
    ("Save the project as a file", "Ctrl+S"),
    ("Clip: play, pause", "Space"),
    ("3D: turn, pan, zoom", "left-drag, right-drag, wheel"),
    ("3D: fly", "W A S D Q E"),
    ("3D: ruler, depth pictures", "R, T"),
    ("This sheet", "?"),
)

HELP = (
    '<div class="sheet" role="dialog" aria-label="Help"><button id="help_close" aria-label="Close">×</button>'
    '<h2>Shortcuts</h2><div class="cols">'
    + "".join(f"<div><span>{what}</span><kbd>{keys}</kbd></div>" for what, keys in _KEYS)
    + "</div><p>Photo → Select → Geometry → Edit → Place → Export. A lift predicts six surfaces along the ray of every "
    "pixel: layer 0 is what the camera sees, deeper layers lie behind it and are grey unless you choose other colours. "
    "Frame: OpenCV axes, camera at the origin, pixel centres at +0.5, depth is z. Everything runs on this machine.</p>"
    "</div>"
)


def read(name: str) -> str:
    """A file of app/web."""
    return (WEB / name).read_text(encoding="utf-8")


def css() -> str:
    """The style sheet of the page."""
    return read("studio.css") + read("pane.css") + read("clip.css") + read("path.css")


def head() -> str:
    """Scripts of the page: dark from the first paint, then the shortcuts."""
    return f"<script>{read('dark.js')}</script><script>{read('shortcuts.js')}</script>"
