"""Who comes in, before anything is served: the secret, the login, the page's origin, how often and how much.

It stands around Gradio and our own routes alike, websockets included; Gradio's login alone would not cover ours.
"""

import base64
import hashlib
import hmac
import logging
import math
from typing import Any
from urllib.parse import parse_qsl, urlencode

from starlette.requests import HTTPConnection
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app import theme
from app.asked import caller_of, from_here, path_of
from app.config import AppConfig
from app.limits import MB, Buckets, Counted, announced, drained, size_of

log = logging.getLogger(__name__)

OPEN = ("/healthz", "/gradio_api/startup-events")
"""Told to everybody: that the studio lives, and, by gradio to itself, that it may begin."""
_LOGIN_NEEDS = ("/login", "/logout", "/assets/", "/static/", "/svelte/", "/theme.css", "/favicon.ico", "/pwa_icon")
_GESTURES = ("/gradio_api/queue/join", "/gradio_api/call/", "/gradio_api/run/", "/gradio_api/api/", "/gradio_api/mcp")
_UPLOAD = "/gradio_api/upload"
_ORDINARY_BODY = 8 * MB
_TRIES_A_MINUTE = 12
_MONTH_S = 30 * 86400


class Gate:
    """ASGI middleware."""

    def __init__(self, app: ASGIApp, config: AppConfig) -> None:
        self.app = app
        self.config = config
        self._tries = Buckets(_TRIES_A_MINUTE, _TRIES_A_MINUTE)
        self._gestures = Buckets(config.rate, config.rate / 4)
        self._uploads = Buckets(config.rate / 15, config.rate / 15)
        self._upload_body = size_of(config.max_upload) + MB
        digest = hmac.new(config.token.encode(), b"world-tracing-studio", hashlib.sha256).hexdigest()
        self._cookie = (f"wt-studio-{digest[:8]}", digest[8:])

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through, or answer it (ASGI)."""
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        refused = self._refusal(HTTPConnection(scope))
        if refused is None and scope["type"] == "websocket":
            await self.app(scope, receive, send)
        elif refused is None:
            await self._served(scope, receive, send)
        elif scope["type"] == "http":
            await refused(scope, receive, send)
        else:
            await receive()
            await send({"type": "websocket.close", "code": 4403})

    def _refusal(self, request: HTTPConnection) -> Response | None:
        """What is answered in place of what was asked for; None if that may be had."""
        if path_of(request.scope) in OPEN and request.scope.get("method") in ("GET", "HEAD"):
            return None
        return self._asked_for_secret(request) or self._asked_for_login(request) or self._too_much(request)

    def _asked_for_secret(self, request: HTTPConnection) -> Response | None:
        if not self.config.token:
            return None
        name, value = self._cookie
        query = parse_qsl(request.url.query, keep_blank_values=True)
        shown = next((said for key, said in query if key == "token"), "")
        plain = request.scope.get("method") in ("GET", "HEAD")
        if shown and plain and _same(shown, self.config.token):
            return self._without_secret(request, query)
        bearer = _credentials(request, "bearer")
        if _same(request.cookies.get(name, ""), value) or _same(bearer, self.config.token):
            return None
        wrong = bool(shown or bearer)
        if wrong and (wait := self._tries.take(caller_of(request))):
            return _slower("Too many wrong secrets came from your address", wait)
        if "text/html" in request.headers.get("accept", "") and plain:
            told = "<p>That is not the secret.</p>" if shown else ""
            page = theme.read("secret.html").replace("<!-- told -->", told)
            return HTMLResponse(page, 401, {"Cache-Control": "no-store"})
        sentence = "This studio asks for its secret: send it as 'Authorization: Bearer SECRET', or open ?token=SECRET."
        return _said(401, sentence, {"WWW-Authenticate": "Bearer"})

    def _without_secret(self, request: HTTPConnection, query: list[tuple[str, str]]) -> Response:
        """Remember that the secret was shown, and take it out of the address; the path is kept as the proxy has it."""
        rest = urlencode([pair for pair in query if pair[0] != "token"])
        here = request.url.path.rpartition("/")[2] or "./"
        answer = RedirectResponse(f"{here}?{rest}" if rest else here, 303, {"Cache-Control": "no-store"})
        secure = request.url.scheme in ("https", "wss")
        framed = secure and bool(self.config.frame_ancestors)
        name, value = self._cookie
        # A frame of another site gets the cookie back only without SameSite, which browsers take with https alone.
        answer.set_cookie(name, value, _MONTH_S, httponly=True, secure=secure, samesite="none" if framed else "lax")
        return answer

    def _asked_for_login(self, request: HTTPConnection) -> Response | None:
        path = path_of(request.scope)
        if self.config.auth is None:
            return None
        if path.rstrip("/") == "/login" and (wait := self._tries.take(caller_of(request))):
            return _slower("Too many logins were tried from your address", wait)
        if path == "/" or path.startswith(_LOGIN_NEEDS) or self._logged_in(request):
            return None
        shown = _credentials(request, "basic")
        if shown and _same(shown, base64.b64encode(":".join(self.config.auth).encode()).decode()):
            return None
        if shown and (wait := self._tries.take(caller_of(request))):
            return _slower("Too many logins were tried from your address", wait)
        return _said(401, "This studio asks for a user and a password: log in on its page first.")

    def _logged_in(self, request: HTTPConnection) -> bool:
        """Whether gradio's own login knows the visitor."""
        gradio: Any = self.app
        names = (f"access-token-{gradio.cookie_id}", f"access-token-unsecure-{gradio.cookie_id}")
        return any(request.cookies.get(name) in gradio.tokens for name in names)

    def _too_much(self, request: HTTPConnection) -> Response | None:
        changes = request.scope["type"] == "websocket" or request.scope["method"] not in ("GET", "HEAD", "OPTIONS")
        if not changes:
            return None
        if not from_here(request.headers):
            return _said(403, "This was sent from another site's page. Open the studio at its own address.")
        path, client = path_of(request.scope), caller_of(request)
        if self.config.rate and request.scope["type"] == "http":
            if path.startswith(_UPLOAD) and (wait := self._uploads.take(client)):
                return _slower("Too many uploads came from your address", wait)
            if path.startswith(_GESTURES) and (wait := self._gestures.take(client)):
                return _slower("Too many requests came from your address", wait)
        return None

    async def _served(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, its body counted; what fails inside is answered by a sentence, its trace is logged."""
        most = self._upload_body if path_of(scope).startswith(_UPLOAD) else _ORDINARY_BODY
        counted, begun = Counted(receive, most), False
        too_large = _said(413, f"That is more than the {most // MB} MB that this studio takes at once.")
        if announced(scope) > most:
            await drained(receive, 4 * most)
            await too_large(scope, receive, send)
            return

        async def sent(message: Message) -> None:
            nonlocal begun
            if counted.exceeded and not begun:
                return
            begun = True
            await send(message)

        try:
            await self.app(scope, counted, sent)
        except Exception:
            if not counted.exceeded:
                log.exception("%s failed", scope["path"])
        if begun:
            return
        if counted.exceeded:
            await drained(receive, 3 * most)
            await too_large(scope, receive, send)
        else:
            await _said(500, "The studio could not do that; its log has the details.")(scope, receive, send)


def _credentials(request: HTTPConnection, scheme: str) -> str:
    said, _, secret = request.headers.get("authorization", "").partition(" ")
    return secret.strip() if said.lower() == scheme else ""


def _same(one: str, other: str) -> bool:
    """Equal, in a time that does not tell how much of it is."""
    return hmac.compare_digest(one.encode(), other.encode())


def _said(status: int, sentence: str, headers: dict[str, str] | None = None) -> Response:
    """A sentence where gradio's page, its client and people look for one."""
    return JSONResponse(
        {"detail": sentence, "error": sentence}, status, {"Cache-Control": "no-store", **(headers or {})}
    )


def _slower(what: str, wait: float) -> Response:
    seconds = math.ceil(wait)
    return _said(429, f"{what}. Try again in {seconds} s.", {"Retry-After": str(seconds)})
