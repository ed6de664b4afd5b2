"""What the words mean, shown while they are typed, and said again while the edit waits."""

import gradio as gr
import pytest
from flow import edited, lifted

from app import facts, layout
from app.events import Events
from app.view import describe


@pytest.mark.parametrize(
    ("prompt", "parts"),
    [
        ("", []),
        ("  ", []),
        ("add a red chair next to the table", ['<ul class="plan">', "<li>Add a red chair next to the table.</li>"]),
        ("two mugs, remove it", ["<li>Add two mugs.</li><li>Remove the mug.</li>"]),
        ("add a chiar", ["hint unclear", "Did you mean &quot;chair&quot;"]),
        ("remove the <b>box</b>", ["<li>Remove the"]),
    ],
)
def test_the_preview_says_what_is_understood_or_why_not(prompt, parts):
    shown = facts.preview(prompt)
    assert bool(shown) == bool(parts)
    assert all(part in shown for part in parts)
    assert "<b>" not in shown


def test_typing_changes_nothing_but_the_text_below(controller):
    with gr.Blocks() as demo:
        page = layout.build()
        Events(page, controller).bind(demo)
    (typed,) = [function for function in demo.fns.values() if (page["prompt"]._id, "change") in function.targets]
    assert typed.outputs == [page["understood"]]
    assert typed.inputs == [page["prompt"]]
    assert (typed.trigger_mode, typed.queue) == ("always_last", False)


def test_a_waiting_edit_says_its_sentences_and_the_preview_makes_room(controller, session, photo_file):
    lifted(controller, session, photo_file)
    assert describe(session, controller.engine)["understood"] == {"visible": True}
    edited(controller, session, "add a box")
    described = describe(session, controller.engine)
    assert described["understood"] == {"visible": False}
    assert "Add a box." in described["edit_facts"]["value"]
