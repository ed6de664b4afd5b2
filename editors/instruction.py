"""From words to operations: a small deterministic grammar of adding, removing, replacing and moving.

Words that it does not know are said back with the nearest ones that it does; nothing is guessed in silence.
"""

import re
from dataclasses import dataclass, replace

from editors.noun_phrases import Thing, ends_in_thing, new_thing, old_thing
from editors.operations import SAME, AddOp, MoveOp, Operation, RemoveOp, ReplaceOp, Where, called, understood
from editors.phrases import (
    BACKWARDS,
    DIVIDERS,
    LOOKS,
    POLITE,
    PRONOUNS,
    PUTTING,
    SCENE,
    TAKE_AWAY,
    TOWARDS,
    VAGUE,
    VERBS,
    places,
    prepositions,
)
from editors.place_phrases import place, where_to
from editors.vocabulary import belongs, colours, materials, nouns, sizes
from wt.errors import WtError

MAX_COUNT = 8
"""Operations in one instruction."""
LONGEST = 1000
"""Characters of an instruction."""
_UP_TO = (["to"], ["towards"], ["toward"])
"""A chair that is moved to a table stands beside it, a mug on it."""


@dataclass(frozen=True)
class _Said:
    """What the clauses so far leave for the next one."""

    verb: str | None = None
    last: Thing | None = None
    """What was added last."""
    it: tuple[str, ...] = ()
    """Words for the thing last spoken of."""
    gone: bool = False
    """Whether that was removed."""

    def after(self, operation: Operation) -> "_Said":
        colour = () if operation.colour is None else tuple(operation.colour.split())
        it = (*colour, operation.what)
        if isinstance(operation, RemoveOp):
            return replace(self, verb="remove", it=it, gone=True)
        if isinstance(operation, MoveOp):
            return replace(self, verb="move", it=() if operation.what in PRONOUNS else it, gone=False)
        if operation.what == SAME:
            return replace(self, verb="add", it=(), gone=False)
        last = Thing(operation.what, operation.colour, operation.material, operation.size)
        return _Said("look" if operation.kind == "replace" and operation.same else "add", last, it)


def parse(text: str) -> tuple[Operation, ...]:
    """Operations in the order in which they were said.

    Examples: "add a red chair next to the table", "remove the lamp and put a plant there", "replace the box with a
    wooden crate", "two blue mugs on the desk, and another one on the floor", "move the chair to the corner".

    "It" is the thing that the instruction last added, replaced or moved, else what is selected or newest. To put
    something that has a name always adds one ("put the lamp on the table"); to put "it" somewhere moves it.

    Raises:
        WtError: empty, a word that is not known, an operation that is not offered, or something left open.
    """
    if len(text) > LONGEST:
        raise WtError(f"The instruction has {len(text):,} characters, at most {LONGEST:,} are read. Say less at once.")
    clean = re.sub(r"[^\w\s'.,;:&-]", " ", text.lower()).replace("&", " and ")
    if not clean.strip(" .,;:"):
        raise WtError('The instruction is empty. Write what to do, for example "add a red chair next to the table".')
    operations: list[Operation] = []
    said = _Said()
    for clause in _clauses(clean):
        operations.extend(_clause(clause, said))
        said = said.after(operations[-1])
    if not operations:
        raise WtError(f'"{text.strip()}" names nothing to do. Write for example "add a red chair next to the table".')
    if len(operations) > MAX_COUNT:
        raise WtError(f"That is {len(operations)} things to do at once; at most {MAX_COUNT} are done. Say fewer.")
    return tuple(operations)


def _clauses(text: str) -> list[list[str]]:
    """Words of each clause; "and" and commas divide only where both sides can stand alone."""
    clauses: list[list[str]] = []
    for sentence in re.split(r"[.;:]+(?=\s|$)|\bthen\b", text):
        words: list[str] = []
        pieces = [_bare(piece) for piece in re.split(r"(,|\band\b)", sentence)]
        for piece, following in zip(pieces, [*pieces[1:], []], strict=True):
            if piece not in ([","], ["and"]):
                words = words + piece
            elif words and _complete(words, following):
                clauses.append(words)
                words = []
            elif words and piece == ["and"]:
                words = [*words, "and"]
        clauses.append(words)
    return [clause for clause in clauses if any(word not in POLITE for word in clause)]


