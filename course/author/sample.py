"""Owns which answers of an exercise are enough to see each of its engine checks decide; must never grade."""

from __future__ import annotations

from collections.abc import Iterable

from course.author.case import Case, Kind
from graders.exercise import ExerciseSpec
from graders.outcome import Level


def representative(spec: ExerciseSpec, cases: Iterable[Case]) -> tuple[Case, ...]:
    """Starter, right answers, and few wrong ones that together trip every check that needs the engine, in order.

    What a wrong answer trips by its text alone is seen without the engine: see `dockyard check --static`.
    """
    cases = tuple(cases)
    wrong = [case for case in cases if case.kind is Kind.WRONG]
    text = {use.check.id for use in spec.checks if use.check.level is Level.DOCKERFILE}
    open_checks = frozenset[str]().union(*(case.trips for case in wrong)) - text
    chosen: set[str] = set()
    while open_checks:
        # The most checks at once; of equals the one that trips the least beside them.
        best = max(wrong, key=lambda case: (len(case.trips & open_checks), -len(case.trips)))
        chosen.add(best.name)
        open_checks -= best.trips
    return tuple(case for case in cases if case.kind is not Kind.WRONG or case.name in chosen)
