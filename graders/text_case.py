"""Owns the texts that a program under test is given; must never know what the program answers."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from random import Random

from graders.context import TextCase
from graders.exercise import TextSpec


def make_cases(spec: TextSpec, random: Random) -> tuple[TextCase, ...]:
    """`spec.count` different texts in random order, every label among them; none when the exercise has no texts.

    Fewer come back when the templates don't give that many different ones.
    """
    rows = [
        [TextCase(text, label) for text in islice(_texts(spec, words, random), spec.count)]
        for label, words in spec.words.items()
    ]
    chosen: list[TextCase] = []
    while len(chosen) < spec.count and any(rows):
        for row in rows:
            if row and len(chosen) < spec.count:
                chosen.append(row.pop())
    random.shuffle(chosen)
    return tuple(chosen)


def _texts(spec: TextSpec, words: tuple[str, ...], random: Random) -> Iterator[str]:
    """Every different text of these words in random order, each made up when it is asked for: there are hundreds."""
    ways = [(template, thing, word) for template in spec.templates for thing in spec.things for word in words]
    seen: set[str] = set()
    while ways:
        at = random.randrange(len(ways))
        ways[at], ways[-1] = ways[-1], ways[at]
        template, thing, word = ways.pop()
        text = template.replace("{thing}", thing).replace("{word}", word)
        if text not in seen:
            seen.add(text)
            yield text


def as_input(cases: tuple[TextCase, ...]) -> bytes:
    """The texts as a program reads them: UTF-8, one a line."""
    return "".join(f"{case.text}\n" for case in cases).encode()