def _bare(piece: str) -> list[str]:
    return [word for word in (word.strip(".'-") for word in piece.split()) if word]


def _complete(words: list[str], following: list[str]) -> bool:
    """Whether a clause could end here: it has a noun, and a replacement and a move have all of their parts."""
    verb, rest = _verb(words)
    if verb == "replace" and not any(word in (*DIVIDERS, "than") for word in rest):
        return False
    if _verb(following)[0] is not None:
        return bool(rest)
    if "between" in rest and not {"and", "two", "both", "2", *BACKWARDS} & set(rest[rest.index("between") :]):
        return False
    if verb == "move":
        return bool(prepositions(rest)) or rest[-1:] in (["here"], ["there"])
    if verb == "remove":
        return bool(rest)
    return any(ends_in_thing(rest[:stop]) for stop in range(1, len(rest) + 1))


def _clause(words: list[str], said: _Said) -> list[Operation]:
    verb, rest = _verb(words)
    if verb is None and "instead" not in words:
        verb = said.verb
        words = ["make", *words] if verb == "look" else words
    if said.gone and verb == "move" and BACKWARDS & set(rest[:1]):
        raise WtError(
            f'"{" ".join(words)}" comes too late: the {" ".join(said.it)} is removed by then. To move it, write '
            f'"move the {" ".join(said.it)}" and where to.'
        )
    words, rest = _spelled_out(words, said), _spelled_out(rest, said)
    text = " ".join(words)
    if painted := _new_look(words, text):
        return painted
    if verb in ("resize", "turn"):
        raise WtError(_not_offered(verb, text))
    if not rest:
        raise WtError(f'"{text}" does not say what. Name the thing, for example "{text} the chair".')
    if verb == "replace":
        return _replacement(rest, text)
    if verb == "move":
        return [_move(rest, text)]
    if verb == "remove":
        return _removal(rest, text)
    return _additions(rest, text, said)


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
    if head in PUTTING and _points(tail):
        return "move", tail
    if head in VERBS:
        return VERBS[head], tail[1:] if tail[:1] == ["me"] else tail
    return ("add", tail) if head in LOOKS else (None, rest)


def _points(words: list[str]) -> bool:
    """Whether a noun phrase names nothing: "it in the corner", "that there"."""
    found = prepositions(words)
    body = words[: found[0].start] if found else words
    return bool(body) and body[0] in PRONOUNS and all(word in PRONOUNS | SCENE | {"up", "down"} for word in body)


def _spelled_out(words: list[str], said: _Said) -> list[str]:
    """ "It" and "them" by the name of what was spoken of before."""
    if not said.it or said.gone:
        return words
    named: list[str] = []
    for word in words:
        named += ["the", *said.it] if word in BACKWARDS and named[-1:] != ["of"] else [word]  # not "two of them"
    return named


def _additions(words: list[str], text: str, said: _Said) -> list[Operation]:
    body, where, instead = place(words)
    if instead:
        return _exchange(old_thing(instead), body, _Places(new=where), text)
    thing = new_thing(body, said.last)
    return [_addition(thing, where, text)] * thing.number


def _addition(thing: Thing, where: Where | None, text: str) -> AddOp:
    operation = AddOp(thing.noun, thing.colour, thing.material, thing.size, where, text, thing.same)
    if thing.same and thing.noun != SAME:
        # An editor that reads prose does not know what went before.
        return replace(operation, text=understood([replace(operation, same=False)])[0])
    return operation


def _removal(words: list[str], text: str) -> list[Operation]:
    body, where, _ = place([word for word in words if word not in ("please", "now", "completely")])
    if not body:
        raise WtError(f'"{text}" does not say what to remove. Name it, or select it and write "remove it".')
    thing = old_thing(body)
    return [RemoveOp(thing.noun, thing.colour, thing.material, thing.size, where, text)] * thing.number


@dataclass(frozen=True)
class _Places:
    """Where a thing is, and where it shall be."""

    old: Where | None = None
    new: Where | None = None


