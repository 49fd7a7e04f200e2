"""Owns the check that a variable has a value where it is used; must never guess what a base image sets.

An ARG above the first FROM is known in FROM lines only; a stage sees it when it declares it again. For Docker such a
name is simply empty. A stage that starts from another one knows what that one declared. Sure faults are: that one, a
name declared further down, one spelt nearly like another, one in FROM that nothing declares, and on a base whose
variables are known any other name that nothing declares. Elsewhere the base may set it, which is left open.
`${name:-word}` is prepared for an empty value.
In RUN only the first kind counts, as a shell has variables of its own. Looked at is every stage that the final image
is made of.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from typing import NamedTuple

from graders.check import Check
from graders.dockerfile.image_ref import read_image_ref
from graders.dockerfile.model import Dockerfile, Instruction, Stage
from graders.dockerfile.reference import plain_references
from graders.dockerfile.word import split_env, split_pairs
from graders.dockerfile_context import DockerfileContext
from graders.finding import Finding, Undecidable
from graders.outcome import Level

_EXPANDING = frozenset(
    ("ADD", "ARG", "COPY", "ENV", "EXPOSE", "LABEL", "STOPSIGNAL", "USER", "VOLUME", "WORKDIR", "ONBUILD")
)
_COMPARED = 200
"""More names than this are not compared for a likeness."""
_NOT_AGAIN = "which an ARG above FROM declares: in a stage it is empty until the stage declares it again"
_OWN = re.compile(r"(?:^|(?<=[\s;&|(]))(?:([A-Za-z_]\w*)(?:=|\s+in\s)|read\s+(?:-\w+\s+)*([A-Za-z_]\w*))")
"""Names that a script gives a value itself."""
_PLATFORM = ("PLATFORM", "OS", "ARCH", "VARIANT", "OSVERSION")


@dataclass(frozen=True, slots=True)
class Params:
    """What is set without the file's doing."""

    predefined: tuple[str, ...] = (
        "HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "FTP_PROXY", "ftp_proxy", "NO_PROXY", "no_proxy",
        "ALL_PROXY", "all_proxy", "PATH",
    )  # fmt: skip
    """Arguments that Docker knows by itself, and what every base sets."""
    bases: tuple[str, ...] = ("python", "debian", "ubuntu", "alpine", "busybox", "scratch", "buildpack-deps")
    """Images whose variables are known."""
    base_variables: tuple[str, ...] = (
        "LANG", "GPG_KEY", "PYTHON_VERSION", "PYTHON_SHA256", "PYTHON_PIP_VERSION", "PYTHON_SETUPTOOLS_VERSION",
        "PYTHON_GET_PIP_URL", "PYTHON_GET_PIP_SHA256",
    )  # fmt: skip
    """What those images set."""


class _Place(NamedTuple):
    """Where a name is used."""

    dockerfile: Dockerfile
    stage: Stage
    names: set[str]
    """What is declared so far in the stage, with what its parents pass on."""
    above: set[str]
    """What is declared above the first FROM."""
    later: frozenset[str]
    """What the stage declares anywhere."""
    escape: str


def find(context: DockerfileContext, params: Params) -> Iterator[Finding | Undecidable]:
    """One finding for each use of a name that has no value there."""
    dockerfile = context.dockerfile
    escape = dockerfile.directives.get("escape", "\\")
    above = {name for item in dockerfile.instructions if item.stage < 0 for name in _declared(item, escape)}
    known: dict[int, set[str]] = {}
    for stage in dockerfile.reached():
        head = next((item for item in dockerfile.instructions if item.line == stage.line), None)
        if head is not None:
            yield from _in_from(head, above, params, escape)
        names = set(params.predefined)
        if stage.parent is not None:
            names |= known[stage.parent]
        later = frozenset(name for item in stage.instructions for name in _declared(item, escape))
        place = _Place(dockerfile, stage, names, above, later, escape)
        for instruction in stage.instructions:
            if not instruction.onbuild:
                yield from _in_instruction(instruction, place, params)
                names.update(_declared(instruction, escape))
        known[stage.index] = names


def _in_from(head: Instruction, above: set[str], params: Params, escape: str) -> Iterator[Finding]:
    """FROM knows nothing but the arguments above it."""
    text = " ".join((head.value, *head.flags.get("platform", ())))
    for name in dict.fromkeys(plain_references(text, escape)):
        if name not in above and name not in params.predefined and not _is_platform(name):
            yield _finding(head, name, "which no ARG above the first FROM declares")


def _in_instruction(instruction: Instruction, place: _Place, params: Params) -> Iterator[Finding | Undecidable]:
    if instruction.keyword == "RUN":
        yield from _in_run(instruction, place)
        return
    if instruction.keyword not in _EXPANDING:
        return
    for name in dict.fromkeys(plain_references(instruction.value, place.escape)):
        fault = "" if name in place.names else _fault(instruction, name, place, params)
        if fault:
            yield _finding(instruction, name, fault)
        elif fault is None:
            yield Undecidable(f"Line {instruction.line}: only the base image could set ${name}")


