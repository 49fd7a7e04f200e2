"""Owns what a Dockerfile means: stages, instructions, commands; must never read a file.

Text in here is the learner's own, decoded but otherwise untouched: escape it where it is shown.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Problem:
    """Something about the text that Docker would refuse, or that we had to mend to read it."""

    line: int
    code: str
    """Kebab-case: "not-utf8", "unknown-instruction", "unterminated-heredoc" ..."""
    message: str
    fatal: bool
    """Whether Docker refuses to build the file for it."""


@dataclass(frozen=True, slots=True)
class Heredoc:
    """The body of one heredoc."""

    name: str
    body: str
    expand: bool
    """Whether variables are expanded in it (its name was not quoted)."""


@dataclass(frozen=True, slots=True)
class Command:
    """One simple command of a RUN, CMD or ENTRYPOINT: words after assignments, wrappers and redirections."""

    words: tuple[str, ...]
    """Quotes taken off, variables left as they stand; words[0] is the program without its folder."""
    assignments: Mapping[str, str]
    line: int
    """Line on which the command starts, 1-based, as well as the reader can tell."""


@dataclass(frozen=True, slots=True)
class Instruction:
    """One logical instruction."""

    keyword: str
    """Upper case; for ONBUILD the inner instruction's, with `onbuild` set."""
    value: str
    """All after the keyword and the flags, continuation lines joined, heredoc bodies kept aside."""
    flags: Mapping[str, tuple[str, ...]]
    """"from" -> ("builder",); a flag without a value has ("",)."""
    line: int
    end_line: int
    stage: int
    """Index of its stage; -1 before the first FROM."""
    exec_form: tuple[str, ...] | None = None
    """The words of a JSON list of strings; None in shell form."""
    heredocs: tuple[Heredoc, ...] = ()
    onbuild: bool = False
    commands: tuple[Command, ...] = ()
    """RUN, CMD and ENTRYPOINT only; also of heredoc bodies, `sh -c` and subshells."""


@dataclass(frozen=True, slots=True)
class ImageRef:
    """A FROM reference after expansion."""

    name: str
    """"python", "ghcr.io/acme/base": registry and path, without tag and digest; "scratch" for scratch."""
    tag: str
    digest: str


@dataclass(frozen=True, slots=True)
class Stage:
    """One build stage."""

    index: int
    name: str
    """Lower case; empty when it has none."""
    base: str
    """The FROM reference after expansion of arguments; may name an earlier stage."""
    parent: int | None
    """Index of the stage that `base` names; None when it is an image."""
    unresolved: bool
    """Whether `base` depends on an argument without a value."""
    line: int
    platform: str
    instructions: tuple[Instruction, ...]
    """Its instructions after the FROM."""


@dataclass(frozen=True, slots=True)
class Setting:
    """The last USER, WORKDIR, CMD ... that is in force at the end of the final stage."""

    instruction: Instruction
    value: str
    """After expansion of arguments and variables."""
    unresolved: bool
    """Whether the value depends on a variable that the base image may define."""


@dataclass(frozen=True, slots=True)
class Dockerfile:
    """A whole Dockerfile as Docker reads it."""

    text: str
    lines: tuple[str, ...]
    stages: tuple[Stage, ...]
    instructions: tuple[Instruction, ...]
    """All, FROM and global ARG included, in order."""
    problems: tuple[Problem, ...]
    directives: Mapping[str, str]
    """"syntax", "escape", "check" -> value."""

    @property
    def final(self) -> Stage | None:
        """The stage that a plain build makes; None when there is none."""
        return self.stages[-1] if self.stages else None

    def chain(self) -> tuple[Stage, ...]:
        """The final stage and its FROM parents, the lowest first: the stages whose instructions make the image."""
        chain: list[Stage] = []
        stage = self.final
        while stage is not None:
            chain.append(stage)
            stage = None if stage.parent is None else self.stages[stage.parent]
        return tuple(reversed(chain))

    def reached(self) -> tuple[Stage, ...]:
        """Every stage that the final image is made of: its chain, and stages copied or mounted from, and theirs."""
        raise NotImplementedError

    def in_chain(self, *keywords: str) -> Iterator[Instruction]:
        """Instructions of `chain()` with these keywords, in the order in which they act."""
        for stage in self.chain():
            for instruction in stage.instructions:
                if not instruction.onbuild and (not keywords or instruction.keyword in keywords):
                    yield instruction

    def setting(self, keyword: str) -> Setting | None:
        """The last instruction with this keyword in `chain()`; None when there is none."""
        raise NotImplementedError
