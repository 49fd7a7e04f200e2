"""Owns the course's table of contents: course.toml -> levels, lessons, exercises; must never hold progress."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from course.errors import ContentError
from course.fields import Fields, nearest
from course.lesson import Lesson, read_lesson
from graders.kept_table import table_of

if TYPE_CHECKING:
    from course.lesson_memory import LessonMemory
    from graders.entry_folder import EntryFolder
    from graders.exercise import ExerciseSpec
    from graders.terms import Terms

FORMAT = 1
PROOFS = {
    "engine": (),
    "built": ("exercise",),
    "ran": ("exercise",),
    "quiz": ("quiz",),
    "outcome": ("exercise", "check"),
    "passed": ("exercise",),
}
"""What proves a line of a checklist -> the keys that it needs."""

_NUMBER = re.compile(r"^([1-9][0-9]*)\.([1-9][0-9]*)$")


class ChecklistItem(NamedTuple):
    """One line of a level's checklist in course.toml, and what proves it.

    `proof` is "engine" (an engine answers), "built" (an image of `exercise` was built), "ran" (its container
    ran), "quiz" (the quiz `quiz` is answered right), "outcome" (the check `check` of `exercise` passed) or
    "passed" (`exercise` is passed).
    """

    text: str
    proof: str
    exercise: str = ""
    check: str = ""
    quiz: str = ""


class Level(NamedTuple):
    """A level of the course."""

    number: int
    title: str
    lessons: tuple[str, ...]
    """Lesson numbers, in order."""
    checklist: tuple[ChecklistItem, ...]


class ExerciseHeading(NamedTuple):
    """What an outline needs to know of an exercise."""

    id: str
    title: str
    minutes: int


@dataclass(frozen=True, slots=True)
class Catalog:
    """The whole course. Reading it opens no exercise but the ones that are asked for."""

    levels: tuple[Level, ...]
    content: Path
    """The folder that holds `lessons/` and `exercises/`."""
    slugs: dict[str, str]
    """Lesson number -> the lesson's folder, in course order."""
    _memory: LessonMemory | None = field(default=None, repr=False, compare=False)
    """Where lessons that were read once are kept; None: each is read anew."""
    _lessons: dict[str, Lesson] = field(default_factory=dict, repr=False, compare=False)
    _headings: dict[str, ExerciseHeading] = field(default_factory=dict, repr=False, compare=False)
    _specs: dict[str, ExerciseSpec] = field(default_factory=dict, repr=False, compare=False)

    def lesson(self, number: str) -> Lesson:
        """The lesson with this number, read when asked for; ContentError names the nearest."""
        slug = self.slugs.get(number)
        if slug is None:
            raise ContentError(f"There is no lesson {number}", hint=nearest(number, self.slugs))
        if number not in self._lessons:
            path = self.content / "lessons" / slug / "lesson.md"
            read = read_lesson if self._memory is None else self._memory.read
            self._lessons[number] = read(path, number=number, slug=slug)
        return self._lessons[number]

    @property
    def tables(self) -> EntryFolder | None:
        """Where TOML that was read once is kept; None: each is read anew."""
        return None if self._memory is None else self._memory.tables

    def level(self, number: int) -> Level:
        """The level with this number; ContentError names those that there are."""
        for level in self.levels:
            if level.number == number:
                return level
        raise ContentError(
            f"There is no level {number}", hint=nearest(str(number), (str(x.number) for x in self.levels))
        )

    def exercises(self) -> tuple[str, ...]:
        """The ids of all exercises on disk, sorted."""
        folder = self.content / "exercises"
        return tuple(sorted(entry.parent.name for entry in folder.glob("*/exercise.toml")))

    def heading(self, slug: str) -> ExerciseHeading:
        """Title and minutes of an exercise without looking at its checks; ContentError names the nearest ids."""
        if slug not in self._headings:
            path = self.exercise_folder(slug) / "exercise.toml"
            values = _load_toml(path, self.tables)
            fields = Fields(values, values, path=path)
            self._headings[slug] = ExerciseHeading(slug, fields.text("title"), fields.whole("minutes", least=1))
        return self._headings[slug]

    def exercise(self, slug: str) -> ExerciseSpec:
        """The exercise with this id, read when asked for; ContentError names the nearest ids."""
        if slug not in self._specs:
            self._specs[slug] = self._read_exercise(slug)
        return self._specs[slug]

    def exercise_by(self, terms: Terms) -> ExerciseSpec:
        """The exercise with these terms: read again when its exercise.toml changed since it was last read."""
        slug = terms.starter.parent.name
        if self.exercise(slug).content_sha256 != terms.content_sha256:
            self._specs[slug] = self._read_exercise(slug)
        return self._specs[slug]

    def lesson_of(self, exercise: str) -> str | None:
        """Number of the first lesson that requires an exercise; None when no lesson does."""
        return next((number for number in self.slugs if exercise in self.lesson(number).exercises), None)

    def _read_exercise(self, slug: str) -> ExerciseSpec:
        from graders.exercise import read_exercise

        return read_exercise(self.exercise_folder(slug))

    def exercise_folder(self, slug: str) -> Path:
        """The folder of the exercise with this id; ContentError names the nearest ids."""
        known = self.exercises()
        if slug not in known:
            raise ContentError(f"There is no exercise {slug!r}", hint=nearest(slug, known))
        return self.content / "exercises" / slug


