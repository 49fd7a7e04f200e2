"""Rebuilds that install again, hide it, or never come so far."""

from __future__ import annotations

from graders.check import NoParams
from graders.checks.rebuild.cache_lost_on_source_change import CACHED, CHECK, INSTALL
from graders.context import RebuildContext
from graders.engine.base import StepStatus
from graders.finding import Finding, Undecidable
from graders.recorded import build, rebuild_context, step


def judged(context: RebuildContext) -> list[type]:
    return [type(item) for item in CHECK.find(context, NoParams())]


def test_install_that_ran_again_is_found_though_the_first_came_from_the_cache() -> None:
    """Another submission may have warmed the first build: only the second counts."""
    assert [Finding] == judged(rebuild_context(build(CACHED), build(INSTALL), (CACHED,)))


def test_install_from_the_cache_passes_though_all_else_ran() -> None:
    """Later steps may run."""
    copy = step("[4/4] COPY src src", line=5)

    assert [] == judged(rebuild_context(build(INSTALL, copy), build(CACHED, copy), (INSTALL,)))


def test_one_install_of_two_that_ran_again_is_found() -> None:
    """A second install after the source is as slow as a first."""
    late = step("[5/5] RUN pip install torch", line=6)

    assert [Finding] == judged(rebuild_context(build(INSTALL, late), build(CACHED, late), (INSTALL, late)))


def test_build_without_an_install_is_found() -> None:
    """Nothing installed is nothing cached: no vacuous pass."""
    assert [Finding] == judged(rebuild_context(build(), build(), ()))


def test_source_that_breaks_the_build_when_a_comment_is_added_is_found() -> None:
    """A checksum of the source in the Dockerfile."""
    failed = step("[4/4] RUN sha256sum -c sums", line=5, status=StepStatus.FAILED)

    assert [Finding] == judged(rebuild_context(build(INSTALL), build(CACHED, failed, error="exit code: 1"), (INSTALL,)))


def test_rebuild_that_was_stopped_or_hung_is_not_called_broken() -> None:
    """Our stop is no failure; a time limit is left open."""
    stopped = rebuild_context(build(INSTALL), build(CACHED, error="stopped"), (INSTALL,), stopped_early=True)
    hung = rebuild_context(build(INSTALL), build(CACHED, error="stopped", timed_out=True), (INSTALL,))

    assert [] == judged(stopped)
    assert [Undecidable] == judged(hung)
