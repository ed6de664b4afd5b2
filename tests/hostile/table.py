"""What became of every bad input: `python tests/hostile/table.py --json`; one line a kind, and what must not be."""

import argparse
import json
import logging
import os
import sys
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "app"), str(HERE.parent.parent)]

from bad_archives import cases as archives  # noqa: E402
from bad_arrays import cases as arrays  # noqa: E402
from bad_pictures import cases as pictures  # noqa: E402
from cases import Case  # noqa: E402
from house import Found, House  # noqa: E402


def every() -> Iterator[Case]:
    """The whole corpus of files."""
    yield from pictures()
    yield from arrays()
    yield from archives()


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description="Bad inputs, put through the doors of a studio of quick parts.")
    parser.add_argument("--json", action="store_true", help="one JSON object on standard output")
    parser.add_argument("--only", default="", help="kinds or names that hold this")
    parser.add_argument("--words", action="store_true", help="what was said of each, too")
    args = parser.parse_args()
    warnings.simplefilter("error")
    logging.disable(logging.CRITICAL)
    found: dict[str, list[tuple[Case, Found]]] = {}
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        root = Path(folder) / "root"
        root.mkdir()
        house = House(root)
        for case in every():
            if args.only in str(case):
                one = house.enter(case)
                found.setdefault(case.kind, []).append((case, one))
                if args.words or one.harm:
                    print(
                        f"{case}: {one.seconds:.1f} s, {one.bytes >> 20} MB, {one.words or 'taken'} {one.harm or ''}",
                        file=sys.stderr,
                    )
        house.close()
    rows = [_row(kind, results) for kind, results in found.items()]
    if args.json:
        print(json.dumps({"rows": rows, "inputs": sum(row["inputs"] for row in rows)}, indent=1))
        return
    for row in rows:
        print(" | ".join(str(value) for value in row.values()))


def _row(kind: str, results: list[tuple[Case, Found]]) -> dict[str, Any]:
    refused = sum(bool(one.words) for _, one in results)
    return {
        "kind": kind,
        "inputs": len(results),
        "refused": refused,
        "taken": len(results) - refused,
        "worst_s": round(max(one.seconds for _, one in results), 1),
        "worst_mb": max(one.bytes for _, one in results) >> 20,
        "harm": [f"{case.name}: {what}" for case, one in results for what in one.harm],
    }


if __name__ == "__main__":
    main()
