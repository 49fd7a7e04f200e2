"""Owns the outline of levels, lessons and exercises; must never open one by itself."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from textual.content import Content
from textual.message import Message
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from course.session import LessonState, LevelRow
from course.tui.guard import plain
from course.tui.marks import LESSON_MARKS
from graders.safe_text import clean

WIDTH = 28
"""Cells, until the layout says how many there are."""


class Outline(OptionList):
    """Levels as headings, lessons below them, the exercises of an open lesson below it."""

    class LessonWanted(Message):
        """A lesson was chosen; it may be locked."""

        def __init__(self, number: str) -> None:
            super().__init__()
            self.number = number

    class ExerciseWanted(Message):
        """An exercise was chosen."""

        def __init__(self, lesson: str, exercise: str) -> None:
            super().__init__()
            self.lesson = lesson
            self.exercise = exercise

    def __init__(self, *, id: str) -> None:  # noqa: A002 - the toolkit's name
        super().__init__(id=id, compact=True)
        self._targets: dict[str, tuple[str, str]] = {}
        self._shown: tuple[Sequence[LevelRow], str, str] | None = None
        self._width = 0

    def show(self, levels: Sequence[LevelRow], *, lesson: str, exercise: str) -> None:
        """Write the outline; the open lesson and exercise are marked."""
        self._shown = (levels, lesson, exercise)
        self._targets = {}
        options: list[Option | None] = []
        here = 0
        for level in levels:
            if options:
                options.append(None)
            heading = Content(f"Level {level.number}\n") + plain(level.title)
            options.append(Option(heading, disabled=True))
            for row in level.lessons:
                mark, style = LESSON_MARKS[row.state]
                locked = row.state is LessonState.LOCKED
                is_open = row.number == lesson
                text = f"{row.title} (locked)" if locked else row.title
                title = Content(f"{row.number} ") + self._wrapped(text, len(row.number) + 3)
                title = title.stylize("$foreground 65%" if locked else "bold" if is_open else "")
                key = f"lesson-{len(options)}"
                if is_open:
                    here = len(options)
                options.append(Option(Content.assemble((f"{mark} ", style), title), id=key))
                self._targets[key] = (row.number, "")
                for item in row.exercises if not locked else ():
                    key = f"exercise-{len(options)}"
                    box = ("[x] ", "$text-success") if item.passed else ("[ ] ", "$foreground 65%")
                    name = self._wrapped(item.title, 6).stylize("bold" if item.id == exercise else "")
                    options.append(Option(Content.assemble("  ", box, name), id=key))
                    self._targets[key] = (row.number, item.id)
        highlighted = self.highlighted if self.has_focus else None
        # OptionList draws a rule for None; one empty row is enough between levels.
        self.set_options([Option(Content(""), disabled=True) if option is None else option for option in options])
        self.highlighted = highlighted if highlighted is not None else here

    def _wrapped(self, text: str, indent: int) -> Content:
        """A title that goes on below its own beginning."""
        width = max((self.size.width or WIDTH) - 1 - indent, 8)
        return Content(f"\n{' ' * indent}".join(textwrap.wrap(clean(text), width)))

    def on_resize(self) -> None:
        """Wrap anew for the new width."""
        if self._shown is not None and self.size.width != self._width:
            self._width = self.size.width
            levels, lesson, exercise = self._shown
            self.show(levels, lesson=lesson, exercise=exercise)

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Tell what was chosen."""
        event.stop()
        target = self._targets.get(event.option_id or "")
        if target is None:
            return
        number, exercise = target
        self.post_message(self.ExerciseWanted(number, exercise) if exercise else self.LessonWanted(number))
