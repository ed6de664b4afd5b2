"""A studio in a process of its own for the benchmarks of serving: started, watched, killed, started again."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
_START_S = 180.0


def free_port() -> int:
    """A loopback port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Server:
    """`python app.py` on a free loopback port, with all of its data in one folder."""

    def __init__(
        self,
        data: Path,
        *flags: str,
        environment: dict[str, str] | None = None,
        command: Sequence[str | Path] = (ROOT / "app.py",),
    ) -> None:
        self.data, self.flags, self.environment = data, flags, environment or {}
        self.command = [str(part) for part in command]
        self.log = data.parent / f"{data.name}.log"
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """Of the running process."""
        assert self._process is not None
        return self._process.pid

    @property
    def running(self) -> bool:
        """Whether the process lives."""
        return self._process is not None and self._process.poll() is None

    def start(self) -> "Server":
        """Start and wait until the page is served."""
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, *self.command, *self.arguments()],
                cwd=ROOT,
                stdout=log,
                stderr=log,
                env={**os.environ, **self.environment},
            )
        give_up = time.monotonic() + _START_S
        while time.monotonic() < give_up and self.running:
            with contextlib.suppress(OSError), urllib.request.urlopen(self.url, timeout=5) as answer:
                if answer.status == 200:
                    return self
            time.sleep(0.2)
        self.stop()
        raise RuntimeError(f"the studio did not start: {self.log.read_text()[-2000:]}")

    def arguments(self) -> list[str]:
        """Of the command."""
        return ["--port", str(self.port), "--data-dir", str(self.data), *self.flags]

    def kill(self) -> None:
        """As a power cut does it: SIGKILL, nothing is written any more."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """As Ctrl+C does it."""
        self._end(signal.SIGTERM)

    def _end(self, how: signal.Signals) -> None:
        if self._process is None:
            return
        self._process.send_signal(how)
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(10)
        self._process = None

    def __enter__(self) -> "Server":
        return self.start()

    def __exit__(self, *problem: object) -> None:
        self.stop()


def memory_mb(pid: int) -> tuple[float, float]:
    """(resident, proportional) memory of a process and its children."""
    resident = proportional = 0.0
    for member in (pid, *_children(pid)):
        with contextlib.suppress(OSError):
            lines = Path(f"/proc/{member}/smaps_rollup").read_text().splitlines()
            sizes = {line.split(":")[0]: float(line.split()[1]) / 1024 for line in lines[1:]}
            resident, proportional = resident + sizes["Rss"], proportional + sizes["Pss"]
    return resident, proportional


def _children(pid: int) -> list[int]:
    found: list[int] = []
    with contextlib.suppress(OSError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            for child in (task / "children").read_text().split():
                found += [int(child), *_children(int(child))]
    return found


@contextlib.contextmanager
def watched_memory(pid: int, every_s: float = 0.5) -> Iterator[dict[str, float]]:
    """The peaks, in MB, filled in while the block runs."""
    peak, over = {"rss": 0.0, "pss": 0.0}, threading.Event()

    def watch() -> None:
        while not over.wait(every_s):
            resident, proportional = memory_mb(pid)
            peak["rss"], peak["pss"] = max(peak["rss"], resident), max(peak["pss"], proportional)

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield peak
    finally:
        over.set()
        thread.join()


def files_in(folder: Path) -> tuple[int, int]:
    """(number, bytes) of the files below a folder."""
    sizes = []
    for path in folder.rglob("*"):
        with contextlib.suppress(OSError):
            if path.is_file():
                sizes.append(path.stat().st_size)
    return len(sizes), sum(sizes)
