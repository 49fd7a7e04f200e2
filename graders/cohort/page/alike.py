"""Owns the section of the page on submissions that are alike; must never call it a verdict."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from graders.cohort.page.facts import Mention
from graders.cohort.page.student import link, text
from graders.cohort.similarity.compare import Alike, Group, Kind, Pair, SharedLine

STUDENTS_NAMED = 40
GROUPS_SHOWN = 100
WORDS = {
    Kind.IDENTICAL: "the same files, byte for byte",
    Kind.SAME_LINES: "the same own lines, but for comments, spacing and order",
}


def alike_section(alike: Alike, names: Mapping[str, Mention]) -> Iterator[str]:
    """The section; `names` say where each student stands on the page."""
    yield '<section><h2 id="alike">Alike</h2>\n'
    yield (
        "<p><strong>Evidence for a human, never a verdict.</strong> Students may work together, follow one tutorial, or"
        " find the one way that there is. Compared are the lines that are a student&#x27;s own: normalised, and without"
        " what stands in the starter or in the solution.</p>"
    )
    yield f'<p class="soft">{_counts(alike)}</p>\n'
    for group in alike.groups[:GROUPS_SHOWN]:
        yield _group(group, names)
    for pair in alike.pairs:
        yield _pair(pair, names)
    left = alike.pairs_found - len(alike.pairs) + max(0, len(alike.groups) - GROUPS_SHOWN)
    if left:
        yield f'<p class="soft">and {left} that are less alike</p>'
    yield "</section>\n"


def _counts(alike: Alike) -> str:
    parts = [f"Compared: {alike.compared}"]
    if alike.nothing_own:
        parts.append(f"{alike.nothing_own} of them hold nothing but what was given")
    if alike.unread:
        parts.append(f"{alike.unread} could not be read again, so are compared with none")
    if not alike.groups and not alike.pairs:
        parts.append("none are alike")
    return "; ".join(parts) + "."


def _group(group: Group, names: Mapping[str, Mention]) -> str:
    named = ", ".join(_name(student, names) for student in group.students[:STUDENTS_NAMED])
    left = len(group.students) - STUDENTS_NAMED
    more = f" and {left} more" if left > 0 else ""
    own = f"{group.own_lines} own line" + ("" if group.own_lines == 1 else "s")
    words = f"{len(group.students)} students hold {WORDS[group.kind]} ({own})"
    return f'<div class="card"><p>{named}{more}</p>{_lines(words, group.lines, group.own_lines)}</div>\n'


def _pair(pair: Pair, names: Mapping[str, Mention]) -> str:
    one, other = (_name(student, names) for student in pair.students)
    words = f"{100 * pair.share:.0f}% of the own lines of the one who has fewer: {pair.shared_lines} lines"
    return f'<div class="card"><p>{one} and {other}</p>{_lines(words, pair.lines, pair.shared_lines)}</div>\n'


def _lines(words: str, lines: Sequence[SharedLine], all_lines: int) -> str:
    rows = "".join(
        f'<li><code>{text(line.text)}</code> <small class="soft">{text(" and ".join(line.places), 160)}</small></li>'
        for line in lines
    )
    left = all_lines - len(lines)
    more = f"<li>and {left} more</li>" if left > 0 else ""
    return f'<details><summary class="soft">{words}</summary><ul>{rows}{more}</ul></details>'


def _name(student_id: str, names: Mapping[str, Mention]) -> str:
    mention = names.get(student_id)
    return text(student_id, 80) if mention is None else link(mention)
