"""What an instruction comes to: adding, removing, replacing and moving as data, and the sentences that say them."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import groupby
from typing import Any, Literal

from editors.vocabulary import COUNTED, belongs, plural

IT = "object"
"""The noun of a thing that was only pointed at: "it", "this"."""
SAME = "same"
"""The family of "the same" and "another one" where the instruction itself added nothing yet."""


@dataclass(frozen=True)
class Where:
    """A place in words: relative to an anchor ("next to", "table"), or to the photo ("left", "")."""

    relation: str
    """With an anchor: on, above, under, left of, right of, behind, in front of, next to, between. Without: left,
    right, middle, front, back, corner, left corner, right corner, floor, wall, ceiling."""
    anchor: str = ""
    """The noun as it was said; "it" for what is selected, or else was added last."""
    colour: str | None = None
    """Of the anchor, if it was said."""
    second: str = ""
    """between: the noun of the other anchor; the same noun means two things of that name."""
    second_colour: str | None = None


_SHARED: dict[str, Any] = {
    **dict.fromkeys(("kind", "what"), ""),
    **dict.fromkeys(("colour", "material", "size", "where")),
    **{"target": "", "text": "", "target_colour": None},
}


class _Row:
    def row(self) -> dict[str, Any]:
        """JSON values under the keys that all kinds share, and its own."""
        return {**_SHARED, **asdict(self)}  # type: ignore[call-overload]


@dataclass(frozen=True)
class AddOp(_Row):
    """A new thing."""

    what: str
    """The family that is painted; SAME for whatever was added last."""
    colour: str | None = None
    material: str | None = None
    size: str | None = None
    where: Where | None = None
    text: str = ""
    """The clause as it was written, for editors that read prose."""
    same: bool = False
    """As the thing of that family that was added last: its colour, material and size where none is said, its shape."""
    kind: Literal["add"] = "add"


@dataclass(frozen=True)
class RemoveOp(_Row):
    """A thing goes."""

    what: str
    """The noun as it was said, or IT."""
    colour: str | None = None
    material: str | None = None
    size: str | None = None
    where: Where | None = None
    """Where it is; tells things of one name apart."""
    text: str = ""
    kind: Literal["remove"] = "remove"


@dataclass(frozen=True)
class ReplaceOp(_Row):
    """A thing goes and another comes, in its place, size and heading unless words say otherwise."""

    what: str
    """The family that is painted."""
    colour: str | None = None
    material: str | None = None
    size: str | None = None
    where: Where | None = None
    """A place for the new thing; None is the old one's."""
    target: str = IT
    """The noun of what goes, or IT."""
    target_colour: str | None = None
    """Colour of what goes, if it was said."""
    origin: Where | None = None
    """Where the old thing is, if that was said."""
    text: str = ""
    same: bool = False
    """The thing itself in another look ("make the chair red"): its shape stays, and of its look what is not said."""
    kind: Literal["replace"] = "replace"


@dataclass(frozen=True)
class MoveOp(_Row):
    """A thing that was added goes to another place as it is."""

    what: str
    """The noun as it was said, or IT."""
    colour: str | None = None
    where: Where | None = None
    """Where to; None is the place that is marked in the photo."""
    origin: Where | None = None
    """Where it is now, if that was said."""
    text: str = ""
    kind: Literal["move"] = "move"


Operation = AddOp | RemoveOp | ReplaceOp | MoveOp

_POINTED_AT = "it (the selection, or what was added last)"
_BESIDE = {"left of": "to the left of", "right of": "to the right of"}
_GOING = {**_BESIDE, "on": "onto"}
# Where a thing stands in the photo, and where it goes.
_PLACES = {
    "left": ("on the left", "to the left of the photo"),
    "right": ("on the right", "to the right of the photo"),
    "middle": ("in the middle", "to the middle"),
    "front": ("at the front", "to the front"),
    "back": ("at the back", "to the back"),
    "corner": ("in the corner", "to the corner"),
    "left corner": ("in the left corner", "to the left corner"),
    "right corner": ("in the right corner", "to the right corner"),
    "floor": ("on the floor", "to the floor"),
    "wall": ("on the wall", "to the wall"),
    "ceiling": ("on the ceiling", "to the ceiling"),
}


def understood(operations: Sequence[Operation]) -> list[str]:
    """One plain sentence for each operation, in their order; equal additions are counted in one.

    Examples: "Add a red chair next to the table.", "Replace the box with a plant.", "Move the lamp to the corner."
    """
    return [_sentence(operation, len(list(equal))) for operation, equal in groupby(operations)]


def called(operation: AddOp | ReplaceOp) -> str:
    """The new thing's look and family: "small red chair"."""
    return " ".join(part for part in (operation.size, operation.colour, operation.material, operation.what) if part)


def _sentence(operation: Operation, number: int) -> str:
    where = _place(operation.where)
    if where == " on the wall" and belongs(operation.what) != "wall":
        where = " against the wall"
    if isinstance(operation, AddOp):
        return f"Add {_new(operation, number)}{where}."
    if isinstance(operation, MoveOp):
        thing, origin = _old(operation.what, operation.colour), _place(operation.origin)
        to = _place(operation.where, moving=True) or " to the place that is marked"
        return f"Move {thing}{' that is' + origin if origin else ''}{to}."
    if isinstance(operation, RemoveOp):
        thing = _old(operation.what, operation.colour, number) + where
        return f"Remove {thing}."
    old = _old(operation.target, operation.target_colour, number) + _place(operation.origin)
    look = " and ".join(part for part in (operation.colour, operation.material, operation.size) if part)
    return f"Make {old} {look}." if operation.same else f"Replace {old} with {_new(operation, number)}{where}."


def _new(operation: AddOp | ReplaceOp, number: int) -> str:
    name = called(operation)
    if not operation.same:
        return f"{COUNTED[number]} {plural(name)}" if number > 1 else _a(name)
    again = f"{COUNTED[number]} more" if number > 1 else "another"
    if operation.what != SAME:
        return f"{again} {plural(name) if number > 1 else name}"
    look = name.removesuffix(SAME).strip()
    return f"{again} of what was added last" + (f" ({look})" if look else "")


def _old(noun: str, colour: str | None, number: int = 1) -> str:
    name = f"{colour} {noun}" if colour else noun
    if noun in (IT, "it"):
        return _POINTED_AT
    return f"{COUNTED[number]} {plural(name)}" if number > 1 else f"the {name}"


def _place(where: Where | None, *, moving: bool = False) -> str:
    if where is None:
        return ""
    if not where.anchor:
        return f" {_PLACES[where.relation][moving]}"
    anchor = _old(where.anchor, where.colour)
    if where.second == where.anchor and where.second_colour == where.colour:
        anchor = _old(where.anchor, where.colour, 2).replace("two", "the two", 1)
    elif where.second:
        anchor += f" and {_old(where.second, where.second_colour)}"
    return f" {(_GOING if moving else _BESIDE).get(where.relation, where.relation)} {anchor}"


def _a(name: str) -> str:
    if name == plural(name):
        return name
    return f"{'an' if name[0] in 'aeiou' else 'a'} {name}"
