"""Editors by name: what is listed, what is refused with which words, and that nothing heavy is imported to find out."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from editors import registry
from editors.base import Editor
from editors.lama import LamaEditor
from editors.patchmatch import PatchMatchEditor
from editors.pipeline import EditPipeline
from editors.registry import EDITORS, checks, find, make_editor, painter_of, remover_of
from wt.errors import WtError

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def no_hub(monkeypatch, tmp_path):
    """An empty cache, and any request is an error."""
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setattr("socket.socket.connect", lambda *_: pytest.fail("a request was made"))


def test_every_entry_says_what_it_can_do_under_which_licence():
    for name, entry in EDITORS.items():
        assert entry.name == name
        assert entry.licence
        assert set(entry.tasks) <= {"edit", "inpaint", "remove"}
        assert entry.tasks
    assert {"klein", "qwen-edit", "sdxl-inpaint", "sd15-inpaint-lcm", "lama", "patchmatch", "catalogue"} <= set(EDITORS)


def test_unknown_names_are_told_the_known_ones():
    with pytest.raises(WtError, match=r"no 2D editor 'kline'.*catalogue, patchmatch, lama, klein, qwen-edit"):
        find("kline")


@pytest.mark.parametrize("name", ["klein", "sdxl-inpaint", "somebody/some-model"])
def test_what_is_not_here_is_not_downloaded_unasked(name):
    with pytest.raises(WtError, match=r"not on this machine.*--allow-download.*catalogue"):
        make_editor(name)


def test_lama_wants_a_file_that_is_named(tmp_path):
    with pytest.raises(WtError, match=r"file that you name: --remover PATH/big-lama\.pt"):
        remover_of("lama")
    file = tmp_path / "big-lama.pt"
    file.touch()
    editor = remover_of(str(file))
    assert isinstance(editor, LamaEditor)
    assert "code that you named" in editor.licence


def test_painters_paint_and_removers_remove(tmp_path):
    assert painter_of("auto") is None
    assert painter_of("catalogue") is None
    assert remover_of("auto") is None
    assert isinstance(remover_of("patchmatch"), PatchMatchEditor)
    with pytest.raises(WtError, match="PatchMatch can only remove.*--editor one of catalogue, klein, qwen-edit, sdxl"):
        painter_of("patchmatch")
    (tmp_path / "model_index.json").write_text(json.dumps({"_class_name": "StableDiffusionInpaintPipeline"}))
    with pytest.raises(WtError, match="cannot remove.*patchmatch, lama, klein, qwen-edit"):
        remover_of(str(tmp_path))
    painter = painter_of(str(tmp_path))
    assert isinstance(painter, Editor)
    # What cannot remove leaves that to PatchMatch.
    assert isinstance(EditPipeline(None, None, editor=painter).remover, PatchMatchEditor)


def test_a_folders_class_is_read_and_its_licence_from_its_card(tmp_path):
    index = tmp_path / "model_index.json"
    index.write_text(json.dumps({"_class_name": "QwenImageEditPlusPipeline"}))
    (tmp_path / "README.md").write_text("---\nlicense: apache-2.0\n---\n# A card\n")
    editor = make_editor(str(tmp_path))
    assert editor.tasks == {"edit", "remove"}
    assert editor.licence == "apache-2.0"
    index.write_text(json.dumps({"_class_name": "FluxPipeline"}))
    with pytest.raises(WtError, match=r"is a FluxPipeline.*Flux2KleinPipeline"):
        make_editor(str(tmp_path))
    index.unlink()
    with pytest.raises(WtError, match=r"no readable model_index\.json"):
        make_editor(str(tmp_path))


def test_doctor_lists_all_and_says_what_is_missing():
    rows = {row["name"]: row for row in checks()}
    assert set(rows) == set(EDITORS)
    assert rows["patchmatch"]["ok"]
    assert not rows["klein"]["ok"]
    assert rows["klein"]["detail"] == (
        "edit, inpaint, remove, 16 GB, Apache-2.0, black-forest-labs/FLUX.2-klein-4B; not downloaded"
    )


def test_the_list_needs_no_heavy_package():
    code = (
        "import sys, editors.registry as r; r.checks(); "
        "bad = {'torch', 'diffusers'} & set(sys.modules); sys.exit(str(bad) if bad else 0)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT, timeout=120)


def test_the_readmes_example_is_a_whole_editor(monkeypatch):
    """Its code block is run as it stands; what it registers then removes."""
    import numpy as np

    text = (ROOT / "README.md").read_text()
    code = re.search(r"## Adding a 2D editor.*?```python\n(.*?)```", text, re.S)
    assert code is not None
    assert code[1].count("\n") <= 30
    monkeypatch.setattr(registry, "EDITORS", dict(EDITORS))
    names: dict[str, object] = {}
    exec(compile(code[1], "README.md", "exec"), names)
    (name,) = set(registry.EDITORS) - set(EDITORS)
    editor = remover_of(name)
    assert isinstance(editor, Editor)
    photo = np.full((40, 60, 3), 200, np.uint8)
    hole = np.zeros((40, 60), bool)
    hole[10:20, 20:30] = True
    photo[hole] = (255, 0, 0)
    told = []
    filled = editor.edit(photo, hole, "remove it", on_step=lambda *step: told.append(step))
    assert np.abs(filled.astype(int) - 200).max() <= 3
    assert told
    assert EditPipeline(None, None, remover=name).remover.name == editor.name
