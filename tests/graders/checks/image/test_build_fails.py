"""Builds that end badly, and what is said of each."""

from __future__ import annotations

from graders.check import NoParams
from graders.checks.image.build_fails import CHECK
from graders.engine.base import BuildResult, StepStatus
from graders.finding import Finding
from graders.recorded import build, step

FAILED = step("[3/3] RUN make", line=3, status=StepStatus.FAILED)


def judged(result: BuildResult) -> list[Finding]:
    found = CHECK.find(result, NoParams())
    return [item for item in found if isinstance(item, Finding)]


def test_failed_step_is_named_with_its_line_and_its_own_last_words() -> None:
    """The log of other steps is left out."""
    log = (("other", "not this"), *((FAILED.id, f"line {at}") for at in range(40)))
    (found,) = judged(build(step("[2/3] RUN a", line=2), FAILED, error="exit code: 2", log=log))

    assert (3, True) == (found.line, "line 39" in found.observed)
    assert "not this" not in found.observed
    assert len(found.observed.splitlines()) < 12


def test_time_limit_is_said_as_such() -> None:
    """A build that hangs has no failed step."""
    assert "too slow" in judged(build(error="stopped", timed_out=True))[0].message


def test_file_that_the_ignore_file_keeps_out_gets_its_own_hint() -> None:
    """Known words of the engine have a question of their own."""
    missing = 'failed to compute cache key: "/models" not found'

    assert ".dockerignore" in judged(build(FAILED, error=missing))[0].hint


def test_form_of_a_variable_that_the_engine_does_not_know_gets_its_own_hint() -> None:
    """As Docker 20.10 says it of ${name%word}, which newer ones fill in."""
    words = "failed to process \"/lib/python${PYTHON_VERSION%.*}\": missing ':' in substitution"

    assert "no other form" in judged(build(error=words))[0].hint


def test_dockerfile_that_cannot_be_read_is_a_finding_without_a_line() -> None:
    """No step began."""
    assert [None] == [item.line for item in judged(build(error="dockerfile parse error"))]


def test_warnings_and_failed_tries_in_the_log_of_a_good_build_pass() -> None:
    """An image is an image: words decide nothing."""
    log = ((FAILED.id, "ERROR: pip's resolver"), (FAILED.id, "exit code: 1"))

    assert [] == judged(build(step("[2/2] RUN make || true", line=2), log=log))


def test_index_that_did_not_answer_is_told_apart() -> None:
    """uv and pip have words of their own for it, and the learner's file may be right."""
    for words in (
        "error sending request for url (https://pypi.org/simple/numpy/)",
        "Temporary failure in name resolution",
        "invalid peer certificate: UnknownIssuer",
    ):
        (found,) = judged(build(FAILED, error="exit code: 1", log=((FAILED.id, words),)))

        assert "network" in found.hint


def test_line_that_the_engine_can_not_read_is_named() -> None:
    """The engine says the line; where it is too old for what stands there, the hint says so."""
    (found,) = judged(build(error="dockerfile parse error line 4: unknown instruction: EXEC"))

    assert 4 == found.line
    assert "heredoc" in found.hint
