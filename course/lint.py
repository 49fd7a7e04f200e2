"""Owns the dockerfile checks over files outside any exercise; must never call an engine or print."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from graders.errors import SubmissionError

if TYPE_CHECKING:
    from graders.exercise import ExerciseSpec
    from graders.finding import Finding
    from graders.formats.placed import Placed, Rule
    from graders.static import Text

STANDARD_INPUT = Path("-")
NEIGHBOURS = (".dockerignore", "requirements.txt")
"""Files beside a Dockerfile that the checks look into."""
STDIN_BYTES = 1024 * 1024
BATCH = 32
"""Files that are looked at together."""
SKIPPED_FOLDERS = frozenset({".git", ".venv", "node_modules", "__pycache__", ".tox"})


class LintedFile(NamedTuple):
    """One Dockerfile and what was found, by file and line."""

    name: str
    findings: tuple[Placed, ...]


@dataclass(slots=True)
class Search:
    """Which files are meant, and what was passed over on the way."""

    files: list[Path] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)
    """Each with the reason."""
    missing: list[str] = field(default_factory=list)
    """Folders without a Dockerfile, and those that can't be read: errors."""


def search(paths: Iterable[Path]) -> Search:
    """The named files, and every Dockerfile below the named folders by its name, each once."""
    found = Search()
    known: set[str] = set()
    for path in paths:
        candidates = list(_below(path, found)) if _is_folder(path) else [path]
        for file in candidates:
            if os.path.normpath(file) not in known:
                known.add(os.path.normpath(file))
                found.files.append(file)
    return found


def is_dockerfile(name: str) -> bool:
    """By the names that Docker's and Podman's tools look for, and their usual variants."""
    if name.endswith(".dockerignore"):
        return False
    stem, _, ending = name.lower().partition(".")
    return stem in ("dockerfile", "containerfile") or ending.rpartition(".")[2] in ("dockerfile", "containerfile")


def _is_folder(path: Path) -> bool:
    """Whether it is a folder itself, and no link to one."""
    try:
        return stat.S_ISDIR(os.lstat(path).st_mode)
    except (OSError, ValueError):
        return False


def _below(path: Path, found: Search) -> Iterator[Path]:
    count = 0
    for folder, names, files in os.walk(path, onerror=lambda error: found.missing.append(_unreadable(error))):
        here = Path(folder)
        for name in sorted(names):
            if name in SKIPPED_FOLDERS:
                found.skipped.append(f"{here / name}: such folders hold what others wrote")
            elif (here / name).is_symlink():
                found.skipped.append(f"{here / name}: a link, and links are not followed")
        names[:] = sorted(name for name in names if name not in SKIPPED_FOLDERS)
        for name in sorted(filter(is_dockerfile, files)):
            mode = (here / name).lstat().st_mode
            if stat.S_ISREG(mode):
                count += 1
                yield here / name
            else:
                kind = "a link, and links are not followed" if stat.S_ISLNK(mode) else "no regular file"
                found.skipped.append(f"{here / name}: {kind}")
    if not count:
        found.missing.append(f"{path} holds no file with the name of a Dockerfile")


def _unreadable(error: OSError) -> str:
    return f"{error.filename} can't be read: {error.strerror}"


