"""Whose turn it is: visitors one after the other, first in first out within one; and how long such turns take."""

import statistics
from collections import OrderedDict, deque
from collections.abc import Collection, Hashable, Iterator
from itertools import zip_longest
from typing import Generic, Protocol, TypeVar

_KINDS = 64
_SAMPLES = 7


class Owned(Protocol):
    """What waits, for somebody."""

    owner: Hashable


Waiting = TypeVar("Waiting", bound=Owned)


class Line(Generic[Waiting]):
    """What waits, by its owner: the one whose turn is next comes first. Whoever has it locks it."""

    def __init__(self) -> None:
        self._of: OrderedDict[Hashable, deque[Waiting]] = OrderedDict()

    def __len__(self) -> int:
        return sum(len(waiting) for waiting in self._of.values())

    def of(self, owner: Hashable) -> int:
        """How much of one owner's waits."""
        return len(self._of.get(owner, ()))

    def add(self, one: Waiting) -> None:
        """Behind what else its owner waits for; an owner who did not wait yet has the last turn."""
        self._of.setdefault(one.owner, deque()).append(one)

    def remove(self, one: Waiting) -> bool:
        """Whether it waited; it does no more."""
        mine = self._of.get(one.owner)
        if mine is None or not any(other is one for other in mine):
            return False
        mine.remove(one)
        if not mine:
            del self._of[one.owner]
        return True

    def take(self, served: Collection[Hashable]) -> Waiting | None:
        """The next one. Owners who are being served have their turn after the others."""
        one = next(self.order(served), None)
        if one is not None:
            self.remove(one)
            self.rest(one.owner)
        return one

    def rest(self, owner: Hashable) -> None:
        """This owner was served just now: everybody who waits comes first."""
        if owner in self._of:
            self._of.move_to_end(owner)

    def order(self, served: Collection[Hashable]) -> Iterator[Waiting]:
        """All in the order of their turns, as far as it is known now."""
        owners = sorted(self._of, key=lambda owner: owner in served)
        for turn in zip_longest(*(self._of[owner] for owner in owners)):
            yield from (one for one in turn if one is not None)


class Durations:
    """How long turns of each kind took lately."""

    def __init__(self) -> None:
        self._seconds: OrderedDict[str, deque[float]] = OrderedDict()

    def note(self, kind: str, seconds: float) -> None:
        """One more was measured."""
        self._seconds.setdefault(kind, deque(maxlen=_SAMPLES)).append(seconds)
        self._seconds.move_to_end(kind)
        while len(self._seconds) > _KINDS:
            self._seconds.popitem(last=False)

    def usual(self, kind: str) -> float | None:
        """The median of the last few, in seconds; None if none was measured."""
        known = self._seconds.get(kind)
        return statistics.median(known) if known else None
