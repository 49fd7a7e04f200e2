"""Tests of charts: round edges, every value in a bin, nothing unescaped."""

from __future__ import annotations

from xml.etree import ElementTree

from graders.cohort.page.chart import bins, columns, histogram, share_bar
from tests.rows import rows


@rows(
    "values",
    [[], [0.0], [5.0], [1.0, 1.0], [0.1, 0.2, 0.30000001], [-3.0, 4.0], [1e-9, 1e9], [122.0, 955.4, 412.7]],
)
def test_bins_hold_every_value(values: list[float]) -> None:
    """The bins begin at or below the lowest and end above the highest, and are few."""
    low, width, count = bins(values)

    assert 1 <= count <= 30
    assert width > 0
    for value in values:
        assert low <= value <= low + width * count


def test_columns_are_drawn_for_their_names_in_order() -> None:
    """Each name has its count; a chart of nothing is a chart all the same."""
    drawn = ElementTree.fromstring(columns({"0": 3, "1": 0, "2": 7}, label="Points", below="points"))
    titles = [title.text for title in drawn.iter("title")]

    assert ["0: 3", "2: 7"] == titles
    assert "Points" == drawn.get("aria-label")
    assert ElementTree.fromstring(columns({}, label="Points", below="points")) is not None


def test_histogram_counts_every_value_once() -> None:
    """The counts of all bins together are the number of values."""
    values = [float(number * number % 97) for number in range(60)]
    drawn = ElementTree.fromstring(histogram(values, label="Sizes", below="MB", show=str))

    assert 60 == sum(int((title.text or "").rpartition(": ")[2]) for title in drawn.iter("title"))


def test_text_in_a_chart_is_escaped() -> None:
    """No name or label ends the chart's markup."""
    drawn = columns({"</svg><script>": 1}, label='"><script>', below="<b>")

    assert "<script" not in drawn
    assert ElementTree.fromstring(drawn) is not None


@rows(("part", "width"), [(0.0, "0.0"), (0.5, "50.0"), (1.0, "100.0"), (7.0, "100.0"), (-1, "0.0")])
def test_share_bar_stays_in_its_cell(part: float, width: str) -> None:
    """A share beyond its bounds is drawn at them."""
    assert f'width="{width}"' in share_bar(part)
