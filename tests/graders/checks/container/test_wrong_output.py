"""Programs that answer nearly right, by luck, or with more than was asked for."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest

from graders.checks.container import arguments_ignored, wrong_output
from graders.context import TextCase
from graders.engine.base import RunResult
from graders.finding import Finding, Undecidable
from graders.recorded import ANSWER, CASES, container_context, run
from tests.rows import rows


def judged(stdout: bytes, *, truncated: bool = False) -> list[Finding | Undecidable]:
    context = container_context(run(stdout, truncated=truncated))
    return [*wrong_output.CHECK.find(context, wrong_output.Params())]


ECHO = b"".join(f"{case.text}\n".encode() for case in CASES)


@rows(
    "stdout",
    [
        pytest.param(ECHO, id="a shell loop that echoes"),
        pytest.param(b"positive\tThe film was superb.\n" * 2, id="one answer for all"),
        pytest.param(b"".join(reversed(ANSWER.splitlines(keepends=True))), id="another order"),
        pytest.param(ANSWER.replace(b"\t", b" "), id="a space for the tab"),
        pytest.param(b"loading the model\n" + ANSWER, id="noise on standard output"),
        pytest.param(ANSWER + b"done\n", id="noise after the answers"),
        pytest.param(b"positive\tbuilt-in example\n", id="hard-coded answers"),
        pytest.param(ANSWER.upper(), id="other capitals"),
        pytest.param(b"\xff\xfe" + ANSWER.decode().encode("utf-16-le"), id="another encoding"),
        pytest.param(b"\n" + ANSWER, id="an empty line first"),
        pytest.param(b"", id="exits before it reads"),
    ],
)
def test_wrong_answer_is_found(stdout: bytes) -> None:
    """Each line counts, in its order, and nothing else may stand there."""
    assert [Finding] == [type(item) for item in judged(stdout)]


@rows("stdout", [ANSWER, ANSWER.rstrip(), ANSWER.replace(b"\n", b"\r\n"), ANSWER + b"\n\n"])
def test_form_of_line_ends_is_forgiven(stdout: bytes) -> None:
    """A missing last line end and Windows line ends are no wrong answers."""
    assert [] == judged(stdout)


def test_right_answers_and_then_output_without_end_is_found() -> None:
    """What was cut off can't be called right."""
    assert [Finding] == [type(item) for item in judged(ANSWER, truncated=True)]


def test_tab_is_shown_and_long_lines_are_cut() -> None:
    """A learner sees the difference."""
    (found,) = judged(b"x" * 5000 + b"\n")

    assert isinstance(found, Finding)
    assert "positive<tab>The film was superb." == found.expected
    assert len(found.observed) < 250


def test_text_with_braces_is_taken_as_it_is() -> None:
    """A text may hold what looks like a place to fill in."""
    cases = (TextCase("{label} of {text}", "positive"),)
    context = container_context(run(b"positive\t{label} of {text}\n"), cases=cases)

    assert [] == [*wrong_output.CHECK.find(context, wrong_output.Params())]


@rows(
    ("result", "message"),
    [
        (run(b"", exit_code=127, start_error="exec: The: not found"), "could not be started"),
        (run(exit_code=1), "exit code 1"),
        (run(exit_code=None), "still running"),
        (run(b""), "printed nothing"),
        (run(b"positive\tThe\npositive\tfilm\n"), "Line 1"),
    ],
)
def test_arguments_that_do_not_arrive_are_found(result: object, message: str) -> None:
    """Taken for a program, refused, waited for, left out, or split into words."""
    context = container_context(result)  # type: ignore[arg-type]
    (found,) = arguments_ignored.CHECK.find(context, arguments_ignored.Params())

    assert isinstance(found, Finding)
    assert message in found.message


def test_program_started_for_each_argument_may_take_its_time() -> None:
    """Three hundred starts may not fit in the time of a run: then a dozen answers decide."""

    @dataclass(frozen=True)
    class Slow:
        few: RunResult

        def run(self, *, args: tuple[str, ...] = (), **_: object) -> RunResult:
            return self.few if len(args) <= 12 else run(ANSWER * 20, exit_code=None)

    def judged(few: RunResult) -> list[object]:
        context = replace(container_context(run()), container=Slow(few))
        return [*arguments_ignored.CHECK.find(context, arguments_ignored.Params())]

    assert [] == judged(run(ANSWER * 2))
    assert 1 == len(judged(run(ANSWER)))
    assert 1 == len(judged(run(exit_code=None)))
