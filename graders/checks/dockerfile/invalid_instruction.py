"""Owns the check that Docker can read every instruction; must never judge what an instruction does."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from graders.check import Check
from graders.dockerfile_context import DockerfileContext
from graders.finding import Finding
from graders.outcome import Level


@dataclass(frozen=True, slots=True)
class Params:
    """How much is said about a file that is no Dockerfile at all."""

    shown: int = 5
    """Findings in full; the others are counted."""


def find(context: DockerfileContext, params: Params) -> Iterator[Finding]:
    """One finding for each thing that Docker refuses, and for bytes that are no text."""
    dockerfile = context.dockerfile
    problems = [problem for problem in dockerfile.problems if problem.fatal or problem.code == "not-utf8"]
    for problem in problems[: params.shown]:
        observed = dockerfile.lines[problem.line - 1].strip()[:200] if problem.line <= len(dockerfile.lines) else ""
        yield Finding(
            problem.message, observed=observed, expected="an instruction that Docker reads", line=problem.line
        )
    if len(problems) > params.shown:
        more = len(problems) - params.shown
        yield Finding(
            f"{more} more lines can't be read; this may not be a Dockerfile at all",
            observed=f"{len(problems)} problems",
            expected="a Dockerfile",
            line=problems[params.shown].line,
        )


CHECK = Check(
    id="invalid-instruction",
    claim="Docker can read every instruction",
    why="Docker reads the whole file before it builds anything: one line that it can't read stops the build.",
    hint="Read the line aloud: is its first word an instruction, and does it have all the arguments that it needs?",
    sources=("https://docs.docker.com/reference/dockerfile/",),
    level=Level.DOCKERFILE,
    find=find,
    params=Params,
    bad=(
        "",
        "# only a comment\n",
        "FORM python:3.11-slim\n",
        "RUN echo hello\n",
        "FROM python:3.11-slim AS\n",
        "FROM python:3.11-slim\n# and then\nCOPPY . .\n",
        "FROM python:3.11-slim\nCOPY requirements.txt\n",
        "FROM python:3.11-slim\nENV DEBUG\n",
        "FROM python:3.11-slim\nCOPY --form=builder /a /b\n",
        "FROM python:3.11-slim\nRUN <<EOF\necho never closed\n",
    ),
    good=(
        "FROM python:3.11-slim\n",
        "# FORM python\nfrom python:3.11-slim as Builder\nrun echo 'FORM'\n",
        "ARG TAG=3.11-slim\nFROM python:${TAG}\nRUN pip install six \\\n    # a comment in between\n    joblib\n",
        "FROM python:3.11-slim\nRUN <<EOF\nCOPPY . .\nEOF\nCMD []\n",
    ),
)
