"""Owns the check that no RUN calls sudo; must never judge who the user is.

Looked at is every stage that the final image is made of. Installing the package is no call of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from graders.check import Check, NoParams
from graders.dockerfile.model import Instruction
from graders.dockerfile_context import DockerfileContext
from graders.finding import Finding
from graders.outcome import Level

_QUOTED = re.compile(r"'[^']*'|\"(?:[^\"\\]|\\.)*\"", re.DOTALL)
_SCRIPT = re.compile(r"(?:\s-[a-z]*c|\beval)\s+('[^']*'|\"(?:[^\"\\]|\\.)*\")", re.DOTALL)
_COMMENT = re.compile(r"(?:^|(?<=\s))#.*$", re.MULTILINE)
_CALL = re.compile(
    r"(?:^|[;&|(`{!\n]|\b(?:then|do|else|if|elif|while|until|exec|eval|time|env|nohup|xargs|command)\s)"
    r"\s{0,99}(?:[A-Za-z_]\w{0,99}=\S{0,999}\s{1,99}){0,9}(?:/\S{0,200}/)?(?:sudo|doas)(?=\s|\Z)"
)
_REFERENCE = re.compile(r"\$(?:\{(\w{1,100})\}|(\w{1,100}))")
_DEPTH_LIMIT = 4


def find(context: DockerfileContext, params: NoParams) -> Iterator[Finding]:  # noqa: ARG001 - all checks share one shape
    """One finding for each RUN that calls it."""
    for stage in context.dockerfile.reached():
        for instruction in stage.instructions:
            if instruction.keyword == "RUN" and not instruction.onbuild and _calls(instruction):
                yield Finding(
                    f'"{instruction.text[:120]}" calls sudo, which a build has no use for',
                    observed="sudo",
                    expected="USER root for the lines that need it, and USER of your own after them",
                    line=_line(context, instruction),
                    end_line=instruction.end_line,
                )


def _calls(instruction: Instruction) -> bool:
    if instruction.exec_form is not None:
        words = instruction.exec_form
        return bool(words) and (words[0].rpartition("/")[2] in ("sudo", "doas") or any(map(_in_script, words[2:3])))
    return any(_in_script(_filled(script, instruction)) for script in instruction.written_texts)


def _in_script(script: str, depth: int = 0) -> bool:
    """Whether a shell that reads the text would start sudo."""
    if depth < _DEPTH_LIMIT and any(_in_script(match[1][1:-1], depth + 1) for match in _SCRIPT.finditer(script)):
        return True
    return _CALL.search(_COMMENT.sub("", _QUOTED.sub("''", script))) is not None


def _filled(script: str, instruction: Instruction) -> str:
    """The text with those variables filled in that hold sudo."""

    def value(match: re.Match[str]) -> str:
        known = instruction.variables.get(match[1] or match[2], "")
        return known if "sudo" in known or "doas" in known else match[0]

    return _REFERENCE.sub(value, script)


def _line(context: DockerfileContext, instruction: Instruction) -> int:
    """The line of a long RUN on which the word stands."""
    lines = context.dockerfile.lines
    for line in range(instruction.line, min(instruction.end_line, len(lines)) + 1):
        text = lines[line - 1]
        if re.search(r"\b(?:sudo|doas)\s", text) and not text.lstrip().startswith("#"):
            return line
    return instruction.line


_BASE = "FROM python:3.11-slim\n"

CHECK = Check(
    id="sudo-in-run",
    claim="No RUN calls sudo",
    why="A build is root already where no USER says otherwise; sudo in the image is an intruder's way back to root.",
    hint="As whom does this RUN work, and which line above decides it?",
    sources=("https://docs.docker.com/build/building/best-practices/#user",),
    level=Level.DOCKERFILE,
    find=find,
    params=NoParams,
    bad=(
        _BASE + "RUN sudo apt-get update\n",
        _BASE + "run apt-get update && \\\n    sudo -E apt-get install -y curl\n",
        _BASE + "RUN bash -c 'cd /tmp && sudo make install'\n",
        _BASE + "RUN if true; then DEBIAN_FRONTEND=noninteractive /usr/bin/sudo apt-get update; fi\n",
        _BASE + "RUN <<EOF\nset -e\nsudo true\nEOF\n",
        _BASE + "ARG AS=sudo\nRUN $AS apt-get update\n",
        _BASE + 'RUN ["sudo", "true"]\n',
        _BASE + "RUN echo $(sudo id)\n",
        _BASE + "RUN true || (sudo true)\n",
        "FROM debian AS b\nRUN sudo true\nFROM scratch\nCOPY --from=b /a /a\n",
    ),
    good=(
        _BASE + "USER root\nRUN apt-get update\nUSER app\n",
        _BASE + "RUN apt-get update && apt-get install -y sudo\n",
        _BASE + "# RUN sudo true\nRUN echo 'run; sudo true' # && sudo true\n",
        _BASE + "RUN echo 'app ALL=(ALL) NOPASSWD: ALL' > /etc/sudoers.d/app && visudo -c\n",
        "FROM debian AS no\nRUN sudo true\nFROM python:3.11-slim\nONBUILD RUN sudo true\n",
        _BASE + "RUN gosu nobody true && pip install pseudo-sudo\n",
        _BASE + "COPY <<EOF /a.sh\nsudo true\nEOF\n",
    ),
)
