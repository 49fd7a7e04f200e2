"""Owns what a Dockerfile means: stages, instructions, commands; must never read a file.

Text in here is the learner's own, decoded but otherwise untouched: escape it where it is shown.
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import NamedTuple

from graders.dockerfile.word import split_plain


class Problem(NamedTuple):
    """Something about the text that Docker would refuse, or that we had to mend to read it."""

    line: int
    code: str
    """Kebab-case: "not-utf8", "unknown-instruction", "unterminated-heredoc" ..."""
    message: str
    fatal: bool
    """Whether Docker refuses to build the file for it."""


class Heredoc(NamedTuple):
    """The body of one heredoc."""

    name: str
    body: str
    expand: bool
    """Whether variables are expanded in it (its name was not quoted)."""


class Command(NamedTuple):
    """One simple command of a RUN, CMD or ENTRYPOINT: words after assignments, wrappers and redirections."""

    words: tuple[str, ...]
    """Quotes taken off, variables left as they stand; words[0] is the program without its folder."""
    assignments: Mapping[str, str]
    line: int
    """Line on which the command starts, 1-based, as well as the reader can tell."""

    @property
    def text(self) -> str:
        """Its words on one line, for a message."""
        return " ".join(self.words)


class Script(NamedTuple):
    """A shell script of the submission."""

    path: str
    """In the build context; empty when it stands in the Dockerfile itself, as a heredoc."""
    text: str


class Instruction(NamedTuple):
    """One logical instruction."""

    keyword: str
    """Upper case; for ONBUILD the inner instruction's, with `onbuild` set."""
    value: str
    """All after the keyword and the flags, continuation lines joined, heredoc bodies kept aside."""
    flags: Mapping[str, tuple[str, ...]]
    """"from" -> ("builder",); a flag without a value has ("",). Names keep their case, as Docker takes them."""
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
    expanded: str = ""
    """`value` with the variables filled in that this file sets, quotes taken off; that of RUN and CMD stays."""
    missing: tuple[str, ...] = ()
    """Variables in `value` without a value here: the base image or a build argument may define them."""
    variables: Mapping[str, str] = MappingProxyType({})
    """What ENV and ARG of this file have set when the instruction acts."""
    scripts: tuple[Script, ...] = ()
    """The submission's scripts that a RUN runs, where `graders.dockerfile.script` looked for them."""

    @property
    def words(self) -> tuple[str, ...]:
        """The arguments of COPY and ADD after expansion: the sources, then the destination."""
        return self.exec_form if self.exec_form is not None else split_plain(self.expanded)

    @property
    def text(self) -> str:
        """The instruction on one line, for a message: the learner's own words."""
        flags = "".join(
            f" --{name}={value}" if value else f" --{name}" for name, values in self.flags.items() for value in values
        )
        return f"{'ONBUILD ' if self.onbuild else ''}{self.keyword}{flags} {self.value}".rstrip()

    @property
    def written_texts(self) -> tuple[str, ...]:
        """What a RUN gives a shell, as it stands in the Dockerfile: its value and the bodies of its heredocs."""
        return (self.value, *(heredoc.body for heredoc in self.heredocs))

    @property
    def shell_texts(self) -> tuple[str, ...]:
        """The same, and the submission's scripts that it runs."""
        return (*self.written_texts, *(script.text for script in self.scripts))


class ImageRef(NamedTuple):
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
    """Its instructions after the FROM; first what its parent has in ONBUILD, as it acts here."""

    @property
    def triggered(self) -> tuple[Instruction, ...]:
        """Those that stand in its parent's ONBUILD lines, and so above its FROM."""
        return tuple(each for each in self.instructions if each.line < self.line)


