"""Attempts to fool the check that ignored files cost no build."""

from __future__ import annotations

from dataclasses import replace

from graders.check import NoParams
from graders.checks.rebuild.cache_lost_on_ignored_file import CACHED, CHECK, CONTEXT, COPY, FROM
from graders.context import RebuildContext
from graders.engine.base import BuildStep, StepStatus
from graders.finding import Finding, Undecidable
from graders.recorded import build, rebuild_context, step


def judged(context: RebuildContext) -> list[type]:
    return [type(item) for item in CHECK.find(context, NoParams())]


def second(*steps: BuildStep, error: str = "") -> RebuildContext:
    return rebuild_context(build(FROM, COPY), build(*steps, error=error), ())


def test_engine_own_steps_are_not_counted() -> None:
    """Loading the context runs each time, FROM is never marked as cached."""
    assert [] == judged(second(CONTEXT, step("copy /context /"), FROM, CACHED, step("exporting to image")))


def test_classic_from_is_not_counted() -> None:
    """The classic builder's FROM neither."""
    assert [] == judged(second(step("Step 1/3 : FROM python:3.11-slim", line=1), CACHED))


def test_copy_in_a_builder_stage_counts() -> None:
    """The build noticed, whatever ends up in the image."""
    assert [Finding] == judged(second(step("[builder 2/3] COPY . .", line=3), CACHED))


def test_step_that_failed_counts() -> None:
    """It was not taken from the cache."""
    failed = step("[3/3] RUN test ! -e .env", line=3, status=StepStatus.FAILED)

    assert [Finding] == judged(second(FROM, CACHED, failed, error="exit code: 1"))


def test_build_that_broke_off_before_any_step_is_left_open() -> None:
    """No step was seen, so nothing was proved."""
    assert [Undecidable] == judged(second(error="no disk"))


def test_exercise_without_planted_files_is_left_open() -> None:
    """Nothing changed, so nothing was proved."""
    assert [Undecidable] == judged(replace(second(FROM, CACHED), changed=""))
