"""Instructions as people write them, and the operations that each must come to; the clause's own text left out."""

from editors.operations import AddOp as Add
from editors.operations import MoveOp as Move
from editors.operations import RemoveOp as Remove
from editors.operations import ReplaceOp as Replace
from editors.operations import Where

ADDING = [
    ("add a chair", [Add("chair")]),
    ("a sofa", [Add("sofa")]),
    ("Add a RED chair next to the table.", [Add("chair", "red", where=Where("next to", "table"))]),
    ("please add a small wooden stool on the left", [Add("stool", None, "wood", "small", Where("left"))]),
    ("I would like a comfy armchair in front of the sofa", [Add("armchair", where=Where("in front of", "sofa"))]),
    (
        "can you put a dark red bookshelf behind the couch?",
        [Add("shelf", "dark red", where=Where("behind", "couch"))],
    ),
    ("there should be a crimson couch", [Add("sofa", "red")]),
    ("add a chair in red", [Add("chair", "red")]),
    ("add a chair in light blue", [Add("chair", "light blue")]),
    ("add a table made of wood", [Add("table", None, "wood")]),
    ("add a sofa in blue leather", [Add("sofa", "blue", "leather")]),
    ("add a sofa in leather behind the table", [Add("sofa", None, "leather", where=Where("behind", "table"))]),
    ("add a black and white chair", [Add("chair", "black")]),
    ("add a glass table", [Add("table", None, "glass")]),
    ("add a big light blue box", [Add("box", "light blue", None, "large")]),
    ("add a gray cupboard", [Add("cabinet", "grey")]),
    ("add a tall cabinet at the back", [Add("cabinet", size="tall", where=Where("back"))]),
    ("put a basket under the table", [Add("basket", where=Where("under", "table"))]),
    ("add a box to the left of the bottle", [Add("box", where=Where("left of", "bottle"))]),
    ("set a box on the right side of the red chair", [Add("box", where=Where("right of", "chair", "red"))]),
    ("place a box on top of the table", [Add("box", where=Where("on", "table"))]),
    ("put the lamp on the table", [Add("floor lamp", where=Where("on", "table"))]),
    ("add a crate in the left corner of the room", [Add("crate", where=Where("left corner"))]),
    ("add a crate in the corner", [Add("crate", where=Where("corner"))]),
    ("hang a box on the wall", [Add("box", where=Where("wall"))]),
    ("hang a picture above the sofa", [Add("picture", where=Where("above", "sofa"))]),
    ("add a chair against the wall", [Add("chair", where=Where("wall"))]),
    ("add a mirror on the left wall", [Add("mirror", where=Where("wall"))]),
    ("add a chair here", [Add("chair")]),
    ("add a chair to the room", [Add("chair")]),
    ("add a plant next to it", [Add("plant", where=Where("next to", "it"))]),
    ("bring me a box of chocolates", [Add("box")]),
    ("add a huge old robot in the middle", [Add("robot", size="huge", where=Where("middle"))]),
    (
        "add a plant between the table and the red lamp",
        [Add("plant", where=Where("between", "table", None, "lamp", "red"))],
    ),
    ("add a rug between the two chairs", [Add("rug", where=Where("between", "chair", None, "chair"))]),
    ("put a stool halfway between the bed and it", [Add("stool", where=Where("between", "bed", None, "it"))]),
]

COUNTING = [
    ("three chairs", [Add("chair")] * 3),
    ("two blue mugs on the desk", [Add("mug", "blue", where=Where("on", "desk"))] * 2),
    ("put two boxes on the table", [Add("box", where=Where("on", "table"))] * 2),
    ("add boxes", [Add("stack of boxes")]),
    ("add a couple of plants", [Add("plant")] * 2),
    ("a pair of candles", [Add("candle")] * 2),
    ("add 4 white plates", [Add("plate", "white")] * 4),
    ("eight stools", [Add("stool")] * 8),
    ("remove two chairs", [Remove("chair")] * 2),
    ("remove both boxes", [Remove("box")] * 2),
    ("replace the two chairs with stools", [Replace("stool", target="chair")] * 2),
    (
        "replace the sofa with two armchairs",
        [Replace("armchair", target="sofa"), Add("armchair", where=Where("next to", "armchair"))],
    ),
    ("make two chairs red", [Replace("chair", "red", target="chair", same=True)] * 2),
]

