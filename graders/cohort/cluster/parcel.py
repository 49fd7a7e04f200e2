"""Owns the bytes that travel between a run and its workers; must never hold code or an object of Python's.

Out goes a submission with the exercise that it is graded for (MessagePack), back comes a report (JSON). Whoever
unpacks gets plain values of the types below or a ParcelError, so nothing that a submission says is ever executed.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from enum import StrEnum
from hashlib import sha256
from pathlib import Path
from typing import TypeVar

import msgspec

from graders.context_file import DOCKERFILE
from graders.engine.base import ContextFile
from graders.errors import GraderError
from graders.exercise import ExerciseSpec, read_exercise
from graders.limits import Limits
from graders.submission import Submission, assemble
from graders.terms import FILE_NAME
from graders.typed_data import converted

T = TypeVar("T")


class ParcelError(GraderError):
    """Bytes that no Dockyard of this version packed."""


@dataclass(frozen=True, slots=True)
class ExerciseParcel:
    """All of an exercise that grading needs."""

    toml: bytes
    files: dict[str, bytes]
    """What a service is given to mount, by path in the exercise's folder."""


@dataclass(frozen=True, slots=True)
class FileParcel:
    """One entry of a submission. Names are bytes, because not every name of a file is text."""

    path: bytes
    data: bytes
    mode: int
    link: bytes


@dataclass(frozen=True, slots=True)
class Order:
    """One submission to grade."""

    job: str
    """Names this order and no other."""
    topic: str
    """Under which the worker tells how far it is."""
    decides: str
    """Hash of all that decides an outcome, as the run knows it: see `graders.cohort.grade_key`."""
    limit_s: float
    """Longest grading of it."""
    exercise: ExerciseParcel
    files: tuple[FileParcel, ...]
    notices: tuple[bytes, ...]


_ORDERS = msgspec.msgpack.Decoder(Order)
"""Made once, at import, and not by two lanes at a time: see `graders.typed_data`."""


class AnswerKind(StrEnum):
    """How an order ended."""

    GRADED = "graded"
    UNFIT = "unfit"
    """It is the worker's fault or its engine's: another worker may do better."""
    TROUBLE = "trouble"
    """It could not be graded, and nobody knows that another worker would do better."""
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class Answer:
    """What a worker gives back."""

    kind: AnswerKind
    report: str = ""
    """JSON of the schema dockyard/report/v1; of GRADED alone."""
    cut_short: bool = False
    """As in `Graded`."""
    message: str = ""
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Question:
    """What a run asks of a worker before it gives it work."""

    bases: tuple[str, ...]
    """Base images that the exercise counts on."""


@dataclass(frozen=True, slots=True)
class Looked:
    """What a worker says of itself."""

    name: str
    """What people call it: as it was started, else its machine's."""
    slots: int
    """Submissions that it grades at once."""
    dockyard: str
    python: str
    graders: str
    """Hash of the code that grades, and of Python's version."""
    engine: str = ""
    """Name and version; empty: there is none."""
    bases: dict[str, str] = field(default_factory=dict)
    """Reference -> id of the image on its engine; empty: it is not there."""
    message: str = ""
    """Why there is no engine."""
    hint: str = ""


def pack_exercise(spec: ExerciseSpec) -> ExerciseParcel:
    """All of an exercise that grading needs, read from its folder. Raises ParcelError when it changed meanwhile."""
    paths = sorted({*spec.service.mounts.values(), *spec.service.swaps.values()})
    try:
        toml = (spec.root / FILE_NAME).read_bytes()
        files = {path: (spec.root / path).read_bytes() for path in paths}
    except OSError as error:
        raise ParcelError(f"{error.filename} can't be read: {error.strerror}") from error
    if sha256(toml).hexdigest() != spec.content_sha256:
        raise ParcelError(f"{spec.root / FILE_NAME} changed while it was read", hint="Give the same command again.")
    return ExerciseParcel(toml, files)


def unpack_exercise(parcel: ExerciseParcel, folder: Path) -> ExerciseSpec:
    """The exercise, its files laid out in `folder`. Raises SpecError and ParcelError."""
    (folder / FILE_NAME).write_bytes(parcel.toml)
    spec = read_exercise(folder)
    for path in {*spec.service.mounts.values(), *spec.service.swaps.values()}:
        # `read_exercise` refuses every path that leads out of the folder.
        if path not in parcel.files:
            raise ParcelError(f"The exercise came without its file {path!r}")
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(parcel.files[path])
    return spec


def pack_files(submission: Submission) -> tuple[FileParcel, ...]:
    """The entries of a submission."""
    return tuple(FileParcel(_raw(file.path), file.data, file.mode, _raw(file.link)) for file in submission.files)


def pack_notices(submission: Submission) -> tuple[bytes, ...]:
    """What a learner is told of a submission."""
    return tuple(map(_raw, submission.notices))


def unpack_submission(order: Order, limits: Limits) -> Submission:
    """The submission of an order; its sum is worked out anew. Raises ParcelError."""
    found = {
        _text(file.path): ContextFile(_text(file.path), file.data, file.mode, _text(file.link)) for file in order.files
    }
    if DOCKERFILE not in found:
        raise ParcelError("A submission came without its Dockerfile")
    plain = assemble(Path(), found, None, [], limits, starter=None, editable=("*",))
    return plain._replace(notices=tuple(map(_text, order.notices)))


def pack_order(order: Order) -> bytes:
    """An order as bytes."""
    return msgspec.msgpack.encode(order)


def unpack_order(data: bytes) -> Order:
    """An order from bytes. Raises ParcelError."""
    try:
        return _ORDERS.decode(data)
    except msgspec.MsgspecError as error:
        raise ParcelError(f"What came is no order of this version: {error}") from error


def pack(value: Answer | Question | Looked) -> bytes:
    """A small thing as JSON, in ASCII."""
    return json.dumps(msgspec.to_builtins(value)).encode("ascii")


def unpack(data: object, target: type[T]) -> T:
    """What `pack` made. Raises ParcelError."""
    if not isinstance(data, bytes):
        raise ParcelError(f"What came are no bytes but {type(data).__name__}")
    try:
        return converted(json.loads(data), target)
    except (ValueError, msgspec.MsgspecError) as error:
        raise ParcelError(f"What came can't be read: {error}") from error


def _raw(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _text(raw: bytes) -> str:
    try:
        return raw.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError as error:
        raise ParcelError("A name that came is no text") from error
