"""Owns exercise.toml: its types and its reading; must never grade."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from difflib import get_close_matches
from graphlib import CycleError, TopologicalSorter
from hashlib import sha256
from pathlib import Path, PurePosixPath
from typing import TypeVar

from graders.build_network import BuildNetwork, read_network
from graders.check import AnyCheck, Change
from graders.errors import SpecError, UnknownCheckError
from graders.limits import Limits
from graders.outcome import Level
from graders.registry import find_check
from graders.service.spec import FixedRequest, PredictSpec, ServiceSpec, faults
from graders.terms import FILE_NAME, SIZE_CAP_BYTES, Terms
from graders.typed_data import converted

FORMAT = 1
SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
LEVELS = tuple(Level)

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class CheckUse:
    """One `[[checks]]` entry. `params` is an instance of the check's params class."""

    check: AnyCheck
    params: object
    needs: tuple[str, ...] = ()
    """The check's own needs and those that the exercise adds."""
    points: int = 1
    hint: str = ""
    advisory: bool = False


@dataclass(frozen=True, slots=True)
class BuildSpec:
    """`[build]`: how the submission is built and changed."""

    source: str = ""
    """The file of which a rebuild check changes one line."""
    requirements: str = ""
    """The file that lists what to install."""
    lock: str = ""
    """The file that names content by its fingerprints, such as dvc.lock."""
    tests: str = ""
    """The folder of the tests, in which a rebuild check plants one."""
    bases: tuple[str, ...] = ("python:3.11-slim",)
    """Base images that the course sees to."""
    canaries: tuple[str, ...] = ()
    """Paths at which files are planted that must reach no layer."""
    network: BuildNetwork = BuildNetwork.ON
    """What RUN lines reach; in the file "on", "index" or "off" (true and false stand for "on" and "off")."""


@dataclass(frozen=True, slots=True)
class TextSpec:
    """`[run.texts]`: how the grader makes up texts at check time, `{thing}` and `{word}` filled in.

    Every text made from a word of a label is of that label for the exercise's own model; the exercise's
    tests prove it.
    """

    templates: tuple[str, ...] = ()
    things: tuple[str, ...] = ()
    words: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Label -> words."""
    count: int = 6


@dataclass(frozen=True, slots=True)
class ExerciseSpec:
    """One exercise, read and checked."""

    root: Path
    """The exercise's folder."""
    id: str
    title: str
    summary: str
    """One sentence: what the learner is to bring about."""
    minutes: int
    files: tuple[str, ...]
    """Glob patterns of what a learner may change or add; all else is taken from the starter."""
    limits: Limits
    build: BuildSpec
    texts: TextSpec
    checks: tuple[CheckUse, ...]
    """In the order in which they are decided: by level, and within a level after what they need."""
    service: ServiceSpec = field(default_factory=ServiceSpec)
    content_sha256: str = ""
    """Hash of exercise.toml: changes whenever the exercise asks for something else."""

    @property
    def starter(self) -> Path:
        """Folder that is copied to the workspace."""
        return self.root / "starter"

    @property
    def terms(self) -> Terms:
        """What of it says how a submission is read."""
        return Terms(self.id, self.files, self.limits, self.starter, self.content_sha256)

    @property
    def solution(self) -> Path:
        """Folder of the reference solution."""
        return self.root / "solution"


@dataclass(frozen=True, slots=True)
class _RunTable:
    texts: TextSpec = field(default_factory=TextSpec)


@dataclass(frozen=True, slots=True)
class _CheckTable:
    use: str
    params: dict[str, object] = field(default_factory=dict)
    needs: tuple[str, ...] = ()
    points: int = 1
    hint: str = ""
    advisory: bool = False


@dataclass(frozen=True, slots=True)
class _Document:
    format: int
    id: str
    title: str
    minutes: int
    checks: tuple[_CheckTable, ...]
    summary: str = ""
    files: tuple[str, ...] = ("*",)
    limits: Limits = field(default_factory=Limits)
    build: BuildSpec = field(default_factory=BuildSpec)
    run: _RunTable = field(default_factory=_RunTable)
    service: ServiceSpec = field(default_factory=ServiceSpec)


SUB_TABLES: Mapping[str, type] = {
    "limits": Limits,
    "build": BuildSpec,
    "run": _RunTable,
    "run.texts": TextSpec,
    "service": ServiceSpec,
    "service.predict": PredictSpec,
}
"""Which keys hold a table of their own, and of what."""


