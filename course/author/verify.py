"""Owns the proof that an exercise's grader can't be fooled: each answer graded and compared; must never print.

A right answer that does not pass is a false failure, a wrong one that passes is a false pass. A wrong answer is
caught only when exactly the checks that its expected.toml lists have failed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue
from threading import Event

from course.author.case import Case, Kind, content_problems, lay_out, read_cases
from course.errors import ContentError
from course.reveal import FILE as REVEAL
from course.reveal import unexplained
from graders.errors import Cancelled
from graders.event import GradeEvent, GradeFinished
from graders.exercise import ExerciseSpec
from graders.outcome import Status
from graders.report import Report, Verdict
from graders.safe_text import clean, clean_lines
from graders.temporary_folder import explained, temporary_folder

Grade = Callable[[ExerciseSpec, Path], Iterator[GradeEvent]]
"""Grades the answer in a folder; the last event is GradeFinished."""

Sample = Callable[[ExerciseSpec, tuple[Case, ...]], tuple[Case, ...]]
"""Which of an exercise's answers are graded."""


@dataclass(frozen=True, slots=True)
class CaseStarted:
    """An answer is about to be graded."""

    exercise: str
    case: Case
    index: int
    """1-based."""
    count: int


@dataclass(frozen=True, slots=True)
class CaseResult:
    """How one answer was graded. `problem` is empty when that is what the author said."""

    exercise: str
    case: Case
    verdict: Verdict
    tripped: tuple[str, ...]
    """Ids of the checks that failed, in the exercise's order."""
    problem: str
    elapsed_s: float
    """Seconds that grading it took, when it was graded."""
    from_store: bool = False
    """It was graded before, and nothing that decides it changed since."""


@dataclass(frozen=True, slots=True)
class ExerciseResult:
    """A row of the table."""

    exercise: str
    cases: tuple[CaseResult, ...]
    problems: tuple[str, ...]
    """What is wrong with the folder itself."""

    @property
    def mutants(self) -> tuple[CaseResult, ...]:
        """The wrong answers."""
        return tuple(result for result in self.cases if result.case.kind is Kind.WRONG)

    @property
    def mutants_caught(self) -> int:
        """Wrong answers that tripped exactly what they must."""
        return sum(not result.problem for result in self.mutants)

    @property
    def right_answers(self) -> tuple[CaseResult, ...]:
        """The solution and the other right answers."""
        return tuple(result for result in self.cases if result.case.right)

    @property
    def right_passed(self) -> int:
        """Right answers that passed as they must."""
        return sum(not result.problem for result in self.right_answers)

    @property
    def false_passes(self) -> int:
        """Wrong answers, and starters, that passed."""
        return sum(not result.case.right and result.verdict is Verdict.PASSED for result in self.cases)

    @property
    def false_failures(self) -> int:
        """Right answers that failed."""
        return sum(result.case.right and result.verdict is Verdict.FAILED for result in self.cases)

    @property
    def errored(self) -> int:
        """Answers that could not be judged, by our fault or the engine's."""
        return sum(result.verdict is Verdict.ERRORED for result in self.cases)

    @property
    def elapsed_s(self) -> float:
        """Seconds for all answers."""
        return sum(result.elapsed_s for result in self.cases)

    @property
    def all_problems(self) -> tuple[str, ...]:
        """Every sentence about what is wrong, with the answer that it is about."""
        return (
            *self.problems,
            *(f"{result.case.kind}/{result.case.name}: {result.problem}" for result in self.cases if result.problem),
        )

    @property
    def exit_code(self) -> int:
        """0 proved, 1 not, 3 something could not be judged."""
        return 3 if self.errored else 1 if self.all_problems else 0


VerifyEvent = CaseStarted | GradeEvent | CaseResult | ExerciseResult


