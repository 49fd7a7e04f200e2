"""Owns the making of cohorts whose every verdict is known; must never grade.

    python -m tests.graders.cohort.make_cohort PLACE --exercise first-image --count 200 --shape moodle --seed 1

writes the submissions, `roster.csv` and `expected.json`. The same arguments make the same bytes.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cache
from pathlib import Path

from course.author.case import Case, Kind, lay_out, read_cases
from graders.cohort.row import RowState, Student
from graders.exercise import ExerciseSpec, read_exercise
from tests.graders.cohort.hostile_archives import (
    Entry,
    encrypted_zip,
    nested_bomb,
    overlapping_bomb,
    tar_of,
    zip_of,
)

EXERCISES = Path(__file__).parents[3] / "exercises"
FIRST = ("Ada", "Björn", "Chloé", "Dmitri", "Eun-ji", "Fatima", "Gráinne", "Hans Peter", "Ines", "Jun", "Kwame", "Li")
LAST = ("O'Neil", "García López", "Müller", "van der Berg", "Smith-Jones", "Nguyễn", "Kaya", "Łukasz", "Sato", "Okafor")
LMS_FIRST = 500_001
"""The number by which a download calls the first student."""


class Shape(StrEnum):
    """How the submissions lie there."""

    FOLDERS = "folders"
    ZIPS = "zips"
    TARS = "tars"
    MOODLE = "moodle"
    """A folder of Moodle's folders, each with what was handed in."""
    MOODLE_ZIP = "moodle-zip"
    """The same as the one zip that Moodle gives."""
    CANVAS = "canvas"
    """A folder of archives that are named as Canvas names them."""
    CANVAS_ZIP = "canvas-zip"


@dataclass(frozen=True, slots=True)
class Member:
    """One row that collecting must give, and the verdict that grading must give it."""

    student: Student
    state: RowState
    what: str
    """The answer or the oddity, such as "wrong/no-such-folder" or "encrypted"."""
    passes: bool | None = None
    """None: there is nothing to grade."""
    trips: frozenset[str] | None = None
    """Ids of exactly the checks that must fail; None: not told, as for the starter."""
    copy_of: str = ""
    """Id of the student whose content this is, byte for byte."""


@dataclass(frozen=True, slots=True)
class Cohort:
    """What was made."""

    place: Path
    """What to give to `collect`."""
    roster: Path
    members: tuple[Member, ...]
    """In the order of the rows: the roster's, then who is not on it."""


@dataclass(frozen=True, slots=True)
class _Handed:
    """What a member hands in: files, or the bytes of an archive that stands for them."""

    member: Member
    number: int
    files: dict[str, Entry]
    archive: bytes = b""
    attempt: int = 0


ODDITIES: dict[str, RowState] = {
    "nothing": RowState.MISSING,
    "empty": RowState.EMPTY,
    "one-folder-down": RowState.READY,
    "archive-in-an-archive": RowState.READY,
    "litter": RowState.READY,
    "links": RowState.READY,
    "handed-in-twice": RowState.READY,
    "encrypted": RowState.ENCRYPTED,
    "truncated": RowState.UNREADABLE,
    "leads-out": RowState.UNREADABLE,
    "no-dockerfile": RowState.UNREADABLE,
    "nested-bomb": RowState.UNREADABLE,
    "overlapping-bomb": RowState.UNREADABLE,
    "stranger": RowState.UNMATCHED,
}
"""One of each is in every cohort of 30 or more, and in bigger ones for every 60 members."""


