"""Owns the check that no shell stands between the engine and the program; must never run the command.

Which forms count, and why. `CMD python app.py` and `CMD ['python', 'app.py']` are shell form. So is
`CMD exec python app.py`: signals arrive, but a shell still reads the text, and such an ENTRYPOINT takes no arguments.
`["sh", "-c", "python app.py"]` is the shell form spelled out. `["sh", "-c", "exec python app.py"]`, and `exec` after a
SHELL of one's own, are choices made on purpose, to fill in variables: they pass.
"""

from __future__ import annotations

from collections.abc import Iterator

from graders.check import Check, NoParams
from graders.dockerfile.model import Instruction
from graders.dockerfile_context import DockerfileContext
from graders.finding import Finding
from graders.outcome import Level

_STARTERS = frozenset(("env", "tini", "dumb-init", "catatonit"))
"""Programs that start the one that follows and leave it as it is."""
_SHELLS = frozenset(("sh", "bash", "dash", "ash", "zsh"))


def find(context: DockerfileContext, params: NoParams) -> Iterator[Finding]:  # noqa: ARG001 - all checks share one shape
    """A finding for the CMD and for the ENTRYPOINT in force."""
    own_shell = context.dockerfile.setting("SHELL") is not None
    for keyword in ("ENTRYPOINT", "CMD"):
        setting = context.dockerfile.setting(keyword)
        fault = "" if setting is None else _fault(setting.instruction, own_shell=own_shell)
        if setting is not None and fault:
            line = setting.instruction
            yield Finding(
                f'"{line.text}" {fault}',
                observed=line.value,
                expected=f'{keyword} ["program", "argument"]',
                line=line.line,
                end_line=line.end_line,
            )


def _fault(instruction: Instruction, *, own_shell: bool) -> str:
    value, words = instruction.value, instruction.exec_form
    if words is not None:
        script = _script(words)
        if script is None or _is_exec(script):
            return ""
        return "starts a shell that starts the program: the shell gets the signals"
    if not value or (own_shell and _is_exec(value)):
        return ""
    if value.startswith("["):
        return "looks like a list but isn't JSON, so a shell gets it as a text; JSON wants double quotes"
    if _is_exec(value):
        return "is still read by a shell, which the image must have and which drops arguments given to docker run"
    return "is handed to a shell: the program is not process 1 and doesn't get the signal to stop"


def _script(words: tuple[str, ...]) -> str | None:
    """The script of a list that starts a shell with `-c`."""
    if not words:
        return None
    rest = list(words)
    while rest and rest[0].rpartition("/")[2] in _STARTERS:
        rest = rest[1:]
        while rest and (rest[0].startswith("-") or "=" in rest[0]):
            rest = rest[1:]
    if not rest or rest[0].rpartition("/")[2] not in _SHELLS:
        return None
    for index, word in enumerate(rest[1:], 1):
        if word.startswith("-") and not word.startswith("--") and "c" in word:
            return rest[index + 1] if index + 1 < len(rest) else ""
        if not word.startswith(("-", "+")) and rest[index - 1] not in ("-o", "+o", "-O", "+O"):
            return None
    return None


def _is_exec(script: str) -> bool:
    """Whether the last command of the script takes the shell's place."""
    last = script.strip().replace("&&", ";").replace("\n", ";").rstrip("; ").rpartition(";")[2]
    return last.split()[:1] == ["exec"]


CHECK = Check(
    id="shell-form-command",
    claim="CMD and ENTRYPOINT start the program without a shell in between",
    why="A shell as process 1 doesn't pass on the signal to stop: the program is killed after a grace period instead.",
    hint="How many processes does your command start, and which of them is number 1?",
    sources=(
        "https://docs.docker.com/reference/dockerfile/#shell-and-exec-form",
        "https://docs.docker.com/reference/build-checks/json-args-recommended/",
    ),
    level=Level.DOCKERFILE,
    find=find,
    params=NoParams,
    bad=(
        "FROM python:3.11-slim\nCMD python app.py\n",
        "FROM python:3.11-slim\nENTRYPOINT ['python', 'app.py']\n",
        'FROM python:3.11-slim\n# CMD ["python"]\ncmd exec python app.py\n',
        'FROM python:3.11-slim\nCMD ["sh", "-c", "python app.py"]\n',
        'FROM python:3.11-slim AS base\nENTRYPOINT python app.py\nFROM base\nCMD ["--help"]\n',
        'FROM python:3.11-slim\nCMD ["python", "app.py",]\n',
        'FROM python:3.11-slim\nSHELL ["/bin/bash", "-c"]\nCMD python app.py\n',
    ),
    good=(
        'FROM python:3.11-slim\nCMD ["python", "app.py"]\n',
        'FROM python:3.11-slim\nCMD python wrong.py\nCMD [ "python", \\\n  "app.py" ]\n',
        'FROM python:3.11-slim AS unused\nCMD python app.py\nFROM python:3.11-slim\nENTRYPOINT ["python", "app.py"]\n',
        'FROM python:3.11-slim\nCMD ["sh", "-c", "exec python app.py --port $PORT"]\n',
        'FROM python:3.11-slim\nRUN echo "CMD python app.py"\nONBUILD CMD python app.py\nCMD []\n',
        'FROM python:3.11-slim\nCMD ["python", "sh", "-c"]\n',
    ),
)
