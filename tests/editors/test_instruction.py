"""The table of phrases, the sentences that say what was understood, and the words that lead into the catalogue."""

import json
from dataclasses import FrozenInstanceError, replace

import phrases
import pytest

from editors.instruction import parse
from editors.operations import AddOp, MoveOp, RemoveOp, ReplaceOp, Where, understood
from editors.vocabulary import colours, families, materials, nouns, plural, sizes
from wt.data.assets import COLOURS, FAMILIES, MATERIALS
from wt.errors import WtError


@pytest.mark.parametrize(("text", "meant"), phrases.UNDERSTOOD)
def test_what_is_understood(text, meant):
    operations = parse(text)
    assert [replace(operation, text="") for operation in operations] == meant
    assert all(operation.text for operation in operations), "editors that read prose are told as well"


@pytest.mark.parametrize(("text", "words"), phrases.REFUSED)
def test_what_cannot_be_done_is_said(text, words):
    with pytest.raises(WtError, match=words):
        parse(text)


def test_the_table_is_long_and_says_everything_once():
    texts = [text for text, _ in (*phrases.UNDERSTOOD, *phrases.REFUSED)]
    assert len(set(texts)) == len(texts) >= 120


SENTENCES = [
    ("add a red chair next to the table", ["Add a red chair next to the table."]),
    ("an armchair, two blue mugs on the desk", ["Add an armchair.", "Add two blue mugs on the desk."]),
    ("three shelves against the wall", ["Add three shelves against the wall."]),
    ("add a lamp between the two chairs", ["Add a floor lamp between the two chairs."]),
    ("another one in blue", ["Add another of what was added last (blue)."]),
    ("add a red chair and two more", ["Add a red chair.", "Add two more red chairs."]),
    ("remove the red chair on the left", ["Remove the red chair on the left."]),
    ("remove it", ["Remove it (the selection, or what was added last)."]),
    ("replace the box with a wooden crate", ["Replace the box with a wood crate."]),
    ("make the couch green", ["Make the couch green."]),
    ("move the mug to the table", ["Move the mug onto the table."]),
    ("move the chair on the left to the right", ["Move the chair that is on the left to the right of the photo."]),
    ("move the chair", ["Move the chair to the place that is marked."]),
]


@pytest.mark.parametrize(("text", "sentences"), SENTENCES)
def test_what_was_understood_is_said_in_plain_sentences(text, sentences):
    assert understood(parse(text)) == sentences


def test_every_phrase_of_the_table_can_be_said_back():
    for text, meant in phrases.UNDERSTOOD:
        sentences = understood(meant)
        assert sentences, text
        assert all(line[0].isupper() and line.endswith(".") and "None" not in line for line in sentences), text


def test_an_editor_that_reads_prose_is_told_what_the_same_is():
    _, again = parse("add a red chair on the left and the same on the right")
    assert again.text == "Add a red chair on the right."
    _, lamp = parse("add a table and put a lamp on it")
    assert lamp.text == "put a lamp on the table"


def test_plurals():
    assert [plural(word) for word in ("shelf", "stack of boxes", "glass", "bench", "building blocks")] == [
        "shelves",
        "stacks of boxes",
        "glasses",
        "benches",
        "building blocks",
    ]


def test_every_word_of_the_vocabulary_leads_into_the_catalogue():
    toys = {"toy car", "toy truck", "toy bus"}
    assert families() == set(FAMILIES) | toys
    assert set(nouns().values()) == families()
    assert set(colours().values()) == set(COLOURS)
    assert set(materials().values()) == set(MATERIALS)
    for family in families():
        assert parse(f"add a {family}")[0].what == family
    for word in colours():
        assert parse(f"add a {word} chair")[0].colour == colours()[word]
    for word in materials():
        assert parse(f"add a {word} chair")[0].material == materials()[word]
    for word in sizes():
        assert parse(f"add a {word} chair")[0].size == sizes()[word]


def test_operations_are_plain_data_whose_rows_share_their_keys():
    operations = (
        AddOp("chair", where=Where("left")),
        RemoveOp("chair"),
        ReplaceOp("stool", target="chair"),
        MoveOp("chair", where=Where("between", "bed", None, "table")),
    )
    rows = [operation.row() for operation in operations]
    assert [row["kind"] for row in rows] == ["add", "remove", "replace", "move"]
    assert all({"what", "colour", "where", "target", "target_colour", "text"} <= row.keys() for row in rows)
    assert rows[0]["where"] | {"relation": "left", "anchor": "", "colour": None} == rows[0]["where"]
    assert json.loads(json.dumps(rows)) == rows
    with pytest.raises(FrozenInstanceError):
        operations[0].what = "table"
