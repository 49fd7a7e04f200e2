"""Owns the proof that exercise folders are whole and clean, and that texts about them agree; must never build."""

from __future__ import annotations

import csv
import json
import re
import subprocess
import time
import tomllib
from datetime import UTC, datetime
from pathlib import Path

import pytest

from course.author.case import Kind, content_problems, lay_out, read_cases
from course.catalog import Catalog, read_catalog
from course.hint import read_hints
from course.reveal import FILE as REVEAL
from course.reveal import unexplained
from graders import pipeline
from graders.build_network import BuildNetwork
from graders.cancel import Cancel
from graders.engine.base import Engine
from graders.event import GradeFinished
from graders.exercise import ExerciseSpec
from graders.outcome import Level, Status
from graders.submission import is_editable, read_submission
from tests.content.exercise_folder import files_below
from tests.rows import rows

ROOT = Path(__file__).resolve().parents[2]
CATALOG = read_catalog(ROOT)
EXERCISES = tuple(dict.fromkeys(name for number in CATALOG.slugs for name in CATALOG.lesson(number).exercises))
"""Ids that a listed lesson asks for; the others are drafts."""
SPECS = tuple(CATALOG.exercise(name) for name in EXERCISES)

STRAY = re.compile(r"(^|/)(__pycache__|\.ipynb_checkpoints|\.DS_Store|\.git)(/|$)|\.(pyc|orig|rej|swp)$|~$")
MUTANTS_AT_LEAST = 8
FILE_BYTES_AT_MOST = 512 * 1024


@rows("spec", SPECS, ids=EXERCISES)
def test_folder_has_all_that_an_exercise_needs(spec: ExerciseSpec) -> None:
    """Hints, notes, answers: nothing is missing, and no answer changes what learners may not."""
    assert [] == list(content_problems(spec))


@rows("spec", SPECS, ids=EXERCISES)
def test_folder_holds_no_stray_files(spec: ExerciseSpec) -> None:
    """Nothing that a run left behind ships with an exercise."""
    found = files_below(spec.root)

    assert [] == [path for path in found if STRAY.search(path)]
    assert [] == [path for path, data in found.items() if len(data) > FILE_BYTES_AT_MOST]


def test_every_file_is_under_version_control() -> None:
    """A file that Git ignores would be missing from a clone."""
    if not (ROOT / ".git").exists():
        pytest.skip("not a checkout: the files came without their history")
    folder = ROOT / "exercises"
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--", "."], cwd=folder, capture_output=True, text=True, check=True
    ).stdout.split("\0")
    found = {f"{name}/{path}" for name in EXERCISES for path in files_below(folder / name)}

    assert set() == found - set(listed)


@rows("spec", SPECS, ids=EXERCISES)
def test_starter_and_solution_differ_in_what_may_be_changed_only(spec: ExerciseSpec) -> None:
    """The solution holds the finished files and nothing else; the starter's are others."""
    starter, solution = files_below(spec.starter), files_below(spec.solution)

    assert all(is_editable(path, spec.files) for path in solution)
    assert starter["Dockerfile"] != solution["Dockerfile"]


@rows("spec", SPECS, ids=EXERCISES)
def test_answers_are_declared_and_all_different(spec: ExerciseSpec, tmp_path: Path) -> None:
    """Every wrong answer lists known ids, and no two answers are the same."""
    seen = {}
    for case in read_cases(spec):
        folder = tmp_path / case.kind / case.name
        folder.mkdir(parents=True)
        lay_out(case, folder)
        seen[json.dumps({path: data.hex() for path, data in sorted(files_below(folder).items())})] = case.name

    assert len(read_cases(spec)) == len(seen)
    assert len([case for case in read_cases(spec) if case.kind is Kind.WRONG]) >= MUTANTS_AT_LEAST
    assert len([case for case in read_cases(spec) if case.kind is Kind.ALSO_RIGHT]) >= 2


@rows("spec", SPECS, ids=EXERCISES)
def test_every_check_that_can_be_fooled_has_a_mutant(spec: ExerciseSpec) -> None:
    """Each check of the exercise is tripped by at least one wrong answer."""
    tripped = frozenset[str]().union(*(case.trips for case in read_cases(spec)))

    assert {use.check.id for use in spec.checks} == tripped


