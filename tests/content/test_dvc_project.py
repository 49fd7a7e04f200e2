"""Owns the proof that the DVC project of model-from-dvc is what DVC made; must never install DVC."""

from __future__ import annotations

import hashlib
import re
import subprocess
import sys
from pathlib import Path

from graders.exercise import read_exercise
from tests.content.exercise_folder import every_answer
from tests.rows import rows

ROOT = Path(__file__).resolve().parents[2]
STARTER = ROOT / "exercises" / "model-from-dvc" / "starter"
OBJECTS = STARTER / "store" / "files" / "md5"
LESSON = ROOT / "lessons" / "versioning-data-and-models" / "lesson.md"
MODEL = "models/sentiment.json"

RELEASED = "51e81fc1d7c996c6aee1d7a016da6217"
ON_THE_DESK = "9cd02bfc9583d89d0a9328561703e317"
EXPERIMENT = "c910f6958d8ac00a4d9b336e48500f02"
DATA_OF = {
    RELEASED: "87332417ef138410f8660788872ea344",
    ON_THE_DESK: "80cbeb413e2304312759c342c0d9f984",
    EXPERIMENT: "d775a8abcab34c654d1d40db0d0cea0b",
}
"""Fingerprint of a model -> that of the data it was made from."""


def stored(md5: str) -> Path:
    """The object with this fingerprint."""
    return OBJECTS / md5[:2] / md5[2:]


def md5_of(path: Path) -> str:
    """The fingerprint of a file."""
    return hashlib.md5(path.read_bytes(), usedforsecurity=False).hexdigest()


def answers(model: Path, lines: list[str]) -> list[str]:
    """What the program says of the texts of these lines with this model."""
    texts = "".join(line.partition("\t")[2] + "\n" for line in lines)
    command = [sys.executable, str(STARTER / "src" / "predict.py")]
    done = subprocess.run(
        command, input=texts, env={"MODEL_PATH": str(model)}, capture_output=True, encoding="utf-8", check=True
    )
    return done.stdout.splitlines()


def test_every_object_lies_under_its_fingerprint() -> None:
    """The store holds the three models and their data, and each path is the MD5 sum of what lies there."""
    paths = [path for path in OBJECTS.rglob("*") if path.is_file()]

    assert {*DATA_OF, *DATA_OF.values()} == {md5_of(path) for path in paths}
    assert [] == [path for path in paths if path != stored(md5_of(path))]


def test_lock_names_the_files_that_are_there() -> None:
    """Data, code and model of the release, with their sizes; on the desk lies another model."""
    lock = (STARTER / "dvc.lock").read_text(encoding="utf-8")
    named = re.findall(r"- path: (\S+)\n\s+hash: md5\n\s+md5: (\S+)\n\s+size: (\d+)", lock)
    code = STARTER / "src" / "train.py"

    assert [
        ("data/reviews.csv", DATA_OF[RELEASED], str(stored(DATA_OF[RELEASED]).stat().st_size)),
        ("src/train.py", md5_of(code), str(code.stat().st_size)),
        (MODEL, RELEASED, str(stored(RELEASED).stat().st_size)),
    ] == named
    assert ON_THE_DESK == md5_of(STARTER / MODEL)
    assert DATA_OF[RELEASED] in (STARTER / "data" / "reviews.csv.dvc").read_text(encoding="utf-8")


@rows("model", DATA_OF)
def test_model_comes_of_its_data(model: str, tmp_path: Path) -> None:
    """Training again on the data gives the model of the store to the byte."""
    made = tmp_path / "sentiment.json"
    data = stored(DATA_OF[model])
    subprocess.run(
        [sys.executable, str(STARTER / "src" / "train.py"), str(data), str(made)], capture_output=True, check=True
    )

    assert model == md5_of(made)


def test_released_model_alone_gives_every_text_its_label() -> None:
    """The others know no neutral text, so each check catches them: it asks for every label at least once."""
    spec = read_exercise(STARTER.parent)
    lines = every_answer(spec)
    known = [line for line in lines if not line.startswith("neutral")]
    neutral = [line for line in lines if line.startswith("neutral")]

    assert lines == answers(stored(RELEASED), lines)
    for other in (ON_THE_DESK, EXPERIMENT):
        assert known == answers(stored(other), known)
        assert not set(neutral) & set(answers(stored(other), neutral))


def run_fetch(folder: Path, *paths: str) -> subprocess.CompletedProcess[str]:
    """What fetch.py does in a folder that has the starter's store."""
    if not (folder / "store").exists():
        (folder / "store").symlink_to(STARTER / "store")
    command = [sys.executable, str(STARTER / "fetch.py"), *paths]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def test_fetch_brings_the_model_that_the_lock_names(tmp_path: Path) -> None:
    """The script finds the object by its fingerprint and says which one it took."""
    (tmp_path / "dvc.lock").write_bytes((STARTER / "dvc.lock").read_bytes())
    done = run_fetch(tmp_path, MODEL)

    assert (0, f"fetch.py: {MODEL} is {RELEASED}\n") == (done.returncode, done.stdout)
    assert RELEASED == md5_of(tmp_path / MODEL)


def test_fetch_stops_with_one_sentence(tmp_path: Path) -> None:
    """No lock, a path without a fingerprint, an object that is not there or is damaged, nothing asked for."""
    lock = (STARTER / "dvc.lock").read_text(encoding="utf-8")
    without_lock = run_fetch(tmp_path, MODEL)
    (tmp_path / "dvc.lock").write_text(lock, encoding="utf-8")
    not_locked = run_fetch(tmp_path, "data/reviews.csv")
    nothing = run_fetch(tmp_path)
    (tmp_path / "dvc.lock").write_text(lock.replace(RELEASED, "0" * 32), encoding="utf-8")
    not_stored = run_fetch(tmp_path, MODEL)
    (tmp_path / "store").unlink()
    damaged = tmp_path / "store" / "files" / "md5" / "00" / ("0" * 30)
    damaged.parent.mkdir(parents=True)
    damaged.write_bytes(b"{}")
    not_itself = run_fetch(tmp_path, MODEL)

    assert [1, 1, 2, 1, 1] == [done.returncode for done in (without_lock, not_locked, nothing, not_stored, not_itself)]
    for done in (without_lock, not_locked, not_stored, not_itself):
        assert 1 == done.stderr.count("\n")
        assert done.stderr.startswith("fetch.py: ")
    assert "store is damaged" in not_itself.stderr
    assert not (tmp_path / MODEL).exists()


def test_lesson_shows_the_lock_as_it_is() -> None:
    """The dvc.lock of lesson 2.1 is the exercise's, to the letter."""
    shown = re.findall(r"^```yaml\n(.*?)^```", LESSON.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)

    assert (STARTER / "dvc.lock").read_text(encoding="utf-8") in shown
