"""Owns what a command does on the engine in memory, by a script or by itself; must never run anything."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class FakeRun:
    """What a scripted program is told."""

    words: tuple[str, ...]
    stdin: bytes
    files: dict[str, bytes]
    """Files of the image by absolute path."""
    user: str


@dataclass(frozen=True, slots=True)
class FakeReply:
    """What a scripted program does."""

    stdout: bytes = b""
    stderr: bytes = b""
    exit_code: int = 0
    takes_s: float = 0.0
    uid: int | None = None
    """None: the uid of the image's USER."""
    oom_killed: bool = False
    start_error: str = ""


Program = Callable[[FakeRun], FakeReply]


def scripted(text: str, scripts: Mapping[str, T]) -> T | None:
    """The script with the longest start of this text; None when there is none."""
    starts = [start for start in scripts if text.startswith(start)]
    return scripts[max(starts, key=len)] if starts else None


def reply_to_command(command: str, scripts: Mapping[str, FakeReply]) -> FakeReply:
    """What the command of a RUN does: what its script says, else what a small shell would do."""
    reply = scripted(command, scripts)
    if reply is not None:
        return reply
    output = b""
    for part in command.split("&&"):
        words = part.split()
        if words[:1] == ["echo"]:
            output += " ".join(words[1:]).strip("'\"").encode() + b"\n"
        elif words[:1] == ["false"] or words[:1] == ["exit"]:
            return FakeReply(output, exit_code=int(words[1]) if len(words) > 1 else words[0] == "false")
        elif words[:1] == ["sleep"]:
            return FakeReply(output, takes_s=float(words[1]))
    return FakeReply(output)


def reply_to_run(run: FakeRun, programs: Mapping[str, Program], scripts: Mapping[str, FakeReply]) -> FakeReply:
    """What the program of a container does; one that is neither scripted nor built in can't be found."""
    text = " ".join(run.words)
    program = scripted(text, programs)
    if program is not None:
        return program(run)
    words = text.removeprefix("/bin/sh -c ").removeprefix("sh -c ").split()
    if words[:1] == ["cat"]:
        return FakeReply(run.stdin)
    if words[:1] == ["sh"]:
        return FakeReply()
    if words and words[0] in {"echo", "true", "false", "exit", "sleep"}:
        return reply_to_command(" ".join(words), scripts)
    name = words[0] if words else ""
    return FakeReply(exit_code=127, start_error=f'exec: "{name}": executable file not found in $PATH')


def uid_of(user: str) -> int:
    """The user number behind an image's USER: names other than root get 1000."""
    name = user.partition(":")[0]
    if name in {"", "root"}:
        return 0
    return int(name) if name.isdecimal() else 1000
