"""Reading exercise.toml: what is accepted, and every way in which it is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from graders.errors import SpecError, UnknownCheckError
from graders.exercise import ExerciseSpec, read_exercise
from graders.terms import SIZE_CAP_BYTES
from tests.rows import rows

FIRST = Path(__file__).resolve().parents[2] / "exercises" / "first-image"

HEAD = 'format = 1\nid = "tiny"\ntitle = "Tiny"\nminutes = 5\n'
CHECK = '[[checks]]\nuse = "build-fails"\n'
TEXTS = '[run.texts]\ntemplates = ["{thing} {word}"]\nthings = ["tent"]\ncount = 2\n'
WORDS = '[run.texts.words]\ngood = ["fine"]\nbad = ["dull"]\n'


def read(tmp_path: Path, text: str) -> ExerciseSpec:
    (tmp_path / "exercise.toml").write_text(text)
    return read_exercise(tmp_path)


def test_exercise_is_read_with_defaults(tmp_path: Path) -> None:
    """What is left out has a default, and a limit changes alone."""
    spec = read(tmp_path, HEAD + "[limits]\nrun_s = 5\n" + TEXTS + WORDS + CHECK)

    assert "tiny" == spec.id
    assert 5.0 == spec.limits.run_s
    assert 512 == spec.limits.memory_mib
    assert {"good": ("fine",), "bad": ("dull",)} == spec.texts.words
    assert ["build-fails"] == [use.check.id for use in spec.checks]
    assert spec.starter == tmp_path / "starter"
    assert spec.solution == tmp_path / "solution"
    assert 64 == len(spec.content_sha256)


def test_checks_come_by_level_and_after_what_they_need(tmp_path: Path) -> None:
    """The order in the file does not matter."""
    uses = ("wrong-output", "exits-with-error", "build-fails", "runs-as-root")
    spec = read(tmp_path, HEAD + "".join(f'[[checks]]\nuse = "{use}"\n' for use in uses))

    assert ["runs-as-root", "build-fails", "exits-with-error", "wrong-output"] == [u.check.id for u in spec.checks]
    assert ("build-fails", "exits-with-error") == spec.checks[-1].needs


def test_params_become_the_checks_own(tmp_path: Path) -> None:
    """A table of params is read into the check's dataclass."""
    spec = read(tmp_path, HEAD + '[[checks]]\nuse = "image-too-large"\nparams = { max_mb = 7 }\n')

    assert 7 == getattr(spec.checks[0].params, "max_mb")  # noqa: B009 - its class is the check's own


REFUSED = {
    "not TOML": ("= 1", "is not TOML"),
    "unknown key": (HEAD + 'titel = "x"\n' + CHECK, "titel: is not a key"),
    "unknown key of a table": (HEAD + "[build]\nsorce = 'x'\n" + CHECK, "build.sorce: is not a key"),
    "unknown key of a check": (HEAD + CHECK + "point = 1\n", "checks[0].point: is not a key"),
    "unknown key of run": (HEAD + "[run]\ntext = 1\n" + CHECK, "run.text: is not a key"),
    "unknown param": (
        HEAD + '[[checks]]\nuse = "image-too-large"\nparams = { max_mib = 1 }\n',
        "checks[0].params.max_mib",
    ),
    "param of a wrong type": (
        HEAD + '[[checks]]\nuse = "image-too-large"\nparams = { max_mb = "7" }\n',
        "params.max_mb",
    ),
    "param that its class refuses": (
        HEAD + '[[checks]]\nuse = "image-too-large"\nparams = { max_mb = -1 }\n',
        "0 or more",
    ),
    "wrong type": (HEAD + CHECK + 'points = "1"\n', "checks[0].points"),
    "missing key": ('format = 1\nid = "a"\ntitle = "b"\n' + CHECK, "minutes"),
    "wrong format": (HEAD.replace("format = 1", "format = 2") + CHECK, "format: must be 1"),
    "bad id": (HEAD.replace('"tiny"', '"Tiny one"') + CHECK, "is not a slug"),
    "empty title": (HEAD.replace('"Tiny"', '" "') + CHECK, "title: is empty"),
    "no minutes": (HEAD.replace("minutes = 5", "minutes = 0") + CHECK, "minutes: must be 1 or more"),
    "no checks": ("checks = []\n" + HEAD, "at least one check"),
    "all advisory": (HEAD + CHECK + "advisory = true\n", "all are advisory"),
    "used twice": (HEAD + CHECK + CHECK, "is used twice"),
    "negative points": (HEAD + CHECK + "points = -1\n", "must be 0 or more"),
    "need outside": (HEAD + CHECK + 'needs = ["fat-base"]\n', "is not a check of this exercise"),
    "need of a later level": (HEAD + CHECK + '[[checks]]\nuse = "fat-base"\nneeds = ["build-fails"]\n', "comes later"),
    "needs in a circle": (HEAD + CHECK + 'needs = ["user-is-root"]\n[[checks]]\nuse = "user-is-root"\n', "in a circle"),
    "decider that needs": (
        HEAD + '[[checks]]\nuse = "user-is-root"\nneeds = ["runs-as-root"]\n[[checks]]\nuse = "runs-as-root"\n',
        "which it is to decide",
    ),
    "endless limit": (HEAD + "[limits]\nrun_s = inf\n" + CHECK, "limits.run_s"),
    "path outside": (HEAD + '[build]\nsource = "../x"\n' + CHECK, "build.source"),
    "canary twice": (HEAD + '[build]\ncanaries = [".env", ".env"]\n' + CHECK, "names a path twice"),
    "texts without words": (HEAD + TEXTS + CHECK, "none of them empty"),
    "too few texts": (HEAD + TEXTS.replace("count = 2", "count = 1") + WORDS + CHECK, "run.texts.count"),
    "template without a word": (HEAD + TEXTS.replace("{word}", "x") + WORDS + CHECK, "must hold"),
    "text with a tab": (HEAD + TEXTS.replace('"tent"', '"a\\tb"') + WORDS + CHECK, "holds a tab"),
}


@rows(("text", "says"), REFUSED.values(), ids=REFUSED)
def test_wrong_exercise_is_refused_with_file_and_key(tmp_path: Path, text: str, says: str) -> None:
    """The message names the file and the key."""
    with pytest.raises(SpecError) as caught:
        read(tmp_path, text)

    assert says in caught.value.message
    assert f"{tmp_path.name}/exercise.toml" in caught.value.message


def test_misspelt_key_and_id_name_the_nearest(tmp_path: Path) -> None:
    """A typing mistake is answered with what was meant."""
    with pytest.raises(SpecError) as key:
        read(tmp_path, HEAD + 'titel = "x"\n' + CHECK)
    with pytest.raises(UnknownCheckError) as check_id:
        read(tmp_path, HEAD + '[[checks]]\nuse = "build-fail"\n')

    assert "'title'" in key.value.hint
    assert "build-fails" in check_id.value.hint


def test_missing_or_huge_file_is_refused(tmp_path: Path) -> None:
    """No file, and a file over the cap."""
    with pytest.raises(SpecError, match="can't be read"):
        read_exercise(tmp_path)
    (tmp_path / "exercise.toml").write_bytes(b"#" * (SIZE_CAP_BYTES + 1))
    with pytest.raises(SpecError, match="larger than"):
        read_exercise(tmp_path)
