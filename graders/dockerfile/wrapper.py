"""Owns the programs that only start another one (sudo, env, sh -c, a script's first line); must never split text."""

from __future__ import annotations

import re
from collections.abc import Sequence

SHELLS = frozenset(("sh", "bash", "dash", "ash", "zsh", "ksh"))

_WRAPPERS: dict[str, frozenset[str]] = {
    "sudo": frozenset(("-u", "-g", "-h", "-p", "-C", "-D", "-R", "-T", "-U", "--user", "--group", "--chdir")),
    "doas": frozenset(("-u", "-C")),
    "env": frozenset(("-u", "--unset", "-C", "--chdir")),
    "exec": frozenset(("-a",)),
    "command": frozenset(),
    "builtin": frozenset(),
    "nohup": frozenset(),
    "time": frozenset(("-f", "-o")),
    "nice": frozenset(("-n", "--adjustment")),
    "ionice": frozenset(("-c", "-n")),
    "timeout": frozenset(("-k", "-s", "--signal", "--kill-after")),
    "stdbuf": frozenset(("-i", "-o", "-e")),
    "setsid": frozenset(),
    "xargs": frozenset(("-a", "-d", "-E", "-I", "-L", "-n", "-P", "-s")),
    "tini": frozenset(("-p", "-e")),
    "dumb-init": frozenset(("-r", "--rewrite")),
    "gosu": frozenset(),
    "su-exec": frozenset(),
    "runuser": frozenset(("-u", "-g", "-G", "--user", "--group")),
    "setpriv": frozenset(("--reuid", "--regid", "--groups")),
    "eatmydata": frozenset(),
}
"""Wrapper -> its options that take the next word."""
_OPERANDS = {"timeout": 1, "gosu": 1, "su-exec": 1}
"""Wrapper -> words of its own in front of the command."""
_RUNNERS = frozenset(("conda", "mamba", "micromamba", "poetry", "pipenv", "uv", "pdm", "hatch"))
"""Their `run` starts another program."""
_RUN_VALUES = frozenset(("-n", "--name", "-p", "--prefix", "--cwd", "--with", "--python", "--project", "--directory"))
_PYTHON = re.compile(r"(?:python|pypy)[\d.]*\Z")
_PIP = re.compile(r"pip[\d.]*\Z")
_MODULES = frozenset(("pip", "uv", "poetry", "pipenv", "pdm", "ensurepip", "venv"))
_ASSIGNMENT = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)=(.*)", re.DOTALL)
_SHEBANG = re.compile(r"#![ \t]*(?:/\S*/(?:env|busybox)[ \t]+(?:(?:-\S+|\w+=\S*)[ \t]+)*)?(?:\S*/)?(\w+)")
_TURNS = 16


def unwrap(words: list[str]) -> tuple[list[str], dict[str, str], str | None]:
    """The command that really runs, variables that `env` sets for it, and the script when it is one for a shell."""
    assignments: dict[str, str] = {}
    for _ in range(_TURNS):
        if not words:
            return [], assignments, None
        program = program_name(words[0])
        if program in SHELLS:
            script = _script(words)
            return ([], assignments, script) if script is not None else ([program, *words[1:]], assignments, None)
        if program == "su":
            script = _script(words)
            return ([], assignments, script) if script is not None else ([program, *words[1:]], assignments, None)
        if program == "eval" and len(words) > 1:
            return [], assignments, " ".join(words[1:])
        if program in _WRAPPERS:
            following = _inner(program, words, assignments)
        elif program in _RUNNERS and words[1:2] == ["run"]:
            following = _after_options(words[2:], _RUN_VALUES)
        else:
            return _module(program, words), assignments, None
        if not following:
            return [program, *words[1:]], assignments, None
        words = following
    return words, assignments, None


def program_name(word: str) -> str:
    """The program without its folder."""
    return word.rstrip("/").rpartition("/")[2] or word


def shell_operand(words: Sequence[str]) -> str:
    """The script that a shell is given, its options aside; empty when it is given none. `words[0]` is the shell."""
    at = 1
    while at < len(words) and words[at].startswith(("-", "+")):
        at += 2 if words[at] in ("-o", "+o", "-O") else 1
    return words[at] if at < len(words) else ""


def interpreter(script: str) -> str | None:
    """The program that the first line of a script names, without its folder; None when it has no such line."""
    if not script.startswith("#!"):
        return None
    named = _SHEBANG.match(script)
    return named[1] if named else ""


def is_for_shell(script: str) -> bool:
    """Whether a shell reads the script, also where no first line says so."""
    program = interpreter(script)
    return program is None or program in SHELLS


def _script(words: list[str]) -> str | None:
    """The text after `-c` of a shell."""
    for index, word in enumerate(words[1:], 1):
        is_short = word.startswith("-") and not word.startswith("--")
        if (is_short and "c" in word) or word == "--command":
            rest = words[index + 1 :]
            while rest and rest[0].startswith(("-", "+")):
                rest = rest[1:]
            return rest[0] if rest else None
        if not word.startswith(("-", "+")) and words[index - 1] not in ("-o", "-O", "+o") and words[0] != "su":
            return None
    return None


def _inner(program: str, words: list[str], assignments: dict[str, str]) -> list[str]:
    """The words after the wrapper, its options, its operands, and the variables that it sets."""
    rest = _after_options(words[1:], _WRAPPERS[program])
    rest = rest[_OPERANDS.get(program, 0) :]
    if rest[:1] == ["--"]:
        rest = rest[1:]
    if program in ("env", "sudo"):
        count = 0
        while count < len(rest) and (match := _ASSIGNMENT.match(rest[count])):
            assignments[match[1]] = match[2]
            count += 1
        rest = rest[count:]
    return rest


def _after_options(words: list[str], with_value: frozenset[str]) -> list[str]:
    at = 0
    while at < len(words) and words[at].startswith("-") and words[at] != "--":
        at += 2 if words[at] in with_value else 1
    return words[at + 1 :] if words[at : at + 1] == ["--"] else words[at:]


def _module(program: str, words: list[str]) -> list[str]:
    """`python -m pip install` is `pip install`, and `pip3.11` is `pip`."""
    if _PIP.match(program):
        return ["pip", *words[1:]]
    if not _PYTHON.match(program):
        return [program, *words[1:]]
    for index, word in enumerate(words[1:], 1):
        if word.startswith("-") and not word.startswith("--") and word.endswith("m") and index + 1 < len(words):
            module = "pip" if _PIP.match(words[index + 1]) else words[index + 1]
            return [module, *words[index + 2 :]] if module in _MODULES else [program, *words[1:]]
        if word.startswith("-m") and word[2:] in _MODULES:
            return [word[2:], *words[index + 1 :]]
        if word in ("-W", "-X"):
            continue
        if not word.startswith("-") and words[index - 1] not in ("-W", "-X"):
            break
    return [program, *words[1:]]
