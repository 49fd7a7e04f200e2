"""Owns which answers of an exercise are enough to see each of its engine checks decide; must never grade."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from course.author.case import Case, Kind
from graders.exercise import ExerciseSpec
from graders.outcome import Level


def representative(
    spec: ExerciseSpec, cases: Iterable[Case], *, elsewhere: frozenset[str] = frozenset()
) -> tuple[Case, ...]:
    """Starter, solution, the right answer that is least like it, and few wrong ones that trip every engine check.

    What an answer trips by its text alone is seen without the engine: see `dockyard check --static`. An exercise whose
    checks all read text is cheap: all its answers are taken. The ids in `elsewhere` are tripped in another exercise;
    one wrong answer is taken in any case.
    """
    cases = tuple(cases)
    wrong = [case for case in cases if case.kind is Kind.WRONG]
    on_engine = frozenset[str]().union(*(case.trips for case in wrong)) & _engine_checks(spec)
    if not on_engine:
        return cases
    open_checks = on_engine - elsewhere
    chosen: set[str] = set()
    while open_checks or not chosen:
        # The most checks at once; of equals the one that trips the least beside them.
        best = max(wrong, key=lambda case: (len(case.trips & (open_checks or on_engine)), -len(case.trips)))
        chosen.add(best.name)
        open_checks -= best.trips
    solution = _lines(spec.solution)
    others = [case for case in cases if case.kind is Kind.ALSO_RIGHT]
    if others:
        chosen.add(max(others, key=lambda case: len(_lines(case.folders[-1]) - solution)).name)
    return tuple(case for case in cases if case.kind in (Kind.STARTER, Kind.SOLUTION) or case.name in chosen)


def course_sample(answers: Mapping[str, tuple[ExerciseSpec, tuple[Case, ...]]]) -> dict[str, tuple[Case, ...]]:
    """A sample of each exercise, by the same names, that together trip every engine check.

    A check to which an exercise gives a threshold of its own is tripped in that exercise; one that decides everywhere
    in the same way is tripped where grading costs least, in the exercise with the fewest engine checks.
    """
    sample: dict[str, tuple[Case, ...]] = {}
    tripped = frozenset[str]()
    for name, (spec, cases) in sorted(answers.items(), key=lambda item: len(_engine_checks(item[1][0]))):
        own = frozenset(use.check.id for use in spec.checks if use.params != use.check.params())
        sample[name] = representative(spec, cases, elsewhere=tripped - own)
        tripped = tripped.union(*(case.trips for case in sample[name]))
    return sample


def _engine_checks(spec: ExerciseSpec) -> frozenset[str]:
    """Ids of its checks that a text alone does not decide."""
    return frozenset(use.check.id for use in spec.checks if use.check.level is not Level.DOCKERFILE)


def _lines(folder: Path) -> frozenset[str]:
    """The lines of its Dockerfile."""
    path = folder / "Dockerfile"
    return frozenset(path.read_text(encoding="utf-8", errors="replace").splitlines()) if path.is_file() else frozenset()
