"""Owns what the desk tells of the record: checklists and their export, the reveal, own builds; must never prove."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content

from course.errors import CourseError
from course.session import ChecklistLine
from course.tui.disk_file import write_file
from course.tui.pages import checklist_page
from course.tui.screens.desk_reading import DeskReading
from course.tui.screens.page import Page
from course.tui.screens.pick import Pick
from course.tui.widgets.builds_block import BuildsBlock
from graders.errors import GraderError

ENDINGS = {"html": "html", "markdown": "md", "json": "json"}
"""Format of an export -> the ending of its file."""


class ChecklistPage(Page):
    """A checklist, with a key that writes it to a file."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("e", "export", "Export")]

    def __init__(self, title: str, body: Content, *, export: Callable[[], None]) -> None:
        super().__init__(title, body)
        self._export = export

    def on_mount(self) -> None:
        """Name the key."""
        self.query_one(".dialog", Vertical).border_subtitle = Content("E exports it, Esc closes")

    def action_export(self) -> None:
        """Close, then ask how it shall be written."""
        self.dismiss(None)
        self._export()


class DeskRecords(DeskReading):
    """The desk with checklists, reveals and the charts of a lesson."""

    def show_checklist(self, number: int) -> None:
        """What a level asks for, each line proved."""
        lines = self.session.checklist(number)
        body = checklist_page(lines, _intro(number, lines))
        self.app.push_screen(
            ChecklistPage(f"Checklist of level {number}", body, export=partial(self._ask_for_format, number))
        )

    def show_reveal(self, exercise: str) -> None:
        """What each fault of a passed exercise cost."""
        from course.reveal_text import reveal_markdown

        reveal = self.session.reveal(exercise)
        title = f"Passed: {reveal.title}. What each fault cost"
        self.app.push_screen(Page(title, markdown=reveal_markdown(reveal)))

    def passed_first_time(self, exercise: str) -> None:
        """Tell at once what each fault cost, where the exercise explains them."""
        try:
            if self.session.reveal(exercise).faults:
                self.show_reveal(exercise)
        except (CourseError, GraderError) as error:
            self.tell(error)

    def check_recorded(self) -> None:
        """Draw the charts of the open lesson anew."""
        for block in self.query(BuildsBlock):
            self._fill(block)

    def on_builds_block_wanted(self, event: BuildsBlock.Wanted) -> None:
        """A chart of the lesson is there and empty."""
        event.stop()
        self._fill(event.block)

    def _fill(self, block: BuildsBlock) -> None:
        try:
            block.show(self.session.attempts(block.exercise))
        except (CourseError, GraderError) as error:
            self.tell(error)

    def _ask_for_format(self, number: int) -> None:
        rows = (
            ("html", Content("A page to look at (HTML)")),
            ("markdown", Content("Text with boxes (Markdown)")),
            ("json", Content("Data (JSON)")),
        )
        question = Content("How shall it be written? It goes into the folder of your exercises.")
        self.app.push_screen(Pick("Export", question, rows), partial(self._export, number))

    def _export(self, number: int, output_format: str | None) -> None:
        if not output_format:
            return
        from course.checklist_export import WRITERS

        path = self.session.paths.workspace / f"checklist-{number}.{ENDINGS[output_format]}"
        try:
            text = WRITERS[output_format](self.session.checklist_record(number))
            write_file(path, text)
        except (CourseError, GraderError) as error:
            self.tell(error)
        else:
            self.say(f"Written: {path}")


def _intro(number: int, lines: Sequence[ChecklistLine]) -> str:
    if not lines:
        return f"Level {number} asks for nothing."
    left = sum(not line.done for line in lines)
    return f"{len(lines) - left} of {len(lines)} done. Each line is proved by the program." if left else "All done."
