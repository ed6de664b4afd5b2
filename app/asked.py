"""What a request asks for, and whether a page of this studio sent it."""

from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import Scope


def path_of(scope: Scope) -> str:
    """The path as our routes have it, without the one below which a proxy shows the studio."""
    path, below = scope["path"], scope.get("root_path", "")
    return path[len(below) :] if below and path.startswith(f"{below}/") else path


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
