"""docs/TRAPS.md names tests that exist."""

import ast
import re
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TRAPS = 22


@cache
def named_in(path: str) -> set[str]:
    """Names of the tests in a file; empty where there is no such file."""
    file = ROOT / path
    body = ast.parse(file.read_text()).body if file.is_file() else []
    return {node.name for node in body if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")}


def test_every_trap_names_its_tests_and_all_of_them_are_there():
    rows = [line for line in (ROOT / "docs" / "TRAPS.md").read_text().splitlines() if line.startswith("| ")][1:]
    assert len(rows) == TRAPS
    for row in rows:
        trap, guards = row.strip("| ").split(" | ")
        named = re.findall(r"`([^`]+)::([^`]+)`", guards)
        assert named, f"nothing guards: {trap}"
        assert ", ".join(f"`{path}::{test}`" for path, test in named) == guards
        for path, test in named:
            assert test in named_in(path), f"{path}::{test} of {trap!r} is not there"
