"""Attempts to fool the check that a build goes by its lock."""

from __future__ import annotations

from dataclasses import replace

from graders.checks.rebuild.stale_after_lock_change import CACHED, CHECK, FAILED, FETCH, NO_MODEL, STOPPED, Params
from graders.context import RebuildContext
from graders.engine.base import BuildResult
from graders.finding import Finding, Undecidable
from graders.recorded import BASE, IMAGE, build, rebuild_context, run, step


def judged(context: RebuildContext) -> list[type]:
    return [type(item) for item in CHECK.find(context, Params())]


def second(result: BuildResult) -> RebuildContext:
    return rebuild_context(build(FETCH), result, ())


def test_build_that_falls_back_on_another_file_is_found() -> None:
    """The step ran again, found nothing, and went on."""
    assert [Finding] == judged(second(build(FETCH, step("[2/3] COPY models/ models/", line=8))))


def test_build_that_never_looks_is_found() -> None:
    """All of it came from the cache."""
    assert [Finding] == judged(second(build(CACHED)))


def test_build_that_stops_passes() -> None:
    """Wherever it stops: at the script, or at the copy of what the script did not make."""
    failed_copy = replace(FAILED, name="[stage-1 3/4] COPY --from=store /project/models/ models/")

    assert [] == judged(second(build(FAILED, error="exit code: 1")))
    assert [] == judged(second(build(FETCH, failed_copy, error="not found")))


def test_build_that_took_too_long_is_left_open() -> None:
    """Nothing was proved, and nobody is blamed."""
    assert [Undecidable] == judged(second(replace(build(FETCH, error="time limit"), timed_out=True)))


def test_build_that_broke_off_without_a_failed_step_is_left_open() -> None:
    """That is the engine's doing."""
    assert [Undecidable] == judged(second(build(error="no disk")))


def test_exercise_without_a_lock_is_left_open() -> None:
    """Nothing changed, so nothing was proved."""
    assert [Undecidable] == judged(replace(second(build(FETCH)), changed=""))


def test_image_that_the_lock_does_not_change_is_found() -> None:
    """The build stops when the content is missing, and takes the same one whichever the lock names."""
    looked_at = rebuild_context(build(FETCH), STOPPED, (), control=build(FETCH), image=IMAGE, second_image=IMAGE)

    assert [Finding] == judged(looked_at)
    assert [] == judged(replace(looked_at, second_image=BASE))
    assert [] == judged(replace(looked_at, second_image=None))


def test_image_that_answers_as_before_is_found() -> None:
    """Some other layer changed with the lock, and the model that was put in by hand stayed."""
    answered = rebuild_context(
        build(FETCH), STOPPED, (), control=build(FETCH), run=run(), image=IMAGE, second_image=BASE
    )
    (found,) = CHECK.find(answered, Params())

    assert isinstance(found, Finding)
    assert "the old model's answers" in found.message
    assert [] == judged(replace(answered, run=NO_MODEL))
    assert [] == judged(replace(answered, run=None))
    assert [] == judged(replace(answered, cases=()))
