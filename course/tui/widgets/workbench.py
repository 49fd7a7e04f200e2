"""Owns the files of the open exercise: opening, saving, changes from outside; must never lose text.

What is unsaved is only replaced when the learner said so.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.content import Content
from textual.message import Message
from textual.widgets import Static

from course.errors import WorkspaceError
from course.session import Session
from course.tui.disk_file import DiskFile, read_file, write_file
from course.tui.guard import plain
from course.tui.widgets.marked_bench import DOCKERFILE, Buffer, MarkedBench

if TYPE_CHECKING:
    from textual.widgets import Tabs, TextArea


class Workbench(MarkedBench):
    """File tabs, the editor, and the line that tells the finding under the cursor; empty until it is filled."""

    class Changed(Message):
        """The set of unsaved files changed."""

    class Edited(Message):
        """The text of a file changed in its editor."""

    class Clash(Message):
        """A file changed on the disk while it has unsaved edits here."""

        def __init__(self, name: str, disk: DiskFile) -> None:
            super().__init__()
            self.name = name
            self.disk = disk

    class Loaded(Message):
        """A file that changed on the disk was taken over."""

        def __init__(self, name: str) -> None:
            super().__init__()
            self.name = name

    def __init__(self, session: Session, *, id: str) -> None:  # noqa: A002 - the toolkit's name
        super().__init__(session, id=id)
        self._serial = 0
        self._is_filled = False

    async def fill(self) -> None:
        """Make the tabs and the place of the editors: not at the start, where a lesson is awaited."""
        if not self._is_filled:
            self._is_filled = True
            await self.recompose()

    def compose(self) -> ComposeResult:
        """Tabs, editors, and the finding line."""
        if not self._is_filled:
            return
        from textual.widgets import ContentSwitcher, Tabs

        yield Tabs(id="files")
        yield ContentSwitcher(id="editors")
        yield Static(id="finding")

    # -- opening

    async def open(self, exercise: str) -> None:
        """Open an exercise's files. Raises CourseError or GraderError and then changes nothing."""
        from textual.widgets import Tab

        from course.tui.widgets.editor import Editor

        folder = self._session.start_exercise(exercise)
        paths = self._session.exercise_files(exercise)
        hints = {use.check.id: use.hint or use.check.hint for use in self._session.catalog.exercise(exercise).checks}
        await self.close()
        self._hints = hints
        self.exercise = exercise
        switcher, tabs = self._switcher, self._tabs
        for path in paths:
            self._serial += 1
            name = path.relative_to(folder).as_posix() if path.is_relative_to(folder) else path.name
            editor = Editor(dockerfile=name == DOCKERFILE, id=f"editor-{self._serial}")
            buffer = Buffer(path, name, editor, DiskFile("", b"", exists=False))
            editor.display = False
            await switcher.mount(editor)
            self._load(buffer, read_file(path), first=True)
            self.buffers.append(buffer)
            await tabs.add_tab(Tab(self._tab_label(buffer), id=f"file-{self._serial}"))
        if self.buffers:
            tabs.active = f"file-{self.buffers[0].editor.id}".replace("editor-", "")
            switcher.current = self.buffers[0].editor.id
        self.look_for_findings()
        self.tell_finding()

    async def close(self) -> None:
        """Close all files; unsaved edits are dropped, so ask before."""
        self.look_no_more()
        self.exercise = ""
        self.buffers = []
        self._overruled = ("", frozenset())
        await self._tabs.clear()
        await self._switcher.remove_children()

    @property
    def texts(self) -> dict[str, str]:
        """Name -> text of every file that is there, as the editors hold it."""
        return {buffer.name: buffer.editor.text for buffer in self.buffers if buffer.disk.exists or buffer.dirty}

    @property
    def unsaved(self) -> tuple[str, ...]:
        """Names of the files with unsaved edits."""
        return tuple(buffer.name for buffer in self.buffers if buffer.dirty)

    def show_file(self, name: str) -> bool:
        """Bring a file to the front; False when it is none of the exercise's."""
        for buffer in self.buffers:
            if buffer.name == name:
                self._tabs.active = _tab_id(buffer)
                self._switcher.current = buffer.editor.id
                self.tell_finding()
                return True
        return False

    def next_file(self) -> None:
        """Bring the next file to the front."""
        current = self.current
        if current is not None:
            index = (self.buffers.index(current) + 1) % len(self.buffers)
            self.show_file(self.buffers[index].name)

    def go_to(self, name: str, line: int) -> bool:
        """Put the cursor on a line of a file; False when the file is none of the exercise's."""
        if not self.show_file(name):
            return False
        current = self.current
        if current is not None:
            current.editor.go_to_line(line)
            current.editor.focus()
        return True

    def next_finding(self) -> bool:
        """Go to the next finding; False when no file has one."""
        current = self.current
        if current is None:
            return False
        start = self.buffers.index(current)
        here = current.editor.cursor_location[0] + 1 if current.editor.has_focus else 0
        later = [line for line in current.editor.marked_lines if line > here]
        if later:
            return self.go_to(current.name, later[0])
        for turn in range(1, len(self.buffers) + 1):
            buffer = self.buffers[(start + turn) % len(self.buffers)]
            if buffer.editor.marked_lines:
                return self.go_to(buffer.name, buffer.editor.marked_lines[0])
        return False

    # -- saving

    def save(self) -> tuple[str, ...]:
        """Write every unsaved file; their names. Raises WorkspaceError when the disk refuses one."""
        saved: list[str] = []
        try:
            for buffer in self.buffers:
                if buffer.dirty:
                    self._refuse_to_overwrite(buffer)
                    text = buffer.editor.text
                    buffer.disk = DiskFile(text, write_file(buffer.path, text), exists=True)
                    buffer.asked = None
                    saved.append(buffer.name)
        finally:
            self._relabel()
            if saved:
                self.look_for_findings()
        return tuple(saved)

    def _refuse_to_overwrite(self, buffer: Buffer) -> None:
        """Stop a save that would write over a version from outside which nobody was asked about."""
        disk = read_file(buffer.path)
        if _same(disk, buffer.disk) or disk.text == buffer.editor.text:
            return
        buffer.asked = disk.digest
        self.post_message(self.Clash(buffer.name, disk))
        raise WorkspaceError(f"{buffer.name} was not saved: it changed on the disk", hint="Choose which one to keep.")

    def discard(self) -> None:
        """Go back to what is on the disk, in every file."""
        for buffer in self.buffers:
            self._load(buffer, read_file(buffer.path))

    # -- changes from outside

    def look_at_disk(self) -> None:
        """Take over what changed on the disk; where there are unsaved edits, tell instead."""
        for buffer in self.buffers:
            disk = read_file(buffer.path)
            if _same(disk, buffer.disk):
                continue
            if not disk.problem and disk.text == buffer.editor.text:
                buffer.disk = disk
                self._relabel()
            elif not buffer.dirty:
                self._load(buffer, disk)
                self.post_message(self.Loaded(buffer.name))
            elif buffer.asked != disk.digest:
                buffer.asked = disk.digest
                self.post_message(self.Clash(buffer.name, disk))

    def take_over(self, name: str) -> None:
        """Replace unsaved edits by the file on the disk (one undo brings them back)."""
        for buffer in self.buffers:
            if buffer.name == name:
                self._load(buffer, read_file(buffer.path))

    def put_back(self, name: str, text: str) -> None:
        """Take over an unsaved text; it is not saved, and one undo brings back what was there."""
        for buffer in self.buffers:
            if buffer.name == name and not buffer.disk.problem:
                buffer.editor.replace_text(text)

    def keep_mine(self, name: str, disk: DiskFile) -> None:
        """Keep the unsaved edits; a save will write over the version from outside."""
        for buffer in self.buffers:
            if buffer.name == name:
                buffer.disk = disk if not disk.problem else buffer.disk
        self._relabel()

    def _load(self, buffer: Buffer, disk: DiskFile, *, first: bool = False) -> None:
        editor = buffer.editor
        if first:
            editor.load_text(disk.text)
        elif editor.text != disk.text:
            editor.replace_text(disk.text)
        if not disk.problem and editor.text != disk.text:
            # TextArea ends lines at characters that are no line end elsewhere; saving would change the file.
            disk = DiskFile("", disk.digest, exists=True, problem=f"{buffer.name} has unusual line ends")
        if disk.problem:
            editor.load_text("")
        buffer.disk = disk
        buffer.asked = None
        editor.read_only = bool(disk.problem)
        editor.placeholder = (
            Content(f"{plain(disk.problem)}.\nCtrl+O opens it in your own editor.") if disk.problem else ""
        )
        self._relabel()
        if not first:
            self.look_for_findings()

    def on_text_area_changed(self, event: TextArea.Changed) -> None:
        """Follow the typing: the mark of an unsaved file at once, findings when it pauses."""
        event.stop()
        self._relabel()
        self.look_soon()
        self.post_message(self.Edited())

    def on_tabs_tab_activated(self, event: Tabs.TabActivated) -> None:
        """Show the file whose tab was chosen."""
        event.stop()
        for buffer in self.buffers:
            if _tab_id(buffer) == event.tab.id:
                self._switcher.current = buffer.editor.id
        self.tell_finding()

    @property
    def _tabs(self) -> Tabs:
        from textual.widgets import Tabs

        return self.query_one("#files", Tabs)

    def _relabel(self) -> None:
        from textual.widgets import Tab

        for buffer in self.buffers:
            for tab in self.query(f"#{_tab_id(buffer)}").results(Tab):
                label = self._tab_label(buffer)
                if tab.label != label:
                    tab.label = label
        self.post_message(self.Changed())

    def _tab_label(self, buffer: Buffer) -> Content:
        note = " *" if buffer.dirty else "" if buffer.disk.exists else " (new)"
        return plain(buffer.name) + Content(note)


def _tab_id(buffer: Buffer) -> str:
    return f"file-{(buffer.editor.id or '').removeprefix('editor-')}"


def _same(one: DiskFile, other: DiskFile) -> bool:
    """Whether the disk holds the same bytes."""
    return (one.digest, one.exists) == (other.digest, other.exists)
