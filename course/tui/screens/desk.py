"""Owns the desk: what each key, slash command and message does; must never do it by itself, but by the session."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from textual.content import Content
from textual.events import DescendantFocus
from textual.message import Message
from textual.widgets import Input, Markdown

from course.errors import CourseError
from course.session import HintShown
from course.slash import FRESH, GIVE_UP, Action, Call, Unknown, parse
from course.terminal import look
from course.tui.guard import plain
from course.tui.pages import doctor_page, help_page, outcome_page
from course.tui.screens.compare import Compare
from course.tui.screens.desk_outside import DeskOutside
from course.tui.screens.page import Page
from course.tui.screens.pick import Pick
from course.tui.widgets.lesson_view import LessonView
from course.tui.widgets.marked_bench import MarkedBench
from course.tui.widgets.outline import Outline
from course.tui.widgets.quiz import QuizBlock
from course.tui.widgets.results import Results
from course.tui.widgets.slash_bar import SlashBar
from course.tui.widgets.workbench import Workbench
from graders.errors import GraderError

if TYPE_CHECKING:
    from course.doctor.line import DoctorLine

HINT_STRENGTHS = {1: "a question", 2: "the concept", 3: "almost the answer"}


class Desk(DeskOutside):
    """The main screen."""

    class Examined(Message):
        """The doctor is done."""

        def __init__(self, lines: tuple[DoctorLine, ...]) -> None:
            super().__init__()
            self.lines = lines

    # -- keys

    def action_help(self) -> None:
        """Keys and commands."""
        self.app.push_screen(Page("Help", help_page()))

    def action_save(self) -> None:
        """Save every file that has unsaved edits."""
        try:
            saved = self.query_one(Workbench).save()
        except CourseError as error:
            self.tell(error)
            return
        self.say(f"Saved {', '.join(saved)}" if saved else "Nothing to save")

    def action_next_file(self) -> None:
        """Bring the next file to the front."""
        self.show_pane("editor")
        bench = self.query_one(Workbench)
        bench.next_file()
        if bench.current is not None:
            bench.current.editor.focus()

    def action_next_tab(self) -> None:
        """Turn over below the editor."""
        self.show_pane("editor")
        self.query_one(Results).next_tab()

    def action_next_finding(self) -> None:
        """Go to the next finding."""
        self.show_pane("editor")
        if not self.query_one(Workbench).next_finding():
            self.say("No line has a finding.")

    def action_leave(self) -> None:
        """Out of the slash bar, out of the editor; elsewhere stop a check."""
        self.query_one(LessonView).mark(None)
        if isinstance(self.focused, Input):
            self.query_one(SlashBar).close()
            self._focus_pane()
        elif self.is_typing:
            if self.is_wide:
                self.query_one(LessonView).focus()
            else:
                self.query_one(Results).focus_content()
        elif self.run is not None:
            self.action_stop()

    def action_slash(self) -> None:
        """Begin a command."""
        self.query_one(SlashBar).open()

    def action_links(self) -> None:
        """Choose one of the lesson's links."""
        links = self.query_one(LessonView).links()
        if not links:
            self.say("This lesson has no links.")
            return
        rows = [
            (link.href, Content.assemble(plain(link.text), ("   " + link.href, "$foreground 65%"))) for link in links
        ]
        self.app.push_screen(Pick("Links", Content("Where to?"), rows), self._open_link)

    def action_quit(self) -> None:
        """Leave; ask first when a check is running or something isn't saved."""
        self.run_worker(self._quit(), group="quit", exclusive=True)

    async def _quit(self) -> None:
        if await self.may_stop_check() and await self.may_drop_edits():
            if self.run is not None:
                self.run.cancel.set()
            self.keep_place()
            self.app.exit()

    def _focus_pane(self) -> None:
        if self.pane == "editor" and not self.is_wide:
            self.query_one(Results).focus_content()
        elif self.pane == "outline" and not self.is_wide:
            self.query_one(Outline).focus()
        else:
            self.show_pane("lesson")
            self.query_one(LessonView).focus()

    # -- slash commands

    def run_slash(self, text: str) -> None:
        """Do what a line of the slash bar says."""
        call = parse(text)
        if isinstance(call, Unknown):
            self.tell(CourseError(call.message, hint=f"Try {' or '.join(call.nearest)}." if call.nearest else ""))
            return
        try:
            self._run(call)
        except (CourseError, GraderError) as error:
            self.tell(error)

    def _run(self, call: Call) -> None:
        if call.argument and call.action in (Action.CHECK, Action.OPEN):
            self._open_by_id(call.argument, then_check=call.action is Action.CHECK, fresh=call.flag == FRESH)
            return
        match call.action:
            case Action.START:
                self.show_pane("lesson")
                self.open_lesson(call.argument)
            case Action.CHECK:
                self.action_check(fresh=call.flag == FRESH)
            case Action.NEXT:
                self._next()
            case Action.EDIT:
                self.action_external()
            case Action.SHELL:
                self.open_shell()
            case Action.QUIT:
                self.action_quit()
            case Action.HELP:
                self.action_help()
            case Action.EXPLAIN:
                self.action_explain()
            case Action.THEME:
                self.choose_theme(call.argument or None)
            case _:
                self._run_page(call)

    def _run_page(self, call: Call) -> None:
        """The commands that end in a page."""
        exercise = call.argument or self.query_one(Workbench).exercise
        match call.action:
            case Action.CHECKLIST:
                self.show_checklist(int(call.argument) if call.argument else self._level())
            case Action.DOCTOR:
                self.show_status(
                    Content.styled("Looking at this machine: measuring its limits takes some seconds", "bold")
                )
                self.run_worker(self._examine, group="doctor", exclusive=True, thread=True)
            case _ if not exercise:
                self.say("This lesson has no exercise.", warning=True)
            case Action.HINT:
                self._show_hint(self.session.hint(exercise))
            case Action.SOLUTION:
                yours = self.query_one(Workbench).texts if exercise == self.query_one(Workbench).exercise else {}
                solution = self.session.solution(exercise, give_up=call.flag == GIVE_UP)
                self.app.push_screen(Compare(yours=yours, solution=solution))
            case Action.REVEAL:
                self.show_reveal(exercise)
            case Action.FILES:
                self.show_files(exercise)
            case Action.RESET:
                self.run_worker(self._reset(exercise), group="reset", exclusive=True)
            case _:
                raise CourseError(f"/{call.action} is not here yet", hint="/help shows what is.")

    def _open_by_id(self, exercise: str, *, then_check: bool, fresh: bool = False) -> None:
        self.session.catalog.heading(exercise)
        number = self.session.catalog.lesson_of(exercise)
        if number is None:
            raise CourseError(f"{exercise} belongs to no lesson", hint="/start-X-Y opens a lesson.")
        self.run_worker(self._open_then(number, exercise, then_check=then_check, fresh=fresh), group="opening")

    async def _open_then(self, number: str, exercise: str, *, then_check: bool, fresh: bool = False) -> None:
        await self._open_lesson(number, exercise)
        if self.query_one(Workbench).exercise == exercise:
            self.show_pane("editor")
            if then_check:
                self.action_check(fresh=fresh)

    def _next(self) -> None:
        """The next exercise of the lesson that isn't passed, else the next lesson."""
        row = self.lesson_row(self.number)
        here = self.query_one(Workbench).exercise
        unsolved = [item.id for item in row.exercises if not item.passed]
        if unsolved and here not in unsolved:
            self.open_lesson(self.number, unsolved[0])
            return
        if not unsolved and self._go_to_question():
            return
        numbers = list(self.session.catalog.slugs)
        after = numbers.index(self.number) + 1
        if after == len(numbers):
            self.say("This is the last lesson. /checklist shows what is done.")
        else:
            self.show_pane("lesson")
            self.open_lesson(numbers[after])

    def _go_to_question(self) -> bool:
        """Go to the first question that is still open; False when none is."""
        questions = self.open_questions(self.number)
        lesson = self.query_one(LessonView)
        if not questions or not any(block.quiz.id in questions for block in lesson.query(QuizBlock)):
            return False
        self.show_pane("lesson")
        self.call_after_refresh(lesson.go_to_quiz, questions)
        self.say("This question is still open." if len(questions) == 1 else f"{len(questions)} questions are open.")
        return True

    def _level(self) -> int:
        levels = self.session.catalog.levels
        return next((level.number for level in levels if self.number in level.lessons), levels[0].number)

    def _show_hint(self, hint: HintShown) -> None:
        kind = HINT_STRENGTHS.get(hint.strength, "more")
        after = "This is the strongest hint." if hint.last else "/hint again shows a stronger one."
        self.app.push_screen(Page(f"Hint {hint.strength}: {kind}", markdown=f"{hint.markdown}\n\n*{after}*\n"))

    async def _reset(self, exercise: str) -> None:
        question = Content(f"Put the starter of {exercise} back? Your files are moved aside, not deleted.")
        # What was typed ahead must not choose it: the answer that changes nothing comes first.
        rows = (("stay", Content("Keep my files")), ("reset", Content("Put the starter back")))
        if await self.app.push_screen_wait(Pick("Reset", question, rows)) != "reset":
            return
        try:
            backup = self.session.reset(exercise)
        except (CourseError, GraderError) as error:
            self.tell(error)
            return
        bench = self.query_one(Workbench)
        if bench.exercise == exercise:
            bench.discard()
            for buffer in bench.buffers:
                buffer.editor.move_cursor((0, 0))
        self.say(f"The starter is back. Your files are in {backup}")

    def _examine(self) -> None:
        lines = self.session.examine(look(self.environ))
        self.post_message(self.Examined(lines))

    def on_desk_examined(self, event: Desk.Examined) -> None:
        """Show what the doctor found."""
        if self.run is None:
            self.show_idle_status()
        self.app.push_screen(Page("This machine", doctor_page(event.lines)))

    # -- messages of the panes

    def on_descendant_focus(self, event: DescendantFocus) -> None:
        """Say how the slash bar is reached from there, and a check stopped."""
        editors = [buffer.editor for buffer in self.query_one(Workbench).buffers]
        self.query_one(SlashBar).say_how(from_editor=event.widget in editors)
        self.show_run_status()

    def on_slash_bar_entered(self, event: SlashBar.Entered) -> None:
        """A command was entered."""
        self._focus_pane()
        self.run_slash(event.text)

    def on_slash_bar_left(self) -> None:
        """Back to where the learner was."""
        self._focus_pane()

    def on_outline_lesson_wanted(self, event: Outline.LessonWanted) -> None:
        """Open the lesson, to read it."""
        self.action_pane("lesson")
        self.open_lesson(event.number)

    def on_outline_exercise_wanted(self, event: Outline.ExerciseWanted) -> None:
        """Open the exercise, to work on it."""
        self.run_worker(self._open_then(event.lesson, event.exercise, then_check=False), group="opening")

    def on_results_line_wanted(self, event: Results.LineWanted) -> None:
        """Go to the line that a finding blames."""
        self.show_pane("editor")
        if not self.query_one(Workbench).go_to(event.file, event.line):
            self.say(f"{event.file} is not among the files of this exercise that you edit.", warning=True)

    def on_results_outcome_wanted(self, event: Results.OutcomeWanted) -> None:
        """Tell all about an outcome."""
        self.app.push_screen(Page(event.outcome.claim, outcome_page(event.outcome)))

    def on_workbench_changed(self) -> None:
        """Say what isn't saved."""
        if self.run is None:
            self.show_idle_status()

    def on_workbench_loaded(self, event: Workbench.Loaded) -> None:
        """A file changed outside and was taken over."""
        self.say(f"{event.name} changed on the disk and was loaded. Ctrl+Z brings the old text back.")

    def on_marked_bench_findings_failed(self, event: MarkedBench.FindingsFailed) -> None:
        """The text could not be looked at."""
        self.tell(event.error)

    def on_workbench_clash(self, event: Workbench.Clash) -> None:
        """A file changed outside while it has unsaved edits: ask."""
        question = plain(f"{event.name} was changed by another program, and it has unsaved edits here.")
        rows = (("mine", Content("Keep my edits")), ("theirs", Content("Take the file from the disk")))
        self.app.push_screen(Pick("Changed on the disk", question, rows), partial(self._settle, event))

    def _settle(self, event: Workbench.Clash, answer: str | None) -> None:
        bench = self.query_one(Workbench)
        if answer == "theirs":
            bench.take_over(event.name)
        else:
            bench.keep_mine(event.name, event.disk)

    def on_quiz_block_answered(self, event: QuizBlock.Answered) -> None:
        """Have the answer judged and recorded."""
        try:
            before = set(self._open_numbers())
            verdict = self.session.answer(self.number, event.quiz, event.choice)
            opened = [number for number in self._open_numbers() if number not in before]
        except (CourseError, GraderError) as error:
            self.tell(error)
            return
        event.block.show(verdict)
        self.refresh_outline()
        for number in opened:
            self.say(f"Unlocked: lesson {number}. /next opens it.")

    def _open_numbers(self) -> list[str]:
        return [row.number for level in self.levels() for row in level.lessons if row.state != "locked"]

    # -- links

    def on_markdown_link_clicked(self, event: Markdown.LinkClicked) -> None:
        """A link of the lesson was clicked."""
        event.stop()
        self._open_link(event.href)

    def _open_link(self, href: str | None) -> None:
        if not href:
            return
        slugs = {slug: number for number, slug in self.session.catalog.slugs.items()}
        parts = href.split("/")
        slug = parts[-2] if len(parts) > 1 and parts[-1].startswith("lesson.md") else ""
        if href.startswith("lesson:"):
            self.open_lesson(href.removeprefix("lesson:"))
        elif slug in slugs:
            self.open_lesson(slugs[slug])
        elif href.startswith("#"):
            self.query_one(LessonView).go_to_anchor(href.removeprefix("#"))
        elif href.startswith("/"):
            self.run_slash(href)
        elif href.startswith(("https://", "http://")):
            self.app.open_url(href)
            self.say(f"Opened in your browser, if there is one: {href}")
        else:
            self.say(f"Not opened: {href}", warning=True)
