"""Tests of a lesson's words: lists that hang, numbers in one column, addresses that are some."""

from __future__ import annotations

from textual.app import App, ComposeResult
from textual.geometry import Offset
from textual.selection import Selection

from course.tui.widgets.lesson_blocks import CourseMarkdown
from course.tui.widgets.lesson_lists import Item
from course.tui.widgets.lesson_text import find_links
from tests.rows import rows

LISTS = """\
- short
- a longer item that goes on in the next row
- [x] done
- [ ] open
- outer

  - inner

9. nine
10. ten with `code` and a [link](https://example.org/)
"""

PAINTED = """\
• short
• a longer item that
  goes on in the next
  row
[x] done
[ ] open
• outer
  ▪ inner

  9. nine
 10. ten with code and
     a link"""


class Page(App[None]):
    """A text of the course and nothing else."""

    def compose(self) -> ComposeResult:
        """The text."""
        yield CourseMarkdown(LISTS, make_quiz=lambda _markdown, _token: None)


async def test_list_items_go_on_below_their_words() -> None:
    """Bullets, boxes and numbers stand before their items, and what wraps begins below the words."""
    app = Page()
    async with app.run_test(size=(26, 20)):
        rows = app.screen._compositor.render_strips()
        painted = "\n".join("".join(segment.text for segment in row)[2:].rstrip() for row in rows).rstrip()
        items = [item._content.plain for item in app.query(Item)]

        assert PAINTED == painted
        assert items == [
            "short",
            "a longer item that goes on in the next row",
            "done",
            "open",
            "inner",
            "nine",
            "ten with code and a link",
        ]


async def test_item_is_copied_with_its_bullet() -> None:
    """A selection from the beginning takes the bullet along; one inside the words doesn't."""
    app = Page()
    async with app.run_test(size=(26, 20)):
        done = list(app.query(Item))[2]

        assert ("[x] done", "\n") == done.get_selection(Selection(None, None))
        assert ("ne", "\n") == done.get_selection(Selection(Offset(2, 0), None))


@rows(
    ("text", "expected"),
    [
        ("Write train.py, run.sh and README.md", []),
        ("Ask me@example.org or example.com", []),
        ("See https://example.org/page, then [that](https://example.org/that)", ["page", "that"]),
    ],
)
def test_name_of_a_file_is_no_address(text: str, expected: list[str]) -> None:
    """Only what begins as an address does is one: .py and .sh are countries' domains too."""

    assert [f"https://example.org/{name}" for name in expected] == [link.href for link in find_links(text)]