REPEATING = [
    ("the same", [Add("same", same=True)]),
    ("another one", [Add("same", same=True)]),
    ("add one more", [Add("same", same=True)]),
    ("two more on the left", [Add("same", where=Where("left"), same=True)] * 2),
    ("add another one in blue", [Add("same", "blue", same=True)]),
    ("a green one", [Add("same", "green", same=True)]),
    ("another chair", [Add("chair")]),
    ("the same chair in green", [Add("chair", "green", same=True)]),
    ("one more red chair", [Add("chair", "red")]),
    ("add a red chair and a blue one", [Add("chair", "red"), Add("chair", "blue", same=True)]),
    (
        "add a big red wooden chair on the left and the same on the right",
        [
            Add("chair", "red", "wood", "large", Where("left")),
            Add("chair", "red", "wood", "large", Where("right"), same=True),
        ],
    ),
    (
        "add a small crate, another one behind it and two more of them in the corner",
        [
            Add("crate", size="small"),
            Add("crate", size="small", where=Where("behind", "crate"), same=True),
            *[Add("crate", size="small", where=Where("corner"), same=True)] * 2,
        ],
    ),
    ("add a lamp, and a bigger one", [Add("floor lamp"), Add("floor lamp", size="large", same=True)]),
]

REMOVING = [
    ("remove the lamp", [Remove("lamp")]),
    ("delete the dog", [Remove("dog")]),
    ("get rid of the flibbertigibbet", [Remove("flibbertigibbet")]),
    ("take the lamp away", [Remove("lamp")]),
    ("take away the sofa", [Remove("sofa")]),
    ("please remove it", [Remove("object")]),
    ("erase this thing", [Remove("object")]),
    ("remove the selection", [Remove("object")]),
    ("remove the red chair on the left", [Remove("chair", "red", where=Where("left"))]),
    ("remove the chair next to the table", [Remove("chair", where=Where("next to", "table"))]),
    ("clear the wooden box", [Remove("box", None, "wood")]),
]

REPLACING = [
    ("replace the box with a sofa", [Replace("sofa", target="box")]),
    ("replace it with a plant", [Replace("plant", target="object")]),
    ("swap the chair for a green stool", [Replace("stool", "green", target="chair")]),
    ("exchange the red chair for a bench", [Replace("bench", target="chair", target_colour="red")]),
    ("turn the dog into a crate", [Replace("crate", target="dog")]),
    ("put a crate in place of the chair", [Replace("crate", target="chair")]),
    ("a sofa instead of the box", [Replace("sofa", target="box")]),
    ("replace the chair with a red one", [Replace("chair", "red", target="chair")]),
    ("replace the box by a large plant", [Replace("plant", size="large", target="box")]),
    (
        "replace the box on the left with a plant in the corner",
        [Replace("plant", where=Where("corner"), target="box", origin=Where("left"))],
    ),
    ("make the chair red", [Replace("chair", "red", target="chair", same=True)]),
    ("paint the table light blue", [Replace("table", "light blue", target="table", same=True)]),
    ("change the colour of the couch to green", [Replace("sofa", "green", target="couch", same=True)]),
    ("make the red chair blue", [Replace("chair", "blue", target="chair", target_colour="red", same=True)]),
    ("make the table of wood", [Replace("table", None, "wood", target="table", same=True)]),
    ("make the plant bigger", [Replace("plant", size="large", target="plant", same=True)]),
    (
        "make the chair on the right tall",
        [Replace("chair", size="tall", target="chair", origin=Where("right"), same=True)],
    ),
    (
        "make the chair red and the table blue",
        [Replace("chair", "red", target="chair", same=True), Replace("table", "blue", target="table", same=True)],
    ),
]

MOVING = [
    ("move the chair to the left of the table", [Move("chair", where=Where("left of", "table"))]),
    ("move it to the corner", [Move("object", where=Where("corner"))]),
    ("put it on the table", [Move("object", where=Where("on", "table"))]),
    ("put that there", [Move("object")]),
    ("hang it up on the wall", [Move("object", where=Where("wall"))]),
    ("move the chair", [Move("chair")]),
    ("move the chair here", [Move("chair")]),
    ("move the red chair to the right", [Move("chair", "red", Where("right"))]),
    ("move the chair left", [Move("chair", where=Where("left"))]),
    ("push the sofa back", [Move("sofa", where=Where("back"))]),
    ("slide the box under the bed", [Move("box", where=Where("under", "bed"))]),
    ("shift the plant behind the sofa please", [Move("plant", where=Where("behind", "sofa"))]),
    ("drag the chair in front of the red sofa", [Move("chair", where=Where("in front of", "sofa", "red"))]),
    ("move the chair to the table", [Move("chair", where=Where("next to", "table"))]),
    ("move the mug to the table", [Move("mug", where=Where("on", "table"))]),
    ("move the chair closer to the table", [Move("chair", where=Where("next to", "table"))]),
    ("move the chair from the corner to the middle", [Move("chair", where=Where("middle"), origin=Where("corner"))]),
    ("move the chair on the left to the front", [Move("chair", where=Where("front"), origin=Where("left"))]),
    (
        "move the stool between the chair and the table",
        [Move("stool", where=Where("between", "chair", None, "table"))],
    ),
]

