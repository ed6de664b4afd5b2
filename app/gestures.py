"""What a page sends with an event, checked: our page sends numbers, short words and paths, but anybody can send."""

import logging
from collections.abc import Callable
from typing import Any

from wt.errors import WtError

log = logging.getLogger(__name__)

LONGEST_TEXT = 10_000
"""Characters; a prompt's own limit is below it, a file's path far below."""
MOST_PARTS = 60_000
"""Numbers and words of one event: a brush stroke of ten minutes."""
_LARGEST = 1e12
_DEEPEST = 6
_ODD = "That does not fit this studio's page, so nothing was changed. Reload the page and try again."
_MISFITS = (KeyError, TypeError, ValueError, AttributeError, LookupError, OverflowError)


def checked(sent: Any) -> Any:
    """The same, if a page may send it.

    Raises:
        WtError: too long, too much, too deep, or numbers that are none.
    """
    waiting, count = [(sent, 0)], 0
    while waiting:
        part, depth = waiting.pop()
        count += 1
        if isinstance(part, str) and len(part) > LONGEST_TEXT:
            raise WtError(f"That text has {len(part):,} characters; at most {LONGEST_TEXT:,} are read. Shorten it.")
        if isinstance(part, int | float) and not abs(part) <= _LARGEST:  # NaN is not, either
            raise WtError(_ODD)
        if isinstance(part, dict | list | tuple):
            inner = part.values() if isinstance(part, dict) else part
            if depth == _DEEPEST or count + len(waiting) + len(part) > MOST_PARTS:
                raise WtError(_ODD)
            waiting += [(one, depth + 1) for one in inner]
    return sent


def understood(verb: Callable[..., Any], session: Any, data: Any) -> Any:
    """What the verb makes of an event of one of our widgets.

    Raises:
        WtError: the event is not one of theirs, or what the verb says.
    """
    if not isinstance(data, dict):
        raise WtError(_ODD)
    try:
        return verb(session, checked(data))
    except _MISFITS as error:
        log.exception("an event does not fit: %.300r", data)
        raise WtError(_ODD) from error
