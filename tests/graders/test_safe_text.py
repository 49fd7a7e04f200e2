"""Text from a submission can't steer a terminal."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from graders.safe_text import clean, clean_lines
from tests.rows import rows


@rows(
    ("text", "safe"),
    [
        ("plain é ✓", "plain é ✓"),
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x1b]52;c;aGk=\x07clip", "clip"),
        ("\x1b]0;title\x1b\\x", "x"),
        ("\x1bPq dcs\x1b\\x", "x"),
        ("\x9b31mc1\x9d0;t\x9cx", "c1x"),
        ("a\u202eb\u2066c", "a\ufffdb\ufffdc"),
        ("a\x00b\x07", "a\ufffdb\ufffd"),
        ("lone \ud800", "lone \ufffd"),
        ("no\ufffe char\uffff \ufdd0\U0010ffff", "no\ufffd char\ufffd \ufffd\ufffd"),
        ("two\r\nlines\tand", "two lines and"),
        ("x" * 5000, "x" * 4000 + " …"),
    ],
)
def test_clean_leaves_one_safe_line(text: str, safe: str) -> None:
    """Sequences go; other unsafe characters become a visible mark."""
    assert safe == clean(text)


@rows(
    ("data", "lines"),
    [
        (b"", ()),
        (b"a\nb\n", ("a", "b")),
        (b"10%\r50%\r100%\n", ("100%",)),
        (b"a\r\nb", ("a", "b")),
        (b"a\tb\n\n", ("a       b", "")),
        (b"\xff\x1b[2J!\n", ("\ufffd!",)),
    ],
)
def test_clean_lines_leaves_what_a_terminal_would_show(data: bytes, lines: tuple[str, ...]) -> None:
    """Of a redrawn line only its last state stays."""
    assert lines == clean_lines(data)


# By number, as st.text() first sorts all of Unicode, which takes seconds on a new machine, and leaves surrogates out.
ANY = st.one_of(st.sampled_from("\x1b[]P;m\x07\\\n\r\t\x9b\x9d\x9c"), st.integers(0, 0x10FFFF).map(chr))


@given(st.lists(ANY).map("".join))
def test_clean_is_printable_whatever_comes(text: str) -> None:
    """No control character and nothing that can't be encoded is left."""
    for line in (clean(text), *clean_lines(text)):
        line.encode()
        assert not [char for char in line if ord(char) < 32 or 0x7F <= ord(char) < 0xA0]
