"""What a request asks for, for whom, and whether a page of this studio sent it."""

import hmac
import secrets
from typing import Protocol
from urllib.parse import urlsplit

from starlette.datastructures import Address, Headers
from starlette.types import Scope

_CALLER = "x-studio-caller"
_OURS = secrets.token_urlsafe(32)
"""Shown by this process when it asks itself: whom it asks for can then be believed."""


class Asking(Protocol):
    """A request, starlette's or gradio's."""

    @property
    def headers(self) -> Headers:
        """As they arrived."""

    @property
    def client(self) -> Address | None:
        """Where it comes from, as far as that is known."""


def path_of(scope: Scope) -> str:
    """The path as our routes have it, without the one below which a proxy shows the studio."""
    path, below = scope["path"], scope.get("root_path", "")
    return path[len(below) :] if below and path.startswith(f"{below}/") else path


def caller_of(request: Asking) -> str:
    """Whose turns a request takes: its address; where the studio asks itself, whoever it asks for."""
    shown, _, name = request.headers.get(_CALLER, "").partition(" ")
    if hmac.compare_digest(shown.encode(), _OURS.encode()):
        return name
    return request.client.host if request.client else ""


def in_the_name_of(caller: str) -> dict[str, str]:
    """Headers by which this process asks itself for somebody."""
    return {_CALLER: f"{_OURS} {caller}"}


def from_here(headers: Headers) -> bool:
    """True without an Origin, which is no browser's page or a plain visit; else if it names the host that was asked.

    A browser sets Origin and no page can change it. A proxy may pass the host on without its port; then the port cannot
    be compared.
    """
    origin = headers.get("origin")
    if origin is None:
        return True
    here = urlsplit(origin)
    asked = (headers.get("host", ""), headers.get("x-forwarded-host", "").split(",")[0].strip())
    return any(here.netloc == host or (":" not in host and here.hostname == host) for host in asked if host)
