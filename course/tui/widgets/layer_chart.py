"""Owns the chart of an image's bytes by Dockerfile line; must never measure anything."""

from __future__ import annotations

from dataclasses import dataclass

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from course.tui.changes import build_bars
from course.tui.guard import plain
from course.tui.marks import human_bytes
from graders.report import Report

_EIGHTHS = " ▏▎▍▌▋▊▉"
_LABEL_CELLS = 34


@dataclass(frozen=True, slots=True)
class LayerRow:
    """What one line of the Dockerfile adds to the image."""

    line: int | None
    """1-based; None for the base image."""
    instruction: str
    size_bytes: int


def layer_rows(report: Report) -> tuple[LayerRow, ...]:
    """The base image, then each step that the engine gave a size for, in the order of the Dockerfile."""
    rows: list[LayerRow] = []
    if report.image is not None and report.image.base_size_bytes:
        rows.append(LayerRow(None, "the base image", report.image.base_size_bytes))
    if report.build is not None:
        rows += [LayerRow(step.line, step.instruction, step.bytes) for step in report.build.steps if step.bytes]
    return tuple(rows)


def bar(size_bytes: int, largest_bytes: int, cells: int) -> str:
    """A bar of at most `cells` cells; what has bytes has at least a sliver."""
    if size_bytes <= 0 or largest_bytes <= 0:
        return ""
    exact = size_bytes / largest_bytes * cells
    drawn = "█" * int(exact) + _EIGHTHS[int(exact % 1 * 8)].strip()
    return drawn or "▏"


class LayerChart(Vertical):
    """A title with the sizes, and one row a layer; a row leads to its line."""

    def compose(self) -> ComposeResult:
        """Title and rows."""
        yield Static(Content("No image yet: F5 builds one."), id="layers-title")
        yield OptionList(id="layers-rows", compact=True)

    def __init__(self, *, id: str) -> None:  # noqa: A002 - the toolkit's name
        super().__init__(id=id)
        self._report: Report | None = None
        self._width = 0

    def show(self, report: Report | None) -> None:
        """Draw the image of a report; None: there is none."""
        self._report = report
        title, rows = self.query_one("#layers-title", Static), self.query_one("#layers-rows", OptionList)
        rows.clear_options()
        if report is None or report.image is None:
            title.update(Content("No image yet: F5 builds one." if report is None else "The last check made no image."))
            return
        layers = layer_rows(report)
        bars = build_bars(report, max(self.size.width - 44, 8))
        title.update(Content("\n").join([_title(report), bars]) if bars else _title(report))
        total = max(sum(row.size_bytes for row in layers), 1)
        largest = max((row.size_bytes for row in layers), default=1)
        width = max(self.size.width - 2, 40)
        label_cells = min(_LABEL_CELLS, width // 2)
        bar_cells = max(width - label_cells - 26, 4)
        rows.add_options(
            [
                Option(_row(row, total, largest, label_cells, bar_cells), id=f"line-{row.line}-{index}", disabled=False)
                for index, row in enumerate(layers)
            ]
        )

    def on_resize(self) -> None:
        """Draw again for the new width."""
        if self.size.width != self._width:
            self._width = self.size.width
            self.show(self._report)


def _title(report: Report) -> Content:
    image = report.image
    if image is None:
        return Content("")
    words = [f"Image {human_bytes(image.size_bytes)}"]
    if image.base_size_bytes:
        words.append(f"{human_bytes(max(image.size_bytes - image.base_size_bytes, 0))} on top of the base")
    return Content.styled(", ".join(words), "bold")


def _row(row: LayerRow, total: int, largest: int, label_cells: int, bar_cells: int) -> Content:
    where = f"{row.line:>3}" if row.line is not None else "   "
    label = plain(" ".join(row.instruction.split()))
    if label.cell_length > label_cells:
        label = label.truncate(label_cells, ellipsis=True)
    share = f"{100 * row.size_bytes / total:3.0f}%"
    return Content.assemble(
        (where, "$foreground 65%"),
        " ",
        label.extend_right(max(label_cells - label.cell_length, 0)),
        f" {human_bytes(row.size_bytes):>8} {share} ",
        (bar(row.size_bytes, largest, bar_cells), "$foreground 45%" if row.line is None else "$text-primary"),
    )
