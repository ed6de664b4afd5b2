"""The words that an instruction may use: things, colours, materials, sizes, places; and what each stands for.

A noun stands for families of wt.data.assets in order of preference; the first that the catalogue has is meant.
"""

from collections.abc import Iterable
from functools import cache

_THINGS = """
chair: seat, dining chair, kitchen chair
office chair > chair: desk chair, swivel chair
armchair > chair: arm chair, easy chair, club chair, recliner, lounge chair
sofa: couch, settee, loveseat, divan
stool > chair: bar stool, barstool, footstool, ottoman, pouf
bench > stool: pew
table: dining table, kitchen table, side table, end table
coffee table > table: low table
desk > table: writing desk, workbench
nightstand > cabinet: night stand, bedside table, night table
shelf > bookshelf: bookshelf, bookcase, shelves, rack, shelving unit
cabinet: cupboard, sideboard, dresser, chest of drawers, drawers, drawer, commode, locker, tv stand
wardrobe > cabinet: closet, armoire
bed: double bed, single bed, cot, bunk
box > crate: carton, cardboard box, package, parcel, cube
stack of boxes > box: boxes, pile of boxes, stacked boxes
crate > box: chest, trunk
basket > box: hamper, laundry basket
bin > bucket > basket: trash can, trashcan, dustbin, waste bin, wastebasket, garbage can, rubbish bin, bucket, pail
floor lamp > lamp > table lamp: lamp, light, standing lamp, standing light, standard lamp
table lamp > desk lamp > lamp: desk lamp, bedside lamp, reading lamp
ceiling lamp > pendant lamp > hanging lamp: pendant lamp, pendant, hanging lamp, ceiling light, chandelier
plant > potted plant: potted plant, houseplant, house plant, flowerpot, pot plant, flower pot, fern, ficus, bush
plant > potted plant: shrub, flower, flowers
cactus > plant > potted plant: succulent
tree > plant > potted plant: christmas tree, palm, palm tree
mug > cup: cup, coffee cup, coffee mug, tea cup, teacup, beaker
glass > goblet > mug: drinking glass, tumbler, wine glass, goblet
bottle > jug: wine bottle, flask, water bottle
jug > bottle: pitcher, carafe
bowl: dish, fruit bowl, basin
plate > bowl: saucer, platter
vase: urn, amphora, flower vase
pot > pan > bowl: saucepan, cooking pot, pan
teapot > kettle > jug > mug: tea pot, kettle
car: automobile, vehicle, sedan
truck > van > car: lorry, van, pickup
bus > truck > car: coach
toy car: model car
toy truck: toy lorry, model truck
toy bus: model bus
toy animal > animal: toy, animal, cow, horse, sheep, pig, lion, elephant, giraffe, deer, rabbit, bunny
dog > toy animal > animal: puppy
cat > toy animal > animal: kitten
teddy bear > toy animal > animal: teddy, bear, stuffed animal, plush toy
duck > rubber duck > toy animal > animal: rubber duck, duckling, bird
robot > figure > toy animal: droid
figure > snowman > toy animal: figurine, person, man, woman, statue, sculpture, snowman, doll, mannequin
torus > ring: ring, donut, doughnut
knot > torus knot > torus: trefoil, pretzel
ball > sphere: sphere, football, soccer ball, basketball, globe, beach ball
building blocks > blocks > stack of boxes: blocks, toy blocks, bricks
books > stack of books > book: book, pile of books, stack of books
picture > painting > picture frame: painting, poster, photo frame, picture frame, frame, artwork, print
mirror > picture: looking glass
clock > wall clock: wall clock
rug > carpet: carpet, mat, persian carpet
curtain: curtains, drapes
cushion > pillow: pillow
guitar:
television > tv > monitor: tv, tv set, telly, flat screen
monitor > television: computer, screen, computer monitor, display
laptop > monitor: notebook, computer laptop
fridge > refrigerator > cabinet: refrigerator, freezer
traffic cone > cone: cone, pylon
barrel > bin: drum, keg, cask
ladder: stepladder
house > dollhouse: dollhouse, toy house
"""
"""A line for every thing: families in order of preference, then other words for it."""

_COLOURS = """
red: reddish, crimson, scarlet, ruby, cherry, bright red
dark red: maroon, burgundy, wine red
orange: tangerine, amber
yellow: yellowish, mustard, lemon
gold: golden
light green: lime, lime green
green: greenish, emerald
dark green: forest green
olive: khaki
turquoise: cyan, aqua
light blue: sky blue, baby blue
navy: navy blue
blue: bluish, royal blue
dark blue: indigo
lilac: lavender, mauve
magenta: fuchsia
pink: pinkish, rose
light brown: tan
dark brown: chocolate
cream: ivory, off-white
dark grey: charcoal
silver: silvery
grey: greyish, colourless
brown: brownish
"""
"""Other words for colours of the catalogue; its own names are added."""