def _replacement(words: list[str], text: str) -> list[Operation]:
    divider = next((word for word in DIVIDERS if word in words), None)
    if divider is None:
        raise WtError(f'"{text}" does not say what comes instead. Write "replace the box with a plant".')
    at = words.index(divider)
    old, new = words[:at], words[at + 1 :]
    if not old or not new:
        raise WtError(f'"{text}" names only one thing. Write "replace the box with a plant".')
    gone, origin, _ = place(old)
    body, where, _ = place(new)
    return _exchange(old_thing(gone or old), body, _Places(origin, where), text)


def _exchange(gone: Thing, words: list[str], at: _Places, text: str) -> list[Operation]:
    """One for one; what is more than the old things stands beside the first."""
    family = nouns().get(gone.noun)
    new = new_thing(words, Thing(family) if family else None)  # "replace the chair with a red one"
    if new.noun == SAME:
        raise WtError(f'"{text}" does not say what comes instead. Name it, for example "a plant".')
    if gone.number > 1 and new.number not in (1, gone.number):
        raise WtError(
            f'"{text}" exchanges {gone.number} things for {new.number}. Write one sentence for each, for example '
            f'"replace the {gone.noun} with a {new.noun}".'
        )
    look = (new.colour, new.material, new.size)
    operation = ReplaceOp(new.noun, *look, at.new, gone.noun, gone.colour, at.old, text)
    if gone.number > 1:
        return [operation] * gone.number
    beside = AddOp(new.noun, *look, Where("next to", new.noun, new.colour), f"add a {called(operation)} next to it")
    return [operation, *[beside] * (new.number - 1)]


def _new_look(words: list[str], text: str) -> list[Operation]:
    """The same thing anew in another look: "make the chair red", "change the colour of the sofa to green"."""
    words = [word for word in words if word not in ("please", "also", "now")]
    if not words or words[0] not in LOOKS:
        return []
    rest = [word for word in words[1:] if word not in ("colour", "color", "size", "of", "to", "into", "from")]
    split = 2 if " ".join(rest[-2:]) in colours() and len(rest) > 2 else 1
    look, noun_words = " ".join(rest[-split:]), rest[:-split]
    noun_words = noun_words[:-1] if noun_words[-1:] == ["in"] else noun_words
    if not noun_words or not (look in colours() or look in materials() or look in sizes()):
        return []
    body, origin, _ = place(noun_words)
    if body and all(word in PRONOUNS for word in body):
        raise WtError(f'"{text}" does not say what it is. Name the thing, for example "make the chair {look}".')
    if not ends_in_thing(body):
        return []
    gone, colour = old_thing(body), colours().get(look)
    material = None if colour else materials().get(look)
    size = None if colour or material else sizes()[look]
    family = new_thing(body).noun
    change = ReplaceOp(family, colour, material, size, None, gone.noun, gone.colour, origin, text, same=True)
    return [change] * gone.number


def _move(words: list[str], text: str) -> MoveOp:
    """The place it goes to begins with "to", else it is the first that does not begin with "from"."""
    found = prepositions(words)
    towards = [spot for spot in found if words[spot.start] in TOWARDS]
    to = next(iter(towards or [spot for spot in found if words[spot.start] != "from"]), None)
    body, origin, _ = place(words if to is None else words[: to.start])
    where = None if to is None else where_to(to.relation, words[to.end :])
    if where is None and origin is None and len(body) > 1 and body[-1] in places():
        body, where = body[:-1], Where(places()[body[-1]])  # "move it left"
    if VAGUE & set(body):
        raise WtError(
            f'"{text}" does not name a place to move it to. Write for example "move it to the corner" or "move it next '
            'to the table", or mark the place in the photo and write "move it there".'
        )
    thing = old_thing(body)
    if "and" in body or thing.number > 1:
        raise WtError(f'"{text}" moves several things. Write one sentence for each, with its own place.')
    if to is not None and where is not None and where.anchor and words[to.start : to.end] in _UP_TO:
        where = replace(where, relation="on" if belongs(nouns().get(thing.noun, "")) == "table" else "next to")
    return MoveOp(thing.noun, thing.colour, where, origin, text)


def _not_offered(verb: str, text: str) -> str:
    if verb == "resize":
        return f'"{text}" does not say to what size. Write "make the chair large" (or tiny, small, short, tall, huge).'
    return f'"{text}": words cannot turn a thing. Turn it by hand in the Place step.'
