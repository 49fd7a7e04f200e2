"""Owns exercise.toml: its types and its reading; must never grade."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from graders.check import AnyCheck
from graders.limits import Limits


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
    bases: tuple[str, ...] = ("python:3.11-slim",)
    """Base images that the course sees to."""
    canaries: tuple[str, ...] = ()
    """Paths at which files are planted that must reach no layer."""
    network: bool = True


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

    @property
    def starter(self) -> Path:
        """Folder that is copied to the workspace."""
        return self.root / "starter"

    @property
    def solution(self) -> Path:
        """Folder of the reference solution."""
        return self.root / "solution"
