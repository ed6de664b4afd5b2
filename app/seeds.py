"""The seed that a run takes."""

import secrets

HIGHEST = 2**31 - 8
"""Of a number that a person may give: a few after it are still seeds to every library."""
_FRESH = 1_000_000
"""Fresh ones are below, so that they are read and typed easily."""


def fresh() -> int:
    """A new random seed."""
    return secrets.randbelow(_FRESH)


def to_take(number: int | None, last: int, *, locked: bool) -> int:
    """The number on the page if it is locked, typed or rolled, else a fresh one.

    Args:
        number: on the page now; None if the field is empty.
        last: taken by the run before, which the page showed since.
    """
    if number is None or (number == last and not locked):
        return fresh()
    return int(number)
