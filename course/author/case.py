"""Owns the answers that an exercise ships to prove its own grader: right ones and wrong ones; must never grade."""

from __future__ import annotations

import shutil
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from enum import StrEnum
from pathlib import Path

from course.errors import ContentError
from course.reveal import FILE as REVEAL
from graders.exercise import ExerciseSpec
from graders.submission import is_editable

EXPECTED = "expected.toml"
EXPECTED_KEYS = ("trips", "remove")


class Kind(StrEnum):
    """What an answer is there to show."""

    STARTER = "starter"
    SOLUTION = "solution"
    ALSO_RIGHT = "also-right"
    WRONG = "wrong"


@dataclass(frozen=True, slots=True)
class Case:
    """One answer and what the grader must say of it."""

    kind: Kind
    name: str
    """Name of its folder."""
    folders: tuple[Path, ...]
    """Laid over each other in this order."""
    remove: tuple[str, ...] = ()
    """Paths that are taken away again."""
    trips: frozenset[str] = frozenset()
    """Ids of exactly the checks that must fail; for a wrong answer only."""

    @property
    def right(self) -> bool:
        """Whether it must pass."""
        return self.kind in (Kind.SOLUTION, Kind.ALSO_RIGHT)


def read_cases(spec: ExerciseSpec) -> tuple[Case, ...]:
    """All answers of an exercise: starter, solution, other right ones, wrong ones, by name.

    Raises ContentError for an expected.toml that is missing or wrong.
    """
    cases = [
        Case(Kind.STARTER, "starter", (spec.starter,)),
        Case(Kind.SOLUTION, "solution", (spec.solution,)),
    ]
    cases += [Case(Kind.ALSO_RIGHT, folder.name, (folder,)) for folder in _folders(spec.root / "also-right")]
    for folder in _folders(spec.root / "wrong"):
        trips, remove = _read_expected(folder / EXPECTED, {use.check.id for use in spec.checks})
        cases.append(Case(Kind.WRONG, folder.name, (spec.solution, folder), remove, trips))
    return tuple(cases)


def lay_out(case: Case, target: Path) -> None:
    """Write the answer into `target`, an empty folder. Links stay links."""
    for folder in case.folders:
        shutil.copytree(folder, target, symlinks=True, dirs_exist_ok=True, ignore=shutil.ignore_patterns(EXPECTED))
    for path in case.remove:
        (target / path).unlink(missing_ok=True)


def content_problems(spec: ExerciseSpec) -> Iterator[str]:
    """What is missing from an exercise's folder, in words."""
    for name in ("hints.md", "notes.md", REVEAL):
        if not (spec.root / name).is_file():
            yield f"{name} is missing"
    for folder in (spec.starter, spec.solution):
        if not (folder / "Dockerfile").is_file():
            yield f"{folder.name}/Dockerfile is missing"
    for name in ("also-right", "wrong"):
        if not _folders(spec.root / name):
            yield f"{name} holds no answer"
    for folder in (spec.solution, *_folders(spec.root / "also-right"), *_folders(spec.root / "wrong")):
        for file in _files(folder):
            path = file.relative_to(folder).as_posix()
            if path != EXPECTED and not is_editable(path, spec.files) and not _same(file, spec.starter / path):
                yield f"{file.relative_to(spec.root).as_posix()} has no effect: learners may not change or add it"


def _same(first: Path, second: Path) -> bool:
    """Whether both are files with the same bytes."""
    return second.is_file() and first.read_bytes() == second.read_bytes()


def _folders(parent: Path) -> list[Path]:
    """The folders in a folder, by name; none when it isn't there."""
    return sorted(path for path in parent.iterdir() if path.is_dir()) if parent.is_dir() else []


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file()) if folder.is_dir() else []


def _read_expected(path: Path, used: set[str]) -> tuple[frozenset[str], tuple[str, ...]]:
    """`trips` and `remove` of an expected.toml. ContentError names file, key and the nearest id."""
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise ContentError(f"{path} is missing", hint='Write what it must trip: trips = ["..."]') from error
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ContentError(f"{path} can't be read: {error}", hint="It is a TOML file in UTF-8.") from error
    for key in table:
        if key not in EXPECTED_KEYS:
            raise ContentError(f"{path}: unknown key {key!r}", hint=f"The keys are: {', '.join(EXPECTED_KEYS)}.")
    trips, remove = (_strings(path, key, table.get(key, [])) for key in EXPECTED_KEYS)
    if not trips:
        raise ContentError(f"{path}: trips is empty", hint="A wrong answer must trip at least one check.")
    for check_id in trips:
        if check_id not in used:
            near = get_close_matches(check_id, used, n=2, cutoff=0.4)
            raise ContentError(
                f"{path}: the exercise does not use {check_id!r}",
                hint=f"Did you mean {' or '.join(near)}?" if near else f"It uses: {', '.join(sorted(used))}.",
            )
    return frozenset(trips), remove


def _strings(path: Path, key: str, value: object) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise ContentError(f"{path}: {key} must be a list of strings", hint=f'For example: {key} = ["..."]')
    for item in value:
        if not isinstance(item, str):
            raise ContentError(f"{path}: {key} must be a list of strings", hint=f'For example: {key} = ["..."]')
    return tuple(value)
