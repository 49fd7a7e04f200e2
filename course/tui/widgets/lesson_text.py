"""Owns markdown -> tokens in the shape that the lesson's blocks are made from; must never make a widget.

Textual's Markdown asks `unhandled_token` about token types that it doesn't know, one token at a time. So a range
of tokens that belongs together (a callout, a reveal) is folded into one token that carries its inside.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import unescape
from itertools import pairwise

from markdown_it import MarkdownIt
from markdown_it.rules_core import StateCore, linkify
from markdown_it.token import Token

_DETAILS = re.compile(
    r"\s*<details(?P<open>\s+open)?\s*>\s*(?:<summary>(?P<summary>.*?)</summary>)?(?P<rest>.*)\Z",
    re.IGNORECASE | re.DOTALL,
)
_DETAILS_END = re.compile(r"</details>\s*\Z", re.IGNORECASE)
_DETAILS_OPENS = re.compile(r"<details\b", re.IGNORECASE)
_DETAILS_CLOSES = re.compile(r"</details>", re.IGNORECASE)
_HEADING = re.compile(r" {0,3}##\s")
_TAG = re.compile(r"<[^>]+>")
_QUIZ_ID = re.compile(r"^\s*[\"']?id[\"']?\s*[:=]\s*[\"']?([\w.-]+)", re.MULTILINE)
_ADDRESSES = ("//", "mailto:")
"""What every address holds."""
_BREAKS = ("<br>", "<br/>", "<br />")


@dataclass(frozen=True, slots=True)
class Link:
    """A link of a lesson."""

    text: str
    href: str


def make_parser() -> MarkdownIt:
    """A parser of GitHub's markdown whose callouts, reveals and quizzes come as one token each."""
    parser = MarkdownIt("gfm-like2", {"html": True})
    if parser.linkify is not None:
        # A word with a dot is a file rather than an address: ".py" and ".sh" are countries' domains.
        parser.linkify.set({"fuzzy_link": False, "fuzzy_email": False})
    parser.core.ruler.at("linkify", _linkify)
    parser.core.ruler.push("dockyard_fold", _fold_rule(parser))
    return parser


def split_sections(markdown: str) -> list[str]:
    """The text cut before each heading of the second level (not those in a fence or a reveal)."""
    lines = markdown.splitlines(keepends=True)
    edges = [0, *_cuts(markdown), len(lines)]
    return ["".join(lines[start:end]) for start, end in pairwise(edges)]


def split_first_section(markdown: str) -> tuple[str, str]:
    """The first section and the text after it, which is only read as far as that takes."""
    lines = markdown.splitlines(keepends=True)
    for row, line in enumerate(lines):
        if row and _HEADING.match(line) and row in _cuts("".join(lines[: row + 1])):
            return "".join(lines[:row]), "".join(lines[row:])
    return markdown, ""


def _cuts(markdown: str) -> list[int]:
    """Rows at which a section begins, but for the first."""
    # Only the blocks matter here: the words between them are read when a section is mounted.
    parser = MarkdownIt("gfm-like2", {"html": True}).disable(["inline", "linkify"])
    cuts: list[int] = []
    depth = 0
    for token in parser.parse(markdown):
        if token.type == "html_block":
            depth += len(_DETAILS_OPENS.findall(token.content)) - len(_DETAILS_CLOSES.findall(token.content))
        elif token.type == "heading_open" and token.tag == "h2" and token.level == 0 and depth <= 0 and token.map:
            cuts.append(token.map[0])
    return [cut for cut in cuts if cut]


def find_links(markdown: str) -> tuple[Link, ...]:
    """The links of a text in order, those inside callouts and reveals too; the same address once."""
    found: dict[str, Link] = {}

    def walk(tokens: Sequence[Token]) -> None:
        for token in tokens:
            inner = token.meta.get("tokens") if token.meta else None
            if inner:
                walk(inner)
            children = token.children or []
            for index, child in enumerate(children):
                if child.type != "link_open":
                    continue
                words: list[str] = []
                for after in children[index + 1 :]:
                    if after.type == "link_close":
                        break
                    words.append(after.content)
                href = str(child.attrs.get("href", ""))
                found.setdefault(href, Link(" ".join("".join(words).split()) or href, href))

    walk(make_parser().parse(markdown))
    return tuple(found.values())


