"""Every file with the first line of what it says of itself: `python docs/tree.py` writes docs/TREE.md."""

import ast
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FOLDERS = ("app", "wt", "editors", "benchmarks", "examples", "deploy", "docs")
"""tests/ mirrors them."""


def line(path: Path) -> str:
    """What a file says of itself first: a module's docstring, or a script's or a style sheet's leading comment."""
    text = path.read_text()
    if path.suffix == ".py":
        said = ast.get_docstring(ast.parse(text)) or ""
    else:
        said = text.lstrip().removeprefix("/*").lstrip("/# ").split("*/")[0]
    return next(iter(said.splitlines()), "").strip()


def tree() -> str:
    """The whole page."""
    parts = ["# The tree\n\nMade by `python docs/tree.py`; every line is the first of its file.\n"]
    for folder in (name for name in FOLDERS if (ROOT / name).is_dir()):
        files = sorted(p for p in (ROOT / folder).rglob("*") if p.suffix in (".py", ".js", ".css"))
        said = [(path.relative_to(ROOT).as_posix(), line(path)) for path in files]
        rows = [f"| `{name}` | {words.replace('|', chr(92) + '|')} |" for name, words in said if words]
        parts.append("\n".join([f"\n## {folder}/\n", "| file | |", "|---|---|", *rows]) + "\n")
    return "".join(parts)


if __name__ == "__main__":
    target = ROOT / "docs" / "TREE.md"
    target.write_text(tree())
    sys.stdout.write(f"{target.relative_to(ROOT)}\n")
