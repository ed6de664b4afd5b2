"""Whether a request comes from a page of this studio: the browser says so in a header that pages cannot change."""

from urllib.parse import urlsplit

from starlette.datastructures import Headers


def from_here(headers: Headers) -> bool:
    """True without an Origin, which is no browser's page or a plain visit; else if it names the host that was asked.

    A proxy may pass the host on without its port; then the port cannot be compared.
    """
    origin = headers.get("origin")
    if origin is None:
        return True
    here = urlsplit(origin)
    asked = (headers.get("host", ""), headers.get("x-forwarded-host", "").split(",")[0].strip())
    return any(here.netloc == host or (":" not in host and here.hostname == host) for host in asked if host)
