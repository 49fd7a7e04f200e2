"""Owns making foreign text safe to show: log lines, engine messages, names; must never add colour or markup.

What comes out holds no control character, no escape sequence (CSI, OSC, DCS and the rest, in their 7 and 8 bit
forms), no direction override, no invisible mark, no noncharacter and no lone surrogate, so it can be printed, logged
and encoded.
"""

from __future__ import annotations

import re
from functools import cache

MAX_LINE = 4000
"""Characters that are kept of one line."""
TAB_WIDTH = 8

_SEQUENCE = re.compile(
    r"(?:\x1b\]|\x9d)[^\x07\x1b\x9c]*(?:\x07|\x1b\\|\x9c)?"  # OSC: title, clipboard, hyperlink
    r"|(?:\x1b[PX^_]|[\x90\x98\x9e\x9f])[^\x1b\x9c]*(?:\x1b\\|\x9c)?"  # DCS, SOS, PM, APC
    r"|(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]?"  # CSI
    r"|\x1b[ -/]*[0-~]?"  # two-character escapes
)
_MARK = "\ufffd"


def clean(text: str, *, max_len: int = MAX_LINE) -> str:
    """One line: sequences go, line ends and tabs become spaces, other unsafe characters a visible mark."""
    if not text.isprintable():
        text = _SEQUENCE.sub("", re.sub(r"\r\n|[\r\n\t]", " ", text))
        text = _unsafe().sub(_MARK, text)
    return _shortened(text.strip(), max_len)


def clean_lines(text: bytes | str, *, max_len: int = MAX_LINE) -> tuple[str, ...]:
    """The lines of a program's output as a terminal would leave them: of a redrawn line only its last state."""
    if isinstance(text, bytes):
        text = text.decode("utf-8", "replace")
    if not text:
        return ()
    return tuple(_clean_output_line(line, max_len) for line in text.removesuffix("\n").split("\n"))


def _clean_output_line(line: str, max_len: int) -> str:
    line = line.rstrip("\r").rsplit("\r", 1)[-1]
    if not line.isprintable():
        line = _unsafe().sub(_MARK, _SEQUENCE.sub("", line).expandtabs(TAB_WIDTH))
    return _shortened(line, max_len)


@cache
def _unsafe() -> re.Pattern[str]:
    """What no text may keep. Made when it is needed: most texts are printable, and making it takes a millisecond."""
    plane_ends = "".join(chr(plane << 16 | low) for plane in range(17) for low in (0xFFFE, 0xFFFF))
    return re.compile(
        "[\x00-\x1f\x7f-\x9f"  # C0, DEL, C1
        "\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"  # bidi, invisible, separators
        "\ud800-\udfff"  # lone surrogates can't be encoded
        f"\ufdd0-\ufdef{plane_ends}"  # noncharacters: XML refuses some of them (Unicode 16.0, 23.7)
        "\U000e0000-\U000e007f]"  # tags: text that nobody sees
    )


def _shortened(text: str, max_len: int) -> str:
    return text if len(text) <= max_len else text[:max_len] + " …"
