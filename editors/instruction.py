"""From words to operations: a small deterministic grammar of adding, removing and replacing.

Words that it does not know are said back with the nearest ones that it does; nothing is guessed in silence.
"""

import difflib
import re
from dataclasses import dataclass, replace
from typing import Literal, NamedTuple

from editors.phrases import ARTICLES, POLITE, PRONOUNS, SCENE, TAKE_AWAY, VERBS, places, relations
from editors.vocabulary import FILLERS, NUMBERS, colours, materials, nouns, singular, sizes, things
from wt.errors import WtError

Kind = Literal["add", "remove", "replace"]
MAX_COUNT = 8
"""Operations in one instruction."""


@dataclass(frozen=True)
class Where:
    """A place in words: relative to an anchor ("next to", "table"), or to the photo ("left", "")."""

    relation: str
    """With an anchor: on, under, left of, right of, behind, in front of, next to. Without: left, right, middle, front,
    back, corner, left corner, right corner, floor, wall, ceiling."""
    anchor: str = ""
    """The noun as it was said; "it" for what is selected."""
    colour: str | None = None
    """Of the anchor, if it was said."""


@dataclass(frozen=True)
class Operation:
    """One thing to do."""

    kind: Kind
    what: str
    """add, replace: the family that is painted. remove: the noun of what goes."""
    colour: str | None = None
    material: str | None = None
    size: str | None = None
    where: Where | None = None
    target: str = ""
    """replace: the noun of what goes."""
    text: str = ""
    """The clause as it was written, for editors that read prose."""
    target_colour: str | None = None
    """Colour of what goes, if it was said."""


class _Thing(NamedTuple):
    """A noun phrase."""

    noun: str
    colour: str | None
    material: str | None
    size: str | None
    number: int


def parse(text: str) -> tuple[Operation, ...]:
    """Operations in the order in which they were said.

    Examples: "add a red chair next to the table", "remove the lamp and put a plant there", "replace the box with a
    wooden crate", "two blue mugs on the desk".

    Raises:
        WtError: empty, a word that is not known, an operation that is not offered, or something left open.
    """
    clean = re.sub(r"[^\w\s'.,;:&-]", " ", text.lower()).replace("&", " and ")
    if not clean.strip(" .,;:"):
        raise WtError('The instruction is empty. Write what to do, for example "add a red chair next to the table".')
    operations: list[Operation] = []
    kind: Kind | None = None
    for clause in _clauses(clean):
        found = _clause(clause, kind)
        operations.extend(found)
        kind = "add" if found[-1].kind == "replace" else found[-1].kind
    if len(operations) > MAX_COUNT:
        raise WtError(f"That is {len(operations)} things to do at once; at most {MAX_COUNT} are done. Say fewer.")
    return tuple(operations)


def _clauses(text: str) -> list[list[str]]:
    """Words of each clause; "and" and commas divide only where both sides can stand alone."""
    clauses: list[list[str]] = []
    for sentence in re.split(r"[.;:]+(?=\s|$)|\bthen\b", text):
        words: list[str] = []
        for piece in re.split(r"(,|\band\b)", sentence):
            part = [word.strip(".'-") for word in piece.split()]
            if piece in (",", "and"):
                if words and _complete(words):
                    clauses.append(words)
                    words = []
                elif words and piece == "and":
                    words = [*words, piece]
            else:
                words = words + [word for word in part if word]
        if words:
            if clauses and not _complete(words) and all(word in POLITE for word in words):
                continue
            clauses.append(words)
    return [clause for clause in clauses if any(word not in POLITE for word in clause)]


def _complete(words: list[str]) -> bool:
    """Whether a clause could end here: it has a noun, and a replacement has both of its nouns."""
    verb, rest = _verb(words)
    if verb == "replace" and not any(word in ("with", "by", "for", "into", "to", "than") for word in rest):
        return False
    if verb in ("remove", "move"):
        return bool(rest)
    return any(_noun_at_end(rest[:stop])[0] for stop in range(1, len(rest) + 1))


def _clause(words: list[str], before: Kind | None) -> list[Operation]:
    text = " ".join(words)
    verb, rest = _verb(words)
    painted = _recolouring(words)
    if painted is not None:
        return [replace(painted, text=text)]
    if verb == "move":
        raise WtError(
            f'"{text}" would move something, which words cannot do here: take the handles in the 3D view, or remove it '
            "and add it again."
        )
    if not rest:
        raise WtError(f'"{text}" does not say what. Name the thing, for example "{text} the chair".')
    if verb == "replace":
        return [_replacement(rest, text)]
    if verb is None and "instead" not in words and before is not None:
        verb = before
    if verb == "remove":
        return [_removal(rest, text)]
    return _additions(rest, text)


