"""Owns the last guard between untrusted text and the terminal; must never be the only one.

Text is cleaned where it enters (`graders.safe_text`) and shown as `Content`, never as markup. This filter sees
every line on its way out, so that a widget that forgot lets no escape sequence through all the same.
"""

from __future__ import annotations

import re

from rich.segment import Segment
from textual.color import Color
from textual.content import Content
from textual.filter import LineFilter

from graders.safe_text import clean

CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]")
"""C0, DEL, C1, bidirectional marks and separators: all of them zero cells wide for Textual."""

_PICTURES = {code: chr(0x2400 + code) for code in range(0x20)} | {0x7F: "\u2421"}


class ControlGuard(LineFilter):
    """Takes control characters out of every line that is painted."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:  # noqa: ARG002 - the base class names it
        """The same segments, with control characters dropped: they count no cell, so the width stays right."""
        safe = segments
        for index, segment in enumerate(segments):
            text = segment.text
            if not text.isprintable() and CONTROL.search(text):
                if safe is segments:
                    safe = list(segments)
                safe[index] = Segment(CONTROL.sub("", text), segment.style, segment.control)
        return safe


def plain(text: str) -> Content:
    """Untrusted text as one line of content: no control characters, no markup."""
    return Content(clean(text))


def visible(line: str) -> str:
    """A line with each control character (but the tab) made visible by one character, for an editor."""
    if line.isprintable():
        return line
    return CONTROL.sub(lambda match: match[0] if match[0] == "\t" else _PICTURES.get(ord(match[0]), "\ufffd"), line)
