"""Owns finding one's way in a lesson, having a finding explained, and the colours; must never change a file."""

from __future__ import annotations

from textual.content import Content

from course.slash import THEMES
from course.tui.guard import plain
from course.tui.look import TOOLKIT_THEMES
from course.tui.pages import explain_page
from course.tui.screens.ask import Ask
from course.tui.screens.desk_checks import DeskChecks
from course.tui.screens.page import Page
from course.tui.screens.pick import Pick
from course.tui.widgets.lesson_view import LessonView
from course.tui.widgets.workbench import Workbench


class DeskReading(DeskChecks):
    """The desk with a lesson's contents and search."""

    _sought = ""
    """What was last searched for in a lesson."""
    _found = -1
    """Which of the places of the search is shown, from 0; -1 before the first."""

    def action_contents(self) -> None:
        """Choose one of the lesson's headings."""
        headings = self.query_one(LessonView).headings
        if not headings:
            self.say("This lesson has no headings.")
            return
        rows = [
            (str(number), Content("  " * max(heading.LEVEL - 2, 0)) + heading._content)
            for number, heading in enumerate(headings)
        ]
        self.app.push_screen(Pick("Contents", Content("Where to?"), rows), self._go_to_heading)

    def _go_to_heading(self, number: str | None) -> None:
        headings = self.query_one(LessonView).headings
        if number and int(number) < len(headings):
            self._turn_to_lesson()
            self.query_one(LessonView).go_to_block(headings[int(number)])

    def action_search(self) -> None:
        """Ask what to look for in the lesson."""
        self.app.push_screen(Ask("Search in this lesson", value=""), self._search)

    def _search(self, words: str | None) -> None:
        if words:
            self._sought, self._found = words, -1
            self.action_search_on()

    def action_search_on(self) -> None:
        """Go to the next place of the search; after the last comes the first."""
        if not self._sought:
            self.say("Nothing was searched for yet. S searches.")
            return
        lesson = self.query_one(LessonView)
        places = lesson.find(self._sought)
        if not places:
            self.say(f'"{self._sought}" is not in this lesson.', warning=True)
            return
        self._found = (self._found + 1) % len(places)
        self._turn_to_lesson()
        lesson.mark(places[self._found])
        lesson.go_to_block(places[self._found])
        more = ", N goes on" if len(places) > 1 else ""
        self.say(f'"{self._sought}": {self._found + 1} of {len(places)}{more}')

    def action_copy_code(self) -> None:
        """Copy a piece of the lesson's code; ask which when there are several."""
        codes = self.query_one(LessonView).codes()
        if len(codes) > 1:
            rows = [(str(number), _code_row(fence.code)) for number, fence in enumerate(codes)]
            pick = Pick("Copy", Content("Which code? What is in sight comes first."), rows)
            self.app.push_screen(pick, lambda chosen: self._copy(codes[int(chosen)].code) if chosen else None)
        elif codes:
            self._copy(codes[0].code)
        else:
            self.say("This lesson has no code.")

    def _copy(self, code: str) -> None:
        text = code.rstrip("\n")
        self.app.copy_to_clipboard(text)
        lines = text.count("\n") + 1
        self.say(f"Copied {lines} lines." if lines > 1 else f"Copied: {text}")

    def _turn_to_lesson(self) -> None:
        self.show_pane("lesson")
        self.set_focus(self.query_one(LessonView))

    def action_explain(self) -> None:
        """Tell all about the finding under the cursor of the editor."""
        bench = self.query_one(Workbench)
        found = bench.current.editor.findings_at_cursor if bench.current is not None else ()
        if not found:
            self.say("This line has no finding. F8 goes to the next one.")
            return
        uses = {use.check.id: use for use in self.session.catalog.exercise(bench.exercise).checks}
        use = uses[found[0].check_id]
        findings = [item.finding for item in found if item.check_id == use.check.id]
        body = explain_page(findings, claim=use.check.claim, why=use.check.why, hint=use.hint or use.check.hint)
        self.app.push_screen(Page("Explained", body))

    def choose_theme(self, name: str | None) -> None:
        """Change the colours and remember it; without a name, ask which."""
        if name:
            self.app.theme = TOOLKIT_THEMES[name]
            self.memory.choose_theme(name)
        elif name is None:
            rows = [(theme, plain(theme.capitalize())) for theme in THEMES]
            self.app.push_screen(
                Pick("Theme", Content("Which colours?"), rows), lambda chosen: self.choose_theme(chosen or "")
            )


def _code_row(code: str) -> Content:
    """The first line of a piece of code, and how many follow."""
    lines = code.strip("\n").split("\n")
    more = f"   and {len(lines) - 1} more" if len(lines) > 1 else ""
    return Content.assemble(plain(lines[0]), (more, "$foreground 65%"))
