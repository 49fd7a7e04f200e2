"""Owns the shell script that a container starts with, where the submission brings or prints it; must never run one.

A script stays process 1 when it starts the program as a child: it has no `exec` that puts the program in its place, and
no `trap` that passes the signal to stop on. A script that puts another one in its place is followed there. Where it
reads a script that isn't known, or a RUN writes to it, nothing is said of it.
"""

from __future__ import annotations

import posixpath
import re
import shlex

from graders.dockerfile.model import Command, Dockerfile
from graders.dockerfile.origin import Origin, Origins
from graders.dockerfile.shell import split_commands
from graders.dockerfile.wrapper import SHELLS, interpreter, program_name, shell_operand, unwrap

_FOLDERS = ("/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin")
"""Where a program without a folder is looked for, in this order."""
_COMMENT = re.compile(r"(?:^|(?<=\s))#(?!!).*$", re.MULTILINE)
_AS_A_CHILD = r"""(?:"[$][@]"|[<>]&|[^\n;&|'"]){0,2000}(?:\|(?!\|)|(?<![<>&])&(?![&>]))"""
"""What makes a child take `exec`: a pipe, or a command that is put behind."""
_BEGINS = r"(?:^|&&|\|\||[;&{)]|\b(?:then|else|do|command)\b)[ \t]{0,99}(?:\w{1,99}=\S{0,999}[ \t]{1,99}){0,9}"
"""Where a command of a script begins; behind a pipe or a parenthesis it is a child's."""
_EXEC = re.compile(
    rf"""{_BEGINS}exec\s+(?!(?:\d*|{{\w+}})[<>])(?!{_AS_A_CHILD})((?:"[^"\n]*"|'[^'\n]*'|[^\n;&|'"]){{1,2000}})""",
    re.MULTILINE,
)
_PASSES_ON = re.compile(
    r"(?<![\w./-])(?:trap\s+(?:'[^']*'|\"[^\"]*\"|\S+)\s[^\n]{0,200}?(?:TERM\b|\b15\b|\$)|source\s|eval\s)|^[ \t]*\.\s",
    re.MULTILINE,
)
_READS = re.compile(r"^[ \t]*(?:\.|source)[ \t]+[\"']?([\w./-]+)[\"']?[ \t]*$", re.MULTILINE)
_ARGUMENTS = frozenset(("$@", "${@}", "$*"))
_BETWEEN = re.compile(r"&&|[;\n]")
_CLOSING = ("fi", "}")
_SPACE = "; \t\n"
_OPENS = re.compile(r"(?:(?:then|else|do|\{)\s+)+")
_QUOTED = re.compile(r"'[^']*'|\"[^\"]*\"")
_STAYS = re.compile(r"(?<![|>])\|(?!\|)|(?<![&>])&(?![&>\d])")
"""A pipe, or a command that is put behind; neither ">|" nor a redirection such as ">&2"."""
_FOLLOWED = 5
"""So many scripts that start one another are followed."""
_PROGRAM = re.compile(r"(?:(?:python|pypy)[\d.]*|gunicorn|uvicorn|hypercorn|flask|streamlit|\$@|\$\{@\})\Z")
_TOUCHES = frozenset(("chmod", "chown", "chgrp", "ls", "test", "["))
"""Programs that leave a script's text alone."""
_PRINTS = frozenset(("echo", "printf"))
_MOVERS = frozenset(("cp", "mv", "ln", "install"))
"""Programs that put a file, as it is, to another place."""
_ENDS_OF_LINES = re.compile(r"s(\W)\\r\$?\1\1g?\Z")
"""A sed expression that takes the ends of lines of Windows away."""


def steps_aside(script: str) -> bool:
    """Whether the last command of a text for a shell takes its place; in a pipe, or put behind, it takes a child's."""
    last = _BETWEEN.split(_without_closing(script))[-1].strip()
    last = _OPENS.sub("", last, count=1) if _OPENS.match(last) else last
    return last.split()[:1] == ["exec"] and not _STAYS.search(_QUOTED.sub("", last))


def _without_closing(script: str) -> str:
    """The script up to the `fi` and braces at its end."""
    text = script.rstrip(_SPACE)
    while text.endswith(_CLOSING):
        inner = text[: -2 if text.endswith("fi") else -1]
        bare = inner.rstrip(_SPACE)
        if bare == inner:  # a word that ends so
            break
        text = bare
    return text


