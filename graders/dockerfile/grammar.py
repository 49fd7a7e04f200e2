"""Owns what Docker accepts of each instruction; must never judge whether it is wise.

Every refusal is proved on BuildKit (Docker 20.10.24, 2026-11) by tests/graders/dockerfile/test_refusals.py. What newer
versions accept and that one does not (heredocs, newer flags, `${name-word}`) is no fault here.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator

from graders.dockerfile.model import Instruction, Problem
from graders.dockerfile.word import (
    is_closed,
    is_mixed_list,
    read_list,
    split_env,
    split_keyword,
    split_pairs,
    split_plain,
    split_words,
)

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
_NEVER_EMPTY = _ONE | _AT_LEAST_ONE
_LIST_OR_TEXT = frozenset(("ADD", "CMD", "COPY", "ENTRYPOINT", "RUN", "SHELL", "VOLUME"))
_SWITCHES = frozenset(("keep-git-dir", "link", "parents", "unpack"))
"""Flags that may stand without a value."""
_MANY = frozenset(("device", "exclude", "mount"))
"""Flags that may stand more than once."""
_DURATIONS = frozenset(("interval", "timeout", "start-period", "start-interval"))
_DURATION_PART = re.compile(r"(\d{1,12}(?:\.\d{0,12})?|\.\d{1,12})(ns|us|\u00b5s|\u03bcs|ms|s|m|h)", re.ASCII)
_DURATION = re.compile(rf"[+-]?(?:{_DURATION_PART.pattern})+", re.ASCII)
_LAST_PORT = 65535
_SIGNAL = re.compile(
    r"ABRT|ALRM|BUS|CHLD|CLD|CONT|FPE|HUP|ILL|INT|IO|IOT|KILL|PIPE|POLL|PROF|PWR|QUIT|SEGV|STKFLT|STOP|SYS|TERM|TRAP"
    r"|TSTP|TTIN|TTOU|UNUSED|URG|USR1|USR2|VTALRM|WINCH|XCPU|XFSZ|RTMIN(\+\d\d?)?|RTMAX(-\d\d?)?"
)
_MOUNT_SWITCHES = frozenset(("readonly", "ro", "readwrite", "rw", "required"))
_MOUNT_OPTIONS = _MOUNT_SWITCHES | frozenset(
    (
        "type",
        "from",
        "source",
        "src",
        "target",
        "dst",
        "destination",
        "id",
        "sharing",
        "mode",
        "uid",
        "gid",
        "size",
        "env",
    )
)
WHEN_BUILT = frozenset(("bad-mount-target", "bad-port", "bad-signal", "bad-substitution", "open-quote"))
"""Problems that Docker meets only when it comes to build the stage, so not in one that the image doesn't need."""


def problems_of(instruction: Instruction, escape: str, bare_flags: frozenset[str] = frozenset()) -> Iterator[Problem]:
    """What Docker would refuse in this instruction; `bare_flags` are those without a `=`."""
    for code, message in _faults(instruction, escape, bare_flags):
        yield Problem(instruction.line, code, message, fatal=True)


def _faults(instruction: Instruction, escape: str, bare_flags: frozenset[str]) -> Iterator[tuple[str, str]]:
    keyword, value = instruction.keyword, instruction.value
    if instruction.onbuild:
        yield from _onbuild(instruction, escape)
        return
    if keyword not in KEYWORDS:
        near = difflib.get_close_matches(keyword[:40], sorted(KEYWORDS), 1, 0.6)
        meant = f"; did you mean {near[0]}?" if near else ""
        yield "unknown-instruction", f'"{keyword[:40]}" is no instruction of a Dockerfile{meant}'
        return
    known = FLAGS.get(keyword, frozenset())
    for name, values in instruction.flags.items():
        if name not in known:
            yield "unknown-flag", f"{keyword} has no flag --{name[:40]}"
        elif name in bare_flags and name not in _SWITCHES:
            yield "flag-without-value", f"The flag --{name} needs a value, as in --{name}=value"
        elif len(values) > 1 and name not in _MANY:
            yield "repeated-flag", f"{keyword} has the flag --{name} more than once"
    if keyword in _LIST_OR_TEXT and is_mixed_list(value):
        yield "not-strings", f"The list of this {keyword} may hold nothing but strings in double quotes"
        return
    if not value and keyword in _NEVER_EMPTY:
        count = "exactly one argument" if keyword in _ONE else "at least one argument"
        yield "missing-argument", f"{keyword} needs {count}"
        return
    yield from _own_faults(instruction, escape)