def read_catalog(content: Path, memory: LessonMemory | None = None) -> Catalog:
    """Read `lessons/course.toml`; raises `ContentError` that names the file and the key.

    ```toml
    format = 1
    title = "Dockyard"
    [[levels]]
    number = 1
    title = "Containers for people who train models"
    lessons = [{ number = "1.4", slug = "packaging-for-production" }]
    [[levels.checklist]]
    text = "The image builds on your engine"
    proof = "built"
    exercise = "ship-the-classifier"
    ```
    """
    path = content / "lessons" / "course.toml"
    tables = None if memory is None else memory.tables
    fields = Fields(_load_toml(path, tables), ("format", "title", "levels"), path=path)
    if fields.whole("format") != FORMAT:
        raise fields.wrong("format", f"must be {FORMAT}", hint="This course needs another version of Dockyard.")
    slugs: dict[str, str] = {}
    levels: list[Level] = []
    for index, values in enumerate(fields.tables("levels"), start=1):
        level = _read_level(values, path, slugs, inside=f"levels[{index}]")
        if levels and level.number <= levels[-1].number:
            raise fields.wrong("levels", f"must be in order: {level.number} comes after {levels[-1].number}")
        levels.append(level)
    if not levels:
        raise fields.wrong("levels", "is missing")
    return Catalog(levels=tuple(levels), content=content, slugs=slugs, _memory=memory)


def _read_level(values: dict[str, object], path: Path, slugs: dict[str, str], *, inside: str) -> Level:
    fields = Fields(values, ("number", "title", "lessons", "checklist"), path=path, inside=inside)
    number = fields.whole("number", least=1)
    numbers: list[str] = []
    for index, entry in enumerate(fields.tables("lessons"), start=1):
        lesson = Fields(entry, ("number", "slug"), path=path, inside=f"{inside}.lessons[{index}]")
        name, slug = lesson.text("number"), lesson.text("slug")
        match = _NUMBER.match(name)
        if match is None or int(match.group(1)) != number:
            raise lesson.wrong("number", f"is {name!r}", hint=f"Lessons of this level are {number}.1, {number}.2 ...")
        if numbers and int(match.group(2)) <= int(numbers[-1].split(".")[1]):
            raise lesson.wrong("number", f"must be in order: {name} comes after {numbers[-1]}")
        if slug in slugs.values():
            raise lesson.wrong("slug", f"names {slug} a second time")
        if not (path.parent / slug / "lesson.md").is_file():
            there = (entry.parent.name for entry in path.parent.glob("*/lesson.md"))
            raise lesson.wrong("slug", f"names {slug}, which has no lesson.md", hint=nearest(slug, there))
        slugs[name] = slug
        numbers.append(name)
    if not numbers:
        raise fields.wrong("lessons", "is missing")
    items = (
        _read_item(item, path, inside=f"{inside}.checklist[{index}]")
        for index, item in enumerate(fields.tables("checklist"), start=1)
    )
    return Level(number=number, title=fields.text("title"), lessons=tuple(numbers), checklist=tuple(items))


def _read_item(values: dict[str, object], path: Path, *, inside: str) -> ChecklistItem:
    fields = Fields(values, ("text", "proof", "exercise", "check", "quiz"), path=path, inside=inside)
    proof = fields.text("proof")
    if proof not in PROOFS:
        raise fields.wrong("proof", f"is {proof!r}", hint=nearest(proof, PROOFS))
    needs = PROOFS[proof]
    for key in ("exercise", "check", "quiz"):
        if key in values and key not in needs:
            raise fields.wrong(key, f"is of no use to the proof {proof!r}")
    return ChecklistItem(fields.text("text"), proof, **{key: fields.text(key) for key in needs})


def _load_toml(path: Path, tables: EntryFolder | None) -> dict[str, object]:
    try:
        return table_of(path.read_text(encoding="utf-8"), tables)
    except OSError as error:
        raise ContentError(f"{path}: can't be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ContentError(f"{path}: is not UTF-8 text") from error
    except ValueError as error:
        raise ContentError(f"{path}: not valid TOML: {error}") from error
