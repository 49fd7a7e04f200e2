"""Owns what Docker accepts of each instruction; must never judge whether it is wise.

Source: frontend/dockerfile/instructions/parse.go of moby/buildkit, read 2026-11.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator

from graders.dockerfile.model import Instruction, Problem
from graders.dockerfile.word import is_closed, split_env, split_keyword, split_pairs, split_plain, split_words

FLAGS: dict[str, frozenset[str]] = {
    "FROM": frozenset(("platform",)),
    "RUN": frozenset(("mount", "network", "security", "device")),
    "COPY": frozenset(("from", "chown", "chmod", "link", "parents", "exclude")),
    "ADD": frozenset(("chown", "chmod", "link", "keep-git-dir", "checksum", "exclude", "unpack")),
    "HEALTHCHECK": frozenset(("interval", "timeout", "start-period", "start-interval", "retries")),
}
KEYWORDS = frozenset(
    (
        "ADD", "ARG", "CMD", "COPY", "ENTRYPOINT", "ENV", "EXPOSE", "FROM", "HEALTHCHECK", "LABEL", "MAINTAINER",
        "ONBUILD", "RUN", "SHELL", "STOPSIGNAL", "USER", "VOLUME", "WORKDIR",
    )
)  # fmt: skip

_STAGE_NAME = re.compile(r"[a-z][a-z0-9_.-]*\Z")
_ONE = frozenset(("MAINTAINER", "STOPSIGNAL", "USER", "WORKDIR"))
_AT_LEAST_ONE = frozenset(("ARG", "ENV", "EXPOSE", "HEALTHCHECK", "LABEL", "RUN", "SHELL", "VOLUME"))
_PORT = re.compile(r"\d{1,5}(-\d{1,5})?(:\d{1,5}(-\d{1,5})?)?(/[A-Za-z]+)?\Z")


def problems_of(instruction: Instruction, escape: str) -> Iterator[Problem]:
    """What Docker would refuse in this instruction."""
    for code, message in _faults(instruction, escape):
        yield Problem(instruction.line, code, message, fatal=True)


def _faults(instruction: Instruction, escape: str) -> Iterator[tuple[str, str]]:
    keyword, value = instruction.keyword, instruction.value
    if instruction.onbuild and keyword in ("", "ONBUILD", "FROM", "MAINTAINER"):
        yield "bad-onbuild", f"ONBUILD can't hold {_named(keyword)}"
        return
    if keyword not in KEYWORDS:
        near = difflib.get_close_matches(keyword[:40], sorted(KEYWORDS), 1, 0.6)
        meant = f"; did you mean {near[0]}?" if near else ""
        yield "unknown-instruction", f'"{keyword[:40]}" is no instruction of a Dockerfile{meant}'
        return
    known = FLAGS.get(keyword, frozenset())
    for name in instruction.flags:
        if name not in known:
            yield "unknown-flag", f"{keyword} has no flag --{name[:40]}"
    if keyword in _ONE | _AT_LEAST_ONE and not value:
        count = "exactly one argument" if keyword in _ONE else "at least one argument"
        yield "missing-argument", f"{keyword} needs {count}"
        return
    yield from _own_faults(instruction, escape)


def _own_faults(instruction: Instruction, escape: str) -> Iterator[tuple[str, str]]:
    keyword, value = instruction.keyword, instruction.value
    if keyword == "FROM":
        yield from _from(value)
    elif keyword in ("COPY", "ADD"):
        words = split_plain(value) if instruction.exec_form is None else list(instruction.exec_form)
        if len(words) < 2:
            yield "missing-argument", f"{keyword} needs a source and a destination"
    elif keyword in ("ENV", "LABEL"):
        yield from _pairs(keyword, split_env(value, escape), value, escape)
    elif keyword == "ARG":
        if any(not name for name, _ in split_pairs(value, escape)):
            yield "blank-name", "ARG has a value without a name"
    elif keyword == "SHELL":
        if not instruction.exec_form:
            yield "not-a-list", 'SHELL needs a JSON list, such as ["/bin/bash", "-c"]'
    elif keyword == "HEALTHCHECK":
        yield from _healthcheck(value)
    elif keyword == "EXPOSE":
        yield from _expose(value, escape)


def _healthcheck(value: str) -> Iterator[tuple[str, str]]:
    kind, rest = split_keyword(value)
    if kind.upper() not in ("NONE", "CMD"):
        yield "bad-healthcheck", f'HEALTHCHECK takes CMD or NONE, not "{kind[:40]}"'
    elif kind.upper() == "CMD" and not rest:
        yield "missing-argument", "HEALTHCHECK CMD needs a command"


def _expose(value: str, escape: str) -> Iterator[tuple[str, str]]:
    for word in split_words(value, escape):
        if "$" not in word and not _PORT.match(word.strip("\"'")):
            yield "bad-port", f'EXPOSE takes port numbers, not "{word[:40]}"'


def _from(value: str) -> Iterator[tuple[str, str]]:
    words = value.split()
    if not words:
        yield "missing-argument", "FROM needs an image"
    elif len(words) not in (1, 3) or (len(words) == 3 and words[1].lower() != "as"):
        yield "bad-from", f'FROM takes an image, or an image AS a name, not "{value[:80]}"'
    elif len(words) == 3 and not _STAGE_NAME.match(words[2].lower()):
        yield (
            "bad-stage-name",
            f'"{words[2][:40]}" can\'t name a stage: letters, digits, and "-_." after a first letter',
        )


def _pairs(keyword: str, pairs: list[tuple[str, str | None]], value: str, escape: str) -> Iterator[tuple[str, str]]:
    for name, text in pairs:
        if text is None:
            yield "missing-value", f'{keyword} needs name=value, not "{name[:40]}"'
        elif not name:
            yield "blank-name", f"{keyword} has a value without a name"
    if not is_closed(value, escape):
        yield "open-quote", f"A quote is never closed in this {keyword}"


def _named(keyword: str) -> str:
    return keyword[:40] or "nothing"