def _onbuild(instruction: Instruction, escape: str) -> Iterator[tuple[str, str]]:
    """Docker looks into an ONBUILD only in the image that starts from this one, but for these."""
    keyword, value = instruction.keyword, instruction.value
    if keyword in ("", "ONBUILD", "FROM", "MAINTAINER"):
        yield "bad-onbuild", f"ONBUILD can't hold {_named(keyword)}"
    elif keyword.startswith("--"):
        yield "unknown-flag", f"ONBUILD has no flag {keyword[:40].lower()}"
    elif keyword in _LIST_OR_TEXT and is_mixed_list(value):
        yield "not-strings", f"The list of this {keyword} may hold nothing but strings in double quotes"
    elif keyword in ("ENV", "LABEL"):
        for name, text in split_env(value, escape):
            if text is None:
                yield "missing-value", f'{keyword} needs name=value, not "{name[:40]}"'


def _own_faults(instruction: Instruction, escape: str) -> Iterator[tuple[str, str]]:
    keyword, value = instruction.keyword, instruction.value
    match keyword:
        case "FROM":
            yield from _from(value)
        case "COPY" | "ADD":
            words = split_plain(value) if instruction.exec_form is None else instruction.exec_form
            if len(words) < 2:
                yield "missing-argument", f"{keyword} needs a source and a destination"
            yield from _open_quote(keyword, words, escape)
        case "RUN":
            for options in filter(None, instruction.flags.get("mount", ())):
                yield from _mount(options)
        case "ENV" | "LABEL":
            yield from _pairs(keyword, split_env(value, escape), value, escape)
        case "ARG":
            if any(not name for name, _ in split_pairs(value, escape)):
                yield "blank-name", "ARG has a value without a name"
            yield from _open_quote(keyword, [value], escape)
        case "USER" | "WORKDIR":
            yield from _open_quote(keyword, [value], escape)
        case _:
            yield from _rarer_faults(instruction, escape)


def _rarer_faults(instruction: Instruction, escape: str) -> Iterator[tuple[str, str]]:
    match instruction.keyword:
        case "SHELL":
            if not instruction.exec_form:
                yield "not-a-list", 'SHELL needs a JSON list, such as ["/bin/bash", "-c"]'
        case "HEALTHCHECK":
            yield from _healthcheck(instruction)
        case "EXPOSE":
            yield from _open_quote("EXPOSE", instruction.value.split(), escape)
            yield from _expose(instruction.value, escape)
        case "STOPSIGNAL":
            yield from _stopsignal(instruction.value)
        case "VOLUME":
            yield from _volume(instruction)


def _healthcheck(instruction: Instruction) -> Iterator[tuple[str, str]]:
    kind, rest = split_keyword(instruction.value)
    if kind.upper() not in ("NONE", "CMD"):
        yield "bad-healthcheck", f'HEALTHCHECK takes CMD or NONE, not "{kind[:40]}"'
    elif kind.upper() == "NONE" and rest:
        yield "bad-healthcheck", "HEALTHCHECK NONE takes nothing after it"
    elif kind.upper() == "CMD" and (not rest or read_list(rest) == ()):
        yield "missing-argument", "HEALTHCHECK CMD needs a command"
    for name, values in instruction.flags.items():
        value = values[-1]
        if name in _DURATIONS and value and not _is_duration(value):
            yield "bad-duration", f'--{name} takes a time such as 30s or 1m30s, not "{value[:40]}"'
        elif name == "retries" and value and not re.fullmatch(r"\+?\d{1,9}", value):
            yield "bad-number", f'--retries takes a number, not "{value[:40]}"'


