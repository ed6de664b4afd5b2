"""The page that tells how programs call the studio: snippets that run as they stand, every endpoint and parameter."""

import html
import inspect
import json
from collections.abc import Callable
from typing import Any, Literal

from gradio.route_utils import get_root_url
from gradio.utils import get_function_description
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from app.api_mcp import has_mcp
from app.config import AppConfig
from app.theme import read
from app.uploads import CALLS_KEPT_S

PATH = "/api"
_MCP_HERE = "Each of the calls below is a tool."
SNIPPETS = ("python", "bash", "mcp")
_SECRETS: dict[Literal["none", "token", "login"], dict[str, str]] = {
    "none": {"secret": "This studio asks for no secret.", "client": "", "curl": "", "headers": "", "login": ""},
    "token": {
        "secret": "This studio asks for its secret: put it where SECRET stands.",
        "client": ', headers={"Authorization": "Bearer SECRET"}',
        "curl": " -H 'Authorization: Bearer SECRET'",
        "headers": 'headers={"Authorization": "Bearer SECRET"}, ',
        "login": "",
    },
    "login": {
        "secret": "This studio asks for a login: put yours where USER and PASSWORD stand.",
        "client": ', auth=("USER", "PASSWORD")',
        "curl": " -b cookies.txt",
        "headers": 'auth=("USER", "PASSWORD"), ',
        "login": "curl -s -c cookies.txt -d 'username=USER&password=PASSWORD' ${studio%/gradio_api}/login >/dev/null\n",
    },
}


def api_routes(config: AppConfig, endpoints: list[Callable[..., Any]]) -> list[Route]:
    """The page, for `demo.launch(app_kwargs={"routes": ...})`."""

    async def page(request: Request) -> Response:
        address = get_root_url(request, PATH, config.root_path or None).rstrip("/")
        return HTMLResponse(written(config, address, endpoints))

    return [Route(PATH, page)]


def written(config: AppConfig, address: str, endpoints: list[Callable[..., Any]]) -> str:
    """The page for a studio at this address."""
    secret = _SECRETS["token" if config.token else "login" if config.auth else "none"]
    client = json.dumps(address + "/") + secret["client"]
    words = {**secret, "address": address, "client": client}
    server: dict[str, Any] = {"url": f"{address}/gradio_api/mcp/"}
    if config.token:
        server["headers"] = {"Authorization": "Bearer SECRET"}
    parts = {name: html.escape(_filled(read(f"api/{name}.txt"), words).strip(), quote=False) for name in SNIPPETS}
    parts |= {
        "hours": f"{CALLS_KEPT_S / 3600:.0f}",
        "secret": html.escape(secret["secret"]),
        "mcp_state": "Each of the calls below is a tool."
        if has_mcp()
        else "Not here: <code>pip install mcp</code> first.",
        "mcp_json": html.escape(json.dumps({"mcpServers": {"world-tracing-studio": server}}, indent=2), quote=False),
        "endpoints": "".join(_told(endpoint) for endpoint in endpoints),
    }
    return _filled(read("api.html"), parts)


def _filled(text: str, words: dict[str, str]) -> str:
    for name, word in words.items():
        text = text.replace("{{" + name + "}}", word)
    return text


def _told(endpoint: Callable[..., Any]) -> str:
    """One endpoint with its parameters, from its signature and docstring."""
    description, parameters, results = get_function_description(endpoint)
    rows = "".join(
        f'<tr><td><code>{name}</code></td><td class="quiet">{_default(endpoint, name)}</td>'
        f"<td>{html.escape(told)}</td></tr>"
        for name, told in parameters.items()
        if name != "request"
    )
    given = f"<table>{rows}</table>" if rows else ""
    back = "".join(f"<li>{html.escape(line)}</li>" for line in results)
    name = endpoint.__name__
    return f'<h3 id="{name}"><code>/{name}</code></h3><p>{html.escape(description)}</p>{given}<ol>{back}</ol>'


def _default(endpoint: Callable[..., Any], name: str) -> str:
    default = inspect.signature(endpoint).parameters[name].default
    return "needed" if default is inspect.Parameter.empty else html.escape(json.dumps(default))
