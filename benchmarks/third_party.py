"""What the installed dependencies are licensed under: `python benchmarks/third_party.py > THIRD_PARTY.md`.

Those of requirements.txt one by one, and what they bring along by licence. It reads the packages' own metadata; where
that says nothing, or less than the wheel holds, SAID knows better.
"""

import re
from collections import defaultdict
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parent.parent
SAID = {
    "av": "BSD-3-Clause; its wheels hold FFmpeg with x264 and x265 (GPL-2.0-or-later)",
    "certifi": "MPL-2.0",
    "embreex": "BSD-3-Clause; its wheels hold Embree (Apache-2.0)",
    "opencv-python-headless": "Apache-2.0; its wheels hold FFmpeg (LGPL-2.1-or-later)",
    "openexr": "BSD-3-Clause",
    "pillow-heif": "BSD-3-Clause; its wheels hold libheif, libde265 (LGPL-3.0) and x265 (GPL-2.0-or-later)",
    "scikit-image": "BSD-3-Clause",
    "scipy": "BSD-3-Clause",
    "segment-anything": "Apache-2.0",
    "torch": "BSD-3-Clause",
    "usd-core": "TOST-1.0 (Apache-2.0 with another clause on trademarks)",
    "xatlas": "MIT",
}
SAME = (
    (r"nvidia|cuda-toolkit", "NVIDIA's own, with CUDA builds of torch only"),
    (r"\bmpl\b|mozilla", "MPL-2.0"),
    (r"apache", "Apache-2.0"),
    (r"bsd", "BSD"),
    (r"\bmit\b|mit-cmu|mit license", "MIT"),
    (r"isc", "ISC"),
    (r"psf|python software|^matplotlib ", "PSF-2.0"),
)
TOLD = """# Licences of what is installed

Made by `python benchmarks/third_party.py > THIRD_PARTY.md` from the packages' own metadata. None of them is part of
this repository, which is Apache-2.0: pip fetches them, and all may be used with it. Who passes on a Docker image or the
like passes on what their wheels hold as well: in those of `pillow-heif` and `av` there is GPL code, whose terms then
have to be kept.
"""


def key_of(name: str) -> str:
    """A package's name as PyPI compares it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def licence(package: Distribution) -> str:
    """In a few words, as far as its metadata says."""
    told = package.metadata
    if known := SAID.get(key_of(told["Name"])):
        return known
    classes = [line.rpartition(" :: ")[2] for line in told.get_all("Classifier", []) if line.startswith("License ::")]
    words = told.get("License-Expression") or (told.get("License") or "").partition("\n")[0] or ", ".join(classes)
    return words if len(words) < 60 else "see its licence file"


def kin(package: Distribution) -> str:
    """The licence in one of a few words."""
    words = f"{key_of(package.metadata['Name'])} {licence(package)}".lower()
    classes = " ".join(package.metadata.get_all("Classifier", [])).lower()
    return next((name for test in (words, classes) for sign, name in SAME if re.search(sign, test)), "other")


def walk(asked: Requirement, found: dict[str, Distribution]) -> None:
    """Add a requirement and all that it needs here."""
    if key_of(asked.name) in found:
        return
    try:
        package = found[key_of(asked.name)] = distribution(asked.name)
    except PackageNotFoundError:
        return  # of another system
    for line in package.requires or []:
        needed = Requirement(line)
        if needed.marker is None or any(needed.marker.evaluate({"extra": extra}) for extra in ("", *asked.extras)):
            walk(needed, found)


def main() -> None:
    """Print the page."""
    lines = (line.partition("#")[0].strip() for line in (ROOT / "requirements.txt").read_text().splitlines())
    asked = [Requirement(line) for line in lines if line]
    own, found = {key_of(one.name) for one in asked}, dict[str, Distribution]()
    for one in asked:
        walk(one, found)
    print(TOLD)
    print("| package | range | licence |\n|---|---|---|")
    for one in sorted(asked, key=lambda one: one.name.lower()):
        print(f"| {one.name} | {str(one.specifier) or 'any'} | {licence(found[key_of(one.name)])} |")
    groups = defaultdict[str, list[str]](list)
    for name, package in found.items():
        if name not in own:
            groups[kin(package)].append(name)
    print("\nWhat these bring along, on Linux:\n\n| licence | packages |\n|---|---|")
    for name, names in sorted(groups.items(), key=lambda group: -len(group[1])):
        print(f"| {name} | {', '.join(sorted(names))} |")


if __name__ == "__main__":
    main()
