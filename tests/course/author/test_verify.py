"""Owns the tests of author verify: what counts as caught, as a false pass, as a false failure; no engine."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from course.author.case import Case, Kind, content_problems, lay_out, read_cases
from course.author.verify import CaseResult, CaseStarted, ExerciseResult, judge, verify
from course.errors import ContentError
from graders.errors import EngineUnavailable
from graders.event import GradeEvent, GradeFinished, Notice
from graders.exercise import ExerciseSpec, read_exercise
from graders.finding import Finding
from graders.outcome import Level, Outcome, Status
from graders.report import Report
from tests.rows import rows

TOML = """\
format = 1
id = "tiny"
title = "Tiny"
summary = "Pin the base."
minutes = 5
files = ["Dockerfile", ".dockerignore"]

[build]
bases = ["python:3.11-slim"]

[[checks]]
use = "unpinned-base"

[[checks]]
use = "shell-form-command"
"""


@pytest.fixture
def spec(tmp_path: Path) -> ExerciseSpec:
    """An exercise with one answer of each kind."""
    root = tmp_path / "tiny"
    files = {
        "exercise.toml": TOML,
        "hints.md": "# Hints\n",
        "notes.md": "# Notes\n",
        "reveal.md": "## No version\nchecks: unpinned-base\n\nIt moves.\n",
        "starter/Dockerfile": "FROM python\n",
        "starter/app.py": "print()\n",
        "solution/Dockerfile": "FROM python:3.11-slim\n",
        "solution/.dockerignore": ".git\n",
        "also-right/digest/Dockerfile": "FROM python:3.11.9-slim\n",
        "wrong/latest/Dockerfile": "FROM python:latest\n",
        "wrong/latest/expected.toml": 'trips = ["unpinned-base"]\nremove = [".dockerignore"]\n',
    }
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return read_exercise(root)


def report(**statuses: Status) -> Report:
    """A report of checks by id, with _ for -."""
    outcomes = tuple(
        Outcome(id=name.replace("_", "-"), claim="", level=Level.DOCKERFILE, status=status, reason="why")
        for name, status in statuses.items()
    )
    return Report("tiny", outcomes, content_sha256="0" * 64, started_at="", elapsed_s=1.0)


def grade_by_tag(spec: ExerciseSpec, folder: Path) -> Iterator[GradeEvent]:
    """A grader that only knows tags."""
    pinned = ":3" in (folder / "Dockerfile").read_text()
    yield GradeFinished(report(unpinned_base=Status.PASSED if pinned else Status.FAILED))


def grade_anything(spec: ExerciseSpec, folder: Path) -> Iterator[GradeEvent]:
    """A grader that is fooled by everything."""
    yield GradeFinished(report(unpinned_base=Status.PASSED))


def grade_nothing(spec: ExerciseSpec, folder: Path) -> Iterator[GradeEvent]:
    """A grader that is never content."""
    yield GradeFinished(report(unpinned_base=Status.FAILED, shell_form_command=Status.FAILED))


def grade_with_dead_engine(spec: ExerciseSpec, folder: Path) -> Iterator[GradeEvent]:
    """A grader without an engine."""
    yield GradeFinished(report(build_fails=Status.ERRORED))


def row(events: Iterator[object]) -> ExerciseResult:
    """The row that a verification ends with."""
    last = list(events)[-1]
    assert isinstance(last, ExerciseResult)
    return last


def test_verify_good_grader_proves_everything(spec: ExerciseSpec) -> None:
    """Starter and mutant fail, the right answers pass: nothing to complain about."""
    result = row(verify(spec, grade_by_tag))

    assert result.all_problems == ()
    assert (result.mutants_caught, len(result.mutants)) == (1, 1)
    assert (result.right_passed, len(result.right_answers)) == (2, 2)
    assert (result.false_passes, result.false_failures, result.exit_code) == (0, 0, 0)


def test_verify_fooled_grader_counts_false_passes(spec: ExerciseSpec) -> None:
    """A starter and a mutant that pass are two false passes."""
    result = row(verify(spec, grade_anything))

    assert (result.false_passes, result.mutants_caught, result.exit_code) == (2, 0, 1)
    assert "wrong/latest: is wrong and passed" in result.all_problems


def test_verify_strict_grader_counts_false_failures(spec: ExerciseSpec) -> None:
    """A solution and another right answer that fail are two false failures; the mutant trips too much."""
    result = row(verify(spec, grade_nothing))

    assert (result.false_failures, result.right_passed, result.exit_code) == (2, 0, 1)
    assert "wrong/latest: tripped shell-form-command, which expected.toml does not list" in result.all_problems


def test_verify_dead_engine_is_neither(spec: ExerciseSpec) -> None:
    """What could not be judged is counted apart, and outranks the rest."""
    result = row(verify(spec, grade_with_dead_engine))

    assert (result.false_passes, result.false_failures, result.errored, result.exit_code) == (0, 0, 4, 3)


def test_verify_tells_its_way(spec: ExerciseSpec) -> None:
    """Each answer is announced before it is graded and told after."""
    events = list(verify(spec, grade_by_tag))
    started = [event.case.name for event in events if isinstance(event, CaseStarted)]
    ended = [event.case.name for event in events if isinstance(event, CaseResult)]

    assert started == ended == ["starter", "solution", "digest", "latest"]


def test_verify_side_by_side_gives_the_same_row(spec: ExerciseSpec) -> None:
    """However many answers are graded at once, the row is the same and in the same order."""
    serial, parallel = row(verify(spec, grade_by_tag)), row(verify(spec, grade_by_tag, jobs=3))

    assert serial == parallel


def test_verify_side_by_side_stops_all_when_one_breaks(spec: ExerciseSpec) -> None:
    """A grader that raises ends the whole verification with its error."""

    def grade(spec: ExerciseSpec, folder: Path) -> Iterator[GradeEvent]:
        yield Notice("about to break")
        raise EngineUnavailable("gone")

    with pytest.raises(EngineUnavailable, match="gone"):
        list(verify(spec, grade, jobs=2))


def test_verify_only_grades_one_answer(spec: ExerciseSpec) -> None:
    """`only` takes the name of a folder, with or without where it is."""
    assert [case.case.name for case in row(verify(spec, grade_by_tag, only="wrong/latest/")).cases] == ["latest"]


def test_verify_only_unknown_answer_names_those_there_are(spec: ExerciseSpec) -> None:
    """A name that no answer has is a content error."""
    with pytest.raises(ContentError) as caught:
        row(verify(spec, grade_by_tag, only="latset"))

    assert "latest" in caught.value.hint


@rows(
    ("case", "statuses", "problem"),
    [
        (Case(Kind.SOLUTION, "s", ()), {"a": Status.PASSED}, ""),
        (Case(Kind.ALSO_RIGHT, "a", ()), {"a": Status.FAILED}, "is right and failed: a"),
        (Case(Kind.STARTER, "s", ()), {"a": Status.FAILED}, ""),
        (Case(Kind.STARTER, "s", ()), {"a": Status.SKIPPED}, "failed without a check that failed"),
        (Case(Kind.WRONG, "w", (), trips=frozenset({"a"})), {"a": Status.FAILED, "b": Status.SKIPPED}, ""),
        (Case(Kind.WRONG, "w", (), trips=frozenset({"a", "b"})), {"a": Status.FAILED}, "did not trip b"),
        (Case(Kind.WRONG, "w", (), trips=frozenset({"a"})), {"a": Status.ERRORED}, "could not be judged (a: why)"),
    ],
)
def test_judge_compares_with_what_the_author_said(case: Case, statuses: dict[str, Status], problem: str) -> None:
    """An answer is as expected, or a sentence says how it is not."""
    assert judge("tiny", case, report(**statuses)).problem == problem


def test_judge_says_what_a_check_found_that_should_have_found_nothing() -> None:
    """An author sees why at once, on one line, whatever a build wrote."""
    finding = Finding(
        "The build failed at [2/3] RUN apt-get update", observed="W: no route\n\nE: \x1b[31mno package zstd"
    )
    failed = Outcome("build-fails", "", Level.IMAGE, Status.FAILED, findings=(finding,))
    both = Report("tiny", (failed,), content_sha256="", started_at="", elapsed_s=0.0)
    words = "(The build failed at [2/3] RUN apt-get update: W: no route: E: no package zstd)"

    assert f"is right and failed: build-fails {words}" == judge("tiny", Case(Kind.ALSO_RIGHT, "x", ()), both).problem
    assert words in judge("tiny", Case(Kind.WRONG, "x", (), trips=frozenset({"a"})), both).problem


def test_judge_solution_with_an_advisory_finding_is_a_problem() -> None:
    """The solution must be without any finding, also from a check that costs nothing."""
    advisory = Outcome("slow", "", Level.REBUILD, Status.FAILED, required=False)
    passed = Outcome("a", "", Level.DOCKERFILE, Status.PASSED)
    both = Report("tiny", (passed, advisory), content_sha256="", started_at="", elapsed_s=0.0)

    assert "slow" in judge("tiny", Case(Kind.SOLUTION, "solution", ()), both).problem
    assert judge("tiny", Case(Kind.ALSO_RIGHT, "x", ()), both).problem == ""


def test_lay_out_overlays_the_solution(spec: ExerciseSpec, tmp_path: Path) -> None:
    """A wrong answer is the solution with its own files over it and the named ones gone."""
    target = tmp_path / "laid"
    target.mkdir()
    wrong = next(case for case in read_cases(spec) if case.kind is Kind.WRONG)

    lay_out(wrong, target)

    assert {path.name: path.read_text() for path in target.iterdir()} == {"Dockerfile": "FROM python:latest\n"}


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("trips = []", "empty"),
        ("", "empty"),
        ('trips = ["unpined-base"]', "unpined-base"),
        ('trip = ["unpinned-base"]', "'trip'"),
        ('trips = "unpinned-base"', "list"),
        ("trips = [1]", "list"),
        ('trips = ["unpinned-base"', "can't be read"),
    ],
)
def test_read_cases_refuses_a_wrong_expected_file(spec: ExerciseSpec, text: str, word: str) -> None:
    """A slip in expected.toml is said with file and key, never ignored."""
    (spec.root / "wrong" / "latest" / "expected.toml").write_text(text)

    with pytest.raises(ContentError) as caught:
        read_cases(spec)

    assert "expected.toml" in caught.value.message
    assert word in caught.value.message


def test_read_cases_needs_an_expected_file(spec: ExerciseSpec) -> None:
    """A wrong answer without a list of what it trips proves nothing."""
    (spec.root / "wrong" / "latest" / "expected.toml").unlink()

    with pytest.raises(ContentError, match="is missing"):
        read_cases(spec)


def test_content_problems_names_what_is_missing_or_without_effect(spec: ExerciseSpec) -> None:
    """Missing texts and files that a learner could not have changed are problems of the folder."""
    assert list(content_problems(spec)) == []

    (spec.root / "hints.md").unlink()
    (spec.solution / "app.py").write_text("print('other')\n")

    assert list(content_problems(spec)) == [
        "hints.md is missing",
        "solution/app.py has no effect: learners may not change or add it",
    ]


def test_fault_of_the_starter_without_a_word_in_the_reveal_is_a_problem(spec: ExerciseSpec) -> None:
    """What the starter trips must be explained after a pass; a section about another check does not do."""
    (spec.root / "reveal.md").write_text("## A shell\nchecks: shell-form-command\n\nIt keeps the signal.\n")
    *_, result = verify(spec, grade_by_tag)

    assert isinstance(result, ExerciseResult)
    assert ("reveal.md does not explain unpinned-base, which the starter trips",) == result.problems
