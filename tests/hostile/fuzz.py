"""Coverage-guided fuzzing of what opens files: `python tests/hostile/fuzz.py --seconds 300 --json`; needs atheris.

Seeds are the good files and the corpus's smaller bad ones. Anything but a result or a `WtError` is a crash.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "app"), str(HERE.parent.parent)]

TARGETS = ("photo", "depth", "project", "clip", "words")
_MOST_SEED_BYTES = 60_000


def fuzz(target: str, corpus: Path, seconds: float) -> None:
    """Run one target in this process; libFuzzer ends it."""
    import logging
    import warnings

    import atheris

    logging.disable(logging.CRITICAL)
    warnings.simplefilter("ignore")
    with atheris.instrument_imports(include=["wt", "app", "editors", "PIL", "zipfile"], enable_loader_override=False):
        from app import project
        from app.facts import preview
        from editors.instruction import parse
        from wt.clips.clip import Clip
        from wt.depth import open_depth
        from wt.errors import WtError
        from wt.images import open_photo
    file = corpus.parent / f"{target}.file"

    def put(data: bytes, suffix: str) -> Path:
        path = file.with_suffix(suffix)
        path.write_bytes(data)
        return path

    def words(data: bytes) -> None:
        text = data.decode("utf-8", "replace")
        preview(text)
        parse(text)

    doors = {
        "photo": lambda data: open_photo(data, "a.png"),
        "depth": lambda data: open_depth(put(data, ".npy"), (96, 64)),
        "project": lambda data: project.open_file(put(data, ".wts"), "p"),
        "clip": lambda data: Clip.load(put(data, ".wtc")),
        "words": words,
    }

    def one(data: bytes) -> None:
        try:
            doors[target](data)
        except WtError:
            return

    options = [
        f"-max_total_time={seconds:.0f}",
        "-max_len=65536",
        "-rss_limit_mb=3000",
        "-timeout=30",
        "-print_final_stats=1",
    ]
    atheris.Setup([sys.argv[0], str(corpus), *options, f"-artifact_prefix={corpus.parent}/{target}-"], one)
    atheris.Fuzz()


def seeds(target: str) -> list[bytes]:
    """Good files first, then bad ones."""
    import bad_archives
    import bad_arrays
    import bad_bodies
    import bad_pictures
    from cases import zipped

    if target == "words":
        good = ["add a red chair next to the table", "remove the lamp and put a plant there", "move it 2 m to the left"]
        return [text.encode("utf-8", "replace")[:900] for text in [*good, *bad_bodies.WORDS.values()]]
    tables = {
        "photo": [make for _, make in bad_pictures.PICTURES.values()],
        "depth": [make for _, make in bad_arrays.DEPTHS.values()],
        "project": list(bad_archives.PROJECTS.values()),
        "clip": list(bad_archives.CLIPS.values()),
    }
    good = {
        "photo": [bad_pictures.encoded(kind) for kind in ("PNG", "JPEG", "WEBP", "GIF", "TIFF", "BMP")],
        "depth": [bad_arrays.npy(bad_arrays.GOOD), bad_arrays.npz(depth=bad_arrays.GOOD)],
        "project": [zipped(bad_archives.project())],
        "clip": [zipped(bad_archives.clip())],
    }
    slow = ("bomb", "gigapixels", "zeros", "crowd", "large", "packed_again", "many")
    names = {make: name for table in (bad_pictures.PICTURES, bad_arrays.DEPTHS) for name, (_, make) in table.items()}
    names |= {make: name for table in (bad_archives.PROJECTS, bad_archives.CLIPS) for name, make in table.items()}
    bad = (make() for make in tables[target] if not any(word in names[make] for word in slow))
    return [*good[target], *(data for data in bad if len(data) < _MOST_SEED_BYTES)]


def run(target: str, seconds: float, folder: Path) -> dict[str, object]:
    """One target in a process of its own, and what libFuzzer says of it."""
    corpus = folder / target
    corpus.mkdir()
    for number, data in enumerate(seeds(target)):
        (corpus / f"seed{number:03}").write_bytes(data)
    command = [sys.executable, __file__, "--target", target, "--corpus", str(corpus), "--seconds", str(seconds)]
    began = time.monotonic()
    ended = subprocess.run(command, capture_output=True, text=True, timeout=seconds + 300, check=False)
    lines = ended.stderr.splitlines()
    covered = [line.split("cov: ")[1].split()[0] for line in lines if "cov: " in line]
    count = next((line.split()[-1] for line in lines if "number_of_executed_units" in line), "0")
    crashes = sorted(path for path in folder.glob(f"{target}-*") if path.is_file())
    for path in crashes:
        kept = Path(tempfile.gettempdir()) / path.name
        kept.write_bytes(path.read_bytes())
        print(f"{target}: {kept}\n" + "\n".join(lines[-30:]), file=sys.stderr)
    return {
        "target": target,
        "seconds": round(time.monotonic() - began),
        "executions": int(count),
        "covered_edges": int(covered[-1]) if covered else 0,
        "edges_of_the_seeds": int(covered[0]) if covered else 0,
        "crashes": [path.name for path in crashes],
        "ended": ended.returncode,
    }


def main() -> None:
    """Every target for its share of the time."""
    parser = argparse.ArgumentParser(description="Fuzz what opens files, with atheris.")
    parser.add_argument("--seconds", type=float, default=300, help="of all targets together")
    parser.add_argument("--target", choices=TARGETS, help="one alone")
    parser.add_argument("--corpus", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--json", action="store_true", help="one JSON object on standard output")
    args = parser.parse_args()
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    try:
        import atheris  # noqa: F401
    except ImportError:
        sys.exit("atheris is not installed, so nothing was fuzzed. Run: pip install atheris")
    if args.corpus:
        fuzz(args.target, args.corpus, args.seconds)
        return
    targets = [args.target] if args.target else list(TARGETS)
    with tempfile.TemporaryDirectory() as folder:
        rows = [run(target, args.seconds / len(targets), Path(folder)) for target in targets]
    if args.json:
        print(json.dumps({"rows": rows}, indent=1))
    else:
        for row in rows:
            print(" | ".join(str(value) for value in row.values()))


if __name__ == "__main__":
    main()
