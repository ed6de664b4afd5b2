"""The table of shortcuts: one meaning for each key, and each meaning is there on the page."""

import json
import re
from collections import Counter
from html.parser import HTMLParser

import gradio as gr

from app import layout, shortcuts, theme

ROWS = [row for group in shortcuts.TABLE.values() for row in group]


class Words(HTMLParser):
    """The text of every <kbd>."""

    def __init__(self) -> None:
        super().__init__()
        self.keys: list[str] = []
        self.inside = False

    def handle_starttag(self, tag, attrs):
        self.inside = tag == "kbd"

    def handle_data(self, data):
        if self.inside:
            self.keys.append(data)
        self.inside = False


def test_a_key_means_one_thing():
    counts = Counter(chord for row in ROWS if row.does for chord in row.keys)
    assert [chord for chord, count in counts.items() if count > 1] == []


def test_the_sheet_lists_every_key():
    words = Words()
    words.feed(shortcuts.sheet())
    assert words.keys == [key for row in ROWS for key in row.keys]


def test_the_script_gets_every_row_that_acts():
    table = json.loads(shortcuts.script().partition(" = ")[2].rstrip(";"))
    assert [row["what"] for row in table] == [row.what for row in ROWS if row.does]
    actions = set(re.findall(r"^    (\w+)(?::|,$)", theme.read("shortcuts.js"), re.MULTILINE))
    assert {row["does"].split()[0] for row in table} == actions


def test_what_a_key_presses_is_on_the_page():
    with gr.Blocks():
        page = layout.build()
    html = "".join(theme.read(name) for name in ("stage.html", "masks.html"))
    known = {*page.parts, "depths_open", *re.findall(r'(?:id|data-tool)="(\w+)"', html)}
    for row in ROWS:
        action, _, argument = row.does.partition(" ")
        if action in ("press", "tool"):
            assert argument in known, row
