"""Gradio's stub files are not made."""

import importlib

CODE = """
import gradio as gr

class Mine(gr.Textbox):
    EVENTS = ["change", "poke"]
"""


def test_a_component_gets_its_events_and_no_stub_file(tmp_path, monkeypatch):
    (tmp_path / "component_of_mine.py").write_text(CODE)
    monkeypatch.syspath_prepend(tmp_path)
    mine = importlib.import_module("component_of_mine")
    assert callable(mine.Mine.poke)
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["component_of_mine.py"]
