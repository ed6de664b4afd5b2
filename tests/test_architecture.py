"""The one-way rule: photo -> select -> lift -> scene -> edit -> place -> export, and what may import what."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator
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


OURS = ("wt", "editors", "app", "app.py", "deploy", "examples")
RUNS_TEXT = {"eval", "exec", "compile", "__import__", "system", "popen", "run_path", "run_module", "import_module"}
"""Calls that make code of a string; `model.eval()` and `re.compile` do not."""


def sources() -> Iterator[tuple[Path, str]]:
    """Every file of ours and its text."""
    for name in OURS:
        for path in sorted((ROOT / name).rglob("*.py")) if "." not in name else [ROOT / name]:
            yield path, path.read_text()


def calls(words: Iterable[str]) -> Iterator[tuple[Path, ast.Call]]:
    """Every call in the files that have one of these words."""
    for path, text in sources():
        if any(word in text for word in words):
            yield from ((path, node) for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Call))


def runs_text(call: ast.Call) -> bool:
    """Whether a call may run what a person, a file or a model says."""
    if any(word.arg == "shell" and getattr(word.value, "value", True) for word in call.keywords):
        return True
    name = getattr(call.func, "id", getattr(call.func, "attr", ""))
    if name not in RUNS_TEXT:
        return False
    fixed = bool(call.args) and all(isinstance(part, ast.Constant) for part in call.args)
    patterns = ast.unparse(call.func) == "re.compile"
    return not {"eval": not call.args, "compile": patterns, "import_module": fixed}.get(name, False)


@pytest.mark.parametrize(
    ("text", "runs"),
    [
        *(("eval(words)", True), ("exec(code)", True), ("builtins.eval(words)", True), ("compile(code)", True)),
        *(("__import__(name)", True), ("os.system(line)", True), ("subprocess.run(line, shell=True)", True)),
        *(("importlib.import_module(name)", True), ("importlib.import_module('o_voxel')", False)),
        *(("model.eval()", False), ("re.compile(words)", False), ("ast.literal_eval(words)", False)),
    ],
)
def test_the_check_for_code_from_text_knows_what_it_looks_for(text, runs):
    assert runs_text(ast.parse(text).body[0].value) is runs


def test_no_text_becomes_code():
    """No words, no file and no model decides what is run; `wt` alone loads its own modules by a table of its own."""
    known = {(ROOT / "wt" / "__init__.py", "importlib.import_module(_HOME[name])")}
    assert sum(1 for _ in sources()) > 150
    words = [*(f"{name}(" for name in RUNS_TEXT), "shell"]
    for path, call in calls(words):
        if runs_text(call) and (path, ast.unparse(call)) not in known:
            pytest.fail(f"{path}:{call.lineno} makes code of text: {ast.unparse(call)}")
    for path in sorted((ROOT / "app" / "web").glob("*.js")):
        assert not re.search(r"\beval\(|new Function|document\.write|\bimport\(", path.read_text()), path


def test_no_pickle_and_nothing_is_shared():
    for path, text in sources():
        for word in ("import pickle", "allow_pickle=True", "weights_only=False", "trust_remote_code", "GRADIO_SHARE"):
            assert word not in text, f"{path}: {word}"
    told = {path: word.value for path, call in calls(["share="]) for word in call.keywords if word.arg == "share"}
    assert {path.name: ast.unparse(value) for path, value in told.items()} == {"main.py": "False"}
    launched = [path.name for path, call in calls([".launch("]) if ast.unparse(call.func).endswith("demo.launch")]
    assert launched == ["main.py"], "a launch that does not say so leaves it to an environment variable"


def test_photos_are_clicked_on_our_own_canvas_alone():
    """Gradio's picture components report clicks in full screen at wrong places."""
    for path, text in sources():
        assert not re.search(r"\bgr(adio)?\.(Image|ImageEditor|AnnotatedImage|ImageSlider|Gallery)\b", text), path
