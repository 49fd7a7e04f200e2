"""Owns the headless core that the TUI and the CLI share; must never print or import a toolkit."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Mapping
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from course.catalog import Catalog, read_catalog
from course.errors import ContentError, LockedError
from course.event import CheckRecorded, SessionEvent
from course.fields import nearest
from course.grading import Grading, new_nonce
from course.lesson_memory import LessonMemory
from course.outline import ExerciseRow, HintShown, LessonRow, LevelRow, QuizVerdict, StartResult
from course.paths import Paths, find_home
from course.progress import Attempt, Progress
from course.unlock import ChecklistLine, LessonState, Unlocking
from course.workspace import ChangedFile, Signature, Workspace
from graders.cancel import Cancel
from graders.event import GradeFinished
from graders.finding import Finding

if TYPE_CHECKING:
    from course.checklist_record import ChecklistRecord
    from course.doctor.line import DoctorLine
    from course.lesson import Lesson
    from course.reveal import Reveal
    from course.terminal import Terminal
    from graders.engine.base import Engine, EngineInfo
    from graders.exercise import ExerciseSpec
    from graders.report import Report

__all__ = [
    "ChecklistLine",
    "ExerciseRow",
    "HintShown",
    "LessonRow",
    "LessonState",
    "LevelRow",
    "QuizVerdict",
    "Session",
    "StartResult",
]


class Session:
    """One learner's course. Methods raise CourseError or GraderError and nothing else.

    Where they name a command it is the command line's; `course.slash.in_slash_words` makes the desk's of it.

    Several threads may use one session: a check in one doesn't hold up the others. `open_engine` is called by each
    check that needs an engine, which closes it again.
    """

    catalog: Catalog
    unlock_all: bool
    """Whether every lesson is open regardless of progress: say so wherever it shows."""

    def __init__(
        self,
        paths: Paths,
        *,
        environ: Mapping[str, str],
        open_engine: Callable[[], Engine] | None = None,
        unlock_all: bool = False,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        clock: Callable[[], float] = time.monotonic,
        nonce: Callable[[], str] = new_nonce,
    ) -> None:
        self.paths = paths
        self.catalog = read_catalog(paths.content, LessonMemory(paths.state / "lessons"))
        self.workspace = Workspace(paths.workspace, now=now)
        self.unlock_all = unlock_all
        self._environ = environ
        self._open_engine = open_engine or self._find_engine
        self._now = now
        self._clock = clock
        self._nonce = nonce
        self._read_files: dict[str, tuple[Signature, Mapping[str, bytes]]] = {}
        self._progress = Progress(paths.state / "progress.db", now=now)

    def outline(self) -> tuple[LevelRow, ...]:
        """Levels, lessons and exercises with their states."""
        unlocking = self._unlocking()
        return tuple(
            LevelRow(level.number, level.title, tuple(self._row(number, unlocking) for number in level.lessons))
            for level in self.catalog.levels
        )

    def lesson(self, number: str) -> Lesson:
        """The lesson with this number; ContentError names the nearest."""
        return self.catalog.lesson(number)

    def current(self) -> LessonRow:
        """The lesson to go on with: the last opened, else the first that is open and not passed."""
        unlocking = self._unlocking()
        numbers = {slug: number for number, slug in self.catalog.slugs.items()}
        for slug in reversed(unlocking.record.opened):
            if slug in numbers and unlocking.is_open(numbers[slug]):
                return self._row(numbers[slug], unlocking)
        numbers_in_order = tuple(self.catalog.slugs)
        open_ones = (number for number in numbers_in_order if unlocking.state(number) is LessonState.OPEN)
        return self._row(next(open_ones, numbers_in_order[-1]), unlocking)

    def unsolved(self, number: str) -> tuple[str, ...]:
        """The exercises of a lesson that aren't passed, in order."""
        passed = self._progress.record().passed
        return tuple(exercise for exercise in self.catalog.lesson(number).exercises if exercise not in passed)

    def is_locked(self, number: str) -> bool:
        """Whether a lesson is neither passed nor open."""
        return self._unlocking().state(number) is LessonState.LOCKED

    def current_exercise(self) -> str | None:
        """The first exercise of the current lesson that isn't passed, else its last; None when it has none."""
        exercises = self.current().exercises
        unsolved = (exercise.id for exercise in exercises if not exercise.passed)
        return next(unsolved, exercises[-1].id if exercises else None)

    def start_lesson(self, number: str) -> StartResult:
        """Open a lesson and remember it; when it is locked, say what is missing."""
        lesson = self.catalog.lesson(number)
        unlocking = self._unlocking()
        if not unlocking.is_open(number):
            return StartResult(None, unlocking.missing(number))
        self._progress.record_opening(lesson.slug)
        return StartResult(lesson, ())

    def start_exercise(self, exercise: str) -> Path:
        """Copy the starter to the workspace unless it is there; the exercise's folder.

        Raises `LockedError` while the lesson that asks for it is locked.
        """
        spec = self.catalog.exercise(exercise)
        number = self.catalog.lesson_of(exercise)
        unlocking = self._unlocking()
        if number is not None and not unlocking.is_open(number):
            first = unlocking.missing(number)[0]
            raise LockedError(f"{exercise} belongs to lesson {number}, which is locked", hint=f"First: {first.remedy}")
        return self.workspace.start(exercise, spec.starter)

    def is_started(self, exercise: str) -> bool:
        """Whether the exercise is in the workspace."""
        self.catalog.heading(exercise)
        return self.workspace.is_started(exercise)

    def exercise_files(self, exercise: str) -> tuple[Path, ...]:
        """The files that the learner may change, in the workspace, the Dockerfile first.

        A file that the exercise names without a wildcard is among them before it exists.
        """
        return self.workspace.files(exercise, self.catalog.exercise(exercise).files)

    def changed_files(self, exercise: str) -> tuple[ChangedFile, ...]:
        """What the learner added, changed or deleted, by path."""
        return self.workspace.changed_files(exercise, self.catalog.exercise(exercise).starter)

    def attempts(self, exercise: str) -> tuple[Attempt, ...]:
        """Recorded checks of an exercise, oldest first."""
        self.catalog.heading(exercise)
        return self._progress.attempts(exercise)

    def static_findings(self, exercise: str, dockerfile: str) -> tuple[tuple[str, Finding], ...]:
        """(check id, finding) of the dockerfile checks over text that is being typed; no engine call."""
        from graders.static import static_findings

        spec = self.catalog.exercise(exercise)
        return static_findings(spec, dockerfile.encode("utf-8", "replace"), self._files(spec))

    def check(
        self,
        exercise: str,
        *,
        path: Path | None = None,
        static_only: bool = False,
        fresh: bool = False,
        cancel: Cancel | None = None,
    ) -> Generator[SessionEvent]:
        """Grade the workspace (or `path`) and record the attempt; the last event is CheckRecorded.

        Content that was graded before is answered from the store (`report.from_store`), unless `fresh`; that counts
        as an attempt too. Only a check of the workspace counts for progress: with `path` or `static_only`, and when
        the report is ERRORED, nothing is recorded. Raises `Cancelled` when `cancel` is thrown.
        """
        exercise_folder = self.catalog.exercise_folder(exercise)
        root = self._folder(exercise) if path is None else path
        report: Report | None = None
        events = self._grading().grade(
            exercise_folder, root, cancel or Cancel(), static_only=static_only, fresh=fresh, copied_out=path is None
        )
        with closing(events):
            for event in events:
                yield event
                if isinstance(event, GradeFinished):
                    report = event.report
        if report is not None:
            counts = path is None and report.is_grade
            yield self._record(report) if counts else CheckRecorded(report, first_pass=False, unlocked=())

    def hint(self, exercise: str) -> HintShown:
        """The next stronger hint; the strongest again once all were shown. Recorded."""
        from course.hint import read_hints

        hints = read_hints(self.catalog.exercise(exercise).root / "hints.md")
        strength = self._progress.record_hint(exercise, len(hints))
        return HintShown(strength, strength == len(hints), hints[strength - 1])

    def hints_shown(self, exercise: str) -> int:
        """The strength of the strongest hint shown so far; 0 for none."""
        return self._progress.hints_shown(exercise)

    def answer(self, lesson: str, quiz: str, choice: int) -> QuizVerdict:
        """Judge and record an answer (0-based choice) to a quiz of a lesson."""
        asked = self.catalog.lesson(lesson)
        found = asked.quiz(quiz)
        if found is None:
            raise ContentError(
                f"Lesson {lesson} has no quiz {quiz!r}", hint=nearest(quiz, (known.id for known in asked.quizzes))
            )
        if not 0 <= choice < len(found.choices):
            raise ContentError(
                f"The quiz {quiz} has {len(found.choices)} choices; number {choice + 1} is not one of them"
            )
        correct = choice == found.answer
        self._progress.record_answer(asked.slug, quiz, choice, correct=correct)
        return QuizVerdict(correct, found.why[choice])

    def answers(self, lesson: str) -> dict[str, int]:
        """Quiz id -> the last recorded choice."""
        return self._progress.answers(self.catalog.lesson(lesson).slug)

    def reset(self, exercise: str) -> Path:
        """Put the starter back; the folder where the old files were kept."""
        return self.workspace.reset(exercise, self.catalog.exercise(exercise).starter)

    def solution(self, exercise: str, *, give_up: bool = False) -> dict[str, str]:
        """Path -> text of the reference solution; only after a pass or a recorded give-up.

        Only files that differ from the starter. Raises `LockedError` before both.
        """
        from course.solution import read_solution

        spec = self.catalog.exercise(exercise)
        if exercise not in self._progress.record().passed and not self._progress.gave_up(exercise):
            if not give_up:
                raise LockedError(
                    f"The solution of {exercise} is shown after you passed it",
                    hint=f"Try dockyard hint {exercise}, or give up: dockyard solution {exercise} --give-up",
                )
            self._progress.record_give_up(exercise)
        return read_solution(spec)

    def checklist(self, level: int) -> tuple[ChecklistLine, ...]:
        """The end-of-level checklist, each line proved."""
        return self._unlocking().checklist(level)

    def checklist_record(self, level: int) -> ChecklistRecord:
        """The checklist of a level with the evidence of each line."""
        from course.checklist_record import make_record

        lines = self.checklist(level)
        now = self._now()
        return make_record(self.catalog, self._progress, level, lines, now=now, unlock_all=self.unlock_all)

    def reveal(self, exercise: str) -> Reveal:
        """Each fault of a passed exercise and what it cost, in the learner's own numbers. LockedError before a pass."""
        from course.reveal import make_reveal

        found = make_reveal(self.catalog.exercise(exercise), self._progress.attempts(exercise))
        if found is None:
            raise LockedError(
                f"What the faults of {exercise} cost is told after you passed it",
                hint=f"Try dockyard hint {exercise}, then: dockyard check {exercise}",
            )
        return found

    def engine_info(self) -> EngineInfo:
        """Which engine answers, asked anew; EngineUnavailable carries the command that mends it."""
        with closing(self._open_engine()) as engine:
            return engine.info()

    def examine(self, terminal: Terminal) -> tuple[DoctorLine, ...]:
        """What this machine has and lacks for the course; measures the engine's limits, so it takes seconds."""
        from course.doctor.examine import examine

        mark = f"probe-{self._nonce()}"
        return tuple(examine(self.paths, terminal, self._open_engine, environ=self._environ, mark=mark))

    def close(self) -> None:
        """Let the progress file go."""
        self._progress.close()

    def _folder(self, exercise: str) -> Path:
        return self.workspace.started_folder(exercise)

    def _unlocking(self) -> Unlocking:
        return Unlocking(self.catalog, self._progress.record(), unlock_all=self.unlock_all)

    def _row(self, number: str, unlocking: Unlocking) -> LessonRow:
        lesson = self.catalog.lesson(number)
        rows = []
        for exercise in lesson.exercises:
            heading = self.catalog.heading(exercise)
            passed = exercise in unlocking.record.passed
            attempts = unlocking.record.attempts.get(exercise, 0)
            rows.append(ExerciseRow(exercise, heading.title, heading.minutes, passed, attempts))
        return LessonRow(number, lesson.slug, lesson.title, lesson.minutes, unlocking.state(number), tuple(rows))

    def _files(self, spec: ExerciseSpec) -> Mapping[str, bytes]:
        """The workspace's files as a check would read them, read again only when one of them changed."""
        from graders.submission import read_submission

        signature = self.workspace.signature(spec.id)
        known = self._read_files.get(spec.id)
        if known is None or known[0] != signature:
            submission = read_submission(self._folder(spec.id), spec.limits, starter=spec.starter, editable=spec.files)
            known = (signature, {file.path: file.data for file in submission.files if not file.link})
            self._read_files[spec.id] = known
        return known[1]

    def _grading(self) -> Grading:
        return Grading(
            catalog=self.catalog,
            state=self.paths.state,
            environ=self._environ,
            home=find_home(self._environ),
            open_engine=self._open_engine,
            now=self._now,
            clock=self._clock,
            nonce=self._nonce,
        )

    def _record(self, report: Report) -> CheckRecorded:
        before = self._progress.record()
        first_pass = self._progress.record_attempt(report)
        after = self._progress.record()
        # Reading every lesson takes longer than answering from the store, and an old proof opens nothing.
        if before._replace(attempts={}) == after._replace(attempts={}):
            return CheckRecorded(report, first_pass, ())
        opened = [
            Unlocking(self.catalog, record, unlock_all=self.unlock_all).open_lessons() for record in (before, after)
        ]
        return CheckRecorded(report, first_pass, tuple(number for number in opened[1] if number not in opened[0]))

    def _find_engine(self) -> Engine:
        from graders.engine.find import find_engine

        return find_engine(self._environ, find_home(self._environ))
