"""Owns which findings are marked in the open files, and the line that tells them; must never open or save one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.timer import Timer
from textual.widgets import Static

from course.errors import CourseError
from course.session import Session
from course.tui.disk_file import DiskFile
from course.tui.guard import plain
from graders.errors import GraderError
from graders.finding import Finding
from graders.outcome import Level, Status
from graders.report import Report

if TYPE_CHECKING:
    from textual.widgets import ContentSwitcher

    from course.tui.widgets.editor import Editor, LineFinding

TYPING_PAUSE_S = 0.15
"""Quiet time after a key before the findings are looked for again."""

DOCKERFILE = "Dockerfile"


@dataclass(slots=True)
class Buffer:
    """One editable file and its editor."""

    path: Path
    name: str
    """Path in the exercise's folder."""
    editor: Editor
    disk: DiskFile
    """The file as it was last read or written."""
    asked: bytes | None = None
    """Hash of a version from outside that the learner was asked about; None: of none."""

    @property
    def dirty(self) -> bool:
        """Whether the editor holds something that is not on the disk."""
        return not self.disk.problem and self.editor.text != self.disk.text


class MarkedBench(Vertical):
    """The open files with their findings; `Workbench` opens and saves them."""

    class FindingsReady(Message):
        """The findings of a text that was being typed."""

        def __init__(self, exercise: str, text: str, findings: tuple[tuple[str, Finding], ...]) -> None:
            super().__init__()
            self.exercise = exercise
            self.text = text
            self.findings = findings

    class FindingsFailed(Message):
        """The findings could not be looked for."""

        def __init__(self, error: CourseError | GraderError) -> None:
            super().__init__()
            self.error = error

    def __init__(self, session: Session, *, id: str) -> None:  # noqa: A002 - the toolkit's name
        super().__init__(id=id)
        self._session = session
        self.exercise = ""
        """Id of the open exercise; empty when none is."""
        self.buffers: list[Buffer] = []
        self._hints: Mapping[str, str] = {}
        self._overruled: tuple[str, frozenset[str]] = ("", frozenset())
        self._typing: Timer | None = None
        self._told = Content("")

    @property
    def current(self) -> Buffer | None:
        """The file on screen."""
        shown = self._switcher.current if self.buffers else None
        return next((buffer for buffer in self.buffers if buffer.editor.id == shown), None)

    @property
    def _switcher(self) -> ContentSwitcher:
        from textual.widgets import ContentSwitcher

        return self.query_one("#editors", ContentSwitcher)

    def show_report(self, report: Report) -> None:
        """Mark what a check found beyond the text, and drop what it overruled."""
        from course.tui.widgets.editor import LineFinding

        observed = [
            LineFinding(outcome.id, finding)
            for outcome in report.outcomes
            if outcome.status is Status.FAILED and outcome.level is not Level.DOCKERFILE
            for finding in outcome.findings
        ]
        passed = frozenset(outcome.id for outcome in report.outcomes if outcome.status is Status.PASSED)
        self._overruled = (self._dockerfile_text(), passed)
        self._mark("observed", observed)
        self.look_for_findings()

    def forget_report(self) -> None:
        """Take the marks of the last check away."""
        self._overruled = ("", frozenset())
        self._mark("observed", ())

    def look_soon(self) -> None:
        """Look for findings once the typing pauses."""
        self.look_no_more()
        self._typing = self.set_timer(TYPING_PAUSE_S, self.look_for_findings)

    def look_no_more(self) -> None:
        """Forget a look that was to come."""
        if self._typing is not None:
            self._typing.stop()

    def on_editor_moved(self, event: Editor.Moved) -> None:
        """Tell the finding of the line that the cursor went to."""
        event.stop()
        self.tell_finding()

    def on_marked_bench_findings_ready(self, event: MarkedBench.FindingsReady) -> None:
        """Mark the findings, unless the text has changed again."""
        from course.tui.widgets.editor import LineFinding

        event.stop()
        if event.exercise == self.exercise and event.text == self._dockerfile_text():
            text, passed = self._overruled
            hidden = passed if text == event.text else frozenset()
            self._mark("typed", [LineFinding(check, found) for check, found in event.findings if check not in hidden])

    def look_for_findings(self) -> None:
        """Ask the session in a thread; the answer comes as a message."""
        if self.exercise and self.buffers and self.buffers[0].name == DOCKERFILE and not self.buffers[0].disk.problem:
            self.run_worker(
                partial(self._find, self.exercise, self._dockerfile_text()),
                group="findings",
                exclusive=True,
                thread=True,
            )

    def _find(self, exercise: str, text: str) -> None:
        try:
            findings = self._session.static_findings(exercise, text)
        except (CourseError, GraderError) as error:
            self.post_message(self.FindingsFailed(error))
        else:
            self.post_message(self.FindingsReady(exercise, text, findings))

    def _dockerfile_text(self) -> str:
        return next((buffer.editor.text for buffer in self.buffers if buffer.name == DOCKERFILE), "")

    def _mark(self, layer: str, findings: Iterable[LineFinding]) -> None:
        marked = tuple(findings)
        for buffer in self.buffers:
            buffer.editor.set_findings(layer, [item for item in marked if item.finding.file == buffer.name])
        self.tell_finding()

    def tell_finding(self) -> None:
        """The finding under the cursor with its hint, else how many there are."""
        current = self.current
        told = Content("") if current is None else self._about(current)
        if not told.is_same(self._told):  # an update lays out the whole screen
            self._told = told
            self.query_one("#finding", Static).update(told)

    def _about(self, current: Buffer) -> Content:
        here = current.editor.findings_at_cursor
        if here:
            first = here[0]
            more = f"  (+{len(here) - 1} more here)" if len(here) > 1 else ""
            hint = first.finding.hint or self._hints.get(first.check_id, "")
            message = Content.assemble(
                ("✘ ", "bold $text-error"), plain(first.finding.message), (more, "$foreground 65%")
            )
            return Content("\n").join([message, plain(hint).stylize("$foreground 65%")]) if hint else message
        count = sum(len(buffer.editor.marked_lines) for buffer in self.buffers)
        if count:
            what = "1 line has a finding" if count == 1 else f"{count} lines have findings"
            return Content.styled(f"{what}. F8 goes to the next.", "$foreground 65%")
        return Content("")