def _verb(words: list[str]) -> tuple[str | None, list[str]]:
    """(what is to be done, the words after the verb); None where no verb was said."""
    start = 0
    while start < len(words) and words[start] in POLITE:
        start += 1
    rest = words[start:]
    for phrase in TAKE_AWAY:
        if tuple(rest[: len(phrase)]) == phrase:
            return "remove", [word for word in rest[len(phrase) :] if word not in ("away", "out")]
    if not rest:
        return None, []
    head, tail = rest[0], rest[1:]
    if head == "hang" and tail[:1] == ["up"]:
        tail = tail[1:]
    if head in VERBS:
        return VERBS[head], tail[1:] if tail[:1] == ["me"] else tail
    if head in ("paint", "make", "colour", "color", "recolour", "recolor"):
        return "add", tail
    return None, rest


def _additions(words: list[str], text: str) -> list[Operation]:
    body, where, instead = _place(words)
    if instead:
        gone = _thing(instead, catalogue=False)
        new = _thing(body)
        return [_operation("replace", new, where, text, gone)]
    thing = _thing(body)
    return [_operation("add", thing, where, text)] * thing.number


def _removal(words: list[str], text: str) -> Operation:
    body, where, _ = _place([word for word in words if word not in ("please", "now", "completely")])
    if not body:
        raise WtError(f'"{text}" does not say what to remove. Name it, or select it and write "remove it".')
    thing = _thing(body, catalogue=False)
    return Operation("remove", thing.noun, thing.colour, thing.material, thing.size, where, text=text)


def _replacement(words: list[str], text: str) -> Operation:
    for divider in ("with", "by", "for", "into", "to"):
        if divider in words:
            at = words.index(divider)
            old, new = words[:at], words[at + 1 :]
            break
    else:
        raise WtError(f'"{text}" does not say what comes instead. Write "replace the box with a plant".')
    if not old or not new:
        raise WtError(f'"{text}" names only one thing. Write "replace the box with a plant".')
    gone = _thing(_place(old)[0] or old, catalogue=False)
    body, where, _ = _place(new)
    return _operation("replace", _thing(body), where, text, gone)


def _recolouring(words: list[str]) -> Operation | None:
    """The same thing anew in another look: "make the chair red", "change the colour of the sofa to green"."""
    words = [word for word in words if word not in ("please", "also", "now")]
    if not words or words[0] not in ("make", "paint", "colour", "color", "recolour", "recolor", "change", "turn"):
        return None
    rest = [word for word in words[1:] if word not in ("colour", "color", "of", "to", "in", "into", "from")]
    look, noun_words = rest[-1:], rest[:-1]
    if len(rest) > 2 and " ".join(rest[-2:]) in colours():
        look, noun_words = rest[-2:], rest[:-2]
    word = " ".join(look)
    if not noun_words or (word not in colours() and word not in materials()):
        return None
    if not _noun_at_end(noun_words)[0]:
        return None
    gone, new = _thing(noun_words, catalogue=False), _thing(noun_words)
    changed = new._replace(
        colour=colours().get(word, None), material=materials().get(word) if word not in colours() else None
    )
    return _operation("replace", changed, None, " ".join(words), gone)


def _operation(kind: Kind, thing: _Thing, where: Where | None, text: str, gone: _Thing | None = None) -> Operation:
    return Operation(
        kind,
        thing.noun,
        thing.colour,
        thing.material,
        thing.size,
        where,
        "" if gone is None else gone.noun,
        text,
        None if gone is None else gone.colour,
    )


def _place(words: list[str]) -> tuple[list[str], Where | None, list[str]]:
    """(the noun phrase, where, what it takes the place of) of a clause without its verb."""
    joined = f" {' '.join(words)} "
    for swap in (" instead of ", " in place of ", " rather than "):
        if swap in joined:
            body, _, gone = joined.partition(swap)
            return body.split(), None, gone.split()
    where, end = None, len(words)
    for start in range(len(words)):
        for phrase, relation in relations():
            if words[start : start + len(phrase)] != phrase:
                continue
            if relation == "in" and words[start + 1 : start + 2] and words[start + 1] in colours():
                continue  # "a chair in red" says its colour
            found = _where(relation, words[start + len(phrase) :])
            where, end = found, min(end, start)
            break
        if where is not None:
            # The first place counts; "on the table next to the lamp" says more than is needed.
            break
    return words[:end], where, []