def verify(
    spec: ExerciseSpec, grade: Grade, *, only: str = "", sample: Sample | None = None, jobs: int = 1
) -> Iterator[VerifyEvent]:
    """Grade every answer of an exercise (or the one called `only`, or a `sample`); the last event is an ExerciseResult.

    `jobs` answers are graded side by side; `grade` is then called from several threads. Raises ContentError when an
    answer is declared wrongly or none is called `only`, and what `grade` raises.
    """
    cases = read_cases(spec)
    if sample is not None and not only:
        cases = sample(spec, cases)
    if only:
        chosen = tuple(case for case in cases if case.name == only.rstrip("/").rpartition("/")[2])
        if not chosen:
            names = ", ".join(case.name for case in cases)
            raise ContentError(f"{spec.id} has no answer called {only!r}", hint=f"It has: {names}.")
        cases = chosen
    events: SimpleQueue[VerifyEvent | None] = SimpleQueue()
    stopped = Event()

    def prove(numbered: tuple[int, Case]) -> CaseResult:
        index, case = numbered
        events.put(CaseStarted(spec.id, case, index, len(cases)))
        result = _prove(spec, case, grade, events, stopped)
        events.put(result)
        return result

    with ThreadPoolExecutor(max_workers=jobs) as pool:
        futures = [pool.submit(prove, numbered) for numbered in enumerate(cases, start=1)]
        for future in futures:
            future.add_done_callback(lambda _: events.put(None))
        try:
            open_cases = len(futures)
            while open_cases:
                event = events.get()
                if event is None:
                    open_cases -= 1
                    failed = next((done for done in futures if done.done() and done.exception()), None)
                    if failed is not None:
                        failed.result()
                else:
                    yield event
        finally:
            stopped.set()
            pool.shutdown(cancel_futures=True)
    results = tuple(future.result() for future in futures)
    yield ExerciseResult(spec.id, results, (*content_problems(spec), *_unexplained(spec, results)))


def _unexplained(spec: ExerciseSpec, results: tuple[CaseResult, ...]) -> Iterator[str]:
    """Faults that the starter showed and that the learner would not be told about after a pass."""
    used = [use.check.id for use in spec.checks]
    for result in results:
        if result.case.kind is Kind.STARTER and (spec.root / REVEAL).is_file():
            missing = unexplained(spec.root / REVEAL, used, result.tripped)
            if missing:
                yield f"{REVEAL} does not explain {', '.join(missing)}, which the starter trips"


def _prove(
    spec: ExerciseSpec, case: Case, grade: Grade, events: SimpleQueue[VerifyEvent | None], stopped: Event
) -> CaseResult:
    """Grade one answer, passing on what grading says; Cancelled when the others were given up."""
    with temporary_folder("dockyard-verify-") as folder:
        with explained(f"{case.kind}/{case.name} can't be laid out in a temporary folder"):
            lay_out(case, folder)
        report: Report | None = None
        for event in grade(spec, folder):
            if stopped.is_set():
                raise Cancelled
            if isinstance(event, GradeFinished):
                report = event.report
            events.put(event)
    assert report is not None
    return judge(spec.id, case, report)


def judge(exercise: str, case: Case, report: Report) -> CaseResult:
    """Compare a report with what the author said of the answer."""
    tripped = tuple(outcome.id for outcome in report.outcomes if outcome.status is Status.FAILED)
    problem = _problem(case, report, tripped)
    return CaseResult(exercise, case, report.verdict, tripped, problem, report.elapsed_s, report.from_store)


def _said(report: Report, ids: tuple[str, ...]) -> str:
    """The checks, with what the first of them found: "build-fails (The build failed at ...: E: no such package)"."""
    found = next((finding for each in report.outcomes if each.id in ids for finding in each.findings), None)
    if found is None:
        return ", ".join(ids)
    lines = [line for line in clean_lines(found.observed) if line.strip()]
    return f"{', '.join(ids)} ({clean(': '.join([found.message, *lines[-2:]]))})"


def _problem(case: Case, report: Report, tripped: tuple[str, ...]) -> str:
    """What is not as the author said, as a sentence; empty when all is."""
    if report.verdict is Verdict.ERRORED:
        reasons = [f"{outcome.id}: {outcome.reason}" for outcome in report.outcomes if outcome.status is Status.ERRORED]
        return f"could not be judged ({'; '.join(dict.fromkeys(reasons))})"
    if case.right:
        if report.verdict is Verdict.FAILED:
            skipped = [outcome.id for outcome in report.outcomes if outcome.status is Status.SKIPPED]
            return f"is right and failed: {_said(report, tripped) or f'nothing failed, skipped {skipped}'}"
        if case.kind is Kind.SOLUTION and tripped:
            return f"passed, but the solution must have no finding: {', '.join(tripped)}"
        return ""
    if report.verdict is Verdict.PASSED:
        return "is wrong and passed"
    if case.kind is Kind.STARTER:
        return "" if tripped else "failed without a check that failed"
    missed = [check_id for check_id in sorted(case.trips) if check_id not in tripped]
    extra = [check_id for check_id in tripped if check_id not in case.trips]
    said = []
    if missed:
        said.append(f"did not trip {', '.join(missed)}")
    if extra:
        said.append(f"tripped {_said(report, tuple(extra))}, which expected.toml does not list")
    return " and ".join(said)
