"""Owns checking at the desk: start, follow, stop, and what is said at the end; must never grade by itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from textual.content import Content
from textual.message import Message
from textual.timer import Timer

from course.config import is_still
from course.errors import CourseError
from course.event import CheckRecorded
from course.session import LessonState, Session
from course.slash import in_slash_words, start_command
from course.tui.changes import changes_since
from course.tui.check_run import CheckRun
from course.tui.guard import plain
from course.tui.marks import seconds
from course.tui.memory import Memory
from course.tui.screens.desk_lessons import DeskLessons
from course.tui.screens.pick import Pick
from course.tui.standing import OPEN_NOW, standing
from course.tui.widgets.results import Results
from course.tui.widgets.work_pane import WorkPane
from course.tui.widgets.workbench import Workbench
from graders.errors import GraderError
from graders.event import BuildStarted
from graders.outcome import Status
from graders.recall import graded_before
from graders.report import Report, Verdict

PULSE_S = 0.1
"""How often events of a running check are taken over: one repaint a batch keeps the keys quick."""

TYPING_PULSES = 3
"""Pulses that are left out after a key in the editor: what was told meanwhile comes once a key is painted."""


class DeskChecks(DeskLessons):
    """The desk with checks."""

    class CheckEnded(Message):
        """The thread of a check is done."""

        def __init__(self, run: CheckRun) -> None:
            super().__init__()
            self.run = run

    run: CheckRun | None = None
    """The check under way; None when none is."""
    _pulse: Timer | None = None
    _left_out = 0
    """How many pulses are still to be left out."""
    _is_due = False
    """Whether a pulse came since events were taken over."""
    _log_shown = False
    """Whether the log was brought to the front in this check: once, so that the learner may turn back."""

    def __init__(
        self, session: Session, memory: Memory, *, clock: Callable[[], float], environ: Mapping[str, str]
    ) -> None:
        super().__init__(session, memory, clock=clock, environ=environ)
        self._reports: dict[str, CheckRecorded] = {}
        self._changes: dict[str, Content] = {}

    def on_unmount(self) -> None:
        """Leave no build behind."""
        if self.run is not None:
            self.run.cancel.set()

    # -- start and stop

    def action_check(self, *, fresh: bool = False) -> None:
        """Save, then check the open exercise; what was graded before is answered from the store unless `fresh`."""
        bench = self.query_one(Workbench)
        if self.run is not None:
            self.say("A check is running. F9 stops it.", warning=True)
            return
        if not bench.exercise:
            self.say("This lesson has no exercise to check. /next goes on.", warning=True)
            return
        try:
            bench.look_at_disk()
            bench.save()
        except CourseError as error:
            self.tell(error)
            return
        results = self.query_one(Results)
        bench.forget_report()
        results.clear(Content.styled(f"Checking {bench.exercise}", "bold"))
        results.show_tab("tab-checks")
        self.show_pane("editor")
        self._log_shown = False
        self._left_out = 0
        self.run = CheckRun(self.session, bench.exercise, self.clock, fresh=fresh)
        results.be_tall()
        self._pulse = self.set_interval(PULSE_S, self._beat)
        self.run_worker(partial(self._work, self.run), group="check", thread=True)

    def action_stop(self) -> None:
        """Stop the check under way; it lets go within half a second."""
        if self.run is None:
            self.say("No check is running.")
        elif not self.run.cancel.is_set:
            self.run.cancel.set()
            self.query_one(Results).say(Content.styled("Stopping the check", "bold $text-warning"))
            self._drain()

    async def may_stop_check(self) -> bool:
        """Ask whether the check under way may be stopped, when there is one."""
        if self.run is None or self.run.cancel.is_set:
            return True
        question = Content(f"{self.run.exercise} is being checked. A check that is stopped is not recorded.")
        rows = (("leave", Content("Stop the check and leave")), ("stay", Content("Go on with the check")))
        return await self.app.push_screen_wait(Pick("Leave?", question, rows)) == "leave"

    def exercise_opened(self, exercise: str) -> None:
        """Show what the last check of this exercise said; of one in an earlier session how it ended."""
        results = self.query_one(Results)
        if self.run is not None:
            return
        recorded = self._reports.get(exercise)
        if recorded is not None:
            results.clear(Content(""))
            self._show_report(recorded)
        elif exercise:
            results.clear(self._standing(exercise))
        else:
            results.clear(Content.styled("This lesson has no exercise.", "$foreground 65%"))

    def _standing(self, exercise: str) -> Content:
        try:
            return standing(self.session.attempts(exercise))
        except (CourseError, GraderError) as error:
            return plain(error.message)

    # -- following

    def _work(self, run: CheckRun) -> None:
        """In a thread: grade, then say so."""
        run.work()
        self.post_message(self.CheckEnded(run))

    def _beat(self) -> None:
        self._is_due = True
        if self._left_out:
            self._left_out -= 1
        else:
            self._drain()

    def on_workbench_edited(self) -> None:
        """While the learner types, the log comes in the pause after a key: no key is painted together with it."""
        if self.run is not None:
            self._left_out = TYPING_PULSES
            if self._is_due:
                self.call_after_refresh(self._drain)

    def _drain(self) -> None:
        self._is_due = False
        run = self.run
        if run is None:
            return
        results = self.query_one(Results)
        events = run.drain()
        if not self._log_shown and any(isinstance(event, BuildStarted) for event in events):
            self._log_shown = True
            results.show_tab("tab-log")
        if events:
            results.apply(events)
        elif is_still(self.environ) and not run.cancel.is_set:
            # A clock that runs is motion; what is done shows when the next event comes.
            return
        else:
            results.tick()
        self.show_run_status()

    def show_run_status(self) -> None:
        """How far the check under way is, and what stops it from where the learner is."""
        run = self.run
        if run is None:
            return
        results = self.query_one(Results)
        status = run.status(step=results.running_step, decided=results.decided)
        stop = "F9 stops  " if self.is_typing else "Esc or F9 stops  "
        self.show_status(Content.assemble(("" if run.cancel.is_set else stop, "$foreground 65%"), (status, "bold")))

    def on_desk_checks_check_ended(self, event: DeskChecks.CheckEnded) -> None:
        """Say how the check ended."""
        run = event.run
        self._drain()
        if self._pulse is not None:
            self._pulse.stop()
        self.run = self._pulse = None
        results = self.query_one(Results)
        results.be_low()
        results.show_tab("tab-checks")
        if run.recorded is not None:
            self._reports[run.exercise] = run.recorded
            self._changes[run.exercise] = changes_since(run.before, run.recorded.report)
            self.refresh_outline()
            self._show_report(run.recorded)
            self.check_recorded()
            if run.recorded.first_pass:
                self.passed_first_time(run.exercise)
        elif run.stopped:
            results.stop()
            words = f"Stopped after {seconds(run.elapsed_s)}. Nothing was recorded. F5 checks again."
            results.say(Content.styled(words, "bold $text-warning"))
        elif run.error is not None:
            self._say_error(run.error)
        self.show_idle_status()
        if not self.query_one(WorkPane).display:
            self._tell_who_reads(run)

    def _tell_who_reads(self, run: CheckRun) -> None:
        """In a narrow window the results are not in sight of who went back to the lesson."""
        if run.recorded is not None:
            self.say(f"{_in_short(run.recorded.report)}. F4 shows the results.")
        elif run.stopped:
            self.say("The check was stopped.")

    def check_recorded(self) -> None:
        """Called when a check was recorded; what else shows it follows in a subclass."""

    def passed_first_time(self, exercise: str) -> None:
        """Called after the first pass of an exercise; what is told then follows in a subclass."""

    def _say_error(self, error: CourseError | GraderError) -> None:
        self.query_one(Results).stop()
        message = Content.assemble(("! ", "bold $text-warning"), plain(error.message))
        hint = plain(in_slash_words(error.hint)).stylize("bold") if error.hint else Content("")
        self.query_one(Results).say(Content("\n").join([message, hint]) if error.hint else message)
        self.tell(error)

    # -- the end

    def _show_report(self, recorded: CheckRecorded) -> None:
        report = recorded.report
        bench, results = self.query_one(Workbench), self.query_one(Results)
        results.show_report(report, self.verdict(recorded), passed=report.verdict is Verdict.PASSED)
        if bench.exercise == report.exercise:
            bench.show_report(report)
        if report.verdict is Verdict.FAILED:
            results.highlight_first_finding()
        if self.focused is not None and self.focused.id == "log":
            results.focus_content()

    def verdict(self, recorded: CheckRecorded) -> Content:
        """What stands above the outcomes: the result, what it opened, and what to do next."""
        told = self._verdict(recorded)
        if not recorded.report.from_store:
            return told
        before = Content.styled(graded_before(recorded.report, "/check --fresh"), "$foreground 65%")
        return Content("\n").join([told, before])

    def _verdict(self, recorded: CheckRecorded) -> Content:
        report = recorded.report
        took = seconds(report.elapsed_s)
        points = f"{report.points} of {report.max_points} points" if report.max_points else ""
        if report.verdict is Verdict.PASSED:
            said = "Passed, for the first time" if recorded.first_pass else "Passed"
            rows = [
                Content.assemble(
                    (f"✔ {said}", "bold $text-success"), (f"   {points}   {took}".replace("      ", "   "), "bold")
                )
            ]
            rows += [
                Content.assemble(
                    "Unlocked: ",
                    plain(f"{number} {self.session.lesson(number).title}").stylize("bold"),
                    "  ",
                    (start_command(number), "bold $text-accent"),
                )
                for number in recorded.unlocked
            ]
            rows += [self.whats_next(report.exercise)] if not recorded.unlocked else []
            rows.append(Content.styled(OPEN_NOW, "$foreground 65%"))
            return Content("\n").join(rows)
        if report.verdict is Verdict.FAILED:
            told = _failed(report, points, took)
            changes = self._changes.get(report.exercise)
            return Content("\n").join([told, changes]) if changes else told
        return _errored(report)

    def whats_next(self, exercise: str) -> Content:
        """What to do after a pass that opened nothing."""
        try:
            number = self.session.catalog.lesson_of(exercise)
            if number is None:
                return Content("")
            row = self.lesson_row(number)
            questions = self.open_questions(number)
        except (CourseError, GraderError) as error:
            return plain(error.message)
        unsolved = next((item for item in row.exercises if not item.passed), None)
        if unsolved is not None:
            return Content.assemble("Next: ", plain(unsolved.title).stylize("bold"), "  /next opens it")
        if questions:
            what = (
                "a question of the lesson is"
                if len(questions) == 1
                else f"{len(questions)} questions of the lesson are"
            )
            return Content(f"Next: {what} still open. /next goes there")
        return Content("/next goes on")

    def open_questions(self, number: str) -> tuple[str, ...]:
        """Ids of a lesson's quizzes that still keep it from being passed."""
        if self.lesson_row(number).state is LessonState.PASSED:
            return ()
        answers = self.session.answers(number)
        return tuple(quiz.id for quiz in self.session.lesson(number).quizzes if answers.get(quiz.id) != quiz.answer)


