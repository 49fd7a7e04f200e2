"""Owns the scripts of a submission that its RUN lines run: their commands count as the line's; must never run one.

`RUN sh install.sh` installs as much as the same words in the Dockerfile. One script deep is read. A script that goes by
its arguments is left alone: which of its commands run can't be told.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from functools import partial

from graders.dockerfile.ignore import IgnoreFile
from graders.dockerfile.model import Command, Dockerfile, Instruction, Script
from graders.dockerfile.origin import Origins
from graders.dockerfile.shell import split_commands
from graders.dockerfile.wrapper import SHELLS, is_for_shell, shell_operand

_GOES_BY_ARGUMENTS = re.compile(r"\$(?:[1-9#]|\{[1-9#])|\bgetopts\b")
_FOLDER = re.compile(r"(?<![\w./-])[\w./-]*\Z")
_LONGEST = 500
"""Of the path to a script, in characters."""
_SIZE_CAP_BYTES = 64 * 1024


def with_scripts(dockerfile: Dockerfile, files: Mapping[str, bytes], ignore: IgnoreFile | None) -> Dockerfile:
    """The Dockerfile with the commands of such scripts in place of the one that runs them; itself without any."""
    if not any(path.endswith(".sh") for path in files):
        return dockerfile
    origins = Origins(dockerfile, files, ignore)
    changed: dict[int, Instruction] = {}
    triggered = (each for stage in dockerfile.stages for each in stage.triggered)
    for instruction in (*dockerfile.instructions, *triggered):
        if instruction.keyword == "RUN" and not instruction.onbuild:
            whole = _with_scripts(instruction, origins)
            if whole is not instruction:
                changed[id(instruction)] = whole
    if not changed:
        return dockerfile

    def mended(instructions: tuple[Instruction, ...]) -> tuple[Instruction, ...]:
        return tuple(changed.get(id(each), each) for each in instructions)

    stages = tuple(replace(stage, instructions=mended(stage.instructions)) for stage in dockerfile.stages)
    return replace(dockerfile, stages=stages, instructions=mended(dockerfile.instructions))


def script_path(command: Command, instruction: Instruction) -> str:
    """The path of the script that a command of this RUN would run, as it is written there; empty when it names none."""
    program = command.words[0]
    if program in SHELLS:
        return shell_operand(command.words)
    if f"/{program}" not in instruction.value:
        return ""
    named = re.search(rf"/{re.escape(program)}(?![\w.-])", instruction.value)
    folder = _FOLDER.search(instruction.value[max(named.start() - _LONGEST, 0) : named.start()]) if named else None
    return f"{folder[0]}{named[0]}" if named and folder else ""


def _with_scripts(instruction: Instruction, origins: Origins) -> Instruction:
    commands: list[Command] = []
    scripts: list[Script] = []
    for command in instruction.commands:
        script = _script_of(command, instruction, origins)
        inner: list[Command] = []
        if script is not None:
            scripts.append(script)
            if not _GOES_BY_ARGUMENTS.search(script.text):
                inner = split_commands(script.text, partial(_same, command.line), instruction.variables)
        if inner:
            commands += [each._replace(assignments={**command.assignments, **each.assignments}) for each in inner]
        else:
            commands.append(command)
    return instruction._replace(commands=tuple(commands), scripts=tuple(scripts)) if scripts else instruction


def _same(line: int, _: int) -> int:
    """The line of every command of a script: that of the command that runs it."""
    return line


def _script_of(command: Command, instruction: Instruction, origins: Origins) -> Script | None:
    """The script that a command runs; None when it runs none that is known."""
    by_shell = command.words[0] in SHELLS
    path = script_path(command, instruction) if by_shell or command.words[0].endswith(".sh") else ""
    origin = origins.of(instruction, path, command) if path.endswith(".sh") else None
    if origin is None or len(origin.data) > _SIZE_CAP_BYTES:
        return None
    text = origin.data.decode("utf-8", "replace").replace("\r\n", "\n")
    return Script(origin.path, text) if by_shell or is_for_shell(text) else None
