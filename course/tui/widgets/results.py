"""Owns the results below the editor: outcomes, the build's steps and log, the layers; must never grade."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from course.tui.widgets.layer_chart import LayerChart
from course.tui.widgets.outcome_rows import Target, outcome_rows
from course.tui.widgets.step_list import StepList
from graders.event import (
    BuildFinished,
    BuildLog,
    BuildStarted,
    BuildStepChanged,
    CheckFinished,
    GradeEvent,
    GradeStarted,
    Notice,
    PlannedCheck,
)
from graders.formats.in_claims import in_claims, report_in_claims
from graders.outcome import Outcome
from graders.report import Report
from graders.safe_text import clean

if TYPE_CHECKING:
    from textual.widgets import TabbedContent

    from course.tui.widgets.log_view import LogView

BATCH_LINES = 200
"""Lines of the log that are painted at a time; of a flood the newest, with a word on how many were left out."""

LOG_LINES = 5000
"""Lines of the build log that stay on screen."""

TALL = "7fr"
"""The height during a check, beside the editor's 5fr; otherwise the style sheet's."""

TABS = ("tab-checks", "tab-log", "tab-layers")


class Results(Vertical):
    """Tabs Checks, Build log and Layers; empty until it is filled."""

    class LineWanted(Message):
        """The learner asked for a line of a file."""

        def __init__(self, file: str, line: int) -> None:
            super().__init__()
            self.file = file
            self.line = line

    class OutcomeWanted(Message):
        """The learner asked for all there is to say about an outcome."""

        def __init__(self, outcome: Outcome) -> None:
            super().__init__()
            self.outcome = outcome

    def __init__(self, clock: Callable[[], float], *, id: str) -> None:  # noqa: A002 - the toolkit's name
        super().__init__(id=id)
        self._clock = clock
        self._planned: tuple[PlannedCheck, ...] = ()
        self._outcomes: dict[str, Outcome] = {}
        self._notices: list[str] = []
        self._width = 0
        self._targets: list[Target] = []
        self._is_filled = False

    async def fill(self) -> None:
        """Make the tabs: not at the start, where a lesson is awaited and nothing was checked yet."""
        if not self._is_filled:
            self._is_filled = True
            await self.recompose()
            self.query_one(StepList).display = False

    def compose(self) -> ComposeResult:
        """The three tabs."""
        if not self._is_filled:
            return
        from textual.widgets import TabbedContent, TabPane

        from course.tui.widgets.log_view import LogView

        with TabbedContent(id="results-tabs", initial=TABS[0]):
            with TabPane("Checks", id=TABS[0]):
                yield Static(Content(""), id="verdict")
                yield OptionList(id="outcomes", compact=True)
            with TabPane("Build log", id=TABS[1]):
                yield StepList(self._clock, id="build-steps")
                yield LogView(id="log", max_lines=LOG_LINES, highlight=False)
            with TabPane("Layers", id=TABS[2]):
                yield LayerChart(id="layers")

    # -- what is shown

    def clear(self, message: Content) -> None:
        """Show no results, and say why."""
        self._planned, self._outcomes, self._notices = (), {}, []
        self.query_one("#verdict", Static).remove_class("-passed").update(message)
        self._fill()
        self.query_one(StepList).clear()
        self._log.clear()
        self.query_one(LayerChart).show(None)

    def apply(self, events: Sequence[GradeEvent]) -> None:
        """Follow a batch of events of a check: one repaint each of outcomes, steps and log."""
        steps, log = self.query_one(StepList), self._log
        lines: list[str] = []
        decided = False
        for event in events:
            match event:
                case GradeStarted(checks=checks):
                    self._planned, decided = checks, True
                case CheckFinished(outcome=outcome):
                    claims = {check.id: check.claim for check in self._planned}
                    self._outcomes[outcome.id] = in_claims(outcome, claims)
                    decided = True
                case BuildStarted(purpose=purpose):
                    steps.close_build()
                    steps.apply(event)
                    lines.append(f"── {purpose.value} ──")
                case BuildStepChanged():
                    steps.apply(event)
                case BuildFinished(error=error):
                    steps.apply(event)
                    if error:
                        lines += [clean(line) for line in error.splitlines()]
                case BuildLog(lines=new):
                    lines += new
                case Notice(text=text):
                    self._notices.append(text)
                    decided = True
                case _:
                    pass
        if lines:
            log.write_lines(_newest(lines))
        if decided:
            self._fill()
        steps.redraw()

    def tick(self) -> None:
        """Let the seconds of the running step run."""
        self.query_one(StepList).redraw()

    def show_report(self, report: Report, verdict: Content, *, passed: bool) -> None:
        """Show a finished check; one that passed in a frame."""
        self._outcomes = {outcome.id: outcome for outcome in report_in_claims(report).outcomes}
        self._planned = tuple(
            PlannedCheck(outcome.id, outcome.claim, outcome.level, outcome.required) for outcome in report.outcomes
        )
        self._notices = list(report.notices)
        self.query_one("#verdict", Static).set_class(passed, "-passed").update(verdict)
        self._fill()
        self.query_one(LayerChart).show(report)

    def stop(self) -> None:
        """Show that what was under way was stopped."""
        self.query_one(StepList).stop()

    def say(self, message: Content) -> None:
        """Put a message above the outcomes."""
        self.query_one("#verdict", Static).update(message)

    @property
    def running_step(self) -> str:
        """Name of the build step under way; empty when none is."""
        return self.query_one(StepList).current

    @property
    def decided(self) -> tuple[int, int]:
        """How many checks are decided, and how many there are."""
        return len(self._outcomes), max(len(self._planned), len(self._outcomes))

    def on_resize(self) -> None:
        """Wrap the outcomes anew for the new width."""
        if self.size.width != self._width and self._is_filled:
            self._width = self.size.width
            self._fill()

    # -- tabs

    @property
    def _log(self) -> LogView:
        from course.tui.widgets.log_view import LogView

        return self.query_one("#log", LogView)

    @property
    def _tabs(self) -> TabbedContent:
        from textual.widgets import TabbedContent

        return self.query_one("#results-tabs", TabbedContent)

    def be_tall(self) -> None:
        """Take the room that the steps and the log of a check need."""
        # Not by a class: that restyles all that stands in the pane, which takes longer than the layout.
        self.styles.height = TALL

    def be_low(self) -> None:
        """Leave most of the room to the editor, as before the check."""
        self.styles.height = None

    def show_tab(self, tab: str) -> None:
        """Bring a tab to the front."""
        self._tabs.active = tab

    def next_tab(self) -> None:
        """Turn over to the next tab."""
        active = self._tabs.active
        self.show_tab(TABS[(TABS.index(active) + 1) % len(TABS)] if active in TABS else TABS[0])
        self.focus_content()

    def focus_content(self) -> None:
        """Focus what the tab in front holds."""
        inside = {TABS[0]: "#outcomes", TABS[1]: "#log", TABS[2]: "#layers-rows"}
        self.query_one(inside[self._tabs.active or TABS[0]]).focus()

    # -- outcomes

    def _fill(self) -> None:
        """Write the list of outcomes; the cursor stays in its row."""
        listed = self.query_one("#outcomes", OptionList)
        highlighted = listed.highlighted
        rows = outcome_rows(self._planned, self._outcomes, self._notices, width=max(self.size.width - 4, 30))
        self._targets = [row.target for row in rows]
        listed.set_options([Option(row.content) for row in rows])
        if highlighted is not None and rows:
            listed.highlighted = min(highlighted, len(rows) - 1)

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Go to a finding's line, or tell all about an outcome."""
        event.stop()
        if event.option_list.id == "layers-rows":
            line = (event.option_id or "").split("-")[1]
            if line.isdigit():
                self.post_message(self.LineWanted("Dockerfile", int(line)))
            return
        target = self._targets[event.option_index]
        if isinstance(target, Outcome):
            self.post_message(self.OutcomeWanted(target))
        elif target is not None:
            outcome, finding = target
            if finding.line is not None and finding.file:
                self.post_message(self.LineWanted(finding.file, finding.line))
            else:
                self.post_message(self.OutcomeWanted(outcome))

    def highlight_first_finding(self) -> None:
        """Put the list's cursor on the first finding, so that Enter goes to its line."""
        index = next((index for index, target in enumerate(self._targets) if isinstance(target, tuple)), None)
        if index is not None:
            self.query_one("#outcomes", OptionList).highlighted = index


def _newest(lines: list[str]) -> list[str]:
    """The end of a batch of lines, cleaned, after a word on how many came before it."""
    left_out = len(lines) - BATCH_LINES
    newest = [clean(line) for line in lines[-BATCH_LINES:]]
    return newest if left_out <= 0 else [f"... {left_out} lines left out ...", *newest]
