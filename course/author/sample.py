"""Owns which answers of an exercise are enough to see each of its engine checks decide; must never grade."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from course.author.case import Case, Kind
from graders.exercise import ExerciseSpec
from graders.outcome import Level


def representative(spec: ExerciseSpec, cases: Iterable[Case]) -> tuple[Case, ...]:
    """Starter, solution, the right answer that is least like it, and few wrong ones that trip every engine check.

    What an answer trips by its text alone is seen without the engine: see `dockyard check --static`. An exercise whose
    checks all read text is cheap: all its answers are taken.
    """
    cases = tuple(cases)
    wrong = [case for case in cases if case.kind is Kind.WRONG]
    text = {use.check.id for use in spec.checks if use.check.level is Level.DOCKERFILE}
    open_checks = frozenset[str]().union(*(case.trips for case in wrong)) - text
    if not open_checks:
        return cases
    chosen: set[str] = set()
    while open_checks:
        # The most checks at once; of equals the one that trips the least beside them.
        best = max(wrong, key=lambda case: (len(case.trips & open_checks), -len(case.trips)))
        chosen.add(best.name)
        open_checks -= best.trips
    solution = _lines(spec.solution)
    others = [case for case in cases if case.kind is Kind.ALSO_RIGHT]
    if others:
        chosen.add(max(others, key=lambda case: len(_lines(case.folders[-1]) - solution)).name)
    return tuple(case for case in cases if case.kind in (Kind.STARTER, Kind.SOLUTION) or case.name in chosen)


def _lines(folder: Path) -> frozenset[str]:
    """The lines of its Dockerfile."""
    path = folder / "Dockerfile"
    return frozenset(path.read_text(encoding="utf-8", errors="replace").splitlines()) if path.is_file() else frozenset()
