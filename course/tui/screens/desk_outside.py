"""Owns what lies beside the desk: the learner's own editor and shell, and files to look at; must never change one."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from textual.app import SuspendNotSupported
from textual.content import Content

from course.errors import CourseError
from course.outside import editor, shell, start
from course.tui.disk_file import read_file
from course.tui.guard import plain
from course.tui.screens.desk_safety import DeskSafety
from course.tui.screens.page import Page
from course.tui.screens.pick import Pick
from course.tui.widgets.lesson_blocks import Fence
from course.tui.widgets.workbench import Workbench
from graders.safe_text import clean

MOST_FILES = 200
LANGUAGES = {".py": "python", ".toml": "toml", ".yaml": "yaml", ".yml": "yaml", ".json": "json", ".sh": "bash"}
"""Ending of a file -> the language of its colours."""


class DeskOutside(DeskSafety):
    """The desk with ways to what is beside it."""

    def action_external(self) -> None:
        """Save, then open the file in the learner's own editor."""
        bench = self.query_one(Workbench)
        if bench.current is None:
            self.say("No file is open.", warning=True)
            return
        try:
            bench.save()
            self._go_outside(editor(self.environ, bench.current.path))
        except CourseError as error:
            self.tell(error)

    def open_shell(self) -> None:
        """Save, then a shell where the exercise's files are, or in the workspace."""
        bench = self.query_one(Workbench)
        bench.save()
        folder = self.session.workspace.folder(bench.exercise) if bench.exercise else self.session.paths.workspace
        folder.mkdir(parents=True, exist_ok=True)
        self._go_outside(shell(self.environ, folder), f"A shell in {folder}. exit comes back to the desk.")

    def _go_outside(self, argv: list[str], words: str = "") -> None:
        """Give the terminal to a program until it ends."""
        try:
            with self.app.suspend():
                if words:
                    print(clean(words))  # noqa: T201  the terminal is not ours now
                start(argv, self.environ)
        except SuspendNotSupported:
            self.say("There is no terminal here for another editor or a shell.", warning=True)
        self.refresh(layout=True)
        self.query_one(Workbench).look_at_disk()

    def show_files(self, exercise: str) -> None:
        """Choose one of the files that the exercise brings and the learner doesn't edit, to read it."""
        folder = self.session.start_exercise(exercise)
        own = set(self.session.exercise_files(exercise))
        found = (path for path in sorted(folder.rglob("*")) if path.is_file() and not path.is_symlink())
        others = [path for path in found if path not in own and not _is_hidden(path.relative_to(folder))][:MOST_FILES]
        if not others:
            self.say("This exercise has no other files.")
            return
        others.sort(key=lambda path: not path.name.lower().startswith("readme"))
        names = [path.relative_to(folder).as_posix() for path in others]
        rows = [(str(number), plain(name)) for number, name in enumerate(names)]
        pick = Pick("Files", Content("Which one? They are to read; yours to edit are in the editor."), rows)
        self.app.push_screen(pick, partial(self._show_file, folder, names))

    def _show_file(self, folder: Path, names: list[str], chosen: str | None) -> None:
        if not chosen:
            return
        name = names[int(chosen)]
        disk = read_file(folder / name)
        if disk.problem:
            self.say(f"{name}: {disk.problem}", warning=True)
            return
        language = LANGUAGES.get(Path(name).suffix, "text")
        if name.lower().endswith(".md"):
            self.app.push_screen(Page(clean(name), markdown=disk.text))
        else:
            body = Fence.highlight(disk.text, language, dark=self.app.current_theme.dark)
            self.app.push_screen(Page(clean(name), body))


def _is_hidden(path_in_folder: Path) -> bool:
    """Whether a path is of the tools rather than of the exercise."""
    return any(part.startswith(".") or part == "__pycache__" for part in path_in_folder.parts)