def read_exercise(root: Path) -> ExerciseSpec:
    """Read `root/exercise.toml` and check all that can be checked without an engine.

    Raises SpecError that names the file, the key and, for a misspelt key or id, the nearest match.
    """
    reader = _Reader(root / FILE_NAME)
    data = reader.load()
    document = reader.document(data)
    uses = tuple(reader.use(index, table, document.checks) for index, table in enumerate(document.checks))
    reader.check_values(document)
    return ExerciseSpec(
        root=root,
        id=document.id,
        title=document.title,
        summary=document.summary,
        minutes=document.minutes,
        files=document.files,
        limits=document.limits,
        build=document.build,
        texts=document.run.texts,
        service=document.service,
        checks=reader.in_order(uses),
        content_sha256=sha256(reader.raw).hexdigest(),
    )


class _Reader:
    """Reads one file; every error it raises names that file."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.raw = b""

    def error(self, key: str, message: str, *, hint: str = "") -> SpecError:
        where = f"{self.path.parent.name}/{self.path.name}"
        return SpecError(f"{where}: {key}: {message}" if key else f"{where}: {message}", hint=hint)

    def load(self) -> dict[str, object]:
        try:
            with self.path.open("rb") as file:
                self.raw = file.read(SIZE_CAP_BYTES + 1)
        except OSError as error:
            raise self.error("", f"can't be read ({error.strerror})", hint="Each exercise has one.") from error
        if len(self.raw) > SIZE_CAP_BYTES:
            raise self.error("", f"is larger than {SIZE_CAP_BYTES} bytes")
        import tomllib

        try:
            return tomllib.loads(self.raw.decode("utf-8"))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise self.error("", f"is not TOML: {error}") from error

    def document(self, data: dict[str, object]) -> _Document:
        self.refuse_unknown(data, _Document, "")
        for key, table_type in SUB_TABLES.items():
            table: object = data
            for part in key.split("."):
                table = table.get(part) if isinstance(table, dict) else None
            if isinstance(table, dict):
                self.refuse_unknown(table, table_type, key)
        service = data.get("service")
        requests = service.get("requests") if isinstance(service, dict) else None
        for key, tables, row_type in (
            ("checks", data.get("checks"), _CheckTable),
            ("service.requests", requests, FixedRequest),
        ):
            for index, row in enumerate(tables if isinstance(tables, list) else ()):
                if isinstance(row, dict):
                    self.refuse_unknown(row, row_type, f"{key}[{index}]")
        return self.convert(self.with_network(data), _Document, "")

    def with_network(self, data: dict[str, object]) -> dict[str, object]:
        """The data with `build.network` as one of its names."""
        build = data.get("build")
        if not isinstance(build, dict) or "network" not in build:
            return data
        try:
            return {**data, "build": {**build, "network": read_network(build["network"]).value}}
        except ValueError as error:
            raise self.error("build.network", f"{build['network']!r} is no network", hint=str(error)) from error

    def refuse_unknown(self, table: Mapping[str, object], table_type: type, key: str) -> None:
        known = [item.name for item in fields(table_type)]
        for name in table:
            if name not in known:
                near = get_close_matches(name, known, n=1, cutoff=0.5)
                hint = f"Did you mean {near[0]!r}?" if near else f"The keys are: {', '.join(known) or 'none'}."
                raise self.error(f"{key}.{name}" if key else name, "is not a key of this table", hint=hint)

    def convert(self, data: object, target: type[T], key: str) -> T:
        import msgspec

        try:
            return converted(data, target)
        except msgspec.ValidationError as error:
            message, _, place = str(error).partition(" - at `$")
            inner = place.rstrip("`").lstrip(".")
            raise self.error(".".join(part for part in (key, inner) if part), message) from error

    def use(self, index: int, table: _CheckTable, tables: Sequence[_CheckTable]) -> CheckUse:
        key = f"checks[{index}]"
        try:
            check = find_check(table.use)
        except UnknownCheckError as error:
            raise UnknownCheckError(self.error(f"{key}.use", error.message).message, hint=error.hint) from error
        used = [_canonical(other.use) for other in tables]
        if used.count(check.id) > 1:
            raise self.error(f"{key}.use", f"{table.use!r} is used twice")
        if table.points < 0:
            raise self.error(f"{key}.points", f"must be 0 or more, not {table.points}")
        added = tuple(_canonical(need) for need in table.needs)
        for need in added:
            if need not in used:
                near = get_close_matches(need, used, n=1, cutoff=0.5)
                hint = f"Did you mean {near[0]!r}?" if near else f"The exercise uses: {', '.join(used)}."
                raise self.error(f"{key}.needs", f"{need!r} is not a check of this exercise", hint=hint)
        self.refuse_unknown(table.params, check.params, f"{key}.params")
        needs = tuple(dict.fromkeys(need for need in (*check.needs, *added) if need in used))
        return CheckUse(
            check=check,
            params=self.convert(table.params, check.params, f"{key}.params"),
            needs=needs,
            points=table.points,
            hint=table.hint,
            advisory=table.advisory or check.advisory,
        )

    def in_order(self, uses: tuple[CheckUse, ...]) -> tuple[CheckUse, ...]:
        uses_by_id = {use.check.id: use for use in uses}
        for use in uses:
            for need in use.needs:
                if LEVELS.index(uses_by_id[need].check.level) > LEVELS.index(use.check.level):
                    message = f"{use.check.id} needs {need}, whose level comes later"
                    raise self.error("checks", message, hint=f"The levels run in this order: {', '.join(LEVELS)}.")
        graph = {use.check.id: use.needs for use in uses}
        try:
            order = tuple(TopologicalSorter(graph).static_order())
        except CycleError as error:
            raise self.error("checks", f"the needs go in a circle: {' -> '.join(error.args[1])}") from error
        for use in uses:
            for decider in use.check.decided_by:
                if use.check.id in _all_needs(graph, decider):
                    message = f"{decider} needs {use.check.id}, which it is to decide"
                    raise self.error("checks", message, hint="What was observed outranks the text, so it must run.")
        place = {use.check.id: index for index, use in enumerate(uses)}
        depth = {check_id: len(_all_needs(graph, check_id)) for check_id in order}
        key = {check_id: (LEVELS.index(uses_by_id[check_id].check.level), depth[check_id]) for check_id in order}
        return tuple(uses_by_id[check_id] for check_id in sorted(order, key=lambda name: (*key[name], place[name])))

    def check_values(self, document: _Document) -> None:
        if document.format != FORMAT:
            raise self.error("format", f"must be {FORMAT}, not {document.format}", hint="Update Dockyard?")
        if not SLUG.fullmatch(document.id):
            raise self.error("id", f"{document.id!r} is not a slug", hint="Lower case words joined by hyphens.")
        if not document.title.strip():
            raise self.error("title", "is empty")
        if document.minutes < 1:
            raise self.error("minutes", f"must be 1 or more, not {document.minutes}")
        if not document.checks:
            raise self.error("checks", "an exercise needs at least one check")
        if all(check.advisory or find_check(check.use).advisory for check in document.checks):
            raise self.error("checks", "at least one check must be required, all are advisory")
        for item in fields(Limits):
            value = getattr(document.limits, item.name)
            if not (math.isfinite(value) and value > 0):
                raise self.error(f"limits.{item.name}", f"must be a finite number above 0, not {value}")
        build = document.build
        named = [
            ("source", build.source),
            ("requirements", build.requirements),
            ("lock", build.lock),
            ("tests", build.tests),
        ]
        for name, path in named + [("canaries", path) for path in build.canaries]:
            if path and not _is_inside(path):
                raise self.error(f"build.{name}", f"{path!r} must be a plain path inside the submission")
        if not build.tests and any(find_check(check.use).change is Change.TEST for check in document.checks):
            raise self.error("build.tests", "is empty, and a check plants a test there", hint='For example: "tests"')
        if len(set(build.canaries)) != len(build.canaries):
            raise self.error("build.canaries", "names a path twice")
        self.check_texts(document)

    def check_texts(self, document: _Document) -> None:
        texts = document.run.texts
        for key, fault in faults(document.service, has_texts=bool(texts.templates)):
            raise self.error(key, fault)
        if not (texts.templates or texts.things or texts.words):
            return
        if not (texts.templates and texts.things and texts.words and all(texts.words.values())):
            raise self.error("run.texts", "needs templates, things and words, none of them empty")
        if texts.count < len(texts.words):
            raise self.error("run.texts.count", f"must be at least {len(texts.words)}, one for each label")
        for template in texts.templates:
            if "{thing}" not in template or "{word}" not in template:
                raise self.error("run.texts.templates", f"{template!r} must hold {{thing}} and {{word}}")
        parts = (*texts.templates, *texts.things, *texts.words, *(word for row in texts.words.values() for word in row))
        for part in parts:
            if any(character in part for character in "\n\r\t"):
                raise self.error("run.texts", f"{part!r} holds a tab or the end of a line")


def _canonical(check_id: str) -> str:
    """The id behind an alias; an unknown id as it stands."""
    try:
        return find_check(check_id).id
    except UnknownCheckError:
        return check_id


def _all_needs(graph: Mapping[str, Sequence[str]], check_id: str) -> set[str]:
    """Everything that a check needs, directly or not; the graph has no cycles."""
    found: set[str] = set()
    waiting = list(graph.get(check_id, ()))
    while waiting:
        need = waiting.pop()
        if need not in found:
            found.add(need)
            waiting.extend(graph.get(need, ()))
    return found


def _is_inside(path: str) -> bool:
    parts = PurePosixPath(path).parts
    return str(PurePosixPath(path)) == path and not path.startswith("/") and ".." not in parts and path != "."