def make_cohort(
    place: Path, spec: ExerciseSpec, *, count: int, seed: int = 0, shape: Shape = Shape.FOLDERS, oddities: bool = True
) -> Cohort:
    """Make `count` students' submissions in `place`, an empty folder that is made when it is not there.

    About one in seven hands in a copy of somebody else's. A student who hands in twice has a DUPLICATE row more.
    """
    chance = random.Random(seed)
    cases = read_cases(spec)
    right = [case for case in cases if case.right]
    wrong = [case for case in cases if not case.right]
    odd = list(ODDITIES) * max(1, count // 60) if oddities and count >= 30 else []
    plan = odd[: count - 1] + ["answer"] * (count - len(odd))
    chance.shuffle(plan)
    handed: list[_Handed] = []
    sources: list[_Handed] = []
    for number, what in enumerate(plan):
        student = _student(number, shape)
        if what == "answer":
            if sources and chance.random() < 1 / 7:
                original = chance.choice(sources)
                member = replace(original.member, student=student, copy_of=original.member.student.id)
                handed.append(replace(original, member=member, number=number))
                continue
            case = chance.choice(right if chance.random() < 0.45 else wrong)
            one = _Handed(_graded(student, case), number, _signed(_files(case), student))
            sources.append(one)
            handed.append(one)
        else:
            handed.extend(_odd(what, student, number, spec, cases, shape))
    return _written(place, handed, shape)


def _graded(student: Student, case: Case) -> Member:
    trips = frozenset() if case.kind is Kind.SOLUTION else case.trips if case.kind is Kind.WRONG else None
    name = case.name if case.kind in (Kind.STARTER, Kind.SOLUTION) else f"{case.kind}/{case.name}"
    return Member(student, RowState.READY, name, case.right, trips)


def _student(number: int, shape: Shape) -> Student:
    first = FIRST[number % len(FIRST)]
    last = LAST[number // len(FIRST) % len(LAST)]
    turn = number // (len(FIRST) * len(LAST))
    name = f"{first} {last}" + (f" {_letters(turn)}" if turn else "")
    group = f"Group {number % 4 + 1}"
    lms_id = str(LMS_FIRST + number)
    if shape in (Shape.CANVAS, Shape.CANVAS_ZIP):
        last_first = f"{last}, {first}" + (f" {_letters(turn)}" if turn else "")
        return Student(lms_id, last_first, group)
    if shape in (Shape.MOODLE, Shape.MOODLE_ZIP):
        return Student(f"s{100_000 + number}", name, group, lms_id=lms_id)
    return Student(f"s{100_000 + number}", name, group)


def _letters(number: int) -> str:
    return "".join("abcdefghij"[int(digit)] for digit in str(number)).title()


@cache
def _files(case: Case) -> dict[str, Entry]:
    with tempfile.TemporaryDirectory(prefix="dockyard-cohort-") as folder:
        lay_out(case, Path(folder))
        return dict(_entries(Path(folder)))


def _entries(folder: Path) -> Iterator[tuple[str, Entry]]:
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_symlink():
            yield name, Entry(link=os.readlink(path))  # noqa: PTH115 - the text, not a path
        elif path.is_file():
            yield name, Entry(path.read_bytes(), path.stat().st_mode & 0o755)


def _signed(files: dict[str, Entry], student: Student) -> dict[str, Entry]:
    """The same answer as another content: its Dockerfile ends with the student's id in a comment."""
    old = files["Dockerfile"]
    if old.data.rstrip().endswith(b"\\"):
        return files
    text = old.data if old.data.endswith(b"\n") else old.data + b"\n"
    return {**files, "Dockerfile": replace(old, data=text + f"# handed in by {student.id}\n".encode())}


def _odd(
    what: str, student: Student, number: int, spec: ExerciseSpec, cases: tuple[Case, ...], shape: Shape
) -> Iterator[_Handed]:
    solution = next(case for case in cases if case.kind is Kind.SOLUTION)
    files = _signed(_files(solution), student)
    state = ODDITIES[what]
    member = Member(student, state, what)
    if state is RowState.READY:
        member = replace(member, passes=True, trips=frozenset())
    one = _Handed(member, number, files)
    if what in ("nothing", "empty"):
        yield replace(one, files={})
    elif what == "one-folder-down":
        yield replace(one, files={f"my work/{path}": entry for path, entry in files.items()})
    elif what == "archive-in-an-archive":
        yield replace(one, files={"submission.zip": Entry(zip_of(files))})
    elif what == "litter":
        litter = {
            "__MACOSX/._Dockerfile": Entry(b"\0\5\x16\7"),
            ".DS_Store": Entry(b"\0\0\0\1Bud1"),
            "Thumbs.db": Entry(),
        }
        yield replace(one, files={**litter, **files})
    elif what == "links":
        yield replace(one, files={**files, "notes": Entry(link="/etc/passwd"), "up": Entry(link="../../../..")})
    elif what == "handed-in-twice":
        if shape in (Shape.MOODLE, Shape.MOODLE_ZIP):
            # Its download holds the last attempt alone.
            yield one
            return
        older = Member(student, RowState.DUPLICATE, "handed in before")
        yield replace(one, attempt=2)
        yield _Handed(older, number, _signed(_files(cases[0]), student), attempt=1)
    elif what == "encrypted":
        yield replace(one, archive=encrypted_zip(files))
    elif what == "truncated":
        yield replace(one, archive=tar_of(files)[:-40])
    elif what == "leads-out":
        yield replace(one, archive=tar_of({**files, "../../../../tmp/dockyard-was-here": Entry(b"x")}))
    elif what == "no-dockerfile":
        yield replace(one, files={"homework.txt": Entry(b"I ran out of time\n")})
    elif what == "nested-bomb":
        yield replace(one, archive=nested_bomb())
    elif what == "overlapping-bomb":
        yield replace(one, archive=overlapping_bomb())
    else:
        stranger = Student(_stranger_id(number, shape), _stranger_name(number, shape))
        yield replace(one, member=replace(member, student=stranger))


def _stranger_id(number: int, shape: Shape) -> str:
    return str(900_000 + number) if shape not in (Shape.FOLDERS, Shape.ZIPS, Shape.TARS) else f"x{900_000 + number}"


def _stranger_name(number: int, shape: Shape) -> str:
    if shape in (Shape.MOODLE, Shape.MOODLE_ZIP):
        return f"No Body {_letters(number)}"
    return f"nobody{_letters(number)}".lower() if shape in (Shape.CANVAS, Shape.CANVAS_ZIP) else ""


def _written(place: Path, handed: list[_Handed], shape: Shape) -> Cohort:
    place.mkdir(parents=True, exist_ok=True)
    submissions = place / "submissions"
    submissions.mkdir()
    for one in handed:
        if one.member.what != "nothing":
            WRITERS[shape](submissions, one)
    where = submissions
    if shape in (Shape.MOODLE_ZIP, Shape.CANVAS_ZIP):
        everything = dict(_entries(submissions))
        empty = {f"{path.name}/": Entry(mode=0o755) for path in submissions.iterdir() if not any(_inside(path))}
        where = place / "submissions.zip"
        where.write_bytes(zip_of({**everything, **empty}))
        shutil.rmtree(submissions)
    roster = place / "roster.csv"
    students = list(dict.fromkeys(one.member.student for one in handed if one.member.state is not RowState.UNMATCHED))
    roster.write_text(_roster(students, shape), encoding="utf-8")
    on_roster = [one.member for one in handed if one.member.state is not RowState.UNMATCHED]
    strangers = [one.member for one in handed if one.member.state is RowState.UNMATCHED]
    strangers.sort(key=lambda member: (member.student.name, member.student.id))
    cohort = Cohort(where, roster, (*on_roster, *strangers))
    (place / "expected.json").write_text(json.dumps(_as_json(cohort), indent=1, ensure_ascii=False), encoding="utf-8")
    return cohort


def _inside(path: Path) -> list[Path]:
    return list(path.iterdir()) if path.is_dir() else [path]


def _in_folder(folder: Path, one: _Handed) -> None:
    folder.mkdir(parents=True)
    if one.archive:
        name = "work.zip" if one.archive.startswith(b"PK") else "work.tar.gz"
        (folder / name).write_bytes(one.archive)
    for path, entry in one.files.items() if not one.archive else ():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        if entry.link:
            target.symlink_to(entry.link)
        else:
            target.write_bytes(entry.data)
            target.chmod(entry.mode)


def _packed(one: _Handed, *, tar: bool = False) -> tuple[str, bytes]:
    """An archive's ending and bytes."""
    if one.archive:
        return (".zip" if one.archive.startswith(b"PK") else ".tar.gz"), one.archive
    return (".tar.gz", tar_of(one.files)) if tar else (".zip", zip_of(one.files))


def _folder(place: Path, one: _Handed) -> None:
    """`s100004`, and `s100004-2` for what is handed in again: the newer folder is the one to grade."""
    folder = place / (one.member.student.id + (f"-{one.attempt}" if one.attempt > 1 else ""))
    _in_folder(folder, one)


def _file(place: Path, one: _Handed, *, tar: bool = False) -> None:
    ending, data = _packed(one, tar=tar)
    again = f"-{one.attempt}" if one.attempt > 1 else ""
    (place / f"{one.member.student.id}{again}{ending}").write_bytes(data)


def _moodle(place: Path, one: _Handed) -> None:
    student = one.member.student
    number = student.lms_id or student.id
    _in_folder(place / f"{student.name}_{number}_assignsubmission_file_", one)


def _canvas(place: Path, one: _Handed) -> None:
    student = one.member.student
    name = "".join(letter for letter in student.name.lower() if letter.isalnum())
    ending, data = _packed(one)
    late = "LATE_" if one.number % 5 == 0 else ""
    again = f"-{one.attempt - 1}" if one.attempt > 1 else ""
    attachment = 7_000_000 + 10 * one.number + one.attempt
    (place / f"{name}_{late}{student.id}_{attachment}_work{again}{ending}").write_bytes(data)


WRITERS: dict[Shape, Callable[[Path, _Handed], None]] = {
    Shape.FOLDERS: _folder,
    Shape.ZIPS: _file,
    Shape.TARS: lambda place, one: _file(place, one, tar=True),
    Shape.MOODLE: _moodle,
    Shape.MOODLE_ZIP: _moodle,
    Shape.CANVAS: _canvas,
    Shape.CANVAS_ZIP: _canvas,
}


def _roster(students: list[Student], shape: Shape) -> str:
    """The roster as that platform exports it."""
    if shape in (Shape.MOODLE, Shape.MOODLE_ZIP):
        lines = ["Identifier,Full name,ID number,Email address,Group"]
        lines += [f"Participant {one.lms_id},{one.name},{one.id},{one.id}@example.org,{one.group}" for one in students]
    elif shape in (Shape.CANVAS, Shape.CANVAS_ZIP):
        lines = ["Student,ID,SIS User ID,SIS Login ID,Section,Exercise (99)", "    Points Possible,,,,,10"]
        lines += [f'"{one.name}",{one.id},sis{one.id},login{one.id},{one.group},' for one in students]
    else:
        lines = ["id,name,group", *(f"{one.id},{one.name},{one.group}" for one in students)]
    return "\n".join(lines) + "\n"


def _as_json(cohort: Cohort) -> list[dict[str, object]]:
    return [
        {
            "id": member.student.id,
            "name": member.student.name,
            "state": member.state.value,
            "what": member.what,
            "passes": member.passes,
            "trips": None if member.trips is None else sorted(member.trips),
            "copy_of": member.copy_of,
        }
        for member in cohort.members
    ]


def main() -> None:
    """Make a cohort from the command line."""
    parser = argparse.ArgumentParser(description="Make a cohort whose every verdict is known.")
    parser.add_argument("place", type=Path, help="a folder that is not there yet")
    parser.add_argument("--exercise", default="first-image")
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--shape", type=Shape, choices=list(Shape), default=Shape.FOLDERS)
    parser.add_argument("--no-oddities", action="store_true", help="answers and copies only")
    given = parser.parse_args()
    cohort = make_cohort(
        given.place,
        read_exercise(EXERCISES / given.exercise),
        count=given.count,
        seed=given.seed,
        shape=given.shape,
        oddities=not given.no_oddities,
    )
    print(f"{len(cohort.members)} rows: {cohort.place}, roster {cohort.roster}")


if __name__ == "__main__":
    main()
