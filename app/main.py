"""Put the studio together and serve it on one port."""

import logging
import os
import sys
import threading
import webbrowser
from pathlib import Path
from typing import Any
from urllib.parse import quote

os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"  # before gradio is imported, whoever imports this module

import gradio as gr

from app import api_mcp, layout, theme
from app.about import About, Disk, about_routes, tell_when_ready, welcome
from app.api import Api
from app.api_page import api_routes
from app.blocks import HANDLERS, StudioBlocks
from app.config import AppConfig
from app.controller import Controller
from app.engine import Engine, new_engine
from app.events import Events
from app.examples import thumbnail
from app.jobs import Worker
from app.routes import closed_routes, studio_routes
from app.serve import served_through_the_gate
from app.session import Sessions
from wt.errors import WtError
from wt.files import unwritable

log = logging.getLogger(__name__)

_LOAD_MODELS_AFTER_S = 6.0
"""The first page to be opened starts the models; without one they start after this long."""


class Studio:
    """A running studio: page, routes, models, visitors."""

    def __init__(self, config: AppConfig, engine: Engine | None = None) -> None:
        if problem := unwritable(config.data_dir):
            raise WtError(
                f"Nothing can be written to {config.data_dir} ({problem}). Choose another folder with --data-dir."
            )
        self.config = config
        self.engine = engine or new_engine(config)
        self.sessions = Sessions(config)
        self.worker = Worker(self.engine.slots)
        self.controller = Controller(self.engine, self.sessions, self.worker)
        with StudioBlocks(title="World Tracing Studio", fill_width=True, delete_cache=(3600, 86400)) as self.demo:
            Events(layout.build(), self.controller).bind(self.demo)
            self.api = Api(self.controller) if config.api else None
            if self.api is not None:
                self.api.bind()
        self.about = About(config, self.engine, self.sessions.__len__, Disk(config.data_dir))
        self.url = ""
        self._closed = threading.Event()
        self._begin = threading.Timer(_LOAD_MODELS_AFTER_S, self.engine.start)
        self._begin.daemon = True

    def launch(self, *, block: bool = True) -> str:
        """Serve; returns the address when `block` is False."""
        self.demo.queue(default_concurrency_limit=None, max_size=256)
        routes = studio_routes(self.sessions.port_of, _Files(self.sessions)) + about_routes(self.about)
        routes += closed_routes(api=self.config.api)
        if self.api is not None:
            routes += api_routes(self.config, self.api.endpoints)
        with served_through_the_gate(self.config):
            _, self.url, _ = self.demo.launch(
                server_name=self.config.host,
                server_port=self.config.port,
                root_path=self.config.root_path,
                auth=self.config.auth,
                auth_message="World Tracing Studio asks for its user and password.",
                prevent_thread_lock=True,
                share=False,
                ssr_mode=False,
                run_history=False,
                mcp_server=self.api is not None and api_mcp.has_mcp(),
                show_error=False,
                quiet=True,
                footer_links=[],
                max_file_size=self.config.max_upload,
                theme=gr.themes.Base(primary_hue="violet", neutral_hue="slate", radius_size="md"),
                css=theme.css(),
                head=theme.head(),
                favicon_path=str(Path(theme.WEB) / "favicon.svg"),
                app_kwargs={"routes": routes, "exception_handlers": HANDLERS},
            )
        if self.demo.mcp_server:
            api_mcp.settle(self.demo, self.config)
        elif self.api is not None:
            log.warning("%s", api_mcp.MISSING)
        _tell(welcome(self.about, self.url))
        tell_when_ready(self.about, _tell, self._closed)
        if self.config.inbrowser:
            webbrowser.open(f"{self.url}?token={quote(self.config.token)}" if self.config.token else self.url)
        self.sessions.watch()
        self._begin.start()
        if block:
            self.demo.block_thread()
        return self.url

    def close(self) -> None:
        """Stop serving, write what waits."""
        self._closed.set()
        self._begin.cancel()
        self.demo.close()
        self.sessions.close()
        self.worker.stop()
        self.engine.close()


class _Files:
    """Pictures and downloads of visitors; the token "examples" stands for the thumbnails."""

    def __init__(self, sessions: Sessions) -> None:
        self.sessions = sessions

    def picture(self, token: str, name: str) -> tuple[bytes, str] | None:
        if token == "examples":
            small = thumbnail(name)
            return None if small is None else (small, "image/jpeg")
        return self.sessions.picture(token, name)

    def download(self, token: str, name: str) -> Path | bytes | None:
        return self.sessions.download(token, name)


def _tell(words: str) -> None:
    sys.stdout.write(f"{words}\n")
    sys.stdout.flush()


def main(config: AppConfig, **more: Any) -> None:
    """Serve until the process is stopped."""
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(name)s: %(message)s")
    logging.getLogger("app").setLevel(logging.INFO)
    try:
        studio = Studio(config, **more)
    except WtError as error:
        sys.exit(str(error))
    try:
        studio.launch()
    except OSError as error:  # gradio's own words name the port
        sys.exit(f"The studio could not be started: {error}")
    finally:
        studio.close()