class Setting(NamedTuple):
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
    """All as they are written, FROM and global ARG included, in order."""
    problems: tuple[Problem, ...]
    directives: Mapping[str, str]
    """"syntax", "escape", "check" -> value."""
    _reached: tuple[Stage, ...] | None = field(init=False, repr=False, compare=False, default=None)
    """What `reached` answered: many checks ask."""
    _chain: tuple[Stage, ...] | None = field(init=False, repr=False, compare=False, default=None)
    """What `chain` answered, likewise."""

    @property
    def final(self) -> Stage | None:
        """The stage that a plain build makes; None when there is none."""
        return self.stages[-1] if self.stages else None

    def chain(self) -> tuple[Stage, ...]:
        """The final stage and its FROM parents, the lowest first: the stages whose instructions make the image."""
        if self._chain is None:
            chain: list[Stage] = []
            stage = self.final
            while stage is not None:
                chain.append(stage)
                stage = None if stage.parent is None else self.stages[stage.parent]
            object.__setattr__(self, "_chain", tuple(reversed(chain)))
        return self._chain or ()

    def reached(self) -> tuple[Stage, ...]:
        """Every stage that the final image is made of: its chain, and stages copied or mounted from, and theirs."""
        if self._reached is None:
            stages = self.made_of(
                lambda stage, instruction: filter(None, map(self._source(stage), stage_names(instruction)))
            )
            object.__setattr__(self, "_reached", stages)
            return stages
        return self._reached

    def made_of(self, sources: Callable[[Stage, Instruction], Iterable[Stage]]) -> tuple[Stage, ...]:
        """The final stage, its FROM parents and the `sources` of their instructions, and theirs, in file order."""
        if len(self.stages) < 2:
            return self.stages
        found: set[int] = set()
        todo = [] if self.final is None else [self.final]
        while todo:
            stage = todo.pop()
            if stage.index in found:
                continue
            found.add(stage.index)
            if stage.parent is not None:
                todo.append(self.stages[stage.parent])
            for instruction in stage.instructions:
                todo.extend(sources(stage, instruction))
        return tuple(stage for stage in self.stages if stage.index in found)

    def find_stage(self, name: str, before: int) -> Stage | None:
        """The stage that `--from=name` means in stage number `before`: an earlier one by name, or one by number."""
        if name.isascii() and name.isdigit() and len(name) < 6:
            return self.stages[int(name)] if int(name) < before else None
        for stage in reversed(self.stages[:before]):
            if stage.name and stage.name == name.lower():
                return stage
        return None

    def _source(self, stage: Stage) -> Callable[[str], Stage | None]:
        return lambda name: self.find_stage(name, stage.index)

    def in_chain(self, *keywords: str) -> Iterator[Instruction]:
        """Instructions of `chain()` with these keywords, in the order in which they act."""
        for stage in self.chain():
            for instruction in stage.instructions:
                if not instruction.onbuild and (not keywords or instruction.keyword in keywords):
                    yield instruction

    def setting(self, keyword: str) -> Setting | None:
        """The last instruction with this keyword in `chain()`; None when there is none.

        A WORKDIR is joined onto those before it. A CMD does not outlive an ENTRYPOINT in a later stage of the chain.
        """
        found: Setting | None = None
        folder = ""
        for instruction in self.in_chain(keyword, "ENTRYPOINT"):
            if instruction.keyword != keyword:
                if keyword == "CMD" and found is not None and found.instruction.stage != instruction.stage:
                    found = None
                continue
            value = instruction.expanded
            if keyword == "WORKDIR":
                folder = value = posixpath.normpath(posixpath.join(folder or "/", value))
            found = Setting(instruction, value, unresolved=bool(instruction.missing))
        return found


def stage_names(instruction: Instruction) -> tuple[str, ...]:
    """What `COPY --from=` and `RUN --mount=from=` name: a stage, a stage's number, or an image."""
    if instruction.onbuild:
        return ()
    if instruction.keyword in ("COPY", "ADD"):
        return instruction.flags.get("from", ())
    if instruction.keyword != "RUN":
        return ()
    return tuple(mount["from"] for mount in mounts(instruction) if mount.get("from"))


def mounts(instruction: Instruction) -> tuple[dict[str, str], ...]:
    """The `--mount` flags of a RUN as option -> value, names in lower case; the default type is "bind"."""
    found = []
    for flag in instruction.flags.get("mount", ()):
        options = {"type": "bind"}
        for part in flag.split(","):
            name, _, value = part.partition("=")
            options[_MOUNT_ALIASES.get(name.strip().lower(), name.strip().lower())] = value.strip()
        found.append(options)
    return tuple(found)


_MOUNT_ALIASES = {"src": "source", "dst": "target", "destination": "target"}
