"""Tests of what travels between a run and its workers: it comes out as it went in, or is refused."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from graders.cohort.cluster.parcel import (
    Answer,
    AnswerKind,
    FileParcel,
    Order,
    ParcelError,
    Question,
    pack,
    pack_exercise,
    pack_files,
    pack_notices,
    pack_order,
    unpack,
    unpack_exercise,
    unpack_order,
    unpack_submission,
)
from graders.engine.base import ContextFile
from graders.exercise import ExerciseSpec, read_exercise
from graders.limits import Limits
from graders.submission import Submission, assemble
from tests.rows import rows

EXERCISE = """
format = 1
id = "small"
title = "Small"
minutes = 1
[service]
port = 8000
ready = "/ready"
mounts = { "/models/a.json" = "model/a.json" }
[[checks]]
use = "build-fails"
"""


@pytest.fixture
def spec(tmp_path: Path) -> ExerciseSpec:
    """An exercise that gives a file to its service."""
    folder = tmp_path / "small"
    (folder / "model").mkdir(parents=True)
    (folder / "model" / "a.json").write_bytes(b"{}\xff")
    (folder / "exercise.toml").write_text(EXERCISE)
    return read_exercise(folder)


def submission_of(*files: ContextFile) -> Submission:
    """A submission of a Dockerfile and these files."""
    found = {file.path: file for file in (ContextFile("Dockerfile", b"FROM scratch\n"), *files)}
    return assemble(Path("/somewhere"), found, None, [], Limits(), starter=None, editable=("*",))


def order_of(submission: Submission, spec: ExerciseSpec) -> Order:
    """An order to grade it."""
    return Order("job", "topic", "d" * 64, 60.0, pack_exercise(spec), pack_files(submission), pack_notices(submission))


def test_submission_comes_out_as_it_went_in(spec: ExerciseSpec) -> None:
    """Names that are no text, links, modes, any bytes and all notices survive the way; the sum is worked out anew."""
    odd = "na\udcffme\n.txt"
    sent = submission_of(
        ContextFile(odd, b"\x00\xff", 0o755), ContextFile("link", link="to/\udc80where"), ContextFile("é/ü", b"x" * 9)
    )
    sent = sent._replace(notices=tuple(f"notice {number} \udcfe" for number in range(40)))
    got = unpack_submission(unpack_order(pack_order(order_of(sent, spec))), spec.limits)

    assert sent._replace(root=Path()) == got


def test_exercise_comes_with_its_files(spec: ExerciseSpec, tmp_path: Path) -> None:
    """What a service is given to mount is laid out beside exercise.toml."""
    there = tmp_path / "there"
    there.mkdir()
    got = unpack_exercise(unpack_order(pack_order(order_of(submission_of(), spec))).exercise, there)

    assert replace(spec, root=there) == got
    assert b"{}\xff" == (there / "model" / "a.json").read_bytes()


def test_exercise_that_changed_is_not_packed(spec: ExerciseSpec) -> None:
    """A worker never gets another exercise than the run has read."""
    (spec.root / "exercise.toml").write_text(EXERCISE.replace("8000", "8001"))

    with pytest.raises(ParcelError, match="changed while it was read"):
        pack_exercise(spec)


def test_exercise_without_its_file_is_refused(spec: ExerciseSpec, tmp_path: Path) -> None:
    """A parcel that lacks a file is said so before anything is graded; a file that is gone is not packed."""
    parcel = replace(pack_exercise(spec), files={})
    with pytest.raises(ParcelError, match=r"came without its file 'model/a\.json'"):
        unpack_exercise(parcel, tmp_path)
    (spec.root / "model" / "a.json").unlink()

    with pytest.raises(ParcelError, match="No such file"):
        pack_exercise(spec)


def test_submission_without_a_dockerfile_is_refused(spec: ExerciseSpec) -> None:
    """An order that nobody of ours packed is refused."""
    order = replace(order_of(submission_of(), spec), files=(FileParcel(b"a", b"", 0o644, b""),))

    with pytest.raises(ParcelError, match="without its Dockerfile"):
        unpack_submission(order, spec.limits)
    with pytest.raises(ParcelError, match="no text"):
        unpack_submission(replace(order, files=(FileParcel(b"\xff", b"", 0o644, b""),)), spec.limits)


@rows("data", [b"", b"\xff", b"nonsense", b"\x81\xa3job\x01"])
def test_other_bytes_are_no_order(data: bytes) -> None:
    """Bytes of another version or of nobody are refused with what is wrong."""
    with pytest.raises(ParcelError, match="no order of this version"):
        unpack_order(data)


@rows("data", [b"", b"{}", b"[]", b"\xff", "text", {"kind": "graded"}, None])
def test_other_answers_are_refused(data: object) -> None:
    """What a worker sends back is bytes of the one form, or nothing at all."""
    with pytest.raises(ParcelError):
        unpack(data, Answer)


def test_small_things_survive_in_ascii() -> None:
    """Answers and questions are plain ASCII on the way."""
    answer = Answer(AnswerKind.TROUBLE, message="Ünrühe \udcff\x1b[31m", hint="h")

    assert answer == unpack(pack(answer), Answer)
    assert pack(answer).isascii()
    assert Question(("a:1",)) == unpack(pack(Question(("a:1",))), Question)
