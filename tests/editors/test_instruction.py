"""Instructions as people write them, what each must come to, and the sentences for those that cannot be carried out."""

import pytest

from editors.instruction import Operation, Where, parse
from editors.vocabulary import colours, families, materials, nouns, sizes
from wt.data.assets import COLOURS, FAMILIES, MATERIALS
from wt.errors import WtError

ADDING = [
    ("add a chair", ("chair", None, None, None, None)),
    ("a sofa", ("sofa", None, None, None, None)),
    ("Add a RED chair next to the table.", ("chair", "red", None, None, Where("next to", "table"))),
    ("please add a small wooden stool on the left", ("stool", None, "wood", "small", Where("left"))),
    (
        "I would like a comfy armchair in front of the sofa",
        ("armchair", None, None, None, Where("in front of", "sofa")),
    ),
    ("can you put a dark red bookshelf behind the couch?", ("shelf", "dark red", None, None, Where("behind", "couch"))),
    ("there should be a crimson couch", ("sofa", "red", None, None, None)),
    ("add a chair in red", ("chair", "red", None, None, None)),
    ("add a table made of wood", ("table", None, "wood", None, None)),
    ("add a sofa in blue leather", ("sofa", "blue", "leather", None, None)),
    ("add a black and white chair", ("chair", "black", None, None, None)),
    ("add a glass table", ("table", None, "glass", None, None)),
    ("add a big light blue box", ("box", "light blue", None, "large", None)),
    ("add a gray cupboard", ("cabinet", "grey", None, None, None)),
    ("add a tall cabinet at the back", ("cabinet", None, None, "tall", Where("back"))),
    ("put a basket under the table", ("basket", None, None, None, Where("under", "table"))),
    ("add a box to the left of the bottle", ("box", None, None, None, Where("left of", "bottle"))),
    ("set a box on the right side of the red chair", ("box", None, None, None, Where("right of", "chair", "red"))),
    ("place a box on top of the table", ("box", None, None, None, Where("on", "table"))),
    ("add a crate in the left corner of the room", ("crate", None, None, None, Where("left corner"))),
    ("add a crate in the corner", ("crate", None, None, None, Where("corner"))),
    ("hang a box on the wall", ("box", None, None, None, Where("wall"))),
    ("add a chair against the wall", ("chair", None, None, None, Where("wall"))),
    ("add a chair here", ("chair", None, None, None, None)),
    ("add a chair to the room", ("chair", None, None, None, None)),
    ("bring me a box of chocolates", ("box", None, None, None, None)),
]


@pytest.mark.parametrize(("text", "meant"), ADDING)
def test_adding(text, meant):
    (operation,) = parse(text)
    assert operation.kind == "add"
    found = (operation.what, operation.colour, operation.material, operation.size, operation.where)
    assert found == meant
    assert operation.text


REMOVING = [
    ("remove the lamp", "lamp", None),
    ("delete the dog", "dog", None),
    ("get rid of the flibbertigibbet", "flibbertigibbet", None),
    ("take the lamp away", "lamp", None),
    ("please remove it", "object", None),
    ("remove the red chair on the left", "chair", "red"),
    ("erase this thing", "object", None),
]


@pytest.mark.parametrize(("text", "what", "colour"), REMOVING)
def test_removing_knows_any_noun(text, what, colour):
    (operation,) = parse(text)
    assert (operation.kind, operation.what, operation.colour) == ("remove", what, colour)


REPLACING = [
    ("replace the box with a sofa", "box", "sofa", None),
    ("swap the chair for a green stool", "chair", "stool", "green"),
    ("turn the dog into a crate", "dog", "crate", None),
    ("put a crate in place of the chair", "chair", "crate", None),
    ("a sofa instead of the box", "box", "sofa", None),
    ("make the chair red", "chair", "chair", "red"),
    ("paint the table light blue", "table", "table", "light blue"),
    ("change the colour of the couch to green", "couch", "sofa", "green"),
]


@pytest.mark.parametrize(("text", "target", "what", "colour"), REPLACING)
def test_replacing(text, target, what, colour):
    (operation,) = parse(text)
    found = (operation.kind, operation.target, operation.what, operation.colour)
    assert found == ("replace", target, what, colour)


SEVERAL = [
    ("add a red chair and remove the lamp", [("add", "chair"), ("remove", "lamp")]),
    ("add a red chair and a blue table", [("add", "chair"), ("add", "table")]),
    ("remove the chair, the lamp. Then add a sofa", [("remove", "chair"), ("remove", "lamp"), ("add", "sofa")]),
    ("place a box on top of the table, then remove the chair", [("add", "box"), ("remove", "chair")]),
    ("replace the box with a sofa and add a chair", [("replace", "sofa"), ("add", "chair")]),
    ("put two boxes on the table", [("add", "stack of boxes"), ("add", "stack of boxes")]),
    ("three chairs", [("add", "chair")] * 3),
    ("remove it and put a chair there", [("remove", "object"), ("add", "chair")]),
]  # fmt: skip


@pytest.mark.parametrize(("text", "meant"), SEVERAL)
def test_several_operations_in_the_order_said(text, meant):
    assert [(operation.kind, operation.what) for operation in parse(text)] == meant


REFUSED = [
    ("", "empty"),
    (" .,", "empty"),
    ("add a zebra", '"zebra" is not in the catalogue.*It has: '),
    ("add a chiar", 'Did you mean "chair"'),
    ("add a crimsn chair", '"crimsn".*Did you mean "crimson"'),
    ("add a fluffy chair", '"fluffy".*not known'),
    ("add red", "does not name a thing"),
    ("add", "does not say what"),
    ("remove", "does not say what"),
    ("replace the box", "does not say what comes instead"),
    ("move the chair to the left", "move something"),
    ("make it nicer", "not in the catalogue"),
    ("blub the chair", '"blub"'),
    ("add a chair on", "place after"),
    ("five chairs and five tables", "at most"),
]


@pytest.mark.parametrize(("text", "words"), REFUSED)
def test_what_cannot_be_done_is_said(text, words):
    with pytest.raises(WtError, match=words):
        parse(text)


def test_every_word_of_the_vocabulary_leads_into_the_catalogue():
    assert families() == set(FAMILIES)
    assert set(nouns().values()) == set(FAMILIES)
    assert set(colours().values()) == set(COLOURS)
    assert set(materials().values()) == set(MATERIALS)
    for family in FAMILIES:
        assert parse(f"add a {family}")[0].what == family
    for word in colours():
        assert parse(f"add a {word} chair")[0].colour == colours()[word]
    for word in materials():
        assert parse(f"add a {word} chair")[0].material == materials()[word]
    for word in sizes():
        assert parse(f"add a {word} chair")[0].size == sizes()[word]


def test_an_operation_is_plain_data():
    from dataclasses import asdict

    assert asdict(Operation("add", "chair", where=Where("left")))["where"] == {
        "relation": "left",
        "anchor": "",
        "colour": None,
    }
