"""Noun phrases of an instruction: "two small red chairs", "a sofa in blue leather", "the same", "another blue one"."""

import difflib
from dataclasses import dataclass, replace

from editors.operations import IT, SAME
from editors.phrases import AGAIN, ARTICLES, EVERY, PRONOUNS
from editors.vocabulary import FILLERS, NUMBERS, colours, materials, nouns, singular, sizes, things
from wt.errors import WtError


@dataclass(frozen=True)
class Thing:
    """What a noun phrase says; None for what it does not."""

    noun: str
    colour: str | None = None
    material: str | None = None
    size: str | None = None
    number: int = 1
    same: bool = False
    """As what was added last."""


def new_thing(words: list[str], last: Thing | None = None) -> Thing:
    """A thing to be painted: its family, from the catalogue.

    Args:
        words: the phrase.
        last: what the instruction added last; "the same" and "a blue one" take from it what they do not say.

    Raises:
        WtError: a word that is not known.
    """
    said = " ".join(words)
    words, look = _trimmed(words)
    if words[-1:] and words[-1] in AGAIN and not _noun_at_end(words)[0]:
        return _again(replace(_looks(words[:-1], SAME, look), noun=SAME, same=True), last)
    if "of" in words[1:] and not _noun_at_end(words)[0]:
        words = words[: words.index("of", 1)]  # a bottle of wine is a bottle
    noun, start = _noun_at_end(words)
    if not noun:
        raise WtError(_unknown_noun(words, said))
    thing = _looks(words[:start], noun, look)
    one = singular(" ".join(words[start:]))
    if thing.number > 1 and one in nouns():
        thing = replace(thing, noun=nouns()[one])  # "boxes" may be a stack, "two boxes" are two
    return _again(replace(thing, same=True), last) if "same" in words[:start] else thing


def old_thing(words: list[str]) -> Thing:
    """A thing that is there: its noun as it was said, which may be any; IT for a pronoun.

    Raises:
        WtError: all of them are meant.
    """
    said = " ".join(words)
    words, look = _trimmed(words)
    if EVERY & set(words):
        raise WtError(f'"{said}" does not say how many. Give a number, for example "two chairs", or select them.')
    noun, start = _any_noun(words)
    thing = _looks(words[:start], noun, look, strict=False)
    return thing if thing.number == 1 else replace(thing, noun=singular(noun))


def ends_in_thing(words: list[str]) -> bool:
    """Whether a phrase could end here."""
    return bool(_noun_at_end(words)[0]) or (len(words) > 1 and words[-1] in AGAIN - {"another"})


def _trimmed(words: list[str]) -> tuple[list[str], Thing]:
    """(the words that count, the look that was said behind the noun)."""
    words = [word for word in words if word not in ("please", "too", "also", "there", "here", "up", "again")]
    words, look = _look_behind(words)
    if len(words) > 2 and words[-2] == "of" and words[-1] in PRONOUNS:
        words = words[:-2]  # two more of them
    return words, look


def _looks(words: list[str], noun: str, look: Thing, *, strict: bool = True) -> Thing:
    """The looks and the number before a noun; what was said behind it goes first."""
    if strict and "and" in words and {"a", "an", *NUMBERS} & set(words[words.index("and") :]):
        raise WtError(f'"{" ".join(words)}" are several things. Name each, for example "a red {noun} and a blue one".')
    colour, material, size, number, index = look.colour, look.material, None, 1, 0
    while index < len(words):
        pair, word = " ".join(words[index : index + 2]), words[index]
        index += 1
        if pair != word and pair in colours():
            colour, index = colour or colours()[pair], index + 1
        elif word in colours():
            colour = colour or colours()[word]
        elif word in materials():
            material = material or materials()[word]
        elif word in sizes():
            size = size or sizes()[word]
        elif word in NUMBERS:
            number = max(number, NUMBERS[word])
        elif strict and word not in ARTICLES | FILLERS | AGAIN | {"of", "and"}:
            raise WtError(_unknown_word(word, noun))
    return Thing(noun, colour, material, size, number)


def _again(thing: Thing, last: Thing | None) -> Thing:
    """The thing with what it leaves open taken from the last one; the scene knows if the instruction does not."""
    if last is None or thing.noun not in (SAME, last.noun):
        return thing
    return Thing(
        last.noun,
        thing.colour or last.colour,
        thing.material or last.material,
        thing.size or last.size,
        thing.number,
        same=True,
    )


def _look_behind(words: list[str]) -> tuple[list[str], Thing]:
    """Looks said after the noun: "in red", "made of wood", "of leather", "with red colour"."""
    for start in range(1, len(words)):
        tail = [word for word in words[start:] if word not in ("a", "colour", "color", "made", "out")]
        if words[start] in ("in", "made", "of", "with") and tail:
            rest = " ".join(tail[1:] if tail[0] in ("in", "of", "with") else tail)
            if rest in colours():
                return words[:start], Thing("", colours()[rest])
            if rest in materials():
                return words[:start], Thing("", None, materials()[rest])
            colour, _, material = rest.rpartition(" ")
            if colour in colours() and material in materials():
                return words[:start], Thing("", colours()[colour], materials()[material])
    return words, Thing("")


def _noun_at_end(words: list[str]) -> tuple[str, int]:
    """(family, where the noun begins) of the longest known noun that ends the phrase; ("", 0) without one."""
    for start in range(max(len(words) - 4, 0), len(words)):
        phrase = " ".join(words[start:])
        for form in (phrase, singular(phrase)):
            if form in nouns():
                return nouns()[form], start
    return "", 0


def _any_noun(words: list[str]) -> tuple[str, int]:
    """Like `_noun_at_end` for what need not be painted: the noun as it was said; IT for a pronoun."""
    family, start = _noun_at_end(words)
    if family:
        phrase = " ".join(words[start:])
        return (phrase if phrase in nouns() else singular(phrase)), start
    body = [word for word in words if word not in ARTICLES]
    if not body or all(word in PRONOUNS for word in body):
        return IT, len(words)
    return singular(body[-1]) if singular(body[-1]) in things() else body[-1], len(words) - 1


def _unknown_noun(words: list[str], said: str) -> str:
    known = ARTICLES | FILLERS | NUMBERS.keys() | colours().keys() | materials().keys() | sizes().keys()
    body = [word for word in words if word not in known]
    name = " ".join(body) or said
    if not body:
        return f'"{said}" does not name a thing. Say what it is, for example "a red chair".'
    near = difflib.get_close_matches(name, nouns(), 3, 0.6) or difflib.get_close_matches(body[-1], nouns(), 3, 0.6)
    hint = f"Did you mean {_listed(near)}? " if near else ""
    return f'"{name}" is not in the catalogue. {hint}It has: {", ".join(sorted(set(nouns().values())))}.'


def _unknown_word(word: str, noun: str) -> str:
    known = [*colours(), *materials(), *sizes(), *nouns()]
    near = difflib.get_close_matches(word, known, 3, 0.7)
    hint = f"Did you mean {_listed(near)}?" if near else "Leave it out, or use a colour, a material or a size."
    return f'"{word}" (before "{noun}") is a word that is not known here. {hint}'


def _listed(words: list[str]) -> str:
    return " or ".join(f'"{word}"' for word in words)
