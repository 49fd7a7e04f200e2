"""Owns the proof that what lesson 1.2 quotes is what an engine says; must never quote anything itself."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from course.lesson import find_fences
from graders.cancel import Cancel
from graders.engine.base import BuildRequest, BuildResult, ContextFile, Engine, RunRequest
from graders.limits import Limits

LESSON = Path(__file__).resolve().parents[3] / "lessons" / "anatomy-of-a-dockerfile" / "lesson.md"
RUN_ID = f"tests-content-lesson-outputs-{uuid4().hex[:8]}"
LIMITS = Limits(build_s=120.0, run_s=60.0)
TYPED = "$ docker run --rm shout"

Built = Callable[[str], BuildResult]


def fences_of(section: str, language: str) -> list[str]:
    """The texts of a section's fences in one language, marks aside."""
    text = LESSON.read_text(encoding="utf-8")
    body = next(part for part in re.split(r"^## ", text, flags=re.MULTILINE) if part.startswith(section))
    lines = body.splitlines()
    return [
        "\n".join(lines[fence.start + 1 : fence.end]) + "\n"
        for fence in find_fences(lines)
        if fence.info.split()[0] == language
    ]


@pytest.fixture
def built(engine: Engine, python_base: str) -> Iterator[Built]:
    """Builds a Dockerfile that needs no other file."""
    assert python_base == "python:3.11-slim"

    def build(dockerfile: str) -> BuildResult:
        request = BuildRequest(files=(ContextFile("Dockerfile", dockerfile.encode()),), run_id=RUN_ID, limits=LIMITS)
        *_, result = engine.build(request, Cancel())
        assert isinstance(result, BuildResult)
        assert not result.error
        return result

    yield build
    engine.remove(RUN_ID)


def said(engine: Engine, image_id: str, *args: str, env: dict[str, str] | None = None) -> str:
    """What a container of the image prints, or why it could not start."""
    request = RunRequest(image_id=image_id, run_id=RUN_ID, limits=LIMITS, args=args, env=env or {})
    result = engine.run(request, Cancel())
    return result.stdout.decode() or result.start_error


@pytest.mark.engine
@pytest.mark.parametrize("section", ["CMD: a default", "ENTRYPOINT: a beginning"])
def test_commands_print_what_the_lesson_quotes(engine: Engine, built: Built, section: str) -> None:
    """Each quoted `docker run` of the section's own Dockerfile prints the line below it."""
    image_id = built(fences_of(section, "dockerfile")[0]).image_id
    quoted = fences_of(section, "text")[0].splitlines()

    assert quoted[0] == TYPED
    for typed, line in zip(quoted[::2], quoted[1::2], strict=True):
        printed = said(engine, image_id, *typed.removeprefix(TYPED).split())
        if line.startswith("docker: Error"):
            wanted = re.search(r'exec: "\w+": [\w ]+', line)
            assert wanted
            assert wanted[0] in printed
        else:
            assert f"{line}\n" == printed


@pytest.mark.engine
def test_each_run_starts_afresh_as_the_lesson_shows(built: Built) -> None:
    """The three commands print what stands under the reveal."""
    (lines,) = fences_of("Each RUN starts afresh", "dockerfile")
    (shown,) = fences_of("Each RUN starts afresh", "text")
    # A variable of its own keeps the cache away: a cached RUN prints nothing.
    log = [text.strip() for _, text in built(f"FROM python:3.11-slim\nENV NONCE={uuid4().hex}\n{lines}").log]
    expected = [line.rsplit("   ", 1)[1].strip() for line in shown.splitlines()]

    assert 3 == len(expected)
    assert expected == [text for text in log if text in expected]


@pytest.mark.engine
def test_variables_hold_as_long_as_the_lesson_says(engine: Engine, built: Built) -> None:
    """ARG is gone in the container, ENV is there, and -e overrides it; the build argument is given as its default."""
    text = next(each for each in fences_of("Variables: ARG and ENV", "dockerfile") if "BUILT_FOR" in each)
    shown = dict(
        line.split(":  ", 1) if ":  " in line else line.split(": ", 1)
        for line in fences_of("Variables: ARG and ENV", "text")[0].splitlines()
    )
    image_id = built(text.replace("BUILT_FOR=nobody", "BUILT_FOR=me")).image_id

    assert shown["docker run image"].strip() == said(engine, image_id).strip()
    assert shown["docker run -e MODE=loud image"].strip() == said(engine, image_id, env={"MODE": "loud"}).strip()


@pytest.mark.engine
def test_exec_form_leaves_variables_alone(engine: Engine, built: Built) -> None:
    """The quiz is right: without a shell nobody replaces $HOME, with one somebody does."""
    exec_form = built('FROM python:3.11-slim\nCMD ["echo", "$HOME"]\n').image_id
    shell_form = built("FROM python:3.11-slim\nCMD echo $HOME\n").image_id

    assert ("$HOME\n", "/root\n") == (said(engine, exec_form), said(engine, shell_form))


@pytest.mark.engine
def test_shell_form_entrypoint_loses_its_arguments(engine: Engine, built: Built) -> None:
    """The last row of the table, which is no misprint."""
    image_id = built('FROM python:3.11-slim\nENTRYPOINT echo fixed\nCMD ["default"]\n').image_id

    assert ("fixed\n", "fixed\n") == (said(engine, image_id), said(engine, image_id, "a", "b"))
