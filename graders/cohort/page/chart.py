"""Owns charts as SVG text that stands inside a page; must never take text that is not escaped here."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from html import escape

WIDTH, HEIGHT = 360, 170
LEFT, RIGHT, TOP, BOTTOM = 34, 16, 14, 34
BINS = 14
STEP_MAX = 48
"""Width of a column and its gap: of few columns too, which stand at the left."""


def columns(counts: Mapping[str, int], *, label: str, below: str) -> str:
    """A column for each name in its order, with its count on top."""
    most = max(counts.values(), default=0) or 1
    inner, room = WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM
    step = min(STEP_MAX, inner / max(1, len(counts)))
    every = math.ceil(len(counts) / 12)
    parts = []
    for place, (name, count) in enumerate(counts.items()):
        height = room * count / most
        x, y = LEFT + step * place, TOP + room - height
        if count:
            parts.append(
                f'<rect class="bar" x="{x + 1:.1f}" y="{y:.1f}" width="{max(1.0, step - 2):.1f}" height="{height:.1f}"'
                f' rx="1.5"><title>{escape(name)}: {count}</title></rect>'
            )
        if count and step >= 14:
            parts.append(_text(x + step / 2, y - 3, str(count), "middle"))
        if place % every == 0:
            parts.append(_text(x + step / 2, HEIGHT - BOTTOM + 14, name, "middle"))
    parts.append(f'<path class="axis" d="M{LEFT} {TOP + room}H{WIDTH - RIGHT}"/>')
    parts.append(_text(WIDTH - RIGHT, HEIGHT - 4, below, "end"))
    if step < 14:
        parts.append(_text(LEFT - 5, TOP + 4, str(most), "end"))
    return _svg(parts, label)


def histogram(
    values: Sequence[float], *, label: str, below: str, show: Callable[[float], str], least: float = 0.0
) -> str:
    """Values sorted into bins of one round width, at least `least`; labels stand at the edges of bins."""
    low, width, count = bins(values, least)
    counts = [0] * count
    for value in values:
        counts[min(count - 1, int((value - low) / width))] += 1
    most = max(counts, default=0) or 1
    inner, room = WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM
    step = min(STEP_MAX, inner / count)
    every = math.ceil(count / 5)
    parts = []
    for place, in_bin in enumerate(counts):
        height = room * in_bin / most
        x, y = LEFT + step * place, TOP + room - height
        span = f"{show(low + width * place)} to {show(low + width * (place + 1))}"
        if in_bin:
            parts.append(
                f'<rect class="bar" x="{x + 0.5:.1f}" y="{y:.1f}" width="{step - 1:.1f}" height="{height:.1f}"'
                f' rx="1.5"><title>{escape(span)}: {in_bin}</title></rect>'
            )
            if step >= 20:
                parts.append(_text(x + step / 2, y - 3, str(in_bin), "middle"))
    for place in range(0, count + 1, every):
        x = LEFT + step * place
        parts.append(_text(x, HEIGHT - BOTTOM + 14, show(low + width * place), "middle"))
    parts.append(f'<path class="axis" d="M{LEFT} {TOP + room}H{WIDTH - RIGHT}"/>')
    parts.append(_text(WIDTH - RIGHT, HEIGHT - 4, below, "end"))
    if step < 20:
        parts.append(_text(LEFT - 5, TOP + 4, str(most), "end"))
    return _svg(parts, label)


def share_bar(part: float, *, kind: str = "badbar") -> str:
    """A bar that fills a share, 0 to 1, of its cell."""
    width = 100 * min(1.0, max(0.0, part))
    return (
        '<svg viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true">'
        f'<rect class="{kind}" width="{width:.1f}" height="6" rx="1"/></svg>'
    )


def bins(values: Sequence[float], least: float = 0.0) -> tuple[float, float, int]:
    """(lowest edge, width, number) of bins with round edges that hold all values, each at least so wide."""
    if not values:
        return 0.0, 1.0, 1
    low, high = min(values), max(values)
    rough = max(least, (high - low) / BINS) or abs(high) / BINS or 1.0
    power = 10 ** math.floor(math.log10(rough))
    width = next(power * factor for factor in (1, 2, 5, 10) if power * factor >= rough * 0.999)
    edge = math.floor(low / width) * width
    return edge, width, max(1, math.floor((high - edge) / width) + 1)


def _text(x: float, y: float, text: str, anchor: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(text)}</text>'


def _svg(parts: Sequence[str], label: str) -> str:
    body = "".join(parts)
    return f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(label)}">{body}</svg>'
