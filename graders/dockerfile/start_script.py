"""Owns the shell script that a container starts with, where the submission brings or prints it; must never run one.

A script stays process 1 when it starts the program as a child: it has no `exec` that puts the program in its place, and
no `trap` that passes signals on. Where it reads another script, or a RUN writes to it, nothing is said of it.
"""

from __future__ import annotations

import posixpath
import re

from graders.dockerfile.model import Dockerfile
from graders.dockerfile.origin import Origins
from graders.dockerfile.shell import split_commands
from graders.dockerfile.wrapper import SHELLS, interpreter, program_name, shell_operand

_FOLDERS = ("/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin")
"""Where a program without a folder is looked for, in this order."""
_COMMENT = re.compile(r"(?:^|(?<=\s))#(?!!).*$", re.MULTILINE)
_IN_A_PIPE = r"""(?:"\$@"|[^\n;&|'"]){0,2000}\|(?!\|)"""
_STEPS_ASIDE = re.compile(
    rf"(?<![\w./-])(?:exec\s+(?!\d*[<>])(?!{_IN_A_PIPE})|trap\s|source\s|eval\s)|^\s*\.\s", re.MULTILINE
)
_PROGRAM = re.compile(r"(?:(?:python|pypy)[\d.]*|gunicorn|uvicorn|hypercorn|flask|streamlit|\$@|\$\{@\})\Z")
_TOUCHES = frozenset(("chmod", "chown", "chgrp", "ls", "test", "["))
"""Programs that leave a script's text alone."""
_PRINTS = frozenset(("echo", "printf"))


def script_that_stays(dockerfile: Dockerfile, origins: Origins, words: tuple[str, ...]) -> str:
    """The path of the script that this command starts and that stays in front of the program; empty when none does."""
    is_given = bool(words) and program_name(words[0]) in SHELLS
    path = shell_operand(words) if is_given else words[0] if words else ""
    origin = next((found for each in _places(path, is_given) if (found := origins.of_image(each))), None)
    text = _printed(dockerfile, path) if origin is None else origin.data.decode("utf-8", "replace")
    if not text or _is_written_to(dockerfile, path):
        return ""
    if not is_given and interpreter(text) not in SHELLS:
        return ""
    plain = _COMMENT.sub("", text)
    if _STEPS_ASIDE.search(plain):
        return ""
    commands = split_commands(plain, lambda _: 1, {})
    return path if any(_PROGRAM.match(program_name(command.words[0])) for command in commands) else ""


def _places(path: str, is_given: bool) -> tuple[str, ...]:
    if not path:
        return ()
    return (path,) if is_given or "/" in path else tuple(posixpath.join(folder, path) for folder in _FOLDERS)


def _printed(dockerfile: Dockerfile, path: str) -> str:
    """What the RUNs that send something to a file of this name print; empty where another program may write to it."""
    sending = [each for each in dockerfile.in_chain("RUN") if ">" in each.value] if path else []
    if not sending:
        return ""
    sends = re.compile(rf">\s*[\"']?(?:[\w./-]*/)?{re.escape(posixpath.basename(path))}(?![\w./-])")
    runs = [each for each in sending if sends.search(each.value)]
    commands = [command for run in runs for command in run.commands]
    if any(command.words[0] not in _TOUCHES | _PRINTS for command in commands):
        return ""
    texts = ("\n".join(command.words[1:]) for command in commands if command.words[0] in _PRINTS)
    return "\n".join(texts).replace("\\n", "\n")


def _is_written_to(dockerfile: Dockerfile, path: str) -> bool:
    """Whether a RUN names the script in more than a change of its rights."""
    name = posixpath.basename(path)
    return any(
        command.words[0] not in _TOUCHES and any(posixpath.basename(word) == name for word in command.words[1:])
        for stage in dockerfile.reached()
        for instruction in stage.instructions
        if instruction.keyword == "RUN"
        for command in instruction.commands
    )
