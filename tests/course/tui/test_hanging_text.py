"""Where a line of a page goes on that is too long for it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from textual.content import Content

from course.tui.widgets.hanging_text import hang
from tests.rows import rows


@rows(
    ("line", "rows"),
    [
        ("[ ] You can predict which steps repeat", ["[ ] You can predict", "    which steps repeat"]),
        ("F4   Go to the editor, or below", ["F4   Go to the editor,", "     or below"]),
        ("\u2714 disk  40 GB are free of 80 GB", ["\u2714 disk  40 GB are free", "        of 80 GB"]),
        ("      /check a-long-name until it builds", ["      /check a-long-name", "      until it builds"]),
        ("no column here, just a text", ["no column here, just a", "text"]),
        ("a name that is far too wide   text", ["a name that is far too", "wide   text"]),
        ("short", ["short"]),
        ("", [""]),
    ],
)
def test_what_is_wrapped_goes_on_below_its_column(line: str, rows: list[str]) -> None:
    """Below the text, not below the mark; a column wider than half the page is none."""
    assert rows == [row.plain.rstrip() for row in hang(Content(line), 24)]


@given(st.text(alphabet="ab \u2714[]x\n\u4e2d", max_size=200), st.integers(4, 60))
def test_nothing_is_lost_and_nothing_sticks_out(text: str, width: int) -> None:
    """Every letter is there, in its order, within the width."""
    rows = hang(Content(text), width)

    assert "".join(text.split()) == "".join("".join(row.plain.split()) for row in rows)
    assert all(row.rstrip().cell_length <= width for row in rows)


def test_styles_stay_on_their_words() -> None:
    """A word that moved to the next row keeps its colour."""
    rows = hang(Content.assemble(("[ ] ", "bold"), "first second ", ("third", "red")), 18)

    assert ["third"] == [row.plain[span.start : span.end] for row in rows[1:] for span in row.spans]
