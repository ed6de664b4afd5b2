"""The one-way rule: photo -> select -> lift -> scene -> edit -> place -> export, and what may import what."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

# A package or module of ours, and the names that it may not import.
FORBIDDEN = {
    "wt": ("app", "editors", "gradio", "viser"),
    "editors": ("app", "gradio", "viser"),
    "wt/geometry": ("wt.model", "wt.flow", "wt.data", "wt.scene", "wt.training", "wt.evaluation", "wt.lift"),
    "wt/flow": ("wt.model", "wt.data", "wt.scene", "wt.training", "wt.evaluation", "wt.lift", "wt.images"),
    "wt/model": ("wt.data", "wt.scene", "wt.training", "wt.evaluation", "wt.lift"),
    "wt/scene": ("wt.model", "wt.flow", "wt.data", "wt.training", "wt.evaluation", "wt.lift", "wt.exports"),
    "wt/meshes": ("wt.model", "wt.flow", "wt.data", "wt.training", "wt.evaluation", "wt.lift", "wt.exports"),
    "wt/exports": ("wt.model", "wt.flow", "wt.data", "wt.training", "wt.evaluation", "wt.lift"),
    "wt/trellis": ("wt.model", "wt.flow", "wt.data", "wt.training", "wt.evaluation", "wt.lift"),
    "wt/clips": ("wt.model", "wt.flow", "wt.data", "wt.training", "wt.evaluation", "wt.lift"),
    "wt/views": ("wt.flow", "wt.data", "wt.training", "wt.evaluation", "wt.lift", "wt.exports", "wt.meshes"),
    "wt/data": ("wt.model", "wt.flow", "wt.scene", "wt.training", "wt.evaluation", "wt.lift"),
}
EXCEPTIONS = {ROOT / "wt" / "__main__.py": ("editors",), ROOT / "wt" / "exports" / "viewer.py": ("viser",)}
UI_HOLDS_NO_GEOMETRY = ("torch", "trimesh", "open3d", "scipy", "wt.model", "wt.flow", "wt.training", "wt.data")
BARE = (
    "trimesh",
    "embreex",
    "open3d",
    "timm",
    "cv2",
    "scipy",
    "skimage",
    "pillow_heif",
    "matplotlib",
    "accelerate",
    "ray",
    "av",
    "pxr",
)


def imports_under(folder: Path, *, top_level_only: bool = False) -> Iterator[tuple[Path, int, str]]:
    """(file, line, dotted name) of every import statement below `folder`."""
    for path in sorted(folder.rglob("*.py")):
        for node, at_top in import_statements(path):
            if top_level_only and not at_top:
                continue
            if isinstance(node, ast.Import):
                yield from ((path, node.lineno, alias.name) for alias in node.names)
            elif node.module and not node.level:
                yield path, node.lineno, node.module
                yield from ((path, node.lineno, f"{node.module}.{alias.name}") for alias in node.names)


@cache
def import_statements(path: Path) -> list[tuple[ast.Import | ast.ImportFrom, bool]]:
    """All of a file, each with whether it is at module level."""
    tree = ast.parse(path.read_text())
    return [(node, node in tree.body) for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom)]


def offends(name: str, forbidden: tuple[str, ...]) -> bool:
    return any(name == f or name.startswith(f + ".") for f in forbidden)


@pytest.mark.parametrize("package", FORBIDDEN)
def test_imports_flow_one_way(package):
    found = list(imports_under(ROOT / package))
    assert found, f"{package} has no imports: was it moved?"
    for path, line, name in found:
        if not offends(name, EXCEPTIONS.get(path, ())):
            assert not offends(name, FORBIDDEN[package]), f"{path}:{line} imports {name}; {package} must not"


def test_ui_holds_no_geometry():
    for path, line, name in imports_under(ROOT / "app"):
        assert not offends(name, UI_HOLDS_NO_GEOMETRY), f"{path}:{line} imports {name}; geometry belongs to wt"


def test_wt_imports_only_the_bare_four_at_module_level():
    """torch, numpy, Pillow, safetensors: a bare training node has no more."""
    for path, line, name in imports_under(ROOT / "wt", top_level_only=True):
        assert not offends(name, BARE), f"{path}:{line} imports {name} at module level; import it where it is used"


def test_import_wt_is_free_of_heavy_packages():
    """`import wt` must stay instant: the page is painted before torch is there."""
    code = "import sys, wt; bad = {'torch', 'gradio', 'open3d'} & set(sys.modules); sys.exit(str(bad) if bad else 0)"
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT, timeout=60)


def test_no_pickle_and_no_public_share():
    for folder in ("wt", "editors", "app"):
        for path in (ROOT / folder).rglob("*.py"):
            text = path.read_text()
            assert "import pickle" not in text, path
            assert "allow_pickle=True" not in text, path
            assert "share=True" not in text, path
            assert "weights_only=False" not in text, path
