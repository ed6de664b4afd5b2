"""What a studio survives, with real processes: `python benchmarks/faults.py --json [--only NAME ...]`.

A visitor's accepted work is made once; every fault begins with a copy of it. Then something breaks: the process is
killed, the disk is full or read-only, a model's file goes or is damaged, memory runs out, the 3D view's socket is cut,
the tab is closed, the clock jumps. Of each: is the work that was accepted still there after a restart, array by array;
the sentence that the person reads; does the next job work. Disks need root, for a small tmpfs.
"""

import argparse
import asyncio
import contextlib
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "benchmarks")]

import httpx  # noqa: E402
import marked  # noqa: E402
from kept import differences, edits_in  # noqa: E402
from serving import Server, memory_mb  # noqa: E402
from visitor import Visitor, VisitorError  # noqa: E402

PROMPT, ANOTHER, AT = "add a white stool", "add a white box", (430.0, 400.0)
_DISK_MB = 64
_WITH_CLOCK = """
import os, pathlib, runpy, sys, time
real, shift = time.time, pathlib.Path(os.environ["CLOCK_SHIFT"])
time.time = lambda: real() + float(shift.read_text())
sys.path[0] = sys.argv[1]
runpy.run_path(sys.argv.pop(1) + "/app.py", run_name="__main__")
"""


@dataclass
class Row:
    """A line of the table."""

    fault: str
    kept: bool
    """What was accepted before is there after a restart, array by array."""
    said: str
    """What the person reads."""
    goes_on: bool
    """The next job works."""
    note: str = ""
    seconds: float = 0.0

    @property
    def ok(self) -> bool:
        """Nothing lost, the server went on."""
        return self.kept and self.goes_on


class Lab:
    """Accepted work to begin with, and folders for the faults."""

    def __init__(self, folder: Path, device: str) -> None:
        self.folder, self.device = folder, device
        self.photo = marked.save(5, folder)
        self.key = ""
        self.work = b""
        """The accepted work, as a project file."""

    async def prepare(self) -> None:
        """Open, lift, edit, accept, once."""
        with Server(self.folder / "accepted", "--device", self.device) as server:
            visitor = await Visitor(server.url).open()
            await visitor.upload(self.photo)
            await visitor.lift()
            await visitor.edit(PROMPT, AT)
            await visitor.accept()
            self.key, self.work = str(visitor.key), await visitor.project()
            await visitor.close()

    def server(self, name: str, *flags: str, where: Path | None = None, **more: object) -> Server:
        """A studio whose data are a copy of the accepted work."""
        data = (where or self.folder) / name
        shutil.copytree(self.folder / "accepted", data)
        return Server(data, "--device", self.device, *flags, **more)  # type: ignore[arg-type]

    async def back(self, server: Server) -> Visitor:
        """The visitor opens the page again."""
        return await Visitor(server.url, self.key).open()

    async def kept(self, visitor: Visitor) -> list[str]:
        """How the work that the page holds differs from what was accepted."""
        return differences(self.work, await visitor.project())


Fault = Callable[[Lab], Awaitable[Row]]


