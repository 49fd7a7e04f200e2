"""A sample of an exercise's answers sees every check of the engine decide, both ways."""

from __future__ import annotations

from pathlib import Path

import pytest

from course.author.case import Kind, read_cases
from course.author.sample import course_sample, representative
from graders.exercise import read_exercise
from graders.outcome import Level

EXERCISES = sorted(path.parent for path in (Path(__file__).parents[3] / "exercises").glob("*/exercise.toml"))


@pytest.mark.parametrize("folder", EXERCISES, ids=[folder.name for folder in EXERCISES])
def test_sample_trips_every_check_of_the_engine(folder: Path) -> None:
    """With the starter, the solution and one more right answer, and with fewer than all wrong ones."""
    spec = read_exercise(folder)
    cases = read_cases(spec)
    sample = representative(spec, cases)
    engine = {use.check.id for use in spec.checks if use.check.level is not Level.DOCKERFILE}
    tripped = frozenset[str]().union(*(case.trips for case in sample))

    assert engine & frozenset[str]().union(*(case.trips for case in cases)) <= tripped
    assert [Kind.STARTER, Kind.SOLUTION, Kind.ALSO_RIGHT] == [case.kind for case in sample if case.kind != Kind.WRONG]
    assert len(sample) < len(cases)
    assert list(sample) == [case for case in cases if case in sample]


def test_sample_of_the_course_trips_every_check_of_the_engine_once() -> None:
    """Those with a threshold of its own in each exercise; no exercise goes without a wrong answer."""
    answers = {spec.id: (spec, read_cases(spec)) for spec in map(read_exercise, EXERCISES)}
    sample = course_sample(answers)
    tripped = {name: frozenset[str]().union(*(case.trips for case in cases)) for name, cases in sample.items()}

    assert set(answers) == set(sample)
    for name, (spec, cases) in answers.items():
        possible = frozenset[str]().union(*(case.trips for case in cases))
        engine = possible & {use.check.id for use in spec.checks if use.check.level is not Level.DOCKERFILE}
        own = {use.check.id for use in spec.checks if use.params != use.check.params()}

        assert engine <= frozenset[str]().union(*tripped.values())
        assert engine & own <= tripped[name]
        assert {Kind.STARTER, Kind.SOLUTION, Kind.ALSO_RIGHT, Kind.WRONG} == {case.kind for case in sample[name]}
        assert set(sample[name]) <= set(cases)
    assert sum(map(len, sample.values())) < sum(len(representative(*one)) for one in answers.values())
