"""Owns what stands above the list of students: how the cohort did, and who needs somebody; must never read a row."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from html import escape
from statistics import fmean, median

from graders.cohort.gradebook.worth import number
from graders.cohort.page.chart import columns, histogram, share_bar
from graders.cohort.page.facts import CheckTally, Mention, PageFacts
from graders.cohort.page.student import COLUMNS, MARKS, link, text
from graders.cohort.row import GradeState, RowState

NAMED = 60
"""Students that are named for one reason; the list below holds them all."""
REASONS = 40
COLUMNS_MAX = 41
"""More points than this are drawn as a histogram."""


@dataclass(frozen=True, slots=True)
class Heading:
    """What the page is about."""

    title: str
    """Of the exercise, cleaned."""
    exercise: str
    """Its id."""
    made_at: datetime
    """With a time zone."""
    late: str = ""
    """The late policy in words; empty: lateness costs nothing."""


def top(facts: PageFacts, heading: Heading, *, has_alike: bool) -> Iterator[str]:
    """All sections above the students but the one of similar submissions, in the order of reading."""
    yield f'<header><h1>{text(heading.title)}</h1>\n<p class="soft"><code>{text(heading.exercise)}</code>'
    yield f" · {_count(facts.rows, 'row')} · made {heading.made_at:%Y-%m-%d %H:%M %Z}"
    yield f" · {text(heading.late)}</p>\n" if heading.late else "</p>\n"
    parts = [("attention", "Needs you")] if _needs(facts) else []
    parts += [("points", "Points")] if facts.points else []
    parts += [("checks", "Checks")] if facts.checks else []
    parts += [("builds", "Images and builds")] if facts.sizes_mb or facts.builds_s else []
    parts += [("alike", "Alike")] if has_alike else []
    parts += [("students", "Students")]
    links = "".join(f'<a href="#{name}">{word}</a>' for name, word in parts)
    tiles = "".join(_tiles(facts))
    yield f'<nav>{links}</nav>\n<dl class="tiles">{tiles}</dl></header>\n'
    for name, section in (("attention", _attention), ("points", _points), ("checks", _checks), ("builds", _builds)):
        words = dict(parts).get(name)
        if words is not None:
            body = "".join(section(facts))
            yield f'<section><h2 id="{name}">{words}</h2>\n{body}</section>\n'


def students_head(facts: PageFacts) -> Iterator[str]:
    """The section of the students as far as their list, which is left open."""
    states = "".join(
        f'<option value="{state}">{mark[2:]} ({facts.states[state]})</option>'
        for state, (_, mark) in MARKS.items()
        if facts.states[state]
    )
    failed = "".join(
        f'<option value="{escape(check_id)}">{escape(check_id)} ({tally.failed})</option>'
        for check_id, tally in sorted(facts.most_failed())
    )
    named = sorted(group for group in facts.groups if group)
    groups = "".join(f'<option value="{text(group, 80)}">{text(group, 80)}</option>' for group in named)
    yield '<section><h2 id="students">Students</h2>\n<form id="filter" hidden>'
    yield '<label>Name or id <input name="words" type="search" autocomplete="off"></label>'
    yield f'<label>State <select name="state"><option value="">any</option>{states}</select></label>'
    yield f'<label>Failed check <select name="check"><option value="">any</option>{failed}</select></label>'
    if groups:
        yield f'<label>Group <select name="group"><option value="">any</option>{groups}</select></label>'
    yield '<button type="reset">Show all</button><button type="button" id="open">Open those shown</button>'
    yield '<output id="shown" class="soft"></output></form>\n'
    cells = "".join(f'<span data-key="{key}" class="{kind}">{word}</span>' for key, word, kind in COLUMNS)
    yield f'<div class="head" id="head">{cells}</div>\n<div id="list">\n'


def _needs(facts: PageFacts) -> bool:
    return bool(facts.errored or facts.ungraded or facts.waiting)


def _tiles(facts: PageFacts) -> Iterator[str]:
    graded = facts.states[GradeState.PASSED] + facts.states[GradeState.FAILED]
    share = f"{100 * facts.states[GradeState.PASSED] / graded:.0f}% of {graded} graded" if graded else ""
    yield _tile("Passed", facts.states[GradeState.PASSED], share, "good")
    yield _tile("Failed", facts.states[GradeState.FAILED], "", "bad")
    errored = facts.states[GradeState.ERRORED]
    yield _tile("Errored", errored, "nobody's zero: tried again" if errored else "", "odd" if errored else "")
    if facts.states[GradeState.WAITING]:
        yield _tile("Waiting", facts.states[GradeState.WAITING], "not graded yet")
    ungraded = facts.states[GradeState.UNGRADED]
    found = [state for state in RowState if state is not RowState.READY and facts.row_states[state]]
    words = ", ".join(f"{facts.row_states[state]} {state}" for state in found)
    yield _tile("Not graded", ungraded, words if len(found) < 3 else f"for {len(found)} reasons")
    if facts.points:
        values = [points for points, count in facts.points.items() for _ in range(count)]
        words = f"of {facts.max_points} points, mean {number(round(fmean(values), 1))}"
        yield _tile("Median", number(median(values)), words)
    for word, count, small in (
        ("Late", facts.late, ""),
        ("By hand", facts.overridden, "points that you gave"),
        ("Copies", facts.copies, "same content as another row"),
    ):
        if count:
            yield _tile(word, count, small)


def _tile(word: str, value: int | str, small: str = "", kind: str = "") -> str:
    words = f"<small>{small}</small>" if small else ""
    return f'<div><dt>{word}</dt><dd class="{kind if value else ""}">{value}{words}</dd></div>'


def _attention(facts: PageFacts) -> Iterator[str]:
    if facts.errored:
        yield (
            f'<h3 class="odd">{_count(len(facts.errored), "row")} errored</h3><p>The engine&#x27;s fault or ours, so'
            " nobody&#x27;s zero. The same <code>dockyard grade</code> command tries them again.</p>"
        )
        yield from _by_reason(facts.errored)
    if facts.waiting:
        yield f"<h3>{_count(len(facts.waiting), 'row')} waiting</h3><p>{_names(facts.waiting)}</p>"
    if facts.ungraded:
        yield f"<h3>{_count(len(facts.ungraded), 'row')} with nothing to grade</h3>"
        yield from _by_reason(facts.ungraded)


def _by_reason(mentions: Iterable[Mention]) -> Iterator[str]:
    reasons: dict[str, list[Mention]] = defaultdict(list)
    for mention in mentions:
        reasons[mention.text].append(mention)
    ranked = sorted(reasons.items(), key=lambda item: -len(item[1]))
    yield '<div class="wide"><table><tr><th>What was seen</th><th class="n">Rows</th><th>Whose</th></tr>'
    for reason, whose in ranked[:REASONS]:
        yield f'<tr><td>{text(reason)}</td><td class="n">{len(whose)}</td><td>{_names(whose)}</td></tr>'
    yield "</table></div>"
    if len(ranked) > REASONS:
        left = sum(len(whose) for _, whose in ranked[REASONS:])
        yield f'<p class="soft">and {_count(left, "row")} for other reasons, each in the list below</p>'


def _names(mentions: list[Mention]) -> str:
    left = len(mentions) - NAMED
    return ", ".join(link(mention) for mention in mentions[:NAMED]) + (f" and {left} more" if left > 0 else "")


def _points(facts: PageFacts) -> Iterator[str]:
    most = max(facts.max_points, *facts.points)
    yield '<div class="charts">'
    label = "How many rows reached how many points"
    if most < COLUMNS_MAX:
        chart = columns({str(points): facts.points[points] for points in range(most + 1)}, label=label, below="points")
    else:
        values = [float(points) for points, count in facts.points.items() for _ in range(count)]
        chart = histogram(values, label=label, below="points", show=number)
    yield _figure("Distribution", "Points reached, before lateness and what was given by hand", chart)
    if len(facts.attempts) > 1:
        attempts = {str(times): facts.attempts[times] for times in range(1, max(facts.attempts) + 1)}
        chart = columns(attempts, label="How many rows took how many attempts", below="attempts")
        yield _figure("Attempts", "How often a row was given to the engine: again after an error or a change", chart)
    yield "</div>"
    if len(facts.attempts) == 1:
        ((times, rows),) = facts.attempts.items()
        yield f'<p class="soft">Attempts: {_count(rows, "row")} went to the engine {_times(times)}; copies did not.</p>'


def _checks(facts: PageFacts) -> Iterator[str]:
    failed = facts.most_failed()
    if failed:
        yield (
            '<table class="checks"><tr><th>Check</th><th>Failed by, of those it looked at</th><th>Examples</th></tr>'
        )
        for check_id, tally in failed:
            yield _check(check_id, tally)
        yield "</table>"
    held = sorted(check_id for check_id, tally in facts.checks.items() if tally.passed and not tally.failed)
    if held:
        yield f"<p>Nobody failed {_codes(held)}.</p>"
    unseen = sorted(check_id for check_id, tally in facts.checks.items() if not tally.decided)
    if unseen:
        yield f"<p>Decided for nobody: {_codes(unseen)}.</p>"


def _check(check_id: str, tally: CheckTally) -> str:
    advice = "" if tally.required else ' <small class="soft">advice, costs nothing</small>'
    examples = "".join(f"<li>{link(mention)}: {text(mention.text)}</li>" for mention in tally.examples)
    share = tally.failed / tally.decided
    return (
        f'<tr><td><a href="#students" data-check="{escape(check_id)}"><code>{escape(check_id)}</code></a>{advice}<br>'
        f'{text(tally.claim)}</td><td class="bars"><b>{tally.failed}</b> of {tally.decided}, {100 * share:.0f}%'
        f"{share_bar(share)}</td>"
        f'<td class="examples"><ul>{examples}</ul></td></tr>'
    )


def _builds(facts: PageFacts) -> Iterator[str]:
    yield '<div class="charts">'
    if facts.sizes_mb:
        chart = histogram(facts.sizes_mb, label="How large the images are", below="MB", show=number, least=1)
        middle = f"Median {median(facts.sizes_mb):.0f} MB, {min(facts.sizes_mb):.0f} to {max(facts.sizes_mb):.0f}"
        yield _figure("Image sizes", middle, chart, _extremes("Largest", facts.largest, "{:.0f} MB"))
    if facts.builds_s:
        chart = histogram(facts.builds_s, label="How long the builds took", below="seconds", show=number, least=0.1)
        middle = f"Median {median(facts.builds_s):.1f} s, {min(facts.builds_s):.1f} to {max(facts.builds_s):.1f}"
        yield _figure("Build times", middle, chart, _extremes("Slowest", facts.slowest, "{:.1f} s"))
    yield "</div>"
    yield (
        '<p class="soft">Submissions share the machine and the layers that were built before them, so times tell of'
        " the run as much as of a submission.</p>"
    )


def _extremes(word: str, mentions: list[Mention], form: str) -> str:
    named = ", ".join(f"{link(mention)} {form.format(mention.value)}" for mention in mentions)
    return f'<p class="soft">{word}: {named}</p>'


def _codes(check_ids: Iterable[str]) -> str:
    return ", ".join(f"<code>{escape(check_id)}</code>" for check_id in check_ids)


def _figure(caption: str, small: str, chart: str, below: str = "") -> str:
    return f"<figure><figcaption>{caption} <small>{small}</small></figcaption>{chart}{below}</figure>"


def _count(count: int, word: str) -> str:
    return f"{count} {word}" if count == 1 else f"{count} {word}s"


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"
