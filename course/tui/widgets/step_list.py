"""Owns the steps of the running build on screen, with seconds and CACHED; must never build."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from course.tui.guard import plain
from course.tui.marks import seconds
from graders.event import BuildFinished, BuildStarted, BuildStepChanged, Purpose

_MARKS = {
    "running": ("▸", "$text-primary"),
    "cached": ("=", "$text-accent"),
    "done": ("✔", "$text-success"),
    "failed": ("✘", "$text-error"),
    "stopped": ("–", "$text-warning"),
}
"""Status of a step -> mark and style."""

_NOTES = {
    Purpose.DEPENDENCY_CHANGED: "  (the install is meant to stop here)",
    Purpose.LOCK_CHANGED: "  (the build is meant to stop here)",
}
"""What is added to the heading of a build that is made to fail."""

_NUMBERED = re.compile(r"\[(?!internal\])[^\]]*?\d+/\d+\]\s*")
"""How an engine begins the name of a step that is an instruction: "[2/5] ", "[builder 2/5] "."""


@dataclass(slots=True)
class _Step:
    name: str
    status: str
    elapsed_s: float
    line: int | None
    began: float

    @property
    def shown(self) -> bool:
        """Whether the learner sees it: an instruction of theirs always, the engine's own work when it fails."""
        return self.line is not None or _NUMBERED.match(self.name) is not None or self.status == "failed"

    @property
    def instruction(self) -> str:
        """The name as the learner wrote it, without the engine's number and registry."""
        return " ".join(_NUMBERED.sub("", self.name, count=1).split()).replace("FROM docker.io/library/", "FROM ")


class StepList(VerticalScroll):
    """One row a step of the build under way; builds before it are one row each."""

    def __init__(self, clock: Callable[[], float], *, id: str) -> None:  # noqa: A002 - the toolkit's name
        super().__init__(id=id, can_focus=False)
        self._clock = clock
        self._purpose: Purpose | None = None
        self._steps: dict[str, _Step] = {}
        self._done: list[Content] = []
        self._text = Static(Content(""))
        self._painted = ""

    def compose(self) -> list[Static]:
        """One text."""
        return [self._text]

    def on_resize(self) -> None:
        """In a window of another size, too, the newest stays in sight."""
        self.scroll_end(animate=False)

    @property
    def current(self) -> str:
        """The running instruction; empty when none runs."""
        running = (step for step in reversed(self._steps.values()) if step.status == "running" and step.shown)
        return next((step.instruction for step in running), "")

    @property
    def plain_text(self) -> str:
        """What is shown, without styles."""
        return self._content().plain

    def clear(self) -> None:
        """Forget all builds."""
        self._purpose, self._steps, self._done = None, {}, []
        self.redraw()

    def apply(self, event: BuildStarted | BuildStepChanged | BuildFinished) -> None:
        """Follow one event; `redraw` paints it."""
        if isinstance(event, BuildStarted):
            self._purpose, self._steps = event.purpose, {}
        elif isinstance(event, BuildStepChanged):
            step = event.step
            known = self._steps.get(step.id)
            began = known.began if known else self._clock()
            self._steps[step.id] = _Step(step.name, step.status.value, step.elapsed_s, step.line, began)
        else:
            self._finish(event)

    def stop(self) -> None:
        """The running step was stopped."""
        for step in self._steps.values():
            if step.status == "running":
                step.status = "stopped"
        self.redraw()

    def redraw(self) -> None:
        """Paint the steps; the newest stays in sight."""
        content = self._content()
        if content.plain == self._painted:
            return
        rows = content.plain.count("\n")
        same = bool(self._painted) and rows == self._painted.count("\n")
        self._painted = content.plain
        self._text.update(content, layout=not same)
        if not same:
            self.display = bool(self._steps or self._done)
            self.scroll_end(animate=False)

    def _finish(self, event: BuildFinished) -> None:
        for step in self._steps.values():
            if step.status == "running":
                step.status = "failed" if event.error else "done"

    def _content(self) -> Content:
        rows = list(self._done)
        if self._purpose is not None:
            note = _NOTES.get(self._purpose, "")
            rows.append(Content.assemble((self._purpose.value.capitalize(), "bold"), (note, "$foreground 65%")))
        shown = [step for step in self._steps.values() if step.shown]
        rows += [self._row(step) for step in sorted(shown, key=lambda step: step.line or 0)]
        return Content("\n").join(rows)

    def _row(self, step: _Step) -> Content:
        meant = step.status == "failed" and self._purpose in _NOTES
        mark, style = _MARKS["done" if meant else step.status]
        if step.status in ("cached", "stopped"):
            time = step.status.upper()
        elif step.status == "running":
            time = seconds(max(self._clock() - step.began, 0.0))
        else:
            time = seconds(step.elapsed_s)
        where = f"line {step.line}" if step.line is not None else ""
        name = plain(step.instruction)
        columns = self.scrollable_content_region.width or self.app.size.width  # without a size while its tab is behind
        width = max(columns - 23, 20)
        if name.cell_length > width:
            name = name.truncate(width, ellipsis=True)
        return Content.assemble((f"{mark} ", style), f"{time:>11}  ", (f"{where:<8}", "$foreground 65%"), name)

    def close_build(self) -> None:
        """Fold the build that ended into one row, before the next begins."""
        if self._purpose is None or not self._steps:
            return
        steps = [step for step in self._steps.values() if step.shown]
        cached = sum(step.status == "cached" for step in steps)
        total = sum(step.elapsed_s for step in self._steps.values() if step.status != "cached")
        words = f"{self._purpose.value.capitalize()}: {len(steps)} steps, {cached} cached, {seconds(total)}"
        self._done.append(Content.styled(words, "$foreground 65%"))
        self._purpose, self._steps = None, {}
