"""Owns turning a place full of submissions into rows; must never choose where it can't know."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from graders.cohort.collect.archive import Caps, Deadline, NodeKind
from graders.cohort.collect.handed_in import Hand, Item, what_counts
from graders.cohort.collect.match import Matcher
from graders.cohort.collect.naming import Naming, without_again
from graders.cohort.collect.place import ONE_HINT, Place, open_place
from graders.cohort.collect.seek import Search
from graders.cohort.row import Row, RowState, Student
from graders.errors import Cancelled, SubmissionError
from graders.limits import Limits

NOT_FOLLOWED = "It is a link, and links are not followed"
NO_FILE = "It is neither a folder nor a file"
UNSHOWN = "Its name holds characters that can't be shown, so it is nobody's: rename it after its student"


def collect(
    place: Path,
    roster: tuple[Student, ...] | None,
    *,
    limits: Limits,
    exercise: str = "",
    on_progress: Callable[[int, int], None] | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> tuple[Row, ...]:
    """A row for every student in the roster's order, then for every submission that is nobody's, by name.

    Without a roster everybody who handed in is a student. A student's older submissions follow as DUPLICATE rows.
    `exercise` is its id: of several Dockerfiles the one in a folder of that name is meant. `on_progress` is told how
    many of how many submissions were looked at, and may raise Cancelled. Raises SubmissionError when the place is no
    cohort at all.
    """
    caps = Caps.of(limits)
    matcher = Matcher(roster, exercise) if roster is not None else None
    opened = open_place(
        place, caps, clock, lambda name: matcher is not None and matcher.match(Naming(name))[0] is not None
    )
    if not opened.items and not opened.unshown and roster is None:
        raise SubmissionError(f"There is no submission in {place}", hint=ONE_HINT)
    handed, strangers = _sorted_out(opened.items, matcher)
    hands = {student_id: what_counts(items) for student_id, (_, items) in handed.items()}
    students = roster if roster is not None else tuple(student for student, _ in handed.values())
    rows: list[Row] = []
    looked = 0
    for student in students:
        hand = hands.get(student.id)
        if hand is None:
            rows.append(Row(student, RowState.MISSING, "Nothing was handed in"))
            continue
        search = Search(caps, Deadline.within(caps.time_s, clock), exercise)
        rows.append(_looked_at(opened, student, hand, search))
        rows += _duplicates(opened, student, hand)
        looked += 1
        if on_progress is not None:
            on_progress(looked, len(hands))
    unmatched = [_unmatched(opened, item, why) for item, why in strangers]
    unmatched += [Row(Student(name), RowState.UNMATCHED, UNSHOWN) for name in opened.unshown]
    return (*rows, *sorted(unmatched, key=lambda row: (row.student.name, row.student.id)))


def _sorted_out(
    items: tuple[Item, ...], matcher: Matcher | None
) -> tuple[dict[str, tuple[Student, list[Item]]], list[tuple[Item, str]]]:
    """What each student handed in, by id, and what is nobody's with the reason."""
    handed: dict[str, tuple[Student, list[Item]]] = {}
    strangers: list[tuple[Item, str]] = []
    texts = {item.naming.text for item in items}
    for item in items:
        if matcher is None:
            student, attempt = _by_itself(item.naming, texts)
        else:
            found, attempt, why = matcher.match(item.naming)
            if found is None:
                strangers.append((item, why))
                continue
            student = found
        counted = replace(item, naming=replace(item.naming, attempt=attempt))
        handed.setdefault(student.id, (student, []))[1].append(counted)
    return handed, strangers


def _by_itself(naming: Naming, texts: set[str]) -> tuple[Student, int]:
    """Whose it is and which attempt where there is no roster: "ada-2" is Ada's second where there is an "ada"."""
    if naming.number:
        return Student(naming.number, naming.person), naming.attempt
    bare, attempt = without_again(naming.text)
    return (Student(bare), attempt) if attempt and bare in texts else (Student(naming.text), 0)


def _looked_at(place: Place, student: Student, hand: Hand, search: Search) -> Row:
    path, _ = place.path_of(hand.items[0])
    kinds = {item.kind for item in hand.items}
    fault = hand.fault
    if not fault and NodeKind.LINK in kinds:
        fault = NOT_FOLLOWED
    elif not fault and NodeKind.OTHER in kinds:
        fault = NO_FILE
    if not fault:
        try:
            return place.row(student, hand, search)
        except (Cancelled, MemoryError):
            raise
        except OSError as error:
            fault = f"It can't be read: {error.strerror or type(error).__name__}"
        except Exception as bug:  # noqa: BLE001 - a bug that one submission brings out must not cost the others
            fault = f"Looking into it crashed ({type(bug).__name__}): a fault of ours, please report it"
    return Row(student, RowState.UNREADABLE, fault, path, handed_in_at=hand.time, marked_late=hand.is_late)


def _duplicates(place: Place, student: Student, hand: Hand) -> list[Row]:
    counts = ", ".join(item.name for item in hand.items[:5])
    rows = []
    for item in hand.older:
        path, inside = place.path_of(item)
        reason = f"{item.name} is an earlier attempt: {counts} is the one that counts"
        rows.append(Row(student, RowState.DUPLICATE, reason, path, inside, handed_in_at=item.time))
    return rows


def _unmatched(place: Place, item: Item, why: str) -> Row:
    naming = item.naming
    student = Student(naming.number, naming.person) if naming.number else Student(naming.text)
    path, inside = place.path_of(item)
    return Row(student, RowState.UNMATCHED, why, path, inside, handed_in_at=item.time, marked_late=naming.is_late)