def _is_duration(value: str) -> bool:
    """Whether Go reads it as a time that is zero or at least a millisecond. Zero is refused by old engines only."""
    if re.fullmatch(r"[+-]?0+", value):
        return True
    if not _DURATION.fullmatch(value):
        return False
    units = {"h": 3.6e6, "m": 6e4, "s": 1e3, "ms": 1.0, "us": 1e-3, "\u00b5s": 1e-3, "\u03bcs": 1e-3, "ns": 1e-6}
    total = sum(float(number) * units[unit] for number, unit in _DURATION_PART.findall(value))
    return total == 0 or (total >= 1 and not value.startswith("-"))


def _expose(value: str, escape: str) -> Iterator[tuple[str, str]]:
    for word in split_words(value, escape):
        if "$" not in word and not _is_port(word.replace('"', "").replace("'", "")):
            yield "bad-port", f'EXPOSE takes port numbers, not "{word[:40]}"'


def _is_port(word: str) -> bool:
    """Whether Docker reads it as `[address:][host:]port[-port][/protocol]`."""
    address, _, protocol = word.partition("/")
    parts = address.rsplit(":", 2)
    if not all(_is_range(part) for part in (parts[-1], *filter(None, parts[-2:-1]))):
        return False
    if len(parts) > 1 and parts[-2]:
        ours, theirs = _count(parts[-1]), _count(parts[-2])
        if ours not in (theirs, 1):
            return False
    return protocol.partition("/")[0].lower() in ("", "tcp", "udp", "sctp")


def _is_range(text: str) -> bool:
    match = re.fullmatch(r"(\d{1,7})(?:-(\d{1,7}))?", text, re.ASCII)
    return match is not None and int(match[1]) <= int(match[2] or match[1]) <= _LAST_PORT


def _count(text: str) -> int:
    first, _, last = text.partition("-")
    return int(last or first) - int(first) + 1


def _volume(instruction: Instruction) -> Iterator[tuple[str, str]]:
    words = instruction.exec_form
    if words == ():
        yield "missing-argument", "VOLUME needs at least one argument"
    elif words is not None and not all(word.strip() for word in words):
        yield "blank-volume", "VOLUME has an empty path"


def _stopsignal(value: str) -> Iterator[tuple[str, str]]:
    signal = value.strip("\"'")
    name = signal.upper().removeprefix("SIG")
    is_number = re.fullmatch(r"[+-]?\d{1,9}", signal, re.ASCII) is not None and int(signal) != 0
    if "$" not in signal and not is_number and not _SIGNAL.fullmatch(name):
        yield "bad-signal", f'STOPSIGNAL takes a signal such as SIGTERM, not "{value[:40]}"'


def _mount(options: str) -> Iterator[tuple[str, str]]:
    """One `--mount` of a RUN; what holds a quote or a variable is left to Docker."""
    if "$" in options or '"' in options:
        return
    kind, target = "bind", ""
    for part in options.split(","):
        name, equals, value = part.partition("=")
        name = name.strip().lower()
        if name not in _MOUNT_OPTIONS:
            yield "bad-mount", f'--mount has no option "{part[:40]}"'
            return
        if not equals and name not in _MOUNT_SWITCHES:
            yield "bad-mount", f'--mount needs {name}=value, not "{part[:40]}"'
            return
        kind = value.lower() if name == "type" else kind
        target = value if name in ("target", "dst", "destination") else target
    if kind not in ("bind", "cache", "tmpfs", "secret", "ssh"):
        yield "bad-mount", f'--mount has no type "{kind[:40]}"'
    elif not target and kind in ("bind", "cache", "tmpfs"):
        yield "bad-mount-target", f"--mount=type={kind} needs a target"


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


def _pairs(keyword: str, pairs: Iterable[tuple[str, str | None]], value: str, escape: str) -> Iterator[tuple[str, str]]:
    for name, text in pairs:
        if text is None:
            yield "missing-value", f'{keyword} needs name=value, not "{name[:40]}"'
        elif not name:
            yield "blank-name", f"{keyword} has a value without a name"
    yield from _open_quote(keyword, [value], escape)


def _open_quote(keyword: str, words: Iterable[str], escape: str) -> Iterator[tuple[str, str]]:
    if not all(is_closed(word, escape) for word in words):
        yield "open-quote", f"A quote is never closed in this {keyword}"


def _named(keyword: str) -> str:
    return keyword[:40] or "nothing"
