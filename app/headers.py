"""What every response tells the browser: what a page may load and from where, who may frame it, what it may ask for.

Gradio compiles templates and the scripts of `gr.HTML` in the browser, and viser's client is one file with inline
modules, a worker and WebAssembly, so both need 'unsafe-inline' and 'unsafe-eval'; nothing needs another host.
"""

from collections.abc import Iterable

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.asked import from_here, path_of

_PAGE = {
    "default-src": "'self'",
    "script-src": "'self' 'unsafe-inline' 'unsafe-eval' blob:",
    "style-src": "'self' 'unsafe-inline'",
    "img-src": "'self' data: blob:",
    "media-src": "'self' data: blob:",
    "font-src": "'self' data:",
    "connect-src": "'self' data: blob:",
    "worker-src": "'self' blob:",
    "frame-src": "'self'",
    "object-src": "'none'",
    "base-uri": "'self'",
    "form-action": "'self'",
}
_FILE = {"default-src": "'none'", "img-src": "'self'", "media-src": "'self'", "style-src": "'unsafe-inline'"}
_FILES = ("/gradio_api/file", "/gradio_api/stream", "/studio/")
"""Below these lies what visitors brought or made: it is shown, never run."""

PLAIN = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=(), serial=(), midi=(), "
    "display-capture=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Robots-Tag": "noindex",
}
"""Set where the response does not say otherwise."""


def content_policy(path: str, frame_ancestors: Iterable[str] = ()) -> str:
    """The Content-Security-Policy of what is served at `path`."""
    if path.startswith(_FILES):
        return _written({**_FILE, "frame-ancestors": "'self'"}) + "; sandbox"
    framed = " ".join(("'self'", *frame_ancestors))
    return _written({**_PAGE, "frame-ancestors": framed})


def _written(policy: dict[str, str]) -> str:
    return "; ".join(f"{name} {said}" for name, said in policy.items())


class SecurityHeaders:
    """ASGI middleware: puts them on every HTTP response, errors too."""

    def __init__(self, app: ASGIApp, frame_ancestors: tuple[str, ...] = ()) -> None:
        self.app = app
        self.frame_ancestors = frame_ancestors

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on and add to its answer (ASGI)."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._set(scope, MutableHeaders(scope=message))
            await send(message)

        await self.app(scope, receive, with_headers)

    def _set(self, scope: Scope, headers: MutableHeaders) -> None:
        for name, said in PLAIN.items():
            headers.setdefault(name, said)
        headers.setdefault("Content-Security-Policy", content_policy(path_of(scope), self.frame_ancestors))
        if not self.frame_ancestors:
            headers.setdefault("X-Frame-Options", "SAMEORIGIN")
        if not from_here(Headers(scope=scope)):  # gradio lets every site read what a public studio answers
            del headers["Access-Control-Allow-Origin"], headers["Access-Control-Allow-Credentials"]
