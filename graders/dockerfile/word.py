"""Owns how Docker cuts the text of one instruction: flags, words, names with values, JSON lists.

Must never know which instruction it reads, and never look at a character more than a fixed number of times.
Compared 2026-11 with Docker's own parser (PyPI "dockerfile" 3.4.0) over generated files.
"""

from __future__ import annotations

import json
import re

from graders.dockerfile.kept import KEPT_CHARACTERS, kept

_SPACE = " \t\v\f\r"
_LIST = re.compile(
    r"""\[\s*+(?:"(?:[^"\\\x00-\x1f]|\\.)*+"\s*+(?:,\s*+"(?:[^"\\\x00-\x1f]|\\.)*+"\s*+)*+)?\]""",
)
_SPACES = re.compile(r"[\t\v\f\r ]+")
_PLAIN = re.compile(r"[^\s\\'\"]+")


def split_keyword(line: str) -> tuple[str, str]:
    """The first word of an instruction and all after it, both stripped."""
    line = line.strip()
    match = _SPACES.search(line)
    if match is None:
        return line, ""
    return line[: match.start()], line[match.end() :].strip()


def split_flags(text: str) -> tuple[dict[str, tuple[str, ...]], str]:
    """Leading `--name=value` words and the rest; a flag without a value has "" as its value."""
    flags, _, rest = read_flags(text)
    return flags, rest


def read_flags(text: str) -> tuple[dict[str, tuple[str, ...]], frozenset[str], str]:
    """As `split_flags`, with the names of the flags that have no `=` in between. Names keep their case."""
    if not text.lstrip().startswith("--"):
        return {}, frozenset(), text.strip()
    flags: dict[str, list[str]] = {}
    bare: set[str] = set()
    at, size = 0, len(text)
    while True:
        while at < size and text[at].isspace():
            at += 1
        if not text.startswith("--", at):
            break
        word, at = _flag_word(text, at)
        if word == "--":
            break
        name, equals, value = word[2:].partition("=")
        flags.setdefault(name, []).append(value)
        if not equals:
            bare.add(name)
    return {name: tuple(values) for name, values in flags.items()}, frozenset(bare), text[at:].strip()


def _flag_word(text: str, at: int) -> tuple[str, int]:
    """One flag from `at` on, quotes taken off, and where it ends."""
    word: list[str] = []
    quote = ""
    while at < len(text):
        char = text[at]
        if char == "\\":
            word.append(text[at + 1 : at + 2])
            at += 2
            continue
        if not quote and char.isspace():
            break
        if quote:
            if char == quote:
                quote = ""
            else:
                word.append(char)
        elif char in "'\"":
            quote = char
        else:
            word.append(char)
        at += 1
    return "".join(word), min(at, len(text))


def split_words(text: str, escape: str = "\\") -> list[str]:
    """Words parted by space outside quotes; quotes and escapes stay. A quote that never closes runs to the end."""
    if '"' not in text and "'" not in text and escape not in text:
        return text.split()
    words: list[str] = []
    word: list[str] = []
    quote = ""
    at, size = 0, len(text)
    while at < size:
        char = text[at]
        if not quote and (match := _PLAIN.match(text, at)) and escape == "\\":
            word.append(match[0])
            at = match.end()
            continue
        if char == escape and quote != "'":
            word.append(text[at : at + 2])
            at += 2
            continue
        if quote:
            quote = "" if char == quote else quote
            word.append(char)
        elif char in "'\"":
            quote = char
            word.append(char)
        elif char.isspace():
            if word:
                words.append("".join(word))
                word = []
        else:
            word.append(char)
        at += 1
    if word:
        words.append("".join(word))
    return words


def is_closed(word: str, escape: str = "\\") -> bool:
    """Whether every quote in the word is closed."""
    if '"' not in word and "'" not in word:
        return True
    quote = ""
    at = 0
    while at < len(word):
        char = word[at]
        if char == escape and quote != "'":
            at += 2
            continue
        if quote:
            quote = "" if char == quote else quote
        elif char in "'\"":
            quote = char
        at += 1
    return not quote


@kept(at_most=KEPT_CHARACTERS, answers=1024)
def split_pairs(text: str, escape: str = "\\") -> tuple[tuple[str, str | None], ...]:
    """`name=value` words of ENV, ARG and LABEL, values still quoted; a word without `=` has None.

    The old form `ENV name rest of the line` is one pair; tell it by its lack of `=` in the first word.
    """
    pairs: list[tuple[str, str | None]] = []
    for word in split_words(text, escape):
        name, equals, value = word.partition("=")
        pairs.append((name, value if equals else None))
    return tuple(pairs)


def split_env(text: str, escape: str = "\\") -> tuple[tuple[str, str | None], ...]:
    """The pairs of an ENV or LABEL, the old form included."""
    pairs = split_pairs(text, escape)
    if pairs and pairs[0][1] is None:
        name, rest = split_keyword(text)
        return ((name, rest if rest else None),)
    return pairs


@kept(at_most=KEPT_CHARACTERS, answers=1024)
def split_plain(text: str) -> tuple[str, ...]:
    """Words parted by white space, quotes without meaning: the arguments of COPY and ADD."""
    return tuple(word for word in _SPACES.split(text.strip()) if word)


def is_mixed_list(text: str) -> bool:
    """Whether the text starts with a JSON list that holds something else than strings: Docker refuses it."""
    text = text.lstrip()
    if not text.startswith("[") or read_list(text) is not None:
        return False
    try:
        json.JSONDecoder().raw_decode(text)
    except (ValueError, RecursionError):
        return False
    return True


def read_list(text: str) -> tuple[str, ...] | None:
    """The strings of a JSON list at the start of the text; None when there is none.

    What stands after the closing bracket is passed over, as Docker's decoder does.
    """
    text = text.lstrip()
    match = _LIST.match(text) if text.startswith("[") else None
    if match is None:
        return None
    try:
        words = json.loads(match[0])
    except ValueError:
        return None
    return tuple(str(word).encode("utf-16", "surrogatepass").decode("utf-16", "replace") for word in words)
