"""Does the steps of a Dockerfile in a folder that holds a Debian system, where no Docker is: as root,

debootstrap --variant=minbase bookworm ROOT
python deploy/rehearse.py deploy/Dockerfile ROOT            # its COPY and RUN steps, each with its seconds
python deploy/rehearse.py deploy/Dockerfile ROOT --start    # its ENTRYPOINT, as its USER with its ENV, until stopped
"""

import argparse
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from fnmatch import fnmatch
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
_PASSED_ON = ("PIP_CERT", "PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "PIP_DEFAULT_TIMEOUT")
"""How this machine reaches its package index; a build of Docker gets it as --build-arg."""


@dataclass
class Image:
    """What the steps so far have set."""

    root: Path
    folder: str = "/"
    user: str = ""
    environment: dict[str, str] = field(default_factory=lambda: {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin"})

    def run(self, command: list[str], **more: str) -> int:
        """A command inside, in the folder and as the user of the moment."""
        become = [f"--userspec={self.user}"] if self.user else []
        inside = [
            shutil.which("chroot") or "chroot",
            *become,
            str(self.root),
            "/usr/bin/env",
            "-C",
            self.folder,
            *command,
        ]
        return subprocess.run(inside, env={**self.environment, **more}).returncode


def steps(dockerfile: Path) -> Iterator[tuple[str, str]]:
    """(instruction, what it says) of every line that is neither empty nor a comment."""
    text = dockerfile.read_text(encoding="utf-8").replace("\\\n", " ")
    for line in text.splitlines():
        if line.strip() and not line.startswith("#"):
            name, _, said = line.strip().partition(" ")
            yield name.upper(), said.strip()


def copy(image: Image, said: str) -> None:
    """Files of the repository, those that .dockerignore names left out."""
    *sources, target = shlex.split(said)
    ignored = [line.removeprefix("**/") for line in (REPOSITORY / ".dockerignore").read_text().split()]
    inside = image.root / image.folder.lstrip("/") / target
    for source in sources:
        path = REPOSITORY / source
        if path.is_file():
            shutil.copy2(path, inside)
        else:
            leave_out = lambda _, names: [name for name in names if any(fnmatch(name, one) for one in ignored)]  # noqa: E731
            shutil.copytree(path, inside, dirs_exist_ok=True, ignore=leave_out)


def do(image: Image, name: str, said: str, *, build: bool) -> None:
    """One step; what is written into the folder is left out when the image was built before."""
    if name == "WORKDIR":
        image.folder = said
        (image.root / said.lstrip("/")).mkdir(parents=True, exist_ok=True)
    elif name == "ENV":
        image.environment |= dict(pair.split("=", 1) for pair in shlex.split(said))
    elif name == "USER":
        image.user = said
    elif name == "COPY" and build:
        copy(image, said)
    elif name == "RUN" and build:
        passed_on = {key: os.environ[key] for key in _PASSED_ON if key in os.environ}
        if image.run(["sh", "-c", said], DEBIAN_FRONTEND="noninteractive", **passed_on):
            sys.exit(f"This step failed: RUN {said}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("dockerfile", type=Path)
    parser.add_argument("root", type=Path)
    parser.add_argument("--start", action="store_true", help="run the ENTRYPOINT in place of the build")
    parser.add_argument("more", nargs="*", help="flags for the ENTRYPOINT, after --")
    options = parser.parse_args()
    image, entry = Image(options.root), []
    for name, said in steps(options.dockerfile):
        began = time.monotonic()
        do(image, name, said, build=not options.start)
        entry = json.loads(said) if name == "ENTRYPOINT" else entry
        if not options.start:
            short = re.sub(r"\s+", " ", said)[:90]
            sys.stdout.write(f"{time.monotonic() - began:7.1f} s  {name} {short}\n")
            sys.stdout.flush()
    if options.start:
        (options.root / "etc/hosts").write_text("127.0.0.1 localhost\n")  # as Docker does for every container
        sys.exit(image.run([*entry, *options.more]))


if __name__ == "__main__":
    main()
