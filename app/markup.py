"""The page's small pieces of HTML and figures as a person reads them."""

import html
import math
from typing import Any
from urllib.parse import quote


def escaped(text: Any) -> str:
    """Text that the page shows as it is."""
    return html.escape(str(text))


def table(rows: list[tuple[str, str]]) -> str:
    """Two columns of plain text."""
    lines = "".join(f"<tr><th>{escaped(k)}</th><td>{escaped(v)}</td></tr>" for k, v in rows)
    return f'<table class="facts">{lines}</table>'


def hint(text: str) -> str:
    """One muted sentence."""
    return f'<p class="hint">{escaped(text)}</p>' if text else ""


def take_away(ident: str, text: str, title: str, path: str) -> str:
    """A link in the look of a button that downloads a file of the studio; without a path it is off."""
    where = f'href="{escaped(quote(path))}" download' if path else 'aria-disabled="true"'
    return f'<a id="{ident}" class="take" title="{escaped(title)}" {where}>{escaped(text)}</a>'


def size_words(size: int) -> str:
    """Bytes as a person reads them."""
    if size >= 1e9:
        return f"{size / 1e9:.1f} GB"
    return f"{size / 1e6:.1f} MB" if size >= 1e6 else f"{max(size / 1e3, 0.1):.1f} kB"


def length(value: float | None, metres: float | None, missing: str = "—") -> str:
    """A length in scene units, with centimetres where a scale is known."""
    if value is None or not math.isfinite(value):
        return missing
    return f"{value:.3f} units" + ("" if metres is None else f" (≈ {value * metres * 100:.1f} cm)")


def percent(value: float | None) -> str:
    """A share; a dash for what is not known."""
    return "—" if value is None or not math.isfinite(value) else f"{value * 100:.2f} %"