def _in_short(report: Report) -> str:
    if report.verdict is Verdict.PASSED:
        return f"Passed: {report.exercise}"
    if report.verdict is Verdict.ERRORED:
        return "Not decided, and it is not your fault"
    failed = sum(outcome.status is Status.FAILED and outcome.required for outcome in report.outcomes)
    return "Not yet: 1 check failed" if failed == 1 else f"Not yet: {failed} checks failed"


def _failed(report: Report, points: str, took: str) -> Content:
    return Content.assemble(
        (f"✘ {_in_short(report)}", "bold $text-error"),
        (f"  {points}  {took}".rstrip(), "$foreground 65%"),
        "\nF4 leads here, Enter on a finding to its line. /hint helps.",
    )


def _errored(report: Report) -> Content:
    errored = [outcome for outcome in report.outcomes if outcome.status is Status.ERRORED]
    remedy = next((outcome.remedy for outcome in errored if outcome.remedy), "")
    reason = next((outcome.reason for outcome in errored if outcome.reason), "Something failed that is not yours")
    rows = [
        Content.assemble(("! Not decided: ", "bold $text-warning"), plain(reason)),
        Content("It is not your fault, and your progress is untouched. F5 checks again."),
    ]
    if remedy:
        rows.append(Content.assemble("To mend it: ", plain(in_slash_words(remedy)).stylize("bold")))
    return Content("\n").join(rows)