class Linter:
    """Lints any number of files with every dockerfile check as it is."""

    def __init__(self) -> None:
        from graders.formats.placed import Rule

        self.spec = _spec()
        """A made-up exercise that uses every dockerfile check as it is."""
        self._rules = {
            use.check.id: Rule(use.check.id, use.check.claim, use.check.why, use.check.hint, use.check.sources)
            for use in self.spec.checks
        }
        self._known = frozenset(self._rules)
        self._rules |= {rule.id: rule for rule in _ignore_rules()}
        self._beside: dict[str, Mapping[str, bytes]] = {}
        """Folder -> its files that the checks look into."""

    @property
    def rules(self) -> tuple[Rule, ...]:
        """What is looked at."""
        return tuple(self._rules.values())

    def lint(self, path: Path) -> LintedFile:
        """The findings of one file. Raises SubmissionError when it can't be read."""
        linted = next(self.lint_all((path,)))
        if isinstance(linted, SubmissionError):
            raise linted
        return linted

    def lint_all(self, paths: Sequence[Path]) -> Iterator[LintedFile | SubmissionError]:
        """The findings of each file, or why it can't be read, in the order of the paths."""
        from graders.static import findings_of_many

        for start in range(0, len(paths), BATCH):
            batch = paths[start : start + BATCH]
            texts = [self._read(path) for path in batch]
            readable = [text for text in texts if not isinstance(text, SubmissionError)]
            found = iter(findings_of_many(self.spec, readable))
            for path, text in zip(batch, texts, strict=True):
                yield text if isinstance(text, SubmissionError) else self._linted(path, text, next(found))

    def _read(self, path: Path) -> Text | SubmissionError:
        from graders.static import Text
        from graders.submission import read_dockerfile

        try:
            if path == STANDARD_INPUT:
                return Text(_read_standard_input(), {})
            return Text(read_dockerfile(path), self._neighbours(path))
        except SubmissionError as error:
            return error

    def _linted(self, path: Path, text: Text, found: tuple[tuple[str, Finding], ...]) -> LintedFile:
        from graders.dockerfile.inline_ignore import obey, read_ignores
        from graders.formats.placed import Placed, Severity

        ignores = read_ignores(text.dockerfile)
        if ignores:
            found = obey(ignores, found, self._known)
        placed = [
            Placed(self._rules[check_id], Severity.ERROR, finding, _place(path, finding.file, text.files))
            for check_id, finding in found
        ]
        name = str(path)
        placed.sort(key=lambda item: (item.path != name, item.path, item.finding.line or 0, item.rule.id))
        return LintedFile(name, tuple(placed))

    def _neighbours(self, path: Path) -> Mapping[str, bytes]:
        """The files beside a Dockerfile that checks look into, where they can be read.

        A `NAME.dockerignore` beside the Dockerfile NAME stands for the .dockerignore, as BuildKit takes it.
        """
        folder, name = os.path.split(path)
        if folder not in self._beside:
            self._beside[folder] = {
                near: data for near in NEIGHBOURS if (data := _read_if_there(f"{folder or '.'}/{near}")) is not None
            }
        own = _read_if_there(f"{path}.dockerignore") if name else None
        return self._beside[folder] if own is None else {**self._beside[folder], ".dockerignore": own}


def _place(path: Path, file: str, beside: Mapping[str, bytes]) -> str:
    """The linted file, or the neighbour that a finding is about, when it is there."""
    return str(path.parent / file) if file in beside else str(path)


@cache
def _spec() -> ExerciseSpec:
    """A made-up exercise that uses every dockerfile check as it is."""
    from graders.exercise import BuildSpec, CheckUse, ExerciseSpec, TextSpec
    from graders.limits import Limits
    from graders.outcome import Level
    from graders.registry import checks_of

    uses = tuple(
        CheckUse(check, check.params()) for check in checks_of(Level.DOCKERFILE).values() if not check.deprecated
    )
    return ExerciseSpec(
        root=Path(),
        id="lint",
        title="lint",
        summary="",
        minutes=0,
        files=("*",),
        limits=Limits(),
        build=BuildSpec(requirements="requirements.txt"),
        texts=TextSpec(),
        checks=uses,
    )


def _ignore_rules() -> tuple[Rule, ...]:
    from graders.dockerfile.inline_ignore import BAD, UNUSED
    from graders.formats.placed import Rule

    return (
        Rule(BAD, "Every comment that ignores a finding can be obeyed", "Otherwise the finding stands."),
        Rule(UNUSED, "Every comment that ignores a finding has one to ignore", "It would hide the next fault there."),
    )


def _read_standard_input() -> bytes:
    data = sys.stdin.buffer.read(STDIN_BYTES + 1)
    if len(data) > STDIN_BYTES:
        raise SubmissionError("Standard input holds more than 1 MiB", hint="A Dockerfile is a short text.")
    return data


def _read_if_there(path: str) -> bytes | None:
    from graders.submission import read_dockerfile

    if not os.path.lexists(path):
        return None
    try:
        return read_dockerfile(Path(path))
    except SubmissionError:
        return None
