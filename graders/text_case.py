"""Owns the texts that a program under test is given; must never know what the program answers."""

from __future__ import annotations

from random import Random

from graders.context import TextCase
from graders.exercise import TextSpec


def make_cases(spec: TextSpec, random: Random) -> tuple[TextCase, ...]:
    """`spec.count` different texts in random order, every label among them; none when the exercise has no texts.

    Fewer come back when the templates don't give that many different ones.
    """
    rows = []
    for label, words in spec.words.items():
        texts = [
            template.replace("{thing}", thing).replace("{word}", word)
            for template in spec.templates
            for thing in spec.things
            for word in words
        ]
        unique = list(dict.fromkeys(texts))
        chances = random.sample(unique, min(spec.count, len(unique)))
        rows.append([TextCase(text, label) for text in chances])
    chosen: list[TextCase] = []
    while len(chosen) < spec.count and any(rows):
        for row in rows:
            if row and len(chosen) < spec.count:
                chosen.append(row.pop())
    random.shuffle(chosen)
    return tuple(chosen)


def as_input(cases: tuple[TextCase, ...]) -> bytes:
    """The texts as a program reads them: UTF-8, one a line."""
    return "".join(f"{case.text}\n" for case in cases).encode()
