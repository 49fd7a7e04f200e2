"""Ends that look well and are not, and warnings that are no errors."""

from __future__ import annotations

from graders.check import NoParams
from graders.checks.container.exits_with_error import CHECK
from graders.engine.base import RunResult
from graders.finding import Finding
from graders.recorded import container_context, run
from tests.rows import rows


def judged(result: RunResult) -> list[Finding]:
    return [item for item in CHECK.find(container_context(result), NoParams()) if isinstance(item, Finding)]


@rows(
    ("result", "message"),
    [
        (run(exit_code=1), "exit code 1"),
        (run(exit_code=137), "killed"),
        (run(exit_code=139), "crashed"),
        (run(exit_code=0, oom_killed=True), "more memory"),
        (run(exit_code=None), "still running"),
        (run(b"", exit_code=126, start_error="permission denied"), "could not be started"),
        (run(exit_code=127), "not found"),
    ],
)
def test_bad_end_is_found_though_the_output_is_right(result: RunResult, message: str) -> None:
    """A right answer with a wrong end is a failed job."""
    (found,) = judged(result)

    assert message in found.message


def test_last_lines_are_shown_and_undecodable_bytes_do_no_harm() -> None:
    """The traceback's end is what helps."""
    (found,) = judged(run(b"", exit_code=1, stderr=b"\xff\n" * 50 + b"KeyError: 'x'\n"))

    assert "KeyError: 'x'" in found.observed
    assert len(found.observed.splitlines()) < 12


def test_error_output_of_blank_lines_hides_nothing() -> None:
    """Then what the program printed is all that there is to show."""
    (found,) = judged(run(b"no model here\n", exit_code=1, stderr=b"\n \n"))

    assert ["no model here", "exit code 1"] == found.observed.splitlines()


@rows("result", [run(), run(b""), run(stderr=b"Traceback: only a word\n"), run(processes=())])
def test_good_end_passes_whatever_was_printed(result: RunResult) -> None:
    """Output is another check's claim."""
    assert [] == judged(result)
