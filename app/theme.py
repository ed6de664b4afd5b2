"""Style sheet, scripts and the brand."""

from pathlib import Path

from app import shortcuts

WEB = Path(__file__).parent / "web"

BRAND = """<div class="brand"><svg viewBox="0 0 32 32" aria-hidden="true">
<path d="M16 3l12 6.500-12 6.500L4 9.500z" fill="#7c5cff"/><path d="M4 16l12 6.500L28 16" fill="none" stroke="#a08bff"
stroke-width="2.400" stroke-linejoin="round"/><path d="M4 22.500L16 29l12-6.500" fill="none" stroke="#4f4a78"
stroke-width="2.400" stroke-linejoin="round"/></svg><span>World Tracing Studio</span></div>"""


def read(name: str) -> str:
    """A file of app/web."""
    return (WEB / name).read_text(encoding="utf-8")


def css() -> str:
    """The style sheet of the page."""
    sheets = ("colours", "studio", "pane", "clip", "path", "sheets", "about", "small")
    return "".join(read(f"{name}.css") for name in sheets)


def head() -> str:
    """Scripts of the page: dark or light from the first paint, then the shortcuts."""
    scripts = (read("ground.js"), shortcuts.script(), read("shortcuts.js"), read("about.js"))
    return "".join(f"<script>{script}</script>" for script in scripts)