def after_exec(script: str, arguments: tuple[str, ...]) -> tuple[str, ...]:
    """The words of the last command that `exec` puts in the place of this script, with its arguments filled in."""
    found = _EXEC.findall(script)
    try:
        words = shlex.split(found[-1]) if found else []
    except ValueError:  # a quote without its other half
        words = []
    return tuple(each for word in words for each in (arguments if word in _ARGUMENTS else (word,)))


def script_that_stays(dockerfile: Dockerfile, origins: Origins, words: tuple[str, ...]) -> str:
    """The path of the script that this command starts and that stays in front of the program; empty when none does."""
    path = ""
    for _ in range(_FOLLOWED):
        given = unwrap(list(words))[2]
        if given is not None:
            if path and not steps_aside(given):
                return path
            words = after_exec(given, words[words.index(given) + 2 :] if given in words else ())
        path, stays, words = _looked_at(dockerfile, origins, words)
        if stays:
            return path
    return ""


def _looked_at(dockerfile: Dockerfile, origins: Origins, words: tuple[str, ...]) -> tuple[str, bool, tuple[str, ...]]:
    """The script that the command starts, whether it stays in front of the program, and what takes its place."""
    is_given = bool(words) and program_name(words[0]) in SHELLS
    path = shell_operand(words) if is_given else words[0] if words else ""
    origin = next((found for each in _places(path, is_given) if (found := origins.of_image(each))), None)
    text = _printed(dockerfile, path) if origin is None else origin.data.decode("utf-8", "replace")
    if not text or _is_written_to(dockerfile, origins, path, origin):
        return "", False, ()
    if not is_given and interpreter(text) not in SHELLS:
        return "", False, ()
    plain = _READS.sub(lambda read: _read_in(origins, read), _COMMENT.sub("", text))
    if _EXEC.search(plain):
        return path, False, after_exec(plain, words[words.index(path) + 1 :])
    commands = () if _PASSES_ON.search(plain) else split_commands(plain, lambda _: 1, {})
    return path, any(_PROGRAM.match(program_name(command.words[0])) for command in commands), ()


def _read_in(origins: Origins, read: re.Match[str]) -> str:
    """What a script reads in, where that is known; a virtual environment's own script only sets variables."""
    if read[1].endswith("/bin/activate"):
        return ""
    origin = origins.of_image(read[1])
    return read[0] if origin is None else _COMMENT.sub("", origin.data.decode("utf-8", "replace"))


def _places(path: str, is_given: bool) -> tuple[str, ...]:
    if not path:
        return ()
    return (path,) if is_given or "/" in path else tuple(posixpath.join(folder, path) for folder in _FOLDERS)


def _printed(dockerfile: Dockerfile, path: str) -> str:
    """What the RUNs that send something to a file of this name print; empty where another program may write to it."""
    sending = [each for each in dockerfile.in_chain("RUN") if ">" in each.value or "tee" in each.value] if path else []
    if not sending:
        return ""
    sends = re.compile(
        rf"(?:>\s*|\btee\s+(?:-a\s+)?)[\"']?(?:[\w./-]*/)?{re.escape(posixpath.basename(path))}(?![\w./-])"
    )
    runs = [each for each in sending if sends.search(each.value)]
    commands = [command for run in runs for command in run.commands]
    if any(command.words[0] not in _TOUCHES | _PRINTS | {"tee"} for command in commands):
        return ""
    texts = ("\n".join(command.words[1:]) for command in commands if command.words[0] in _PRINTS)
    return "\n".join(texts).replace("\\n", "\n")


def _is_written_to(dockerfile: Dockerfile, origins: Origins, path: str, origin: Origin | None) -> bool:
    """Whether a RUN names the script in more than a change of its rights, or of the ends of its lines."""
    name = posixpath.basename(path)
    return any(
        any(posixpath.basename(word) == name for word in command.words[1:])
        and not _leaves_text(command, name)
        and not (command.words[0] == "tee" and origin is None)
        and not (command.words[0] in _MOVERS and origin is not None and origins.of_image(command.words[-2]) == origin)
        for stage in dockerfile.reached()
        for instruction in stage.instructions
        if instruction.keyword == "RUN"
        for command in instruction.commands
    )


def _leaves_text(command: Command, name: str) -> bool:
    """Whether the command, which names a script, leaves its commands as they are."""
    program, *words = command.words
    if program in _TOUCHES or program == "dos2unix":
        return True
    if program == "sed":
        return any(map(_ENDS_OF_LINES.match, words))
    named = [posixpath.basename(word) for word in words]
    return program in _MOVERS and (named[-1] != name or name in named[:-1])
