"""Lifts a minute and memory of the engines, and what follows for many visitors: `python benchmarks/replicas.py --json`.

Each engine runs in a process of its own: "local", then Ray Serve with one replica and with two. As many lifts as the
engine has slots are asked for at once, of photos that no cache holds. What a page of sums needs is measured with them:
the seconds of a device and of the page's processor that a lift takes, the bytes that travel. `sums` is the arithmetic.
`--alone` runs in a network of nothing but the loopback device (Linux, `unshare`), where Ray can listen nowhere else.
"""

import argparse
import json
import os
import pickle
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from itertools import count, islice
from pathlib import Path
from statistics import median
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "app")]
ENGINES = (("local", 1), ("ray", 1), ("ray", 2))
OWN_NAMESPACES = ["unshare", "--user", "--map-root-user", "--net", "--pid", "--fork", "--kill-child", "--mount-proc"]
BUSY = 0.7
"""Share of its time that a device is given work: queues grow without bound as it nears 1."""


def main() -> None:
    """Run, print the table on standard error and one JSON object on standard output."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lifts", type=int, default=24, help="per engine (24)")
    parser.add_argument("--steps", type=int, help="of a lift (the model's own)")
    parser.add_argument("--requests", type=float, default=1.0, help="lifts a visitor asks for a minute (1)")
    parser.add_argument("--price", type=float, default=1.0, help="of an hour of a device, in any currency (1)")
    parser.add_argument("--link", type=float, default=1000.0, help="the page's network, Mbit/s (1000)")
    parser.add_argument("--alone", action="store_true", help="in a network of the loopback device only")
    parser.add_argument("--json", action="store_true", help="one JSON object on standard output")
    parser.add_argument("--engine", help=argparse.SUPPRESS)
    parser.add_argument("--replicas", type=int, default=1, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.engine:
        measure(options)
        return
    runs = [in_a_process(engine, replicas, options) for engine, replicas in ENGINES]
    for run in runs:
        run["sums"] = sums(run, requests_per_minute=options.requests, price=options.price, link_mbit=options.link)
        print(row(run), file=sys.stderr)
    if options.json:
        print(json.dumps({"cores": os.cpu_count(), "lifts": options.lifts, "runs": runs}))


def in_a_process(engine: str, replicas: int, options: argparse.Namespace) -> dict[str, Any]:
    """One engine, measured where nothing of another one is left."""
    command = [sys.executable, "-W", "ignore", __file__, "--engine", engine, "--replicas", str(replicas)]
    command += ["--lifts", str(options.lifts), *(["--steps", str(options.steps)] if options.steps else [])]
    if options.alone:
        command = [*OWN_NAMESPACES, *command, "--alone"]
    with tempfile.TemporaryDirectory(prefix="ray-", ignore_cleanup_errors=True) as folder:
        environment = {**os.environ, "RAY_TMPDIR": folder, "WT_STUDIO_HOME": folder}
        ended = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True)
    if not ended.stdout.strip():
        sys.exit(f"The {engine} engine with {replicas} replicas was not measured; what it said is above.")
    return dict(json.loads(ended.stdout.splitlines()[-1]))


def measure(options: argparse.Namespace) -> None:
    """Lifts on one engine: how many a minute, what each takes, what stays in memory; one JSON object is printed."""
    from app.config import AppConfig
    from app.engine import new_engine

    if options.alone:
        from ray_visitor import loopback_up

        loopback_up()
    began = time.monotonic()
    engine = new_engine(AppConfig(engine=options.engine, replicas=options.replicas, device="cpu"))
    try:
        lifter = engine.lifter("scene", "")
        while not engine.ready:
            time.sleep(0.1)
        start_s = time.monotonic() - began
        photos = _photos(options.lifts + engine.slots)
        for photo in photos[options.lifts :]:  # buffers and caches of the first lift
            lifter.lift(photo, steps=options.steps)
        found = {
            "engine": options.engine,
            "replicas": options.replicas,
            "slots": engine.slots,
            "seconds_to_start": round(start_s, 1),
            **_lifted(lifter, photos[: options.lifts], options.steps, engine.slots),
        }
        print(json.dumps(found), flush=True)  # before Ray ends, which may end this process with it
    finally:
        engine.close()


def sums(
    run: dict[str, Any], *, requests_per_minute: float, price: float, link_mbit: float, busy: float = BUSY
) -> dict[str, float]:
    """What measured figures mean for many visitors.

    A device that is busy for a share u of its time does 60 u / s lifts a minute, s its seconds for one; with r of them
    a visitor and minute, that is 60 u / (s r) visitors. A lift costs price / 3600 * s / u. The page carries as many
    devices as its processor (c of its seconds a lift, one core: Python) and its network (bytes in and out) let it.
    """
    seconds, page = run["device_seconds_per_lift"], max(run["page_cpu_seconds_per_lift"], 1e-9)
    per_minute = 60 * busy / seconds
    by_processor = 60 * busy / page
    by_network = 60 * busy * link_mbit * 1e6 / 8 / (run["bytes_in"] + run["bytes_out"])
    return {
        "lifts_per_minute_and_device": round(per_minute, 2),
        "visitors_per_device": round(per_minute / requests_per_minute, 2),
        "cost_per_lift": price / 3600 * seconds / busy,
        "devices_per_page_by_processor": round(by_processor / per_minute, 1),
        "devices_per_page_by_network": round(by_network / per_minute, 1),
    }


def row(run: dict[str, Any]) -> str:
    """One line of the table."""
    return (
        f"{run['engine']:>6} x{run['replicas']}: {run['lifts_per_minute']:6.1f} lifts/min, "
        f"{run['seconds_p50']:5.2f} s each, page {run['page_cpu_seconds_per_lift']:.3f} s CPU a lift, "
        f"PSS {run['page_pss_mb']:.0f} MB page, {run['pss_mb']:.0f} MB in all, start {run['seconds_to_start']:.0f} s"
    )


def _lifted(lifter: Any, photos: list[Any], steps: int | None, slots: int) -> dict[str, Any]:
    import psutil

    me, took, peak, sizes = psutil.Process(), list[float](), _Peak(), list[int]()

    def lift(photo: Any) -> None:
        began = time.monotonic()
        lifted = lifter.lift(photo, steps=steps)
        took.append(time.monotonic() - began)
        sizes.append(len(pickle.dumps(lifted, protocol=5)))

    cpu, began = sum(me.cpu_times()[:2]), time.monotonic()
    with peak, ThreadPoolExecutor(slots) as pool:
        list(pool.map(lift, photos))
    wall, cpu = time.monotonic() - began, sum(me.cpu_times()[:2]) - cpu
    return {
        "lifts_per_minute": round(60 * len(photos) / wall, 2),
        "seconds_p50": round(median(took), 3),
        "device_seconds_per_lift": round(wall * slots / len(photos), 3),
        "page_cpu_seconds_per_lift": round(cpu / len(photos), 4),
        "bytes_in": int(median(photo.nbytes for photo in photos)),
        "bytes_out": int(median(sizes)),
        "page_pss_mb": round(peak.page / 1e6, 1),
        "pss_mb": round(peak.whole / 1e6, 1),
    }


def _photos(number: int) -> list[Any]:
    """Distinct photos of one size: the examples, each a little darker the next time round."""
    import numpy as np
    from PIL import Image

    files = sorted((ROOT / "assets" / "examples").glob("room_*.jpg"))
    pictures = [np.asarray(Image.open(path).convert("RGB").resize((960, 640))) for path in files]
    shades = ((picture, 1 - 0.01 * again) for again in count() for picture in pictures)
    return [(picture * shade).astype(np.uint8) for picture, shade in islice(shades, number)]


class _Peak:
    """The most memory that this process, and it with all that it started, held at once."""

    def __init__(self) -> None:
        self.page = self.whole = 0
        self._stopped = threading.Event()

    def __enter__(self) -> "_Peak":
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._stopped.set()
        self._thread.join()

    def _watch(self) -> None:
        import psutil

        me = psutil.Process()
        while not self._stopped.wait(1.0):
            page, others = _pss(me), sum(_pss(child) for child in me.children(recursive=True))
            self.page, self.whole = max(self.page, page), max(self.whole, page + others)


def _pss(process: Any) -> int:
    import psutil

    try:
        return int(process.memory_full_info().pss)
    except psutil.Error:
        return 0


if __name__ == "__main__":
    main()