def _where(relation: str, words: list[str]) -> Where | None:
    """The place after its preposition; None where it is the scene as a whole."""
    inner, _, _ = _place(words) if len(words) > 1 else (words, None, [])
    body = [word for word in (inner or words) if word not in ARTICLES] or [word for word in words if word in PRONOUNS]
    while body and body[-1] in ("please", "too", "side") and len(body) > 1:
        body = body[:-1]
    if not body:
        raise WtError(f'The place after "{relation}" is missing. Name a thing, or click where it shall stand.')
    if "of" in body[1:] and body[-1] in SCENE:
        body = body[: body.index("of")]  # the left corner of the room
    phrase = " ".join(body)
    if phrase in places() and relation in ("on", "in", "next to", "under"):
        return Where(places()[phrase])
    if len(body) > 1 and body[0] in places() and body[-1] in SCENE | {"corner", "wall"}:
        if body[-1] == "corner":
            return Where(f"{body[0]} corner" if body[0] in ("left", "right") else "corner")
        return Where(places()[body[0]])
    if body[-1] in SCENE or body[-1] in ("clicked", "click", "place", "spot", "marked"):
        return None
    if body[-1] in PRONOUNS:
        return Where("on" if relation == "in" else relation, "it")
    thing = _thing(body, catalogue=False)
    return Where("on" if relation == "in" else relation, thing.noun, thing.colour)


def _thing(words: list[str], *, catalogue: bool = True) -> _Thing:
    """A noun phrase; with `catalogue` its noun must be something that can be painted.

    Raises:
        WtError: a word that is not known.
    """
    said = " ".join(words)
    words = [word for word in words if word not in ("please", "too", "there", "here", "up")]
    words, look = _look_behind(words)
    colour, material, size, count = look.get("colour"), look.get("material"), None, 1
    if "of" in words[1:] and not _noun_at_end(words)[0]:
        words = words[: words.index("of", 1)]  # a bottle of wine is a bottle
    noun, start = _noun_at_end(words) if catalogue else _any_noun(words)
    if not noun:
        raise WtError(_unknown_noun(words, said))
    index = 0
    while index < start:
        pair, word = " ".join(words[index : index + 2]), words[index]
        step = 1
        if index + 1 < start and pair in colours():
            colour, step = colour or colours()[pair], 2
        elif word in colours():
            colour = colour or colours()[word]
        elif word in materials():
            material = material or materials()[word]
        elif word in sizes():
            size = size or sizes()[word]
        elif word in NUMBERS:
            count = NUMBERS[word]
        elif catalogue and word not in ARTICLES | FILLERS | {"of", "more", "and"}:
            raise WtError(_unknown_word(word, noun))
        index += step
    return _Thing(noun, colour, material, size, count)


def _look_behind(words: list[str]) -> tuple[list[str], dict[str, str]]:
    """Looks said after the noun: "in red", "made of wood", "of leather", "with red colour"."""
    for start in range(1, len(words)):
        tail = [
            word
            for word in words[start:]
            if word not in ("a", "colour", "color", "made", "out", "leather") or word == "leather"
        ]
        if words[start] in ("in", "made", "of", "with") and tail:
            rest = " ".join(tail[1:] if tail[0] in ("in", "of", "with") else tail)
            if rest in colours():
                return words[:start], {"colour": colours()[rest]}
            if rest in materials():
                return words[:start], {"material": materials()[rest]}
            both = rest.split()
            if len(both) == 2 and both[0] in colours() and both[1] in materials():
                return words[:start], {"colour": colours()[both[0]], "material": materials()[both[1]]}
    return words, {}


def _noun_at_end(words: list[str]) -> tuple[str, int]:
    """(family, where the noun begins) of the longest known noun that ends the phrase; ("", 0) without one."""
    for start in range(max(len(words) - 4, 0), len(words)):
        phrase = " ".join(words[start:])
        for form in (phrase, singular(phrase)):
            if form in nouns():
                return nouns()[form], start
    return "", 0


def _any_noun(words: list[str]) -> tuple[str, int]:
    """Like `_noun_at_end` for what need not be painted: the noun as it was said; "object" for a pronoun."""
    family, start = _noun_at_end(words)
    if family:
        phrase = " ".join(words[start:])
        return (phrase if phrase in nouns() else singular(phrase)), start
    body = [word for word in words if word not in ARTICLES]
    if not body or all(word in PRONOUNS for word in body):
        return "object", len(words)
    return singular(body[-1]) if singular(body[-1]) in things() else body[-1], len(words) - 1


def _unknown_noun(words: list[str], said: str) -> str:
    body = [
        word
        for word in words
        if word not in ARTICLES | FILLERS | NUMBERS.keys() | colours().keys() | materials().keys() | sizes().keys()
    ]
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