SEVERAL = [
    ("add a red chair and remove the lamp", [Add("chair", "red"), Remove("lamp")]),
    ("add a red chair and a blue table", [Add("chair", "red"), Add("table", "blue")]),
    ("add a chair, a table & a lamp", [Add("chair"), Add("table"), Add("floor lamp")]),
    ("remove the chair, the lamp. Then add a sofa", [Remove("chair"), Remove("lamp"), Add("sofa")]),
    (
        "place a box on top of the table, then remove the chair",
        [Add("box", where=Where("on", "table")), Remove("chair")],
    ),
    ("replace the box with a sofa and add a chair", [Replace("sofa", target="box"), Add("chair")]),
    ("remove it and put a chair there", [Remove("object"), Add("chair")]),
    ("remove the lamp and put a plant in its place", [Remove("lamp"), Add("plant")]),
    ("add a table and put a mug on it", [Add("table"), Add("mug", where=Where("on", "table"))]),
    ("add a red chair and move it to the corner", [Add("chair", "red"), Move("chair", "red", Where("corner"))]),
    ("add a blue box; then make it green", [
        Add("box", "blue"),
        Replace("box", "green", target="box", target_colour="blue", same=True),
    ]),
    (
        "add two chairs and put a lamp between them",
        [Add("chair"), Add("chair"), Add("floor lamp", where=Where("between", "chair", None, "chair"))],
    ),
    (
        "add a rug between the bed and the wardrobe and remove the box",
        [Add("rug", where=Where("between", "bed", None, "wardrobe")), Remove("box")],
    ),
    ("move the chair to the corner and remove the lamp", [Move("chair", where=Where("corner")), Remove("lamp")]),
    (
        "move the chair next to the lamp and the table behind the sofa",
        [Move("chair", where=Where("next to", "lamp")), Move("table", where=Where("behind", "sofa"))],
    ),
    (
        "replace the chair with a sofa and put a plant next to it",
        [Replace("sofa", target="chair"), Add("plant", where=Where("next to", "sofa"))],
    ),
]  # fmt: skip

UNDERSTOOD = [*ADDING, *COUNTING, *REPEATING, *REMOVING, *REPLACING, *MOVING, *SEVERAL]

REFUSED = [
    ("", "empty"),
    (" .,", "empty"),
    ("please", "names nothing to do"),
    ("add a zebra", '"zebra" is not in the catalogue.*It has: '),
    ("add a chiar", 'Did you mean "chair"'),
    ("add a crimsn chair", '"crimsn".*Did you mean "crimson"'),
    ("add a fluffy chair", '"fluffy".*not known'),
    ("add red", "does not name a thing"),
    ("add", "does not say what"),
    ("add a chair on", "place after"),
    ("add a chair between", "place is not complete"),
    ("add one red and one blue chair", "several things.*a red chair and a blue one"),
    ("five chairs and five tables", "at most"),
    ("a dozen plants", "12 things.*at most 8"),
    ("remove", "does not say what"),
    ("remove all chairs", "does not say how many"),
    ("remove everything", "does not say how many"),
    ("replace the box", "does not say what comes instead"),
    ("replace the box with", "names only one thing"),
    ("replace the dragon with a red one", "does not say what comes instead"),
    ("replace two chairs with three stools", "exchanges 2 things for 3"),
    ("make it nicer", "not in the catalogue"),
    ("make it red", "does not say what it is"),
    ("enlarge the chair", "to what size.*make the chair large"),
    ("rotate the chair", "cannot turn"),
    ("move", "does not say what"),
    ("move the chair away from the wall", "does not name a place"),
    ("move it a bit to the left", "does not name a place"),
    ("move the two chairs to the corner", "several things"),
    ("move the chair and the table to the corner", "several things"),
    ("take the lamp and put it on the table", "the lamp is removed by then"),
    ("blub the chair", '"blub"'),
]
