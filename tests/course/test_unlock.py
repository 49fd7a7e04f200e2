"""Tests of what is open, and of the checklist between two levels."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest

from course.catalog import read_catalog
from course.errors import ContentError
from course.progress import Record
from course.unlock import ChecklistLine, LessonState, Unlocking


def record(
    *,
    passed: Iterable[str] = (),
    engine: bool = False,
    built: Iterable[str] = (),
    checks: Iterable[tuple[str, str, str]] = (),
    quizzes: Iterable[tuple[str, str]] = (),
    opened: tuple[str, ...] = (),
) -> Record:
    return Record(
        passed=frozenset(passed),
        attempts={},
        engine_answered=engine,
        built=frozenset(built),
        checks_passed=frozenset(checks),
        quizzes_right=frozenset(quizzes),
        opened=opened,
    )


RIGHT = ("layers", "layer-order")
PROOFS: tuple[dict[str, Any], ...] = (
    {"passed": ["tiny"]},
    {"passed": ["other"]},
    {"passed": ["tiny", "other"]},
    {"engine": True, "built": ["tiny"]},
    {"quizzes": [RIGHT]},
    {"opened": ("data",)},
)
"""What a learner may have done, to be joined in every way."""


def states(content: Path, known: Record, *, unlock_all: bool = False) -> list[str]:
    unlocking = Unlocking(read_catalog(content), known, unlock_all=unlock_all)
    return [unlocking.state(number).value for number in unlocking.catalog.slugs]


def edit(content: Path, old: str, new: str) -> None:
    path = content / "lessons" / "course.toml"
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new))


def test_first_lesson_is_open(content: Path) -> None:
    """A new learner has one lesson to start with."""
    assert ["open", "locked", "locked"] == states(content, record())


def test_lesson_opens_when_the_one_before_is_passed(content: Path) -> None:
    """Passing the exercises of a lesson without a quiz opens the next."""
    assert ["passed", "open", "locked"] == states(content, record(passed=["tiny"]))


def test_lesson_needs_its_quiz(content: Path) -> None:
    """Exercises alone don't pass a lesson that asks a question."""
    assert ["passed", "open", "locked"] == states(content, record(passed=["tiny", "other"]))
    assert ["passed", "passed", "locked"] == states(content, record(passed=["tiny", "other"], quizzes=[RIGHT]))


def test_next_level_opens_with_the_checklist(content: Path) -> None:
    """The first lesson of a level opens when each line of the checklist before it is done, and not before."""
    done = record(engine=True, built=["tiny"], quizzes=[RIGHT])

    assert states(content, done)[2] == "open"
    for without in (
        record(built=["tiny"], quizzes=[RIGHT]),
        record(engine=True, built=["other"], quizzes=[RIGHT]),
        record(engine=True, built=["tiny"], quizzes=[("why", "layer-order")]),
    ):
        assert states(content, without)[2] == "locked"


def test_lesson_with_nothing_to_prove_passes_when_opened(content: Path) -> None:
    """A page to read is passed once it was opened."""
    assert states(content, record(opened=("data",)))[2] == "passed"


def test_unlock_all_opens_everything(content: Path) -> None:
    """Reading ahead passes nothing."""
    assert ["open", "open", "open"] == states(content, record(), unlock_all=True)


def test_missing_names_what_to_do_first(content: Path) -> None:
    """A locked lesson says which exercise is missing and how to check it."""
    unlocking = Unlocking(read_catalog(content), record())

    assert unlocking.missing("1.2") == (
        ChecklistLine("Lesson 1.1: A tiny image is passed", False, "dockyard check tiny"),
    )
    assert unlocking.missing("1.1") == ()


def test_missing_of_a_level_has_only_open_lines(content: Path) -> None:
    """What is done is not among what is missing."""
    unlocking = Unlocking(read_catalog(content), record(engine=True))

    missing = unlocking.missing("2.1")

    assert ["The image builds", "The quiz on layers is right"] == [line.text for line in missing]
    assert "answer it: dockyard quiz 1.2" == missing[1].remedy


def test_level_without_a_checklist_waits_for_its_lessons(content: Path) -> None:
    """Where nothing else is asked for, the lessons themselves are the gate."""
    text = (content / "lessons" / "course.toml").read_text()
    start, end = text.index("[[levels.checklist]]"), text.rindex("[[levels]]")
    (content / "lessons" / "course.toml").write_text(text[:start] + text[end:])

    missing = Unlocking(read_catalog(content), record(passed=["tiny"])).missing("2.1")

    assert [line.remedy for line in missing] == ["dockyard check other", "answer it: dockyard quiz 1.2"]