def _fault(instruction: Instruction, name: str, place: _Place, params: Params) -> str | None:
    """Why the name has no value; empty when it has one, None when the base may give it one."""
    if name in place.above:
        return _NOT_AGAIN
    own = name in set(_declared(instruction, place.escape))
    if name in place.later and not own:
        return "which is declared further down"
    if _is_platform(name):
        return "which a stage sees after ARG alone"
    declared = (place.names | place.above) - set(params.predefined)
    near = get_close_matches(name, declared, n=1, cutoff=0.8) if len(declared) <= _COMPARED else []
    if near:
        return f"and what is declared is {near[0]}"
    lowest = place.stage
    while lowest.parent is not None:
        lowest = place.dockerfile.stages[lowest.parent]
    if lowest.unresolved or read_image_ref(lowest.base).name not in params.bases:
        return None
    # ENV PYTHONPATH=/app:$PYTHONPATH is the usual way to add to a list that may be empty.
    return "" if own or name in params.base_variables else "which nothing declares"


def _in_run(instruction: Instruction, place: _Place) -> Iterator[Finding]:
    """In a RUN only an argument from above FROM is a sure fault."""
    texts = [instruction.value] if instruction.exec_form is None else []
    texts += [heredoc.body for heredoc in instruction.heredocs if heredoc.expand or _is_alone(instruction)]
    found: list[str] = []
    for text in texts:
        own = {name for pair in _OWN.findall(text) for name in pair} | place.names
        names = plain_references(text, place.escape, comments=True)
        found += [name for name in names if name in place.above and name not in own]
    for name in dict.fromkeys(found):
        yield _finding(instruction, name, _NOT_AGAIN)


def _is_alone(instruction: Instruction) -> bool:
    """Whether the heredoc is the script, whose shell fills in variables whatever its quotes."""
    return instruction.value.startswith("<<")


def _finding(instruction: Instruction, name: str, fault: str) -> Finding:
    where = "above the first FROM" if instruction.keyword == "FROM" else "in the same stage, above this line"
    return Finding(
        f'"{instruction.text[:120]}" uses ${name}, {fault}',
        observed=f"${name} without a value",
        expected=f"ARG {name} {where}",
        line=instruction.line,
        end_line=instruction.end_line,
    )


def _declared(instruction: Instruction, escape: str) -> Iterator[str]:
    if instruction.onbuild or instruction.keyword not in ("ARG", "ENV"):
        return
    split = split_pairs if instruction.keyword == "ARG" else split_env
    yield from (name for name, _ in split(instruction.value, escape))


def _is_platform(name: str) -> bool:
    return any(name == f"{side}{part}" for side in ("BUILD", "TARGET") for part in _PLATFORM)


_BASE = "FROM python:3.11-slim\n"

CHECK = Check(
    id="undefined-argument",
    claim="Every variable has a value where it is used",
    why="Docker puts nothing in place of an unknown name and goes on: the label is empty, the path is another one.",
    hint="Where does the name get its value, and does that reach the line that uses it?",
    sources=(
        "https://docs.docker.com/reference/build-checks/undefined-var/",
        "https://docs.docker.com/reference/build-checks/undefined-arg-in-from/",
        "https://docs.docker.com/reference/dockerfile/#understand-how-arg-and-from-interact",
        "https://docs.docker.com/build/building/variables/#scoping",
    ),
    level=Level.DOCKERFILE,
    find=find,
    params=Params,
    bad=(
        "ARG VERSION=1.0\nFROM python:3.11-slim\nLABEL version=$VERSION\n",
        "arg VERSION=1.0\nFROM python:3.11-slim\nRUN echo ${VERSION} > /version\n",
        _BASE + "ARG VERSION=1.0\nLABEL version=${VERISON}\n",
        "FROM python:${TAG}\n",
        _BASE + "WORKDIR $APP_HOME\nENV APP_HOME=/app\n",
        _BASE + "# ARG WHAT=src\nCOPY $WHAT /app\n",
        _BASE + "COPY --chown=app $TARGETARCH/lib /lib\n",
        "FROM python:3.11-slim AS no\nARG UID=1\nFROM python:3.11-slim\nUSER $UID\n",
        'ARG V=1\nFROM python:3.11-slim\nRUN <<EOF\necho "$V"\nEOF\n',
    ),
    good=(
        "ARG VERSION=1.0\nFROM python:3.11-slim\nARG VERSION\nLABEL version=$VERSION\n",
        "ARG TAG=3.11-slim\nFROM --platform=$BUILDPLATFORM python:${TAG}\nARG TARGETARCH\nCOPY $TARGETARCH /lib\n",
        _BASE + "ENV PYTHONPATH=/app:$PYTHONPATH PATH=/venv/bin:$PATH LIB=${LIB:-/lib} X=${Y:+z}\n",
        _BASE + "ARG TOKEN\nENV V=$PYTHON_VERSION T=$TOKEN\nRUN for f in a b; do echo $f $HOME; done\n",
        "ARG V=1\nFROM python:3.11-slim\nRUN V=2 && echo $V\nRUN echo '$V' \\$V # $V\nCMD echo $V\n",
        "FROM python:3.11-slim AS base\nENV HOME_DIR=/app\nFROM base\nWORKDIR ${HOME_DIR}/src\n",
        "FROM python:3.11-slim AS base\nARG HOME_DIR=/app\nFROM base\nWORKDIR ${HOME_DIR}/src\n",
        "FROM debian AS no\nLABEL a=$NOTHING\nFROM python:3.11-slim\n# LABEL a=$NOTHING\nONBUILD LABEL a=$NOTHING\n",
        _BASE + "LABEL price='$9' note=\"a \\$WORD\"\nENV DOLLAR='$WORD'\n",
    ),
)
