"""Owns the check that a service tells whether it is well; must never run the test.

Only what looks like a service needs one: an EXPOSE in the final chain, or a CMD or ENTRYPOINT that starts a known
server. A program that reads its input and ends has no health to ask for. HEALTHCHECK counts from the final stage and
those it starts from; one that can't fail counts as none.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from graders.check import Check
from graders.dockerfile.model import Dockerfile, Instruction
from graders.dockerfile.wrapper import SHELLS
from graders.dockerfile_context import DockerfileContext
from graders.finding import Finding
from graders.outcome import Level

_SHELL = re.compile(rf"\A\[?\s*\"?(?:/[\w./]*/)?(?:{'|'.join(sorted(SHELLS))})\"?,?\s*\"?-[a-z]*c\"?,?\s*\"?")
_NEVER_FAILS = re.compile(r"(?:/bin/)?(?:true|:|exit\s+0|echo\b[^;&|]*|sleep\s+\d+\w?)\s*\Z")
_EXCUSED = re.compile(r"(?:\|\||;)\s*(?:true|:|exit\s+0|echo\b[^;&|]*)\s*\Z")


@dataclass(frozen=True, slots=True)
class Params:
    """What is taken for a service."""

    servers: tuple[str, ...] = (
        "uvicorn", "gunicorn", "hypercorn", "daphne", "waitress-serve", "uwsgi", "flask", "fastapi", "streamlit",
        "torchserve", "bentoml", "tritonserver", "tensorflow_model_server", "nginx", "http.server", "gradio",
    )  # fmt: skip
    """Programs and modules that listen on a port."""
    always: bool = False
    """Whether an image without any sign of a port needs one too."""


def find(context: DockerfileContext, params: Params) -> Iterator[Finding]:
    """At most one finding: on the HEALTHCHECK that proves nothing, else on what makes it a service."""
    dockerfile = context.dockerfile
    sign = _service(dockerfile, params)
    if dockerfile.final is None or (sign is None and not params.always):
        return
    setting = dockerfile.setting("HEALTHCHECK")
    if setting is None:
        what = f'"{sign.text[:100]}" makes it a service' if sign is not None else "The image is a service"
        yield Finding(
            f"{what}, and no HEALTHCHECK tells whether it answers",
            observed="no HEALTHCHECK",
            expected="HEALTHCHECK CMD and a command that fails when the service doesn't answer",
            line=sign.line if sign is not None else dockerfile.final.line,
            end_line=sign.end_line if sign is not None else None,
        )
        return
    line = setting.instruction
    if _proves_nothing(line):
        yield Finding(
            f'"{line.text[:120]}" can\'t fail, so it tells nothing',
            observed=line.value[:200],
            expected="a command that fails when the service doesn't answer",
            line=line.line,
            end_line=line.end_line,
        )


def _service(dockerfile: Dockerfile, params: Params) -> Instruction | None:
    """The instruction that shows that the image listens on a port."""
    for exposed in dockerfile.in_chain("EXPOSE"):
        return exposed
    for keyword in ("ENTRYPOINT", "CMD"):
        setting = dockerfile.setting(keyword)
        if setting is None:
            continue
        for command in setting.instruction.commands:
            words = set(command.words[:1])
            words |= {command.words[i + 1] for i, word in enumerate(command.words[:-1]) if word == "-m"}
            if words & set(params.servers):
                return setting.instruction
    return None


def _proves_nothing(instruction: Instruction) -> bool:
    keyword, _, command = instruction.value.partition(" ")
    if keyword.upper() == "NONE" or not command.strip():
        return True
    text = _SHELL.sub("", command.strip())
    text = text.strip("[]\" '").replace('", "', " ").replace('","', " ").strip()
    return bool(_NEVER_FAILS.match(text) or _EXCUSED.search(text))


_BASE = "FROM python:3.11-slim\n"
_SERVE = 'CMD ["uvicorn", "app:app", "--host", "0.0.0.0"]\n'

CHECK = Check(
    id="missing-healthcheck",
    claim="A service has a HEALTHCHECK that can fail",
    why="A process that hangs looks as alive as one that answers: without a test nobody takes it out of service.",
    hint="The process runs, but does it answer? Who would notice if it didn't?",
    sources=("https://docs.docker.com/reference/dockerfile/#healthcheck",),
    level=Level.DOCKERFILE,
    find=find,
    params=Params,
    bad=(
        _BASE + _SERVE,
        _BASE + "EXPOSE 8000\nCMD python serve.py\n",
        _BASE + "# HEALTHCHECK CMD curl -f localhost\n" + _SERVE,
        _BASE + "HEALTHCHECK NONE\n" + _SERVE,
        _BASE + "healthcheck --interval=5s CMD true\nexpose 80\n",
        _BASE + 'HEALTHCHECK CMD ["sh", "-c", "exit 0"]\n' + _SERVE,
        _BASE + "HEALTHCHECK CMD curl -f localhost:8000 || true\n" + _SERVE,
        "FROM a AS b\nHEALTHCHECK CMD curl -f localhost\nFROM python:3.11-slim\nRUN echo HEALTHCHECK\n" + _SERVE,
        _BASE + "ONBUILD HEALTHCHECK CMD curl localhost\nENTRYPOINT exec python -m gunicorn app:app\n",
    ),
    good=(
        _BASE + "HEALTHCHECK CMD curl -f http://localhost:8000/health || exit 1\n" + _SERVE,
        _BASE + 'CMD ["python", "predict.py"]\n',
        "FROM python:3.11-slim AS base\nHEALTHCHECK --interval=5s \\\n  CMD python check.py\nFROM base\nEXPOSE 8000\n",
        _BASE
        + 'EXPOSE 80\nHEALTHCHECK CMD ["python", "-c", "import urllib.request as u; u.urlopen(\'http://:80\')"]\n',
        "FROM a AS b\nEXPOSE 80\nFROM python:3.11-slim\n# EXPOSE 80\nRUN echo uvicorn\nCMD python train.py uvicorn\n",
        _BASE + "EXPOSE 80\nHEALTHCHECK NONE\nHEALTHCHECK CMD wget -q --spider localhost\n",
    ),
)
