"""How much one client may send: requests in a while, bytes in one request."""

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

from starlette.types import Message, Receive, Scope

_REMEMBERED = 10_000
_SILENCE_S = 1.0
MB = 1 << 20
_UNITS = {"kb": 1 << 10, "mb": 1 << 20, "gb": 1 << 30}


@dataclass
class Buckets:
    """A token bucket for every client: so many at once, so many a minute in the long run."""

    per_minute: float
    at_once: float
    clock: Callable[[], float] = time.monotonic
    _left: dict[str, tuple[float, float]] = field(default_factory=dict)
    """What was left, and when that was."""

    def take(self, client: str) -> float:
        """0 if the client may go on, else the seconds after which it may."""
        now = self.clock()
        left = self._level(client, now)
        if left < 1:
            return (1 - left) * 60 / self.per_minute
        if len(self._left) >= _REMEMBERED:
            self._left = {known: had for known, had in self._left.items() if self._level(known, now) < self.at_once}
        self._left[client] = (left - 1, now)
        return 0.0

    def _level(self, client: str, now: float) -> float:
        left, then = self._left.get(client, (self.at_once, now))
        return min(self.at_once, left + (now - then) * self.per_minute / 60)


def size_of(text: str) -> int:
    """Bytes of a size as the command line has it, such as 256mb."""
    return int(text[:-2]) * _UNITS[text[-2:].lower()]


def announced(scope: Scope) -> int:
    """The length that the request says it has; 0 where it says none."""
    told = next((value for name, value in scope["headers"] if name == b"content-length"), b"0")
    return int(told) if told.isdigit() else 0


async def drained(receive: Receive, most: int) -> None:
    """Read what still comes, up to `most` bytes, and drop it: who is still sending does not listen to an answer.

    Who announced much and sends nothing is not waited for.
    """
    more = True
    with suppress(TimeoutError):
        while more and most > 0:
            message = await asyncio.wait_for(receive(), _SILENCE_S)
            most -= len(message.get("body", b""))
            more = message.get("more_body", False)


class Counted:
    """Passes on what is received until it is more than `most`; from then on the client counts as gone."""

    def __init__(self, receive: Receive, most: int) -> None:
        self._receive = receive
        self._left = most

    @property
    def exceeded(self) -> bool:
        """Whether more came than may."""
        return self._left < 0

    async def __call__(self) -> Message:
        """The next part of the body, or a disconnect (ASGI)."""
        message = {"type": "http.disconnect"} if self.exceeded else await self._receive()
        self._left -= len(message.get("body", b""))
        return {"type": "http.disconnect"} if self.exceeded else message
