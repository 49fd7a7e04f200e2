"""Owns the check that a stage gives each command once; must never judge what the command does.

Only the final stage and those it starts from count: a builder's CMD is never started. A stage may replace what its
parent gave, that is what CMD is for; twice in one stage, the first is left over.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from graders.check import Check
from graders.dockerfile_context import DockerfileContext
from graders.finding import Finding
from graders.outcome import Level


@dataclass(frozen=True, slots=True)
class Params:
    """Of which instructions a stage needs one at most."""

    keywords: tuple[str, ...] = ("CMD", "ENTRYPOINT", "HEALTHCHECK")


def find(context: DockerfileContext, params: Params) -> Iterator[Finding]:
    """One finding for each instruction that a later one of its stage makes void."""
    for stage in context.dockerfile.chain():
        for keyword in params.keywords:
            # What the parent has in ONBUILD is there to be overruled.
            own = (item for item in stage.instructions if item.line > stage.line and not item.onbuild)
            found = [item for item in own if item.keyword == keyword]
            for instruction in found[:-1]:
                yield Finding(
                    f'"{instruction.text[:120]}" is never used: the {keyword} on line {found[-1].line} takes its place',
                    observed=f"{len(found)} {keyword} instructions in one stage",
                    expected=f"one {keyword}",
                    line=instruction.line,
                    end_line=instruction.end_line,
                )


_BASE = "FROM python:3.11-slim\n"

CHECK = Check(
    id="several-commands",
    claim="A stage has one CMD and one ENTRYPOINT at most",
    why="Of several CMD lines Docker reads the last one: the others look as if they ran, and never do.",
    hint="A container starts one process. Which of your lines says what it is?",
    sources=(
        "https://docs.docker.com/reference/build-checks/multiple-instructions-disallowed/",
        "https://docs.docker.com/reference/dockerfile/#cmd",
    ),
    level=Level.DOCKERFILE,
    find=find,
    params=Params,
    bad=(
        _BASE + 'CMD ["python", "a.py"]\nCMD ["python", "b.py"]\n',
        _BASE + 'cmd python a.py\nENTRYPOINT ["python"]\nCmd ["b.py"]\n',
        _BASE + 'ENTRYPOINT ["a"]\nRUN true\nENTRYPOINT ["b"]\n',
        'FROM python:3.11-slim AS base\nCMD ["a"]\nCMD ["b"]\nFROM base\nCMD ["c"]\n',
        _BASE + "HEALTHCHECK CMD true\nHEALTHCHECK CMD false\nCMD a\n",
        _BASE + 'CMD ["a"]\nCMD ["a"]\nCMD ["a"]\n',
    ),
    good=(
        _BASE + 'ENTRYPOINT ["python"]\nCMD ["a.py"]\n',
        _BASE + '# CMD ["a"]\nRUN echo "CMD a"\nONBUILD CMD ["a"]\nCMD ["b"]\n',
        'FROM python:3.11-slim AS base\nCMD ["a"]\nFROM base\nCMD ["b"]\n',
        'FROM python:3.11-slim AS dev\nCMD ["a"]\nCMD ["b"]\nFROM python:3.11-slim\nCMD ["c"]\n',
        _BASE + "HEALTHCHECK CMD python check.py\nCMD python a.py && python b.py\n",
        _BASE + "COPY <<EOF /start.sh\nCMD a\nCMD b\nEOF\nCMD sh /start.sh\n",
    ),
)
