"""Many visitors at once against one `python app.py`: `python benchmarks/load.py --json [--visitors 1 4 16]`.

Each visitor opens the page, uploads a photo that carries its own marker, lifts it, adds an object, accepts, exports and
takes the zip away; all of them at the same time. What each gets, pictures, points, files, is searched for the others'
markers. A visitor is a program that speaks as the page does (visitor.py); with `--browser`, a page in Chromium.
"""

import argparse
import asyncio
import json
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "benchmarks"), str(ROOT / "tests" / "app")]

import httpx  # noqa: E402
import marked  # noqa: E402
import numpy as np  # noqa: E402
from serving import Server, files_in, watched_memory  # noqa: E402
from visitor import Visitor, VisitorError  # noqa: E402

PROMPT, AT = "add a white stool", (430.0, 400.0)
STEPS = ("open", "upload", "lift", "edit", "accept", "export", "download")


def main() -> None:
    """Run, print the table on standard error and one JSON object on standard output."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--visitors", type=int, nargs="+", help="how many at once (1 4 16; with --browser 1 4)")
    parser.add_argument("--browser", action="store_true", help="drive headless Chromium")
    parser.add_argument("--formats", nargs="+", help="what is exported (what the page has ticked; not with --browser)")
    parser.add_argument("--device", default="cpu", help="of the studio (cpu)")
    parser.add_argument("--engine", default="local", choices=("local", "ray"), help="of the studio (local)")
    parser.add_argument("--json", action="store_true", help="one JSON object on standard output")
    options = parser.parse_args()
    runs = []
    print(f"{'visitors':>8} {'jobs/min':>8} " + " ".join(f"{step + ' p50/p95':>16}" for step in STEPS), file=sys.stderr)
    for count in options.visitors or ([1, 4] if options.browser else [1, 4, 16]):
        if not 1 <= count <= marked.MOST:
            parser.error(f"there are markers for 1 to {marked.MOST} visitors, got {count}")
        runs.append(measured(count, options))
        print(row(runs[-1]), file=sys.stderr)
    if options.json:
        print(json.dumps({**runs[-1], "runs": runs}))
    sys.exit(any(run["errors"] or run["leaks"] for run in runs))


def measured(count: int, options: argparse.Namespace) -> dict[str, Any]:
    """One studio, fresh, and that many visitors at once."""
    with tempfile.TemporaryDirectory(prefix="wt-load-") as name:
        folder = Path(name)
        with Server(folder / "data", "--device", options.device, "--engine", options.engine) as server:
            asyncio.run(_warm(server.url))
            with watched_memory(server.pid) as peak:
                began = time.monotonic()
                if options.browser:
                    visits = _browsers(server.url, count, folder)
                else:
                    visits = _visitors(server.url, count, folder, options.formats)
                took = time.monotonic() - began
            files, size = files_in(server.data)
        trouble = [line for line in server.log.read_text().splitlines() if "Traceback" in line or "ERROR" in line]
    return {
        "visitors": count,
        "browser": options.browser,
        "jobs": sum(not visit["errors"] for visit in visits),
        "errors": sum(len(visit["errors"]) for visit in visits) + len(trouble),
        "leaks": sum(len(visit["leaks"]) for visit in visits),
        "what": dict(Counter(error for visit in visits for error in (*visit["errors"], *visit["leaks"]))),
        "checked": sum(visit["checked"] for visit in visits),
        "took_s": round(took, 1),
        "jobs_per_minute": round(60 * len(visits) / took, 2),
        "seconds": percentiles([sum(visit["seconds"].values()) for visit in visits]),
        "steps": {step: percentiles([v["seconds"][step] for v in visits if step in v["seconds"]]) for step in STEPS},
        "peak_rss_mb": round(peak["rss"]),
        "peak_pss_mb": round(peak["pss"]),
        "data_files": files,
        "data_mb": round(size / 1e6, 1),
    }


def percentiles(values: list[float]) -> dict[str, float]:
    """Median and 95th percentile in seconds; empty without values."""
    if not values:
        return {}
    return {"p50": round(float(np.median(values)), 2), "p95": round(float(np.percentile(values, 95)), 2)}


def findings(number: int, results: dict[str, set[int]]) -> tuple[list[str], list[str]]:
    """(what lacks the visitor's own marker, what shows somebody else's), of markers found in each result."""
    missing = [f"{name} lacks its own marker" for name, found in results.items() if number not in found]
    leaks = [f"{name} shows another's marker" for name, found in results.items() if found - {number}]
    return missing, leaks


def row(run: dict[str, Any]) -> str:
    """A line of the table, with a second one for memory and faults."""
    cells = [f"{run['steps'][s].get('p50', 0):.1f} / {run['steps'][s].get('p95', 0):.1f}" for s in STEPS]
    whole = run["seconds"]
    return (
        f"{run['visitors']:>8} {run['jobs_per_minute']:>8.2f} "
        + " ".join(f"{cell:>16}" for cell in cells)
        + f"\n         whole visit {whole['p50']:.1f} / {whole['p95']:.1f} s, peak {run['peak_pss_mb']} MB PSS, "
        + f"{run['peak_rss_mb']} MB RSS, {run['checked']} results checked, {run['errors']} errors, {run['leaks']} leaks"
        + "".join(f"\n         {times} x {what}" for what, times in run["what"].items())
    )


async def _warm(url: str) -> None:
    """The models are loaded before the clock starts."""
    visitor = await Visitor(url).open()
    await visitor.close()


def _visitors(url: str, count: int, folder: Path, formats: list[str] | None) -> list[dict[str, Any]]:
    async def all_of_them() -> list[dict[str, Any]]:
        return await asyncio.gather(*(_visit(url, number, folder, formats) for number in range(count)))

    return asyncio.run(all_of_them())


async def _visit(url: str, number: int, folder: Path, formats: list[str] | None) -> dict[str, Any]:
    """One whole visit; what went wrong, what leaked, what each step took."""
    visitor = Visitor(url)
    results: dict[str, set[int]] = {}
    errors: list[str] = []
    try:
        began = time.monotonic()
        await visitor.open()
        visitor.seconds["open"] = time.monotonic() - began
        await visitor.upload(marked.save(number, folder))
        await visitor.lift()
        await visitor.until(lambda: number in _in_view(visitor), "the visitor's own points in 3D", 180)
        await visitor.settle()
        results |= _seen(visitor, "after the lift")
        await visitor.edit(PROMPT, AT)
        await visitor.accept()
        bundle = await visitor.export(formats)
        results |= {f"zip: {name}": found for name, found in (await asyncio.to_thread(marked.in_zip, bundle)).items()}
        await visitor.settle()
        results |= _seen(visitor, "at the end")
    except (VisitorError, httpx.HTTPError) as error:
        errors.append(f"{type(error).__name__}: {error}")
    finally:
        await visitor.close()
    errors += [f"the page said: {toast}" for toast in visitor.toasts]
    missing, leaks = findings(number, results)
    errors += missing
    return {"errors": errors, "leaks": leaks, "seconds": visitor.seconds, "checked": len(results)}


def _seen(visitor: Visitor, when: str) -> dict[str, set[int]]:
    found = {f"3D {when}": _in_view(visitor)}
    shown = {name: data for name, data in visitor.pictures.items() if name in ("photo", "before")}
    return found | {f"{name} {when}": marked.in_picture(data) for name, data in shown.items()}


def _in_view(visitor: Visitor) -> set[int]:
    points = list(visitor.points.values())
    return marked.numbers(np.concatenate(points)) if points else set()


def _browsers(url: str, count: int, folder: Path) -> list[dict[str, Any]]:
    """The same by Chromium, one page each; every step is begun on all pages before it is waited for on any."""
    import browser
    from playwright.sync_api import Error, sync_playwright

    visits: list[dict[str, Any]] = [{"errors": [], "leaks": [], "seconds": {}, "checked": 0} for _ in range(count)]
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=browser.chromium_path(), args=browser.ARGS)
        began = time.monotonic()
        pages = [browser.Studio(chromium, f"{url}/") for _ in range(count)]
        for page, visit in zip(pages, visits, strict=True):
            page.ready()
            visit["seconds"]["open"] = time.monotonic() - began

        def step(name: str, start: Any, words: str) -> None:
            began = time.monotonic()
            for number, page in enumerate(pages):
                start(number, page)
            for page, visit in zip(pages, visits, strict=True):
                page.says(words)
                page.idle()
                visit["seconds"][name] = time.monotonic() - began

        def edit(number: int, page: Any) -> None:
            page.open_step("edit")
            page.page.locator("#prompt textarea").fill(PROMPT)
            page.page.locator("#run_edit").click()

        def export(number: int, page: Any) -> None:
            page.open_step("export")
            page.page.locator("#build").click()

        try:
            step("upload", lambda number, page: page.upload(marked.save(number, folder)), "is open")
            step("lift", lambda number, page: page.page.locator("#lift").click(), "Lifted")
            step("edit", edit, "Look at the result")
            step("accept", lambda number, page: page.page.locator("#accept").click(), "Accepted")
            step("export", export, "is ready")
            for number, (page, visit) in enumerate(zip(pages, visits, strict=True)):
                began = time.monotonic()
                page.open_step("export")
                with page.page.expect_download() as taken:
                    page.page.locator("#download_zip").click()
                bundle = Path(taken.value.path()).read_bytes()
                visit["seconds"]["download"] = time.monotonic() - began
                results = {f"zip: {name}": found for name, found in marked.in_zip(bundle).items()}
                results["photo"] = marked.numbers(page.photo())
                page.wait_coloured(1000)
                results["3D"] = marked.numbers(page.view().astype(np.uint8))
                missing, visit["leaks"] = findings(number, results)
                visit["errors"] += [*missing, *page.errors, *(f"asked {address}" for address in page.outside)]
                visit["checked"] = len(results)
        except Error as error:
            visits[0]["errors"].append(f"{type(error).__name__}: {error}")
        chromium.close()
    return visits


if __name__ == "__main__":
    main()
