"""The small words of an instruction: verbs, fillers, prepositions and places."""

from functools import cache
from typing import NamedTuple

from editors.vocabulary import colours, materials

_VERBS = """
add: add put place insert set stand hang create draw drop mount lay bring need want show give have generate include
remove: remove delete erase clear eliminate
replace: replace swap exchange substitute change turn convert transform
move: move shift slide push pull drag carry relocate reposition
resize: resize scale enlarge shrink
turn: rotate flip spin tilt mirror
"""
VERBS: dict[str, str] = {
    word: kind for kind, words in (line.split(": ") for line in _VERBS.strip().splitlines()) for word in words.split()
}
"""Verb -> add, remove, replace or move; resize and turn are known in order to be answered."""
_PUTTING = "put place insert set stand hang mount lay bring drop"
PUTTING = frozenset(_PUTTING.split())
"""Verbs of adding that move what is only pointed at: "put it in the corner"."""

TAKE_AWAY = [
    tuple(phrase.split())
    for phrase in ("take away", "take out", "take", "get rid of", "cut out", "throw away", "throw out")
]
"""Verbs of several words that remove."""

_POLITE = """
please kindly now also just can could would will you i we i'd we'd i'll let's lets let like to me us there should be
is are and then maybe first next finally instead again
"""
POLITE = frozenset(_POLITE.split())
"""What may stand before a verb and says nothing."""

_ARTICLES = "a an the this that these those my our his her their its another other extra"
ARTICLES = frozenset(_ARTICLES.split())

_PRONOUNS = "it this that them these those selection selected thing object everything something stuff"
PRONOUNS = frozenset(_PRONOUNS.split())
"""What stands for the thing that is selected or clicked."""
BACKWARDS = frozenset({"it", "them"})
"""Pronouns that stand for the thing last spoken of, if the instruction has spoken of one."""
AGAIN = frozenset({"same", "one", "ones", "more", "another"})
"""What ends a noun phrase without a noun: "the same", "a blue one", "two more"."""
EVERY = frozenset({"all", "every", "each", "everything"})
TOWARDS = frozenset({"to", "into", "onto", "towards", "toward"})
"""What begins the place that something is moved to."""

_VAGUE = """
away closer nearer farther further forward forwards backward backwards sideways around down bit little slightly
metre metres meter meters cm
"""
VAGUE = frozenset(_VAGUE.split())
"""Ways to go that name no place."""
DIVIDERS = ("with", "by", "for", "into", "to")
"""What stands between the old and the new thing of a replacement, the surest first."""
_LOOKS = "make paint colour color recolour recolor change turn"
LOOKS = frozenset(_LOOKS.split())
"""Verbs of giving a thing another look: "make the chair red"."""

_SCENE = "scene room photo image picture here there view background foreground"
SCENE = frozenset(_SCENE.split())
"""After a preposition these name no place in particular."""

_RELATIONS = """
on: on, onto, upon, on top of, atop
above: above, over
in: in, into, inside, at, to, towards, toward, from
under: under, underneath, beneath, below
left of: left of, to the left of, on the left of, on the left side of, to the left side of, left from
right of: right of, to the right of, on the right of, on the right side of, to the right side of, right from
behind: behind, in back of, at the back of
in front of: in front of, before, at the front of
next to: next to, beside, near, near to, close to, by, alongside, at the side of, against, closer to, nearer to
between: between, in between, halfway between, midway between
"""

_PLACES = """
left: left, left side, left hand side
right: right, right side, right hand side
middle: middle, center, centre
front: front, foreground
back: back, background, distance
corner: corner
left corner: left corner
right corner: right corner
floor: floor, ground
wall: wall, back wall, left wall, right wall
ceiling: ceiling
"""


@cache
def relations() -> list[tuple[list[str], str]]:
    """(words of a preposition, relation), longest first, so that "to the left of" is not read as "to"."""
    pairs = [(phrase.split(), relation) for phrase, relation in _table(_RELATIONS).items()]
    return sorted(pairs, key=lambda pair: -len(pair[0]))


class Preposition(NamedTuple):
    """Where a preposition stands among words; `words[end:]` begins with what it refers to."""

    start: int
    end: int
    relation: str


def prepositions(words: list[str]) -> list[Preposition]:
    """Every preposition in order; "in red" and "in blue leather" say a look, not a place."""
    found: list[Preposition] = []
    start = 0
    while start < len(words):
        for phrase, relation in relations():
            end = start + len(phrase)
            look = {" ".join(words[end : end + 1]), " ".join(words[end : end + 2])}
            if words[start:end] == phrase and not (relation == "in" and look & (colours().keys() | materials().keys())):
                found.append(Preposition(start, end, relation))
                start = end - 1
                break
        start += 1
    return found


@cache
def places() -> dict[str, str]:
    """Words for places of the photo itself -> place."""
    return _table(_PLACES)


def _table(text: str) -> dict[str, str]:
    lines = (line.split(": ") for line in text.strip().splitlines())
    return {phrase: meaning for meaning, phrases in lines for phrase in phrases.split(", ")}
