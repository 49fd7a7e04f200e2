"""Owns what a check declares; must never know which checks exist.

`AnyCheck` is a check with its types forgotten, as the registry and the pipeline hold it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Generic, NamedTuple, TypeVar

from graders.finding import Finding, Undecidable
from graders.outcome import Level

C = TypeVar("C")
P = TypeVar("P")


@dataclass(frozen=True, slots=True)
class NoParams:
    """For a check that takes no parameters."""


class Change(StrEnum):
    """What is changed between the two builds of a rebuild check."""

    SOURCE = "source"
    DEPENDENCY = "dependency"
    IGNORED = "ignored"
    """The planted files, which the image has no use for."""
    LINE = "line"
    """As SOURCE, in a build that always goes on to its end, so that it can be weighed and timed."""
    TEST = "test"
    """A test that must fail is added, and where it broke the build, one that passes is tried in its place."""
    LOCK = "lock"
    """The fingerprints in the lock file: none of them names anything that exists. Where the build stops at that, they
    change places in a third build, so that they name other content which may exist."""


class Sample(NamedTuple):
    """A whole small submission for a dockerfile check: the Dockerfile and the files beside it."""

    dockerfile: str
    files: tuple[tuple[str, str], ...] = ()
    must_ignore: tuple[str, ...] = ()


class Planted(NamedTuple):
    """A file to plant among the tests, in two versions."""

    name: str
    failing: str
    passing: str


@dataclass(frozen=True, slots=True)
class Check(Generic[C, P]):
    """One claim about a submission and the pure function that looks for what contradicts it.

    `find` gets the context of the check's level and its parameters, and yields a `Finding` a fault and
    an `Undecidable` where its evidence can't tell; it never raises for bad input.
    """

    id: str
    """Kebab-case, names the fault, never renamed."""
    claim: str
    """True when the check passes; a short sentence without a full stop."""
    why: str
    hint: str
    """A nudge, never the answer."""
    sources: tuple[str, ...]
    level: Level
    find: Callable[[C, P], Iterable[Finding | Undecidable]]
    params: type[P]
    """A frozen dataclass with defaults and units."""
    bad: tuple[Sample | str | C, ...]
    """Each must yield a finding. A plain string is a Dockerfile (dockerfile level only)."""
    good: tuple[Sample | str | C, ...]
    """Each must yield none."""
    needs: tuple[str, ...] = ()
    """Checks that must have passed (when the exercise uses them), else this one is SKIPPED."""
    decided_by: tuple[str, ...] = ()
    """Checks that observe the same claim: when all of them that the exercise uses passed, they outrank the text."""
    change: Change | None = None
    """Rebuild level only: what the second build changes."""
    plant: Callable[[P, str], Planted] | None = None
    """Change.TEST only: what is planted, from the parameters and a text that is new for every call."""
    seeks: Callable[[P], tuple[str, ...]] | None = None
    """Image level only: texts that the layers are searched for, beside what marks the planted files."""
    advisory: bool = False
    """Whether no exercise may require it, because its evidence depends on the machine."""
    watches: bool = False
    """Container level only: it judges who runs, so runs wait until their processes were seen."""
    of_build: bool = False
    """Image level only: it gets the `BuildResult` alone, also of a build that made no image."""
    service: bool = False
    """Container level only: it gets a `ServiceContext`, and is SKIPPED where the exercise has no service."""
    aliases: tuple[str, ...] = ()
    deprecated: str = ""


AnyCheck = Check[Any, Any]
