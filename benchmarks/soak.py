"""Two hundred lifts in one process: `python benchmarks/soak.py --lifts 200 --json`. Does anything grow?

Through the app's own controller, with the embedded models: visitors come, open a photo, click, lift, undo, redo, lift
again, now and then edit, accept and export, and go; those who left are forgotten as the running studio forgets them.
Memory, threads, descriptors, sockets, nodes of the 3D views and files are counted after a warm-up and at the end.
"""

import argparse
import gc
import json
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "benchmarks")]

import marked  # noqa: E402
import psutil  # noqa: E402
from serving import files_in  # noqa: E402

from app import session as session_module  # noqa: E402
from app.config import AppConfig, prepare_environment  # noqa: E402
from app.controller import Controller  # noqa: E402
from app.engine import Engine  # noqa: E402
from app.jobs import Job, Worker  # noqa: E402
from app.session import Session, Sessions  # noqa: E402
from app.viewer import Viewer  # noqa: E402
from wt.geometry.layers import LayeredPointmap  # noqa: E402

_LIFTS_OF_ONE = 4
_EDIT_EVERY = 5
"""Every fifth visitor also edits, accepts and exports."""
_AT_ONCE = 3
_WARM_SHARE = 0.2
_MOST_GROWTH = 0.05
COUNTS = (
    *("rss_mb", "threads", "descriptors", "sockets", "views", "visitors"),
    "nodes",  # of one 3D view, and messages that it would send to a browser that connects
    "scenes",  # pointmaps that anything still holds
    "project_files",  # of one saved project
    "other_files",  # zips of those who are here
    "temp_files",
)


def main() -> None:
    """Run, print the table on standard error and one JSON object on standard output."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lifts", type=int, default=200, help="how many in all (200)")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--json", action="store_true", help="one JSON object on standard output")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="wt-soak-") as name:
        tempfile.tempdir = str(Path(name) / "tmp")
        Path(tempfile.tempdir).mkdir()
        result = soaked(options.lifts, AppConfig(data_dir=Path(name) / "data", device=options.device))
    if options.json:
        print(json.dumps(result))
    sys.exit(not result["ok"])


class Soak:
    """A studio without a page, and who is in it."""

    def __init__(self, config: AppConfig) -> None:
        prepare_environment(config)
        self.config = config
        self.sessions, self.worker = Sessions(config), Worker()
        self.controller = Controller(Engine(config), self.sessions, self.worker)
        self.photos = [marked.save(number, config.data_dir.parent) for number in range(4)]
        self.here: list[Session] = []
        self.came = self.lifts = 0
        self.failed: list[str] = []

    def visit(self) -> None:
        """Somebody comes, works and stays for a while; whoever was there longest goes."""
        self.came += 1
        session = self.sessions.attach(f"page-{self.came}")
        self.here.append(session)
        verbs = self.controller
        verbs.photo.open(session, self.photos[self.came % len(self.photos)])
        verbs.refresh(session, home=True)
        for seed in range(_LIFTS_OF_ONE):
            kind = "object" if seed == _LIFTS_OF_ONE - 1 else "scene"
            if kind == "object":
                verbs.select.box(session, 180.0, 110.0, 320.0, 260.0)
            self._done(verbs.geometry.lift(session, kind, None, seed))
            self.lifts += 1
            for name in ("photo", "before", "overlay"):
                session.picture(name)
            verbs.undo(session)
            if kind == "scene":
                verbs.redo(session)
        if self.came % _EDIT_EVERY == 0:
            verbs.edit.pin(session, 430.0, 400.0)
            self._done(verbs.edit.run(session, "add a white box"))
            verbs.place.accept(session)
            self._done(verbs.export.build(session, ["ply", "glb", "manifest"]))
        if len(self.here) > _AT_ONCE:
            gone = self.here.pop(0)
            self.sessions.detach(gone.page)
        self.sessions.autosaver.flush()
        self.sessions.reap()

    def counts(self) -> dict[str, float]:
        """What may not grow."""
        gc.collect()
        process = psutil.Process()
        views = [session.viewer for session in self.here if session.viewer is not None]
        projects = list(self.config.data_dir.glob("sessions/*/projects/*"))
        in_projects = sum(files_in(folder)[0] for folder in projects)
        return {
            "rss_mb": round(process.memory_info().rss / 1e6, 1),
            "threads": process.num_threads(),
            "descriptors": process.num_fds(),
            "sockets": len(process.net_connections()),
            "nodes": sum(_nodes(view) for view in views) / max(1, len(views)),
            "views": len(views),
            "visitors": len(self.sessions),
            "scenes": sum(type(thing) is LayeredPointmap for thing in gc.get_objects()),
            "project_files": in_projects / max(1, len(projects)),
            "other_files": files_in(self.config.data_dir)[0] - in_projects,
            "temp_files": files_in(Path(tempfile.gettempdir()))[0],
        }

    def close(self) -> None:
        """Everybody goes."""
        self.worker.stop()
        self.sessions.close()

    def _done(self, job: Job) -> None:
        job.wait()
        if job.state != "done":
            self.failed.append(job.message)


def _nodes(view: Viewer) -> int:
    """What viser holds for one view."""
    server = view._server
    return len(server.scene._handle_from_node_name) + len(server._websock_server._broadcast_buffer.message_from_id)


def soaked(lifts: int, config: AppConfig) -> dict[str, Any]:
    """Lift so often, and count."""
    session_module.GRACE_S = 0.0  # who left is forgotten at the next look
    soak, began = Soak(config), time.monotonic()
    rows: list[dict[str, float]] = []
    print(f"{'lifts':>6} " + " ".join(f"{name:>11}" for name in COUNTS), file=sys.stderr)
    while soak.lifts < lifts:
        soak.visit()
        rows.append({"lifts": soak.lifts, **soak.counts()})
        if len(rows) % 5 == 1 or soak.lifts >= lifts:
            print(f"{soak.lifts:>6} " + " ".join(f"{rows[-1][name]:>11.1f}" for name in COUNTS), file=sys.stderr)
    soak.close()
    return summary(rows, soak.failed, time.monotonic() - began)


def summary(rows: list[dict[str, float]], failed: list[str], seconds: float) -> dict[str, Any]:
    """After the warm-up against the end: medians of a fifth of the run each, which a single peak does not sway."""
    share = max(1, round(len(rows) * _WARM_SHARE))
    warm, end = rows[share : 2 * share] or rows[:1], rows[-share:]
    before, after = ({name: statistics.median(row[name] for row in part) for name in COUNTS} for part in (warm, end))
    growth = after["rss_mb"] / before["rss_mb"] - 1
    flat = [name for name in COUNTS[1:] if after[name] <= before[name] + 1]
    print(f"memory {growth:+.1%} after the warm-up, {len(failed)} jobs failed, {seconds:.0f} s", file=sys.stderr)
    return {
        "ok": growth < _MOST_GROWTH and len(flat) == len(COUNTS) - 1 and not failed,
        "lifts": int(rows[-1]["lifts"]),
        "growth": round(growth, 4),
        "after_warm_up": before,
        "at_the_end": after,
        "not_flat": sorted(set(COUNTS[1:]) - set(flat)),
        "failed": failed,
        "seconds": round(seconds, 1),
        "rows": rows,
    }


if __name__ == "__main__":
    main()
