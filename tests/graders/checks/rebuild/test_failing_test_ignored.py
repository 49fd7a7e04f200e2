"""Builds that go through whatever the tests say, builds that fail for another reason, and what is planted."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from graders.checks.rebuild.failing_test_ignored import BROKEN, CACHED, CHECK, FAILED, TESTS, Params, plant
from graders.context import RebuildContext
from graders.dockerfile.ignore import IgnoreFile
from graders.engine.base import BuildResult
from graders.finding import Finding, Undecidable
from graders.recorded import build, rebuild_context
from tests.rows import rows


def judged(second: BuildResult, control: BuildResult | None = None) -> list[type]:
    return [type(item) for item in CHECK.find(rebuild_context(build(TESTS), second, (), control=control), Params())]


def failing(*lines: str) -> BuildResult:
    return build(FAILED, error="exit code: 1", log=tuple((FAILED.id, line) for line in lines))


@rows("second", [build(), build(CACHED), build(TESTS)])
def test_build_that_goes_through_is_found(second: BuildResult) -> None:
    """Whether the tests ran or not: `|| true`, a pipe, a stage that nobody asks for."""
    assert [Finding] == judged(second)


def test_build_that_fails_for_the_failing_test_alone_passes() -> None:
    """It fails with the one, and goes through with the other."""
    assert [] == judged(BROKEN, build(TESTS))
    assert [] == judged(failing(), build(TESTS))


def test_build_that_counts_files_is_found() -> None:
    """A step that fails for any new file says nothing about tests."""
    assert [Finding] == judged(failing("2 is not 1"), failing("2 is not 1"))


def test_lost_network_is_not_blamed_and_proves_nothing() -> None:
    """A download that broke off is no failed test, in whichever of the two builds."""
    lost = failing("Temporary failure in name resolution")

    assert [Undecidable] == judged(lost, build(TESTS))
    assert [Undecidable] == judged(lost, lost)
    assert [Undecidable] == judged(BROKEN, lost)


def test_test_that_speaks_of_the_network_still_counts() -> None:
    """The planted test's own name in the log says that it was run."""
    assert [] == judged(failing("FAIL: test_p0 (dockyard_probe_0)", "connection refused"), build(TESTS))


def test_build_that_hangs_is_left_open() -> None:
    """A time limit is no failed test."""
    hangs = build(FAILED, error="stopped", timed_out=True)

    assert [Undecidable] == judged(hangs)
    assert [Undecidable] == judged(BROKEN, hangs)


def test_ignored_folder_is_named() -> None:
    """Tests that never reach the build are a fault of the .dockerignore."""
    context = rebuild_context(build(TESTS), build(CACHED), ())
    ignored = replace(context, changed="tests/test_p1.py")
    ignored = replace(ignored, source=replace(context.source, ignore=IgnoreFile.parse(b"tests\n")))
    (finding,) = CHECK.find(ignored, Params())

    assert isinstance(finding, Finding)
    assert ".dockerignore" == finding.file


def told(context: RebuildContext) -> str:
    (finding,) = CHECK.find(context, Params())
    assert isinstance(finding, Finding)
    return finding.message


def test_message_says_whether_anything_ran() -> None:
    """A stage that was never built and a failure that was swallowed are two faults."""
    assert "no step ran again" in told(rebuild_context(build(TESTS), build(CACHED), ()))
    assert "1 steps ran again" in told(rebuild_context(build(TESTS), build(TESTS), ()))


@rows(("passes", "code"), [(True, 0), (False, 1)])
def test_planted_file_really_fails_and_really_passes(tmp_path: Path, *, passes: bool, code: int) -> None:
    """The default is a test that unittest finds by itself, as pytest does."""
    planted = plant(Params(), "nonce")
    (tmp_path / planted.name).write_text(planted.passing if passes else planted.failing)
    done = subprocess.run([sys.executable, "-m", "unittest", "discover", "-s", str(tmp_path)], check=False)

    assert code == done.returncode


def test_planted_file_is_new_for_every_check_and_differs_in_a_number_alone() -> None:
    """Nobody can know its name or look for a word in it."""
    one, two = plant(Params(), "a"), plant(Params(), "b")

    assert one.name != two.name
    assert one.failing != one.passing
    assert len(one.failing.split()) == len(one.passing.split())
    assert "{" not in one.failing + one.name


@rows("values", [{"name": "test.py"}, {"name": "a/test_{id}.py"}, {"text": "assert False"}])
def test_params_that_plant_nothing_useful_are_refused(values: dict[str, str]) -> None:
    """A fixed name could be excluded, a fixed text could be looked for."""
    with pytest.raises(ValueError, match="must hold"):
        Params(**values)
