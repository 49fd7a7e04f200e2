"""A sample of an exercise's answers sees every check of the engine decide, both ways."""

from __future__ import annotations

from pathlib import Path

from course.author.case import Kind, read_cases
from course.author.sample import course_sample, representative
from graders.build_network import BuildNetwork
from graders.exercise import read_exercise
from graders.outcome import Level
from tests.rows import rows

EXERCISES = sorted(path.parent for path in (Path(__file__).parents[3] / "exercises").glob("*/exercise.toml"))


@rows("folder", EXERCISES, ids=[folder.name for folder in EXERCISES])
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
    """No exercise goes without its solution and a wrong answer; most of what has to fetch packages is left out."""
    answers = {spec.id: (spec, read_cases(spec)) for spec in map(read_exercise, EXERCISES)}
    sample = course_sample(answers)
    tripped = frozenset[str]().union(*(case.trips for cases in sample.values() for case in cases))
    possible = frozenset[str]()
    others = []
    for name, (spec, cases) in answers.items():
        engine = {use.check.id for use in spec.checks if use.check.level is not Level.DOCKERFILE}
        possible |= engine & frozenset[str]().union(*(case.trips for case in cases))
        kinds = {case.kind for case in sample[name]}

        assert {Kind.SOLUTION, Kind.WRONG} <= kinds
        assert (spec.build.network is BuildNetwork.OFF) is (Kind.STARTER in kinds)
        assert [case for case in cases if case in sample[name]] == list(sample[name])
        if spec.build.network is not BuildNetwork.OFF and Kind.ALSO_RIGHT in kinds:
            others.append(name)

    assert possible <= tripped
    assert ["cache-order"] == others
    assert sum(map(len, sample.values())) < sum(len(representative(*one)) for one in answers.values())


def test_sample_of_the_course_takes_what_builds_most_like_the_solution() -> None:
    """A wrong answer that leaves out a line at the end is quicker on the engine than one that installs more."""
    answers = {spec.id: (spec, read_cases(spec)) for spec in map(read_exercise, EXERCISES)}
    sample = course_sample(answers)

    assert ["nobody-switched"] == [case.name for case in sample["broken-a"] if case.kind is Kind.WRONG]
    assert "development-tools" not in {case.name for case in sample["ship-the-classifier"]}