def main() -> None:
    """Run, print the table on standard error and one JSON object on standard output."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", choices=list(FAULTS), help="some of the faults")
    parser.add_argument("--device", default="cpu", help="of the studio (cpu)")
    parser.add_argument("--json", action="store_true", help="one JSON object on standard output")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="wt-faults-") as name:
        rows = asyncio.run(_all(options.only or list(FAULTS), Lab(Path(name), options.device)))
    if options.json:
        print(
            json.dumps({"ok": all(row.ok for row in rows), "faults": [{**asdict(row), "ok": row.ok} for row in rows]})
        )
    sys.exit(not all(row.ok for row in rows))


async def _all(names: list[str], lab: Lab) -> list[Row]:
    await lab.prepare()
    rows = []
    print(f"{'fault':<34} {'kept':<5} {'goes on':<8} what the person reads", file=sys.stderr)
    for name in names:
        began = time.monotonic()
        try:
            row = await FAULTS[name](lab)
        except (VisitorError, httpx.HTTPError, RuntimeError, OSError, subprocess.CalledProcessError) as error:
            row = Row(name, False, f"{type(error).__name__}: {error}", False)
        row.seconds = round(time.monotonic() - began, 1)
        rows.append(row)
        mark = {True: "yes", False: "NO"}
        note = f" [{row.note}]" if row.note else ""
        print(f"{row.fault:<34} {mark[row.kept]:<5} {mark[row.goes_on]:<8} {row.said}{note}", file=sys.stderr)
    return rows


async def _killed(lab: Lab, fault: str, act: Callable[[Visitor], Awaitable[None]]) -> Row:
    """SIGKILL in the middle of a job; then the same server is started again."""
    server = lab.server(fault.replace(" ", "-"))
    with server:
        visitor = await lab.back(server)
        job = asyncio.create_task(act(visitor))
        await visitor.until(lambda: visitor.at_work, "the job to run")
        told = visitor.text("progress")
        server.kill()
        await asyncio.gather(job, return_exceptions=True)
        await visitor.close()
        server.start()
        visitor = await lab.back(server)
        lost, said = await lab.kept(visitor), visitor.status
        await visitor.lift()
        await visitor.close()
    return Row(fault, not lost, said, True, "; ".join([f"killed at: {told}", *lost]))


async def kill_lift(lab: Lab) -> Row:
    """While the photo is lifted again."""
    return await _killed(lab, "kill -9 during a lift", lambda visitor: visitor.lift(steps=30))


async def kill_edit(lab: Lab) -> Row:
    """While a second edit runs."""
    return await _killed(lab, "kill -9 during an edit", lambda visitor: visitor.edit(ANOTHER, AT))


async def kill_export(lab: Lab) -> Row:
    """While the zip is built."""

    async def export(visitor: Visitor) -> None:
        await visitor.export()

    return await _killed(lab, "kill -9 during an export", export)


async def kill_autosave(lab: Lab) -> Row:
    """Between two files of a state that is being saved: the whole state before it is there."""
    server = lab.server("kill-autosave")
    with server:
        visitor = await lab.back(server)
        await visitor.edit(ANOTHER, AT)
        accepted, folder = await visitor.project(), next(server.data.glob("sessions/*/projects/*"))
        before = {path.name for path in folder.iterdir()}
        job = asyncio.create_task(visitor.accept())
        while not {path.name for path in folder.iterdir()} - before:
            await asyncio.sleep(0.002)
        server.kill()
        await asyncio.gather(job, return_exceptions=True)
        await visitor.close()
        half = len(list(folder.iterdir()))
        server.start()
        visitor = await lab.back(server)
        lost, said = differences(accepted, await visitor.project()), visitor.status
        await visitor.lift()
        await visitor.close()
    return Row("kill -9 during an autosave", not lost, said, True, "; ".join([f"{half} files lay there", *lost]))


async def kill_accepted(lab: Lab) -> Row:
    """At the moment at which the page says that an edit is accepted."""
    server = lab.server("kill-accepted")
    with server:
        visitor = await lab.back(server)
        await visitor.edit(ANOTHER, AT)
        await visitor.settle()
        seen = visitor.pictures["photo"]
        await visitor.accept()
        server.kill()
        await visitor.close()
        server.start()
        visitor = await lab.back(server)
        await visitor.settle()
        kept = visitor.pictures["photo"] == seen and edits_in(await visitor.project()) == 2
        said = visitor.status
        await visitor.lift()
        await visitor.close()
    return Row("kill -9 once an edit is accepted", kept, said, True)


async def _starved(lab: Lab, fault: str, starve: Callable[[Path], None], feed: Callable[[Path], None]) -> Row:
    """The data folder takes nothing any more, and later does again."""
    said: list[str] = []
    with small_disk(lab.folder / fault.replace(" ", "-")) as disk:
        server = lab.server("data", where=disk)
        server.log = lab.folder / f"{disk.name}.log"
        with server:
            visitor = await lab.back(server)
            await visitor.edit(ANOTHER, AT)
            starve(disk)
            await visitor.accept()
            await visitor.until(lambda: "not saved" in visitor.status, "the page to say that work is not saved", 30)
            said.append(visitor.status)
            rescued = await visitor.project()
            with contextlib.suppress(VisitorError):
                await visitor.export()
            said.append(visitor.status)
            other = await Visitor(server.url).open()
            try:
                await other.upload(lab.photo)
            except VisitorError as error:
                said.append(f"(upload) {error}")
            await other.close()
            feed(disk)
            await visitor.until(lambda: "not saved" not in visitor.status, "the work to be saved after all", 40)
            await visitor.lift()
            await visitor.fire("undo", "click")
            await asyncio.sleep(2.0)
            server.kill()
            await visitor.close()
            server.start()
            visitor = await lab.back(server)
            lost = differences(rescued, await visitor.project())
            await visitor.close()
    return Row(fault, not lost, " / ".join(said), True, "; ".join(lost))


async def disk_full(lab: Lab) -> Row:
    """Not a byte is free."""
    return await _starved(lab, "disk full", _fill, lambda disk: (disk / "filler").unlink())


async def disk_read_only(lab: Lab) -> Row:
    """The folder becomes read-only while the studio runs."""
    return await _starved(lab, "data folder read-only", lambda d: _remount(d, "ro"), lambda d: _remount(d, "rw"))


async def disk_read_only_at_start(lab: Lab) -> Row:
    """The studio is started with a data folder that it may not write."""
    with small_disk(lab.folder / "read-only-at-start") as disk:
        server = lab.server("data", where=disk)
        server.log = lab.folder / "read-only-at-start.log"
        _remount(disk, "ro")
        try:
            server.start()
            said = "it started"
        except RuntimeError:
            said = server.log.read_text().strip().splitlines()[-1]
        server.stop()
        _remount(disk, "rw")
        with server:
            visitor = await lab.back(server)
            lost = await lab.kept(visitor)
            await visitor.close()
    return Row("data folder read-only at the start", not lost, said, "Traceback" not in server.log.read_text())


async def _with_model(lab: Lab, fault: str, harm: Callable[[Path], None]) -> Row:
    """The scene model's file is harmed while it is in use, and found so at the next start."""
    weights = lab.folder / f"{fault.replace(' ', '-')}.safetensors"
    good = ROOT / "assets" / "weights" / "wt-s-mini.safetensors"
    shutil.copyfile(good, weights)
    server = lab.server(f"{weights.stem}-data", "--scene-model", str(weights))
    with server:
        visitor = await lab.back(server)
        harm(weights)
        await visitor.lift()
        said, lost = [f"while it runs: {visitor.status}"], []
        await visitor.close()
        server.stop()
        server.start()
        visitor = await Visitor(server.url, lab.key).open(ready=False)
        await visitor.until(lambda: "loading" not in visitor.text("chip"), "the models to be tried")
        try:
            await visitor.lift()
        except VisitorError as error:
            said.append(f"at the next start: {error}")
        shutil.copyfile(good, weights)
        await visitor.lift()
        await visitor.fire("undo", "click")
        lost = [] if edits_in(await visitor.project()) == 1 else ["the accepted edit"]
        await visitor.close()
    return Row(fault, not lost, " / ".join(said), True, "; ".join(lost))


