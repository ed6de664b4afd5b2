"""What is deployed fits the repository: the Dockerfiles' files, flags and user. No Docker is needed here."""

import json
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "deploy"))

from rehearse import Image, copy, do, steps

from app.flags import parse_args

ROOT = Path(__file__).resolve().parent.parent
FILES = [ROOT / "deploy" / name for name in ("Dockerfile", "Dockerfile.cuda")]


@pytest.mark.parametrize("dockerfile", FILES, ids=lambda path: path.name)
def test_an_image_has_our_requirements_is_not_roots_and_tells_its_health(dockerfile):
    read = list(steps(dockerfile))
    names, said = [name for name, _ in read], {name: text for name, text in read}
    runs = " ".join(text for name, text in read if name == "RUN")
    assert "-r requirements.txt" in runs
    assert "$(cat packages.txt)" in runs
    assert names.index("RUN") < names.index("USER") < names.index("ENTRYPOINT")
    assert said["USER"] != "root"
    config = parse_args(json.loads(said["ENTRYPOINT"])[2:])
    assert config.port == int(said["EXPOSE"])
    health = json.loads(said["HEALTHCHECK"].partition("CMD ")[2])
    assert f":{config.port}/healthz" in health[-1]
    compile(health[-1], "HEALTHCHECK", "exec")


def test_the_image_gets_the_program_and_not_its_history_or_tests(tmp_path):
    image = Image(tmp_path)
    for name, said in steps(FILES[0]):
        if name == "WORKDIR":
            do(image, name, said, build=True)
        if name == "COPY":
            copy(image, said)
    program = tmp_path / "studio"
    for path in ("app.py", "app/web/studio.css", "wt/lift.py", "editors", "assets/weights", "requirements.txt"):
        assert (program / path).exists()
    for path in (".git", "tests", "benchmarks", "app/__pycache__"):
        assert not (program / path).exists()


def test_lines_are_joined_and_comments_left_out(tmp_path):
    (tmp_path / "Dockerfile").write_text("# why\nFROM a\nRUN one && \\\n    two\n\nuser me\n")
    assert list(steps(tmp_path / "Dockerfile")) == [("FROM", "a"), ("RUN", "one &&      two"), ("USER", "me")]


def test_packages_for_apt_are_names_one_a_line():
    for line in (ROOT / "packages.txt").read_text().splitlines():
        assert line.replace("-", "").replace(".", "").replace("+", "").isalnum()
