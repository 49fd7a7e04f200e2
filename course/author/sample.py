"""Owns which answers of an exercise are enough to see each of its engine checks decide; must never grade."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from course.author.case import Case, Kind
from graders.build_network import BuildNetwork
from graders.exercise import ExerciseSpec
from graders.outcome import Level


def representative(spec: ExerciseSpec, cases: Iterable[Case]) -> tuple[Case, ...]:
    """Starter, solution, the right answer that is least like it, and few wrong ones that trip every engine check.

    What an answer trips by its text alone is seen without the engine: see `dockyard check --static`. An exercise whose
    checks all read text is cheap: all its answers are taken.
    """
    cases = tuple(cases)
    wrong = [case for case in cases if case.kind is Kind.WRONG]
    on_engine = frozenset[str]().union(*(case.trips for case in wrong)) & _engine_checks(spec)
    if not on_engine:
        return cases
    open_checks = on_engine
    runs = {case.name: _runs_of_its_own(case, spec) for case in wrong}
    chosen: set[str] = set()
    while open_checks:
        # The most checks at once; of equals the one that builds most like the solution and trips the least beside them.
        best = max(wrong, key=lambda case: (len(case.trips & open_checks), -runs[case.name], -len(case.trips)))
        chosen.add(best.name)
        open_checks -= best.trips
    chosen |= _least_like(spec, cases)
    return tuple(case for case in cases if case.kind in (Kind.STARTER, Kind.SOLUTION) or case.name in chosen)


def course_sample(answers: Mapping[str, tuple[ExerciseSpec, tuple[Case, ...]]]) -> dict[str, tuple[Case, ...]]:
    """A sample of each exercise, by the same names, that together trip every engine check, at little cost.

    A check is tripped where the engine has least to do for it: in a build that goes far with the steps of the
    solution's. Exercises whose builds fetch packages give no starter, and only the least of them gives another right
    answer: most of the time goes into such builds.
    """
    on_engine = {name: _engine_checks(spec) for name, (spec, _) in answers.items()}
    wrong = [(name, case) for name, (_, cases) in answers.items() for case in cases if case.kind is Kind.WRONG]
    runs = {(name, case.name): _runs_of_its_own(case, answers[name][0]) for name, case in wrong}
    chosen: dict[str, set[str]] = {name: set() for name in answers}

    def cheapest(among: Iterable[tuple[str, Case]], wanted: frozenset[str]) -> tuple[str, Case]:
        def worth(one: tuple[str, Case]) -> tuple[float, int]:
            name, case = one
            return len(case.trips & on_engine[name] & wanted) / (1 + runs[name, case.name]), -len(case.trips)

        return max(among, key=worth)

    open_checks = frozenset[str]().union(*(case.trips & on_engine[name] for name, case in wrong))
    while open_checks:
        name, case = cheapest(wrong, open_checks)
        chosen[name].add(case.name)
        open_checks -= case.trips
    for name in answers:
        if not chosen[name]:
            chosen[name].add(cheapest((one for one in wrong if one[0] == name), on_engine[name])[1].name)
    fetching = [name for name, (spec, _) in answers.items() if spec.build.network is not BuildNetwork.OFF]
    least = min(fetching, key=lambda name: sum(_is_run(line) for line in _lines(answers[name][0].solution)), default="")
    for name, (spec, cases) in answers.items():
        if name not in fetching:
            chosen[name].add(next(case.name for case in cases if case.kind is Kind.STARTER))
        if name not in fetching or name == least:
            chosen[name] |= _least_like(spec, cases)
    return {
        name: tuple(case for case in cases if case.kind is Kind.SOLUTION or case.name in chosen[name])
        for name, (_, cases) in answers.items()
    }


def _least_like(spec: ExerciseSpec, cases: Iterable[Case]) -> set[str]:
    """The name of the other right answer with the most lines that the solution does not have, where there is one."""
    solution = frozenset(_lines(spec.solution))
    others = [case for case in cases if case.kind is Kind.ALSO_RIGHT]
    return {max(others, key=lambda case: len({*_lines(case.folders[-1])} - solution)).name} if others else set()


def _runs_of_its_own(case: Case, spec: ExerciseSpec) -> int:
    """How many RUN lines follow where its Dockerfile leaves the solution's: steps that are not in the cache."""
    lines, solution = _lines(case.folders[-1]), _lines(spec.solution)
    pairs = enumerate(zip(lines, solution, strict=False))
    shared = next((at for at, (one, other) in pairs if one != other), len(lines))
    in_a_run = shared > 0 and lines[shared - 1].endswith("\\")
    return in_a_run + sum(map(_is_run, lines[shared:]))


def _is_run(line: str) -> bool:
    return line.startswith("RUN ")


def _engine_checks(spec: ExerciseSpec) -> frozenset[str]:
    """Ids of its checks that a text alone does not decide."""
    return frozenset(use.check.id for use in spec.checks if use.check.level is not Level.DOCKERFILE)


def _lines(folder: Path) -> list[str]:
    """The lines of its Dockerfile but for comments; none when the folder has no Dockerfile of its own."""
    path = folder / "Dockerfile"
    text = path.read_text(encoding="utf-8", errors="replace") if path.is_file() else ""
    return [line for line in text.splitlines() if line and not line.startswith("#")]
