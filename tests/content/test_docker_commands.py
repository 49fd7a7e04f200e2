"""Owns the proof that the docker commands in our texts exist, with their options; must never run one of them."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from course.catalog import read_catalog

ROOT = Path(__file__).resolve().parents[2]
GROUPS = frozenset(("system", "container", "image", "volume"))
OPTION = re.compile(r"^\s+(?:-(\w), )?\s*--([\w-]+)(?: (\w+))?", re.MULTILINE)
LATER = frozenset(("--progress",))
"""Options of BuildKit's build, which a docker command lists only while BuildKit is chosen."""


def texts() -> Iterator[Path]:
    """What a learner reads. The notes are for instructors, and name commands that are gone."""
    for slug in read_catalog(ROOT).slugs.values():
        yield ROOT / "lessons" / slug / "lesson.md"
    yield from sorted(path for path in ROOT.glob("exercises/*/*.md") if path.name != "notes.md")
    yield from sorted(ROOT.glob("exercises/*/starter/README.md"))


def commands(text: str) -> Iterator[str]:
    """What a reader may type: lines of fences that begin with docker, and inline code that does."""
    for line in re.findall(r"^(?:\$ |    |> )?(?:\w+=\S+ )?(docker [a-z].*)$", text, flags=re.MULTILINE):
        yield re.split(r"\s+\||\s+#|\s+&&", line)[0]
    yield from re.findall(r"`(?:\w+=\S+ )?(docker [a-z][^`]*)`", text)


@cache
def options_of(command: tuple[str, ...]) -> dict[str, bool]:
    """Option -> whether it takes a value, as the docker command itself says."""
    done = subprocess.run(["docker", *command, "--help"], capture_output=True, text=True, check=False)
    usage = re.search(rf"Usage:\s+docker [a-z ]*\b{command[-1]}\b", done.stdout)
    assert usage, f"docker {' '.join(command)} is no command"
    found: dict[str, bool] = {}
    for short, long, kind in OPTION.findall(done.stdout):
        found |= {f"-{short}": bool(kind), f"--{long}": bool(kind)}
    return found


def unknown_options(command: str) -> list[str]:
    """Options in front of the first plain word that this docker command does not have."""
    words = shlex.split(command, posix=True)[1:]
    size = 2 if words[0] in GROUPS else 1
    options = options_of(tuple(words[:size]))
    unknown = []
    rest = iter(words[size:])
    for word in rest:
        name = word.partition("=")[0]
        if not word.startswith("-") or name == "-":
            break
        parts = [name] if name.startswith("--") else [f"-{letter}" for letter in name[1:]]
        unknown += [part for part in parts if part not in options and part not in LATER]
        if options.get(parts[-1]) and "=" not in word:
            next(rest, "")
    return unknown


@pytest.mark.engine
@pytest.mark.parametrize("path", tuple(texts()), ids=lambda path: path.relative_to(ROOT).as_posix())
def test_docker_commands_in_texts_exist(path: Path) -> None:
    """Whatever docker command a text names can be typed as it stands."""
    assert shutil.which("docker"), "the docker command comes with the engine"
    wrong = {}
    for command in commands(path.read_text(encoding="utf-8")):
        if "..." not in command and "…" not in command and (unknown := unknown_options(command)):
            wrong[command] = unknown

    assert {} == wrong


@pytest.mark.engine
def test_made_up_commands_and_options_are_noticed() -> None:
    """The test above can fail: a misspelt option, and a command that is gone."""
    assert ["--nmae"] == unknown_options("docker run --rm --nmae box labeller:v1")
    assert [] == unknown_options("docker run -d --name box labeller:v1 --nmae")
    with pytest.raises(AssertionError):
        unknown_options("docker shelve labeller:v1")