def quiz_id(fence: str) -> str:
    """The id that a quiz fence names; empty when it names none."""
    match = _QUIZ_ID.search(fence)
    return match[1] if match else ""


def _linkify(state: StateCore) -> None:
    """Addresses as links. Where there can be none, what finds them isn't made: that takes as long as a section."""
    if any(mark in state.src for mark in _ADDRESSES):
        linkify(state)


def _fold_rule(parser: MarkdownIt) -> Callable[[StateCore], None]:
    def rule(state: StateCore) -> None:
        state.tokens[:] = _fold(parser, state.tokens)

    return rule


def _fold(parser: MarkdownIt, tokens: Sequence[Token]) -> list[Token]:
    """The tokens with each callout, reveal and quiz as one; stray HTML and comments are dropped."""
    folded: list[Token] = []
    index = 0
    while index < len(tokens):
        token = tokens[index]
        if token.type == "alert_open":
            end = _closing_alert(tokens, index)
            inside = _fold(parser, [inner for inner in tokens[index + 1 : end] if not _is_title(inner)])
            kind = str(token.meta["kind"]).upper()
            folded.append(_one("alert", token, {"kind": kind, "tokens": _without_title(tokens, index, end, inside)}))
            index = end + 1
        elif token.type == "html_block":
            match = _DETAILS.match(token.content)
            if match is None:
                index += 1
                continue
            if _DETAILS_END.search(token.content):
                inside, end = parser.parse(_DETAILS_END.sub("", match["rest"])), index
            else:
                end = _closing_details(tokens, index)
                before = parser.parse(match["rest"]) if match["rest"].strip() else []
                inside = before + _fold(parser, tokens[index + 1 : end])
            summary = unescape(_TAG.sub("", match["summary"] or "More")).strip()
            folded.append(_one("details", token, {"summary": summary, "open": bool(match["open"]), "tokens": inside}))
            index = end + 1
        elif token.type == "fence" and token.info.split()[:1] == ["quiz"]:
            folded.append(_one("quiz", token, {"id": quiz_id(token.content)}))
            index += 1
        elif token.type == "fence" and token.info.split()[:1] == ["builds"]:
            folded.append(_one("builds", token, {"exercise": token.content.strip()}))
            index += 1
        else:
            if token.type == "inline" and token.children:
                token.children = _inline(token.children)
            folded.append(token)
            index += 1
    return folded


def _one(kind: str, first: Token, meta: dict[str, object]) -> Token:
    return Token(kind, "", 0, map=first.map, level=first.level, meta=meta)


def _is_title(token: Token) -> bool:
    return token.type in ("alert_title_open", "alert_title_close")


def _without_title(tokens: Sequence[Token], start: int, end: int, inside: list[Token]) -> list[Token]:
    """The inside of a callout without the line that holds its title."""
    titled = start + 1 < end and tokens[start + 1].type == "alert_title_open"
    return inside[1:] if titled and inside and inside[0].type == "inline" else inside


def _closing_alert(tokens: Sequence[Token], start: int) -> int:
    depth = 0
    for index in range(start, len(tokens)):
        depth += (tokens[index].type == "alert_open") - (tokens[index].type == "alert_close")
        if depth == 0:
            return index
    return len(tokens)


def _closing_details(tokens: Sequence[Token], start: int) -> int:
    """Index of the token that ends a reveal; one that is never closed takes the rest."""
    depth = 0
    for index in range(start, len(tokens)):
        if tokens[index].type == "html_block":
            content = tokens[index].content
            depth += len(_DETAILS_OPENS.findall(content)) - len(_DETAILS_CLOSES.findall(content))
            if depth <= 0:
                return index
    return len(tokens)


def _inline(children: Sequence[Token]) -> list[Token]:
    """`<kbd>` as code, `<br>` as a line break, and a picture as its words."""
    result: list[Token] = []
    in_key = False
    for child in children:
        tag = child.content.strip().lower() if child.type == "html_inline" else ""
        if tag in ("<kbd>", "</kbd>"):
            in_key = tag == "<kbd>"
        elif tag in _BREAKS:
            result.append(Token("hardbreak", "br", 0))
        elif child.type == "image":
            result.append(Token("text", "", 0, content=f"[picture: {child.content}]"))
        elif in_key and child.type == "text":
            result.append(Token("code_inline", "code", 0, content=child.content))
        else:
            result.append(child)
    return result
