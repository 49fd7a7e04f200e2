"""Owns the check that no shell stands between the engine and the program; must never run the command.

Which forms count, and why. `CMD python app.py` and `CMD ['python', 'app.py']` are shell form. So is
`CMD exec python app.py`: signals arrive, but a shell still reads the text, and such an ENTRYPOINT takes no arguments.
`["sh", "-c", "python app.py"]` is the shell form spelled out. `["sh", "-c", "exec python app.py"]`, and `exec` after a
SHELL of one's own, are choices made on purpose, to fill in variables: they pass. So does a start script that ends with
`exec`; one that starts the program and waits for it is a shell in between, and so is a Python that starts another.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from itertools import pairwise

from graders.check import Check, NoParams, Sample
from graders.dockerfile.model import Instruction
from graders.dockerfile.start_script import script_that_stays, steps_aside
from graders.dockerfile.wrapper import program_name, unwrap
from graders.dockerfile_context import DockerfileContext
from graders.finding import Finding
from graders.outcome import Level

_STARTERS = frozenset(("env", "tini", "dumb-init", "catatonit"))
"""Programs that start the one that follows and leave it as it is."""
_STARTER = r"\b(?:system|popen|posix_spawnp?|spawn[lv]\w*)"
_STARTS_ANOTHER = re.compile(
    rf"(?<!platform\.){_STARTER}\s*\(|\bimport\s[^;\n]{{0,999}}{_STARTER}\b|[\"']{_STARTER}[\"']|\bsubprocess\b|\bpty\.spawn\b"
)
"""Called, imported under whatever name, or looked up by its name."""
_GETS_SIGNALS = "starts a shell that starts the program: the shell gets the signals"
_SPLITS = re.compile(r"(?:-[iv]*S|--split-string=?)(.*)", re.DOTALL)
_CODE = re.compile(r"-[A-Za-z]{0,9}?c(.*)", re.DOTALL)
"""The option of Python that takes code, alone or behind others; the code follows at once or as the next word."""


def find(context: DockerfileContext, params: NoParams) -> Iterator[Finding]:  # noqa: ARG001 - all checks share one shape
    """A finding for the CMD and for the ENTRYPOINT in force."""
    own_shell = context.dockerfile.setting("SHELL") is not None
    settings = [context.dockerfile.setting(keyword) for keyword in ("ENTRYPOINT", "CMD")]
    instructions = [setting.instruction for setting in settings if setting is not None]
    told = False
    for instruction in instructions:
        fault = _fault(instruction, own_shell=own_shell)
        if fault:
            told = True
            hint = "The list is there. What does it start first?" if instruction.exec_form is not None else ""
            yield _finding(instruction, fault, f'{instruction.keyword} ["program", "argument"]', hint)
    if not told:
        yield from _behind(context, instructions)


def _finding(instruction: Instruction, fault: str, expected: str, hint: str) -> Finding:
    return Finding(
        f'"{instruction.text}" {fault}',
        observed=instruction.value,
        expected=expected,
        line=instruction.line,
        end_line=instruction.end_line,
        hint=hint,
    )


def _behind(context: DockerfileContext, instructions: list[Instruction]) -> Iterator[Finding]:
    """A finding for a command in exec form that starts something which starts the program."""
    words = _program(tuple(word for each in instructions for word in each.exec_form or ()))
    if not words:
        return
    line = next((each for each in instructions if words[0] in (each.exec_form or ())), instructions[0])
    given = _script(words)
    if given is not None and not steps_aside(given):
        line = next((each for each in instructions if given in (each.exec_form or ())), line)
        hint = "The list is there. What does it start first?"
        yield _finding(line, _GETS_SIGNALS, f'{line.keyword} ["program", "argument"]', hint)
        return
    script = script_that_stays(context.dockerfile, context.origins(), words)
    if script:
        fault = f"starts {script}, which starts the program and stays: the shell gets the signals"
        hint = "How does a script step aside, so that the program takes its place?"
        yield _finding(line, fault, f"exec in front of the last command of {script}", hint)
    elif program_name(words[0]).startswith("python") and _STARTS_ANOTHER.search(_code(words)):
        fault = "starts Python to start the program: the first of the two gets the signals"
        hint = "What would be missing if the program stood there itself?"
        yield _finding(line, fault, f'{line.keyword} ["program", "argument"]', hint)


def _code(words: tuple[str, ...]) -> str:
    """The code that a Python is given in its command line; empty when it is given a file or a module."""
    for word, following in pairwise((*words[1:], "")):
        if match := _CODE.fullmatch(word):
            return match[1] or following
        if not word.startswith("-"):
            return ""
    return ""


def _fault(instruction: Instruction, *, own_shell: bool) -> str:
    value, words = instruction.value, instruction.exec_form
    if words is not None:
        script = _script(words)
        return "" if script is None or steps_aside(script) else _GETS_SIGNALS
    if not value or (own_shell and steps_aside(value)):
        return ""
    if value.startswith("["):
        return "looks like a list but isn't JSON, so a shell gets it as a text; JSON wants double quotes"
    if steps_aside(value):
        return "is still read by a shell, which the image must have and which drops arguments given to docker run"
    return "is handed to a shell: the program is not process 1 and doesn't get the signal to stop"


def _script(words: tuple[str, ...]) -> str | None:
    """The script of a list that starts a shell with `-c`, through `nohup` or `su` too."""
    return unwrap(list(_program(words)))[2]


def _program(words: tuple[str, ...]) -> tuple[str, ...]:
    """The command without the programs in front that only start it."""
    while words and words[0].rpartition("/")[2] in _STARTERS:
        words = words[1:]
        while words and (words[0].startswith("-") or "=" in words[0]):
            words = _split_by_env(words) or words[1:]
    return words


def _split_by_env(words: tuple[str, ...]) -> tuple[str, ...]:
    """The command when `env -S` is to split the next word into one; empty for any other option."""
    split = _SPLITS.match(words[0])
    if split is None:
        return ()
    text, rest = (split[1], words[1:]) if split[1] else ("".join(words[1:2]), words[2:])
    try:
        return (*shlex.split(text), *rest)
    except ValueError:  # a quote without its other half: env refuses it too
        return (*text.split(), *rest)


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
        'FROM python:3.11-slim\nCMD ["sh", "-c", "exec python app.py | tee /tmp/log"]\n',
        'FROM python:3.11-slim\nENTRYPOINT ["bash", "-c"]\nCMD ["python app.py; exit $?"]\n',
        'FROM python:3.11-slim\nCMD ["timeout", "60", "bash", "-c", "python app.py"]\n',
        'FROM python:3.11-slim\nCMD ["python", "-c", "import os; os.system(\'python app.py\')"]\n',
        'FROM python:3.11-slim\nENTRYPOINT ["python", "-c"]\nCMD ["from os import system as s; s(\'./app.py\')"]\n',
        'FROM python:3.11-slim\nCMD ["env", "-S", "sh -c \'python app.py\'"]\n',
        'FROM python:3.11-slim\nCMD ["python", "-u", "-Bc", "import os; os.system(\'python app.py\')"]\n',
        'FROM python:3.11-slim\nRUN printf "./app.py\\npython x.py\\n" >go.sh\nCMD ["sh", "./go.sh"]\n',
        'FROM python:3.11-slim\nRUN printf "#!/bin/sh\\npython app.py\\n" > /bin/go && chmod +x /bin/go\nCMD ["go"]\n',
        Sample(
            'FROM python:3.11-slim\nCOPY start.sh /\nCMD ["sh", "/start.sh"]\n',
            files=(("start.sh", "# exec python app.py\npython app.py\n"),),
        ),
        Sample(
            'FROM python:3.11-slim\nCOPY start.sh /\nCMD ["sh", "/start.sh"]\n',
            files=(("start.sh", 'exec python app.py "$@" | tee /tmp/log\n'),),
        ),
        Sample(
            'FROM python:3.11-slim\nCOPY *.sh /\nCMD ["sh", "-c", "exec sh /start.sh"]\n',
            files=(("start.sh", "exec sh /run.sh\n"), ("run.sh", "python app.py\n")),
        ),
    ),
    good=(
        'FROM python:3.11-slim\nCMD ["python", "app.py"]\n',
        'FROM python:3.11-slim\nCMD ["sh", "-c", "exec python app.py --sep \'|\' >/tmp/log 2>&1"]\n',
        'FROM python:3.11-slim\nCMD ["sh", "-c", "[ -f b.py ] && exec python b.py || exec python a.py 2>&1"]\n',
        'FROM python:3.11-slim\nCMD python wrong.py\nCMD [ "python", \\\n  "app.py" ]\n',
        'FROM python:3.11-slim AS unused\nCMD python app.py\nFROM python:3.11-slim\nENTRYPOINT ["python", "app.py"]\n',
        'FROM python:3.11-slim\nCMD ["sh", "-c", "exec python app.py --port $PORT"]\n',
        'FROM python:3.11-slim\nCMD ["sh", "-c", "if [ $A ]; then exec python a.py; else exec python b.py; fi"]\n',
        'FROM python:3.11-slim\nRUN echo "CMD python app.py"\nONBUILD CMD python app.py\nCMD []\n',
        'FROM python:3.11-slim\nCMD ["python", "sh", "-c"]\n',
        'FROM python:3.11-slim\nCMD ["python", "-c", "import runpy; runpy.run_path(\'app.py\')"]\n',
        'FROM python:3.11-slim\nCMD ["python", "-c", "import platform, app; app.main(platform.system())"]\n',
        'FROM python:3.11-slim\nCMD ["env", "-S", "PORT=80 python app.py"]\n',
        'FROM python:3.11-slim\nCMD ["python", "app.py", "-c", "subprocess"]\n',
        'FROM python:3.11-slim\nRUN printf "#!/bin/sh\\nexec python app.py\\n" > /go && chmod +x /go\nCMD ["/go"]\n',
        "FROM python:3.11-slim\nRUN echo '#!/bin/sh' > /go && python make.py >> /go\nCMD [\"/go\"]\n",
        Sample(
            'FROM python:3.11-slim\nCOPY --chmod=755 start.sh /\nENTRYPOINT ["/start.sh"]\n',
            files=(("start.sh", '#!/bin/sh\nexec python app.py --sep "|" || exit 1\n'),),
        ),
        Sample(
            'FROM python:3.11-slim\nCOPY --chmod=755 start.sh /\nENTRYPOINT ["/start.sh"]\n',
            files=(("start.sh", '#!/bin/sh\npython migrate.py\nexec python app.py "$@"\n'),),
        ),
    ),
)
