"""Places of an instruction: "on the table", "in the left corner of the room", "between the table and the lamp"."""

from editors.noun_phrases import old_thing
from editors.operations import Where
from editors.phrases import ARTICLES, PRONOUNS, SCENE, places, prepositions
from editors.vocabulary import singular
from wt.errors import WtError


def place(words: list[str]) -> tuple[list[str], Where | None, list[str]]:
    """(the noun phrase, where, what it takes the place of) of a clause without its verb.

    The first place counts; "on the table next to the lamp" says more than is needed.
    """
    joined = f" {' '.join(words)} "
    for swap in (" instead of ", " in place of ", " rather than "):
        if swap in joined:
            body, _, gone = joined.partition(swap)
            return body.split(), None, gone.split()
    found = prepositions(words)
    if not found:
        return words, None, []
    first = found[0]
    return words[: first.start], where_to(first.relation, words[first.end :]), []


def where_to(relation: str, words: list[str]) -> Where | None:
    """The place after its preposition; None where it is the scene as a whole."""
    if relation == "between":
        return _between(words)
    inner, _, _ = place(words) if len(words) > 1 else (words, None, [])
    body = [word for word in (inner or words) if word not in ARTICLES] or [word for word in words if word in PRONOUNS]
    while body and body[-1] in ("please", "too", "side") and len(body) > 1:
        body = body[:-1]
    if not body:
        raise WtError(f'The place after "{relation}" is missing. Name a thing, or click where it shall stand.')
    if "of" in body[1:] and body[-1] in SCENE:
        body = body[: body.index("of")]  # the left corner of the room
    phrase = " ".join(body)
    if phrase in places() and relation in ("on", "above", "in", "next to", "under"):
        return Where(places()[phrase])
    if len(body) > 1 and body[0] in places() and body[-1] in SCENE | {"corner", "wall"}:
        if body[-1] == "corner":
            return Where(f"{body[0]} corner" if body[0] in ("left", "right") else "corner")
        return Where(places()[body[0]])
    if body[-1] in SCENE or body[-1] in ("clicked", "click", "place", "spot", "marked"):
        return None
    return Where("on" if relation == "in" else relation, *_anchor(body))


def _between(words: list[str]) -> Where:
    """ "The table and the lamp", or two of a name: "the two chairs"."""
    if "and" not in words:
        noun, colour = _anchor(place(words)[0])
        noun = singular(noun)
        return Where("between", noun, colour, noun, colour)
    at = words.index("and")
    return Where("between", *_anchor(words[:at]), *_anchor(place(words[at + 1 :])[0]))


def _anchor(words: list[str]) -> tuple[str, str | None]:
    """(noun, colour) of what a place refers to; "it" for a pronoun."""
    if not words:
        raise WtError('The place is not complete. Name a thing, for example "between the table and the lamp".')
    if words[-1] in PRONOUNS:
        return "it", None
    thing = old_thing(words)
    return thing.noun, thing.colour