def add_a_page(content: Path) -> None:
    """Lesson 2.2, which has neither an exercise nor a quiz."""
    edit(
        content,
        '{ number = "2.1", slug = "data" }',
        '{ number = "2.1", slug = "data" }, { number = "2.2", slug = "more" }',
    )
    (content / "lessons" / "more").mkdir()
    (content / "lessons" / "more" / "lesson.md").write_text("---\ntitle: More\nminutes: 1\n---\n")


@pytest.mark.parametrize("with_checklist", [True, False])
def test_lesson_is_open_when_nothing_is_missing(content: Path, with_checklist: bool) -> None:
    """Being open and having nothing missing are one thing, whatever was done."""
    course = content / "lessons" / "course.toml"
    add_a_page(content)
    if not with_checklist:
        text = course.read_text()
        course.write_text(text[: text.index("[[levels.checklist]]")] + text[text.rindex("[[levels]]") :])
    catalog = read_catalog(content)
    seen = set()
    for count in range(len(PROOFS) + 1):
        for chosen in combinations(PROOFS, count):
            done: dict[str, Any] = {}
            for proof in chosen:
                done |= proof
            unlocking = Unlocking(catalog, record(**done))
            for number in catalog.slugs:
                seen.add((number, unlocking.is_open(number)))

                assert unlocking.is_open(number) is (unlocking.missing(number) == ())
    assert {
        ("1.1", True),
        *((number, is_open) for number in ("1.2", "2.1", "2.2") for is_open in (True, False)),
    } == seen


def test_page_to_read_is_named_when_it_is_missing(content: Path) -> None:
    """A lesson without exercise and quiz locks the next until it was opened."""
    add_a_page(content)

    missing = Unlocking(read_catalog(content), record(engine=True, built=["tiny"], quizzes=[RIGHT])).missing("2.2")

    assert missing == (ChecklistLine("Lesson 2.1: Data is read", False, "dockyard read 2.1"),)


def test_checklist_is_proved_line_by_line(content: Path) -> None:
    """Each line says whether it is done and what to do."""
    lines = Unlocking(read_catalog(content), record(built=["tiny"])).checklist(1)

    assert [("An engine answers", False), ("The image builds", True), ("The quiz on layers is right", False)] == [
        (line.text, line.done) for line in lines
    ]
    assert all("dockyard " in line.remedy for line in lines)


@pytest.mark.parametrize(
    ("proof", "known", "done"),
    [
        ('"ran"\nexercise = "tiny"', record(), False),
        ('"ran"\nexercise = "tiny"', record(checks=[("tiny", "container", "process-is-root")]), False),
        ('"ran"\nexercise = "tiny"', record(checks=[("tiny", "container", "exits-with-error")]), True),
        ('"ran"\nexercise = "tiny"', record(checks=[("other", "container", "exits-with-error")]), False),
        ('"ran"\nexercise = "tiny"', record(passed=["tiny"]), True),
        ('"passed"\nexercise = "tiny"', record(), False),
        ('"passed"\nexercise = "tiny"', record(passed=["tiny"]), True),
        ('"outcome"\nexercise = "tiny"\ncheck = "leaked-file"', record(passed=["tiny"]), False),
        (
            '"outcome"\nexercise = "tiny"\ncheck = "leaked-file"',
            record(checks=[("tiny", "image", "leaked-file")]),
            True,
        ),
        (
            '"outcome"\nexercise = "tiny"\ncheck = "leaked-file"',
            record(checks=[("other", "image", "leaked-file")]),
            False,
        ),
    ],
)
def test_each_proof_asks_for_its_evidence(content: Path, proof: str, known: Record, done: bool) -> None:
    """A proof holds for its own exercise and its own evidence only."""
    edit(content, '"engine"', proof)

    assert done == Unlocking(read_catalog(content), known).checklist(1)[0].done


def test_quiz_that_no_lesson_has_is_an_error(content: Path) -> None:
    """A checklist that can never be completed is a fault of the content."""
    edit(content, 'quiz = "layer-order"', 'quiz = "layer-odor"')

    with pytest.raises(ContentError, match="layer-odor, which no lesson of the level has"):
        Unlocking(read_catalog(content), record()).checklist(1)


def test_states_are_words(content: Path) -> None:
    """The three states are the ones that the outline shows."""
    assert ["passed", "open", "locked"] == [state.value for state in LessonState]
