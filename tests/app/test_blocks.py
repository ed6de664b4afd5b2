"""What an answer costs: only the components that it changes are built anew."""

import asyncio

import gradio as gr
import pytest
from gradio.state_holder import SessionState

from app.blocks import StudioBlocks


@pytest.fixture
def page():
    with StudioBlocks() as blocks:
        parts = [gr.HTML("one"), gr.Textbox("two"), gr.Button("three"), gr.HTML("four")]
        gr.Button("go").click(lambda: None, None, parts)
    return blocks, parts, next(fn for fn in blocks.fns.values() if len(fn.outputs) == 4)


@pytest.mark.parametrize("changed", [(), (0,), (2,), (3, 1), (0, 1, 2, 3)])
def test_what_is_left_alone_is_not_built_and_the_rest_is_as_gradio_makes_it(page, changed):
    blocks, parts, fn = page

    def answer():
        return {parts[i]: gr.update(visible=i % 2 == 0, value=f"new {i}") for i in changed} or {parts[0]: gr.skip()}

    state, plain = SessionState(blocks), SessionState(blocks)
    found = asyncio.run(blocks.postprocess_data(fn, answer(), state))
    expected = asyncio.run(gr.Blocks.postprocess_data(blocks, fn, answer(), plain))
    assert len(found) == len(parts)
    for index, part in enumerate(parts):
        if index in changed:
            assert found[index] == expected[index] != gr.skip()
            assert state.config_values[part._id]["props"] == plain.config_values[part._id]["props"]
        else:
            assert found[index] == gr.skip()
            assert state.blocks_config.blocks[part._id] is part


def test_other_answers_are_gradios_own(page):
    blocks, _, fn = page
    values = ["a", "b", "c", "d"]
    found = asyncio.run(blocks.postprocess_data(fn, list(values), SessionState(blocks)))
    assert found == asyncio.run(gr.Blocks.postprocess_data(blocks, fn, list(values), SessionState(blocks)))
    assert found[1] == "b"