_MATERIALS = """
wood: wooden, timber, oak, pine, walnut, teak
metal: metallic, steel, iron, brass, chrome, aluminium, aluminum, copper
fabric: textile, cloth, cotton, velvet, linen, wool, woollen, upholstered
stone: granite, concrete
ceramic: porcelain, clay, terracotta, china
wicker: rattan
paper: cardboard
"""
"""Other words for materials of the catalogue."""

_SIZES = """
tiny: tiny, mini, miniature
small: little, smaller
large: large, larger, big, bigger, wide
huge: huge, giant, enormous, gigantic, massive
tall: tall, high, taller, higher
short: short, low, shorter, lower
"""
"""What a thing's size can be, and the words for it; without one a thing has its true size."""

_FILLERS = """
nice beautiful pretty cosy cozy comfy comfortable modern old new vintage classic simple elegant plain single round
square rustic soft shiny empty standing realistic matching coloured colored looking piece bit kind some any
"""
FILLERS = frozenset(_FILLERS.split())
"""Words that say nothing the catalogue could follow; they are passed over."""

_COUNTED = "no one two three four five six seven eight nine ten eleven twelve"
COUNTED = tuple(_COUNTED.split())
"""How a number is written."""
NUMBERS = {word: number for number, word in enumerate(COUNTED) if number}
NUMBERS |= {str(number): number for number in range(1, 100)}
NUMBERS |= {"couple": 2, "pair": 2, "both": 2, "dozen": 12}


def _table(text: str) -> dict[str, list[str]]:
    """ "meaning: word, word" lines -> meaning -> words; a meaning may have several lines."""
    table: dict[str, list[str]] = {}
    for line in text.strip().splitlines():
        meaning, _, words = line.partition(":")
        table.setdefault(meaning, []).extend(word.strip() for word in words.split(",") if word.strip())
    return table


def _words(text: str, allowed: Iterable[str]) -> dict[str, str]:
    """word -> meaning, for the meanings that are allowed; a meaning is a word for itself."""
    own = {name: name for name in allowed}
    return {word: name for name, words in _table(text).items() if name in own for word in words} | own


@cache
def families() -> frozenset[str]:
    """What the catalogue can paint."""
    from editors.catalogue_assets import MADE

    return MADE


def belongs(family: str) -> str:
    """Where a family belongs: floor, table, wall or ceiling; the floor for what is not in the catalogue."""
    from wt.data.assets import FAMILY_INFO

    return FAMILY_INFO[family][0] if family in FAMILY_INFO else "floor"


@cache
def nouns() -> dict[str, str]:
    """Every noun or noun phrase that the catalogue can paint -> family."""
    known: dict[str, str] = {}
    for wanted, words in _table(_THINGS).items():
        names = wanted.split(" > ")
        family = next((name for name in names if name in families()), None)
        if family is not None:
            known |= {word: family for word in (names[0], *words)}
    return known | {name: name for name in families()}


@cache
def things() -> frozenset[str]:
    """Every noun of the table, whether or not the catalogue can paint it: all of them can be removed."""
    table = _table(_THINGS)
    return frozenset(
        {wanted.split(" > ")[0] for wanted in table} | {w for ws in table.values() for w in ws} | families()
    )


@cache
def colours() -> dict[str, str]:
    """Every colour word -> colour of the catalogue."""
    from wt.data.assets import COLOURS

    own = _words(_COLOURS, COLOURS)
    own |= {word.replace("grey", "gray"): name for word, name in own.items() if "grey" in word}
    return own


@cache
def materials() -> dict[str, str]:
    """Every material word -> material of the catalogue."""
    from wt.data.assets import MATERIALS

    return _words(_MATERIALS, MATERIALS)


@cache
def sizes() -> dict[str, str]:
    """Every word for a size -> tiny, small, short, tall, large or huge."""
    return {word: size for size, words in _table(_SIZES).items() for word in (size, *words)}


def singular(phrase: str) -> str:
    """The phrase with its last word in the singular, as far as a rule of thumb can tell."""
    head, _, word = phrase.rpartition(" ")
    irregular = {"shelves": "shelf", "people": "person", "men": "man", "women": "woman", "knives": "knife"}
    if word in irregular:
        word = irregular[word]
    elif word.endswith(("xes", "ches", "shes", "sses")):
        word = word[:-2]
    elif word.endswith("ies") and len(word) > 4:
        word = word[:-3] + "y"
    elif word.endswith("s") and not word.endswith(("ss", "us")):
        word = word[:-1]
    return f"{head} {word}".strip()


def plural(phrase: str) -> str:
    """The phrase in the plural: "stacks of boxes", "shelves"; as it is where it is one already."""
    head, of, tail = phrase.partition(" of ")
    if of:
        return f"{plural(head)} of {tail}"
    if singular(phrase) != phrase:
        return phrase
    if phrase.endswith("shelf"):
        return phrase[:-1] + "ves"
    return phrase + ("es" if phrase.endswith(("s", "x", "ch", "sh")) else "s")
