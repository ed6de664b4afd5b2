"""docs/TREE.md lists every file as it is now."""

import runpy
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def test_the_page_that_lists_every_file_is_as_its_command_makes_it():
    made = runpy.run_path(str(ROOT / "docs" / "tree.py"))["tree"]()
    assert (ROOT / "docs" / "TREE.md").read_text() == made, "run python docs/tree.py"
    for name in ("app/main.py", "wt/lift.py", "editors/pipeline.py", "examples/lift_a_photo.py"):
        assert f"| `{name}` | " in made
