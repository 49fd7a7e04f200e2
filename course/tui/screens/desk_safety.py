"""Owns that no work is lost: copies of unsaved edits, and word of other desks; must never write to the workspace."""

from __future__ import annotations

import asyncio
import difflib
import signal
from contextlib import suppress
from datetime import UTC, datetime

from textual.content import Content
from textual.timer import Timer

from course.errors import CourseError
from course.tui.disk_file import read_file
from course.tui.guard import plain, visible
from course.tui.open_desks import OpenDesk, OpenDesks, folder_of
from course.tui.recovery import KeptEdit, KeptEdits, Recovery
from course.tui.screens.desk_records import DeskRecords
from course.tui.screens.page import Page
from course.tui.screens.pick import Pick
from course.tui.widgets.workbench import Workbench

KEEP_PAUSE_S = 0.5
"""Quiet time after a key before unsaved edits are kept."""

KEEP_AT_LEAST_S = 2.0
"""How long typing without a pause may go unkept."""

LOOK_FOR_OTHERS_S = 3.0
"""How often other desks on the workspace are looked for."""

ENDS = (signal.SIGHUP, signal.SIGTERM)
"""How a window that is closed, and a system that shuts down, end a program."""


class DeskSafety(DeskRecords):
    """The desk with copies of unsaved edits."""

    _desks: OpenDesks
    _recovery: Recovery
    _others: tuple[OpenDesk, ...] = ()
    _keeping: Timer | None = None
    _keep_by: float | None = None
    """Until when, by the desk's clock, the edits must be kept; None when nothing waits."""
    _unkept = ""
    """Why edits could not be kept, as it was said last; empty when they could."""

    async def on_mount(self) -> None:
        """Tell other desks of this one, and the learner of them; the toolkit calls the frame's own as well."""
        paths = self.session.paths
        self._desks = OpenDesks(folder_of(paths.state, paths.workspace))
        self._recovery = Recovery(self._desks.folder, self._desks.token)
        self._desks.enter(_now())
        self._look_for_others()
        self.set_interval(LOOK_FOR_OTHERS_S, self._look_for_others)
        for number in ENDS:
            with suppress(ValueError, RuntimeError):  # not in a thread, where there are no signals
                asyncio.get_running_loop().add_signal_handler(number, self._end)

    def on_unmount(self) -> None:
        """This desk is closed."""
        for number in ENDS:
            with suppress(ValueError, RuntimeError):
                asyncio.get_running_loop().remove_signal_handler(number)
        self._desks.leave()

    def _end(self) -> None:
        """The window was closed: nobody can be asked, so keep the edits for the next visit."""
        self.keep_edits()
        if self.run is not None:
            self.run.cancel.set()
        self.keep_place()
        self.app.exit()

    # -- other desks

    @property
    def other_desks(self) -> tuple[OpenDesk, ...]:
        """The other desks that are open on this workspace."""
        return self._others

    def _look_for_others(self) -> None:
        known = {desk.token for desk in self._others}
        self._others = self._desks.others()
        new = [desk for desk in self._others if desk.token not in known]
        if new:
            which = ", ".join(f"process {desk.pid}, since {desk.since}" for desk in new)
            self.notify(
                f"Open elsewhere: {which}. Progress is shared. What is saved there appears here; where both have"
                " edits you are asked.",
                title="Another desk is open on this workspace",
                severity="warning",
                timeout=12,
                markup=False,
            )
        if {desk.token for desk in self._others} != known:
            self._show_top()
            if not new:
                self.say("The other desk was closed.")
            self.refresh_outline()

    def _title(self, room: int) -> Content:
        if not self._others:
            return super()._title(room)
        others = Content.styled("another desk is open", "$text-warning") + "  ·  "
        return others + super()._title(room - others.cell_length)

    # -- keeping

    def on_workbench_changed(self) -> None:
        """Keep what isn't saved once the typing pauses, and forget the copy once all is."""
        if not self.query_one(Workbench).unsaved:
            self.keep_edits()
            return
        now = self.clock()
        if self._keep_by is None:
            self._keep_by = now + KEEP_AT_LEAST_S
        elif now >= self._keep_by:
            self.keep_edits()
            return
        if self._keeping is not None:
            self._keeping.stop()
        self._keeping = self.set_timer(KEEP_PAUSE_S, self.keep_edits)

    def keep_edits(self) -> None:
        """Keep what isn't saved now; a disk that refuses is said once."""
        if self._keeping is not None:
            self._keeping.stop()
        self._keeping = self._keep_by = None
        bench = self.query_one(Workbench)
        if not bench.exercise:
            return
        edits = [
            KeptEdit(buffer.name, buffer.editor.text, buffer.disk.digest.hex())
            for buffer in bench.buffers
            if buffer.dirty
        ]
        if not edits:
            self._recovery.drop(bench.exercise)
            return
        try:
            self._recovery.keep(bench.exercise, edits, _now())
        except CourseError as error:
            if error.message != self._unkept:
                self.tell(error)
            self._unkept = error.message
        else:
            self._unkept = ""

    async def may_drop_edits(self) -> bool:
        """Ask what becomes of unsaved edits; what was saved or thrown away needs no copy."""
        may = await super().may_drop_edits()
        if may:
            self.keep_edits()
        return may

    # -- giving back

    def exercise_opened(self, exercise: str) -> None:
        """Offer what a desk that died had not saved."""
        super().exercise_opened(exercise)
        if exercise:
            self.run_worker(self._offer(exercise), group="recovery", exclusive=True)

    async def _offer(self, exercise: str) -> None:
        living = {desk.token for desk in self._desks.others()}
        for kept in self._recovery.left_behind(exercise, living):
            edits = [edit for edit in kept.edits if self._is_news(edit)]
            if not edits:
                self._recovery.forget(kept)
                continue
            answer = await self._ask(kept, edits)
            if answer == "restore" and self.query_one(Workbench).exercise == exercise:
                bench = self.query_one(Workbench)
                for edit in edits:
                    bench.put_back(edit.name, edit.text)
                self.keep_edits()
                if self._unkept:
                    return
                self._recovery.forget(kept)
                bench.show_file(edits[0].name)
                self.show_pane("editor")
                self.say("Your edits are back in the editor. They are not saved yet: Ctrl+S saves.")
                return
            if answer == "drop":
                self._recovery.forget(kept)

    def _is_news(self, edit: KeptEdit) -> bool:
        """Whether restoring would bring something that is neither on the disk nor in the editor."""
        for buffer in self.query_one(Workbench).buffers:
            if buffer.name == edit.name:
                return not buffer.disk.problem and edit.text != buffer.editor.text
        return False

    async def _ask(self, kept: KeptEdits, edits: list[KeptEdit]) -> str:
        rows = [
            ("restore", Content("Put them back into the editor")),
            ("compare", Content("Compare them with the files")),
            ("drop", Content("Throw them away")),
            ("later", Content("Ask again at the next visit")),
        ]
        lines = [plain(f"The desk ended on {kept.kept_at} with unsaved edits in {_names(edits)}.")]
        newer = [edit for edit in edits if self._changed_since(edit)]
        if newer:
            rows.insert(0, rows.pop(1))
            words = f"Since then {_names(newer)} changed on the disk: compare first."
            lines.append(plain(words).stylize("bold $text-warning"))
        while True:
            pick = Pick("Edits that were not saved", Content("\n").join(lines), rows)
            answer = await self.app.push_screen_wait(pick)
            if answer != "compare":
                return answer or "later"
            await self.app.push_screen_wait(Page("Edits that were not saved", self._difference(edits)))

    def _changed_since(self, edit: KeptEdit) -> bool:
        buffers = self.query_one(Workbench).buffers
        return any(item.name == edit.name and item.disk.digest.hex() != edit.based_on for item in buffers)

    def _difference(self, edits: list[KeptEdit]) -> Content:
        rows: list[Content] = []
        for buffer in self.query_one(Workbench).buffers:
            for edit in edits:
                if edit.name == buffer.name:
                    disk = read_file(buffer.path).text
                    rows += _rows(edit.name, disk.splitlines(), edit.text.splitlines())
        return Content("\n").join(rows)


def _rows(name: str, disk: list[str], kept: list[str]) -> list[Content]:
    rows = [Content.assemble((name, "bold"), ("   - on the disk   + not saved", "$foreground 65%"))]
    styles = {"+": "$text-success", "-": "$text-error", "@": "$foreground 65%"}
    for row in list(difflib.unified_diff(disk, kept, lineterm="", n=2))[2:]:
        rows.append(Content.styled(visible(row), styles.get(row[:1], "")))
    return [*rows, Content("")]


def _names(edits: list[KeptEdit]) -> str:
    return ", ".join(edit.name for edit in edits)


def _now() -> datetime:
    return datetime.now(UTC).astimezone()