@pytest.mark.parametrize("spec", SPECS, ids=EXERCISES)
def test_text_checks_find_what_the_answers_say_and_nothing_else(spec: ExerciseSpec, tmp_path: Path) -> None:
    """No right answer has a finding; a wrong one has those that it lists, but for what its text leaves open.

    A starter has some that its reveal explains, or builds without a network: then it is graded in test_proof.py.
    """
    wrong = []
    for case in read_cases(spec):
        folder = tmp_path / case.kind / case.name
        folder.mkdir(parents=True)
        lay_out(case, folder)
        submission = read_submission(folder, spec.limits, starter=spec.starter, editable=spec.files)
        *_, end = pipeline.grade(
            submission,
            spec,
            no_engine,
            cancel=Cancel(),
            nonce="0",
            now=lambda: datetime.now(UTC),
            clock=time.monotonic,
            environ={},
            static_only=True,
        )
        assert isinstance(end, GradeFinished)
        text = [outcome for outcome in end.report.outcomes if outcome.level is Level.DOCKERFILE]
        failed = {outcome.id for outcome in text if outcome.status is Status.FAILED}
        decided = {outcome.id for outcome in text if outcome.status is not Status.SKIPPED}
        if case.kind is Kind.STARTER:
            assert failed or spec.build.network is BuildNetwork.OFF
            assert () == tuple(unexplained(spec.root / REVEAL, [use.check.id for use in spec.checks], tuple(failed)))
        elif failed != case.trips & decided:
            wrong.append((case.kind, case.name, failed ^ (case.trips & decided)))

    assert [] == wrong


def no_engine() -> Engine:
    """Nothing that only reads text asks for one."""
    raise AssertionError


@rows("spec", SPECS, ids=EXERCISES)
def test_hints_come_in_three_strengths(spec: ExerciseSpec) -> None:
    """A question, the concept, almost the answer."""
    assert 3 == len(read_hints(spec.root / "hints.md"))


@rows("spec", SPECS, ids=EXERCISES)
def test_requirements_are_pinned(spec: ExerciseSpec) -> None:
    """Every package that an exercise installs has one version."""
    for path in sorted(spec.starter.glob("requirements*.txt")):
        lines = [line.partition("#")[0].strip() for line in path.read_text(encoding="utf-8").splitlines()]

        assert [] == [line for line in lines if line and not line.startswith("-r ") and "==" not in line]


@rows("spec", SPECS, ids=EXERCISES)
def test_canaries_take_no_file_that_the_program_needs(spec: ExerciseSpec) -> None:
    """A planted file has a place of its own."""
    assert set() == set(spec.build.canaries) & set(files_below(spec.starter))


def test_classifier_lesson_lists_every_check_and_its_points(catalog: Catalog) -> None:
    """The table in lesson 1.4 has one row a check, and the same points."""
    section = re.split(r"^## ", catalog.lesson("1.4").markdown, flags=re.MULTILINE)
    table = next(part for part in section if part.startswith("What is checked"))
    points = [int(found) for found in re.findall(r"\| (\d+) \|$", table, flags=re.MULTILINE)]

    assert sorted(use.points for use in catalog.exercise("ship-the-classifier").checks) == sorted(points)


def test_classifier_data_is_balanced_and_without_repeats(catalog: Catalog) -> None:
    """As many good reviews as bad ones, each once, a few hundred of them."""
    path = catalog.exercise("ship-the-classifier").starter / "data" / "reviews.csv"
    with path.open(encoding="utf-8", newline="") as file:
        rows = [(row["label"], row["text"]) for row in csv.DictReader(file)]
    labels = [label for label, _ in rows]

    assert labels.count("positive") == labels.count("negative")
    assert len(set(rows)) == len(rows)
    assert 300 <= len(rows) <= 600


@rows("spec", SPECS, ids=EXERCISES)
def test_expected_files_say_in_a_comment_what_is_wrong(spec: ExerciseSpec) -> None:
    """An author who reads a mutant learns at once which mistake it stands for."""
    for path in sorted(spec.root.glob("wrong/*/expected.toml")):
        text = path.read_text(encoding="utf-8")

        assert text.startswith("# ")
        assert tomllib.loads(text)["trips"]
