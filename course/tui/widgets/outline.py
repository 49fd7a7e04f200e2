"""Owns the outline of levels, lessons and exercises; must never open one by itself."""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content
from textual.message import Message
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from course.session import LessonState, LevelRow
from course.tui.guard import plain
from course.tui.marks import LESSON_MARKS


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
        self._targets: dict[str, LessonWantedKey] = {}

    def show(self, levels: Sequence[LevelRow], *, lesson: str, exercise: str) -> None:
        """Write the outline; the open lesson and exercise are marked."""
        self._targets = {}
        options: list[Option | None] = []
        here = 0
        for level in levels:
            if options:
                options.append(None)
            heading = Content.assemble((f"Level {level.number}  ", "bold"), plain(level.title).stylize("bold"))
            options.append(Option(heading, disabled=True))
            for row in level.lessons:
                mark, style = LESSON_MARKS[row.state]
                locked = row.state is LessonState.LOCKED
                is_open = row.number == lesson
                title = Content.assemble(f"{row.number} ", plain(row.title), (" (locked)" if locked else "", ""))
                title = title.stylize("$foreground 45%" if locked else "bold" if is_open else "")
                key = f"lesson-{len(options)}"
                if is_open:
                    here = len(options)
                options.append(Option(Content.assemble((f"{mark} ", style), title), id=key))
                self._targets[key] = (row.number, "")
                for item in row.exercises if not locked else ():
                    key = f"exercise-{len(options)}"
                    box = ("[x] ", "$text-success") if item.passed else ("[ ] ", "$foreground 65%")
                    name = plain(item.title).stylize("bold" if item.id == exercise else "")
                    options.append(Option(Content.assemble("  ", box, name), id=key))
                    self._targets[key] = (row.number, item.id)
        highlighted = self.highlighted if self.has_focus else None
        # OptionList draws a rule for None; one empty row is enough between levels.
        self.set_options([Option(Content(""), disabled=True) if option is None else option for option in options])
        self.highlighted = highlighted if highlighted is not None else here

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Tell what was chosen."""
        event.stop()
        target = self._targets.get(event.option_id or "")
        if target is None:
            return
        number, exercise = target
        self.post_message(self.ExerciseWanted(number, exercise) if exercise else self.LessonWanted(number))


LessonWantedKey = tuple[str, str]
"""A lesson's number and an exercise's id; the id is empty for the lesson itself."""