async def model_deleted(lab: Lab) -> Row:
    """The file goes."""
    return await _with_model(lab, "model file deleted", lambda path: path.unlink())


async def model_damaged(lab: Lab) -> Row:
    """The file is cut to a tenth, where it lies."""
    return await _with_model(lab, "model file damaged", lambda path: os.truncate(path, path.stat().st_size // 10))


async def out_of_memory(lab: Lab) -> Row:
    """During a lift the process gets no more memory from the system."""
    server = lab.server("memory")
    with server:
        visitor = await lab.back(server)
        await visitor.lift()
        limits = resource.prlimit(server.pid, resource.RLIMIT_AS)
        resource.prlimit(server.pid, resource.RLIMIT_AS, (_address_space(server.pid) // 2, limits[1]))
        try:
            await visitor.lift()
            said = "it was enough"
        except VisitorError as error:
            said = str(error)
        resource.prlimit(server.pid, resource.RLIMIT_AS, limits)
        await visitor.lift()
        kept = edits_in(await visitor.project()) == 1
        await visitor.close()
        resident = memory_mb(server.pid)[0]
    return Row("out of memory in a lift", kept, said, True, f"{resident:.0f} MB afterwards")


async def view_cut(lab: Lab) -> Row:
    """The socket of the 3D view breaks, three times; every point comes back."""
    server = lab.server("view")
    with server:
        visitor = await lab.back(server)
        await visitor.settle()
        before = {name: len(colours) for name, colours in visitor.points.items()}
        for _ in range(3):
            visitor.cut_view()
            await asyncio.sleep(1.5)
            await visitor.settle()
        same = {name: len(colours) for name, colours in visitor.points.items()} == before and visitor.view_lost == 3
        lost = await lab.kept(visitor)
        await visitor.lift()
        said = visitor.status
        await visitor.close()
    points = f"{sum(before.values()):,} points before and after"
    return Row("3D view's socket cut, 3 times", same and not lost, said, True, points)


async def tab_closed(lab: Lab) -> Row:
    """The tab is closed while a lift runs; the person comes back, somebody else is served in between."""
    server = lab.server("tab")
    with server:
        visitor = await lab.back(server)
        job = asyncio.create_task(visitor.lift(steps=30))
        await visitor.until(lambda: visitor.at_work, "the lift to run")
        await visitor.close()
        job.cancel()
        await asyncio.gather(job, return_exceptions=True)
        other = await Visitor(server.url).open()
        await other.upload(lab.photo)
        await other.lift()
        await other.close()
        visitor = await lab.back(server)
        said = visitor.status
        await visitor.fire("undo", "click")
        lost = await lab.kept(visitor)
        await visitor.close()
    return Row("tab closed during a lift", not lost, said, True, "; ".join(lost))


async def clock_jumps(lab: Lab) -> Row:
    """The wall clock jumps a month ahead while somebody's saved work waits, then two back."""
    shift = lab.folder / "shift"
    shift.write_text("0")
    server = lab.server("clock", environment={"CLOCK_SHIFT": str(shift)}, command=("-c", _WITH_CLOCK, ROOT))
    with server:
        other = await Visitor(server.url).open()
        await other.upload(lab.photo)
        job = asyncio.create_task(other.lift(steps=30))
        await other.until(lambda: other.at_work, "the lift to run")
        shift.write_text(str(30 * 86400))
        await job
        await asyncio.sleep(35.0)  # the studio looks for old work every thirty seconds
        shift.write_text(str(-30 * 86400))
        await other.lift()
        said = other.status
        await other.close()
        visitor = await lab.back(server)
        lost = await lab.kept(visitor)
        await visitor.close()
    return Row("clock jumps by a month, both ways", not lost, said, True, "; ".join(lost))


FAULTS: dict[str, Fault] = {
    "kill-lift": kill_lift,
    "kill-edit": kill_edit,
    "kill-autosave": kill_autosave,
    "kill-accepted": kill_accepted,
    "kill-export": kill_export,
    "disk-full": disk_full,
    "disk-read-only": disk_read_only,
    "disk-read-only-start": disk_read_only_at_start,
    "model-deleted": model_deleted,
    "model-damaged": model_damaged,
    "memory": out_of_memory,
    "view-cut": view_cut,
    "tab-closed": tab_closed,
    "clock": clock_jumps,
}


@contextlib.contextmanager
def small_disk(folder: Path) -> Iterator[Path]:
    """A file system of its own, in memory, which root alone can mount."""
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={_DISK_MB}m", "tmpfs", str(folder)], check=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def _remount(disk: Path, how: str) -> None:
    subprocess.run(["mount", "-o", f"remount,{how}", str(disk)], check=True)


def _fill(disk: Path) -> None:
    with (disk / "filler").open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(bytes(1 << 16))


def _address_space(pid: int) -> int:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[0]) * os.sysconf("SC_PAGE_SIZE")


if __name__ == "__main__":
    main()
