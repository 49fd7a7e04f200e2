"""Owns the proof that the starters of level 1 have the faults they teach; must never build an image."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from course.catalog import read_catalog
from graders.exercise import read_exercise
from graders.static import static_findings
from tests.content.exercise_folder import every_answer, files_below
from tests.rows import rows

ROOT = Path(__file__).resolve().parents[3]
EXERCISES = ROOT / "exercises"
CATALOG = read_catalog(ROOT)
LISTED = {name for number in CATALOG.slugs for name in CATALOG.lesson(number).exercises}
"""Ids that a listed lesson asks for; the others are drafts, whose checks may not be there yet."""

FAULTS = {
    "first-image": set(),
    "command-and-arguments": {"several-commands", "shell-form-command"},
    "paths-and-variables": {"relative-workdir", "relative-env-path", "undefined-argument"},
    "cache-order": {"source-before-dependencies"},
    "lean-apt": {"split-apt", "apt-lists-kept", "recommended-packages-installed"},
    "broken-a": {
        "unpinned-base",
        "source-before-dependencies",
        "dev-dependency-installed",
        "runs-as-root",
        "shell-form-command",
    },
    "broken-b": {"fat-base", "hard-coded-install", "duplicate-install", "relative-env-path"},
    "broken-c": {"split-apt", "apt-lists-kept", "recommended-packages-installed"},
    "keep-it-out": {"missing-dockerignore", "secret-in-dockerfile", "data-copied"},
}
"""What the text of each starter shows; the lessons and READMEs promise these and no others."""

ALONE = ("first-image", "command-and-arguments", "paths-and-variables", "keep-it-out")
"""Exercises whose program needs nothing but Python."""


@rows("name", sorted(LISTED & set(FAULTS)))
def test_starter_text_has_exactly_the_faults_it_teaches(name: str) -> None:
    """Neither a fault too few nor one that the exercise doesn't speak of."""
    spec = read_exercise(EXERCISES / name)
    files = files_below(spec.starter)
    found = {check_id for check_id, _ in static_findings(spec, files["Dockerfile"], files)}

    assert FAULTS[name] == found


@rows("name", sorted(LISTED & set(ALONE)))
def test_program_gives_every_possible_text_its_label(name: str) -> None:
    """Whatever texts a check makes up, the program prints the labels that the grader expects."""
    spec = read_exercise(EXERCISES / name)
    expected = every_answer(spec)
    source = spec.starter / spec.build.source
    model = spec.starter / "models" / "words.json"
    result = subprocess.run(
        [sys.executable, str(source), *(["-"] if name == "command-and-arguments" else [])],
        input="".join(line.partition("\t")[2] + "\n" for line in expected),
        env={"MODEL_PATH": str(model)} if model.is_file() else {},
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=True,
    )

    assert expected == result.stdout.splitlines()


def test_program_takes_texts_as_arguments() -> None:
    """In command-and-arguments each argument is a text, and no argument at all is an error."""
    source = EXERCISES / "command-and-arguments" / "starter" / "src" / "predict.py"
    both = subprocess.run(
        [sys.executable, str(source), "The plot was dull", "A superb lamp"],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    none = subprocess.run([sys.executable, str(source)], capture_output=True, text=True, check=False, timeout=60)

    assert "negative\tThe plot was dull\npositive\tA superb lamp\n" == both.stdout
    assert 2 == none.returncode


def test_relative_model_path_is_looked_for_elsewhere() -> None:
    """In paths-and-variables the relative path fails when the program runs, as the lesson says."""
    starter = EXERCISES / "paths-and-variables" / "starter"
    result = subprocess.run(
        [sys.executable, "src/predict.py"],
        cwd=starter,
        env={"MODEL_PATH": "./models/words.json", "TMPDIR": "/"},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )

    assert 1 == result.returncode
    assert "predict.py: there is no model at /models/words.json\n" == result.stderr


def test_exercises_that_share_a_program_share_it_to_the_letter() -> None:
    """broken-a is cache-order's program; a mend of the one must reach the other."""
    programs = {(EXERCISES / name / "starter/src/predict.py").read_bytes() for name in ("cache-order", "broken-a")}
    models = {
        (EXERCISES / name / "starter/models/stems.json").read_bytes()
        for name in ("cache-order", "broken-a", "broken-b")
    }
    words = {
        (EXERCISES / name / "starter" / path).read_bytes()
        for name, path in (
            ("first-image", "words.json"),
            ("command-and-arguments", "models/words.json"),
            ("paths-and-variables", "models/words.json"),
            ("keep-it-out", "models/words.json"),
        )
    }

    assert (1, 1, 1) == (len(programs), len(models), len(words))
