"""Owns the way from bytes to a `Dockerfile`, and is the only user of dockerfile-parse; must never raise on any bytes.

Only `DockerfileParser.structure` is used: the library's environments, arguments, labels and parent images raise or
mislead, and its setters write files.
"""

from __future__ import annotations

import bisect
import io
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from operator import attrgetter

from graders.dockerfile.expand import Expanded, expand
from graders.dockerfile.flatten import Flat, Logical, flatten
from graders.dockerfile.grammar import KEYWORDS, WHEN_BUILT, problems_of
from graders.dockerfile.image_ref import fault_of
from graders.dockerfile.model import Command, Dockerfile, Heredoc, Instruction, Problem, Stage
from graders.dockerfile.scope import Scope
from graders.dockerfile.shell import split_commands, split_exec
from graders.dockerfile.word import read_flags, read_list, split_env, split_keyword, split_pairs
from graders.dockerfile.wrapper import SHELLS, is_for_shell

_NO_LETTER = re.compile(r"[^!-~]")
_GUARD = "\0"
"""Ends every line handed over: dockerfile-parse takes a line's last backslash for a continuation and strips spaces."""
_NEEDS_STAGE = KEYWORDS - {"ARG"}
_LISTS = frozenset(("RUN", "CMD", "ENTRYPOINT", "SHELL", "VOLUME", "COPY", "ADD", "HEALTHCHECK"))
_SHELL_FORMS = frozenset(("RUN", "CMD", "ENTRYPOINT"))
_EXPANDED = frozenset(("ADD", "COPY", "EXPOSE", "LABEL", "STOPSIGNAL", "USER", "VOLUME", "WORKDIR"))
_TRIGGERED_LIMIT = 2000
"""So many instructions of ONBUILD act in one file: stages times lines would be too many."""
_COMMAND_BUDGET = 512 * 1024
"""Characters of shell text that are split into commands; Docker's engine would refuse longer ones long before."""


def parse(data: bytes) -> Dockerfile:
    """Read a Dockerfile; never raises, and what is wrong with it goes to `problems`."""
    flat = flatten(data)
    reader = _Reader(flat)
    for logical, keyword, value in _structure(flat):
        reader.add(logical, keyword, value)
    return reader.finish()


def _structure(flat: Flat) -> Iterator[tuple[Logical, str, str]]:
    """Each instruction with its keyword in upper case and its value, as dockerfile-parse tells them apart."""
    from dockerfile_parse import DockerfileParser

    lines = []
    for logical in flat.logicals:
        keyword, value = split_keyword(logical.text)
        plain = keyword if keyword.isalpha() and keyword.isascii() else _NO_LETTER.sub("?", keyword)
        lines.append(f"{plain} {value}{_GUARD}\n")
    parser = DockerfileParser(fileobj=io.BytesIO("".join(lines).encode()))
    for part in parser.structure:
        yield flat.logicals[part["startline"]], part["instruction"], part["value"].removesuffix(_GUARD)


class _Reader:
    """Builds the model, an instruction at a time."""

    def __init__(self, flat: Flat) -> None:
        self._flat = flat
        self._problems: list[Problem] = list(flat.problems)
        self._when_built: list[tuple[int, Problem]] = []
        """(stage, problem): Docker meets it only when it builds the stage."""
        self._instructions: list[Instruction] = []
        self._stages: list[Stage] = []
        self._members: list[list[Instruction]] = []
        self._scopes: list[Scope] = []
        self._waiting: list[list[tuple[Logical, Instruction]]] = []
        """What each stage has in ONBUILD: it acts where another stage starts from that one."""
        self._triggered = 0
        self._global = Scope()
        self._names: dict[str, int] = {}
        """Stage name -> the latest stage of that name."""
        self._budget = _COMMAND_BUDGET

    def add(self, logical: Logical, keyword: str, value: str) -> None:
        """Take in the next instruction."""
        onbuild = keyword == "ONBUILD"
        if onbuild:
            keyword, value = split_keyword(value)
            keyword = keyword.upper()
        flags, bare_flags, value = read_flags(value)
        exec_form = read_list(value) if keyword in _LISTS else None
        draft = Instruction(
            keyword=keyword,
            value=value,
            flags=flags,
            line=logical.line,
            end_line=logical.end_line,
            stage=len(self._stages) - 1,
            exec_form=exec_form,
            heredocs=tuple(heredoc for heredoc, _ in logical.heredocs),
            onbuild=onbuild,
        )
        for problem in problems_of(draft, self._flat.escape, bare_flags):
            self._blame(draft, problem)
        if keyword == "FROM" and not onbuild:
            self._from(draft)
            return
        if not self._stages and keyword in _NEEDS_STAGE:
            message = f'"{draft.text[:80]}" stands before the first FROM'
            self._problems.append(Problem(draft.line, "before-from", message, fatal=True))
        instruction = self._understood(logical, draft)
        self._instructions.append(instruction)
        if self._members:
            self._members[-1].append(instruction)
        if self._waiting and onbuild:
            self._waiting[-1].append((logical, draft))

    def finish(self) -> Dockerfile:
        """The whole file."""
        if not self._flat.logicals:
            self._problems.append(Problem(1, "empty", "The file has no instructions", fatal=True))
        elif not self._stages:
            line = self._flat.logicals[0].line
            self._problems.append(Problem(line, "no-from", "The file has no FROM", fatal=True))
        self._check_origins()
        whole = self._whole()
        if self._when_built:
            reached = {stage.index for stage in whole.reached()}
            self._problems += [problem for stage, problem in self._when_built if stage in reached]
            whole = self._whole()
        return whole

    def _whole(self) -> Dockerfile:
        """What was read so far, the problems by their lines."""
        return Dockerfile(
            text=self._flat.text,
            lines=self._flat.lines,
            stages=tuple(
                replace(stage, instructions=tuple(members))
                for stage, members in zip(self._stages, self._members, strict=True)
            ),
            instructions=tuple(self._instructions),
            problems=tuple(sorted(self._problems, key=attrgetter("line"))),
            directives=self._flat.directives,
        )

    def _understood(self, logical: Logical, draft: Instruction) -> Instruction:
        """The instruction as it acts in the stage that is being read."""
        scope = self._scopes[-1] if self._scopes else self._global
        text = draft.value
        missing: tuple[str, ...] = ()
        if draft.keyword in _EXPANDED and not draft.onbuild:
            expanded = expand(text, scope.variables, self._flat.escape)
            text, missing = expanded.text, expanded.missing
            self._check(draft, expanded)
        commands: tuple[Command, ...] = ()
        if draft.keyword in _SHELL_FORMS:
            fixed = scope.variables if draft.keyword == "RUN" else scope.env
            commands = tuple(self._commands(logical, draft, fixed))
        if not draft.onbuild:
            self._set(scope, draft)
        return draft._replace(commands=commands, expanded=text, missing=missing, variables=scope.variables)

    def _blame(self, draft: Instruction, problem: Problem) -> None:
        if problem.code in WHEN_BUILT and draft.keyword != "FROM":
            self._when_built.append((draft.stage, problem))
        else:
            self._problems.append(problem)

    def _check(self, draft: Instruction, expanded: Expanded) -> None:
        """Blame a `${...}` that can't be read."""
        if expanded.broken:
            message = f'Docker can\'t fill in "{expanded.broken}" in this {draft.keyword}'
            self._blame(draft, Problem(draft.line, "bad-substitution", message, fatal=True))

    def _check_origins(self) -> None:
        """Blame a `COPY --from` that names no stage and can name no image."""
        for copy in self._instructions:
            if copy.keyword != "COPY" or copy.onbuild or copy.stage < 0:
                continue
            for name in copy.flags.get("from", ())[-1:]:
                fault = self._origin_fault(name, self._stages[copy.stage])
                if fault:
                    message = f'"--from={name[:60]}" {fault}'
                    self._problems.append(Problem(copy.line, "bad-origin", message, fatal=True))

    def _origin_fault(self, name: str, stage: Stage) -> str:
        if "$" in name:
            return "holds a variable, which Docker doesn't fill in there: name the stage itself"
        if name.isascii() and name.isdigit():
            if len(name) > 5 or int(name) >= len(self._stages):
                return f"is no stage: the file has {len(self._stages)}, counted from 0"
            return "is the stage itself" if int(name) == stage.index else ""
        if name and name.lower() == stage.name:
            return "is the stage itself"
        known = any(earlier.name == name.lower() for earlier in self._stages[: stage.index])
        return "" if known or not name else fault_of(name)

    def _from(self, draft: Instruction) -> None:
        words = draft.value.split()
        expanded = expand(words[0] if words else "", self._global.variables, self._flat.escape)
        platform = expand(draft.flags.get("platform", ("",))[-1], self._global.variables, self._flat.escape)
        name = words[2].lower() if len(words) == 3 and words[1].lower() == "as" else ""
        parent = self._names.get(expanded.text.lower())
        index = len(self._stages)
        if name:
            self._names[name] = index
        known = self._global.variables
        base = draft._replace(stage=index, expanded=expanded.text, missing=expanded.missing, variables=known)
        self._check(draft, expanded)
        if not expanded.text and not expanded.missing and words:
            message = f'The base image of "{draft.text[:80]}" is empty'
            self._problems.append(Problem(draft.line, "blank-base", message, fatal=True))
        elif words and not expanded.missing and not expanded.broken and self._names.get(expanded.text) is None:
            fault = fault_of(expanded.text)
            if fault:
                message = f'"{expanded.text[:80]}" {fault}'
                self._problems.append(Problem(draft.line, "bad-reference", message, fatal=True))
        self._instructions.append(base)
        self._stages.append(
            Stage(index, name, expanded.text, parent, bool(expanded.missing), draft.line, platform.text, ())
        )
        self._members.append([])
        self._scopes.append(Scope() if parent is None else self._scopes[parent].child())
        self._waiting.append([])
        for logical, waiting in self._waiting[parent] if parent is not None else ():
            self._triggered += 1
            if self._triggered <= _TRIGGERED_LIMIT:
                acting = waiting._replace(onbuild=False, stage=index)
                self._members[-1].append(self._understood(logical, acting))

    def _set(self, scope: Scope, draft: Instruction) -> None:
        """Take an ENV or ARG into force."""
        if draft.keyword == "ENV":
            before = scope.variables
            for name, raw in split_env(draft.value, self._flat.escape):
                if name and raw is not None:
                    value = expand(raw, before, self._flat.escape)
                    self._check(draft, value)
                    scope.set_env(name, value)
        elif draft.keyword == "ARG":
            before = scope.variables
            for name, raw in split_pairs(draft.value, self._flat.escape):
                if not name:
                    continue
                if raw is None:
                    scope.set_arg(name, None, self._global if scope is not self._global else None)
                    continue
                # Before the first FROM an ARG sees those to its left; in a stage it doesn't.
                known = scope.variables if scope is self._global else before
                value = expand(raw, known, self._flat.escape)
                self._check(draft, value)
                scope.set_arg(name, value, None)

    def _commands(self, logical: Logical, draft: Instruction, variables: Mapping[str, str]) -> Iterator[Command]:
        offset = len(logical.text) - len(draft.value)
        self._budget -= len(draft.value) + sum(len(heredoc.body) for heredoc in draft.heredocs)
        if self._budget < 0:
            return
        if draft.exec_form is not None:
            yield from split_exec(draft.exec_form, draft.line, variables)
            return
        if draft.keyword == "RUN" and _is_heredoc_alone(draft):
            for heredoc, start in logical.heredocs:
                yield from _script_commands(heredoc, start, variables)
            return
        commands = split_commands(draft.value, lambda at: logical.line_at(offset + at), variables)
        yield from commands
        if draft.heredocs and any(command.words[0] in SHELLS for command in commands):
            for heredoc, start in logical.heredocs:
                yield from _script_commands(heredoc, start, variables)


def _is_heredoc_alone(draft: Instruction) -> bool:
    """Whether the heredoc is the script itself, not the input of a command."""
    return len(draft.heredocs) == 1 and re.fullmatch(r"\d*<<-?\s*\S+", draft.value) is not None


def _script_commands(heredoc: Heredoc, start: int, variables: Mapping[str, str]) -> list[Command]:
    """The commands of a heredoc's body, unless its first line names a program that is no shell."""
    if not is_for_shell(heredoc.body):
        return []
    return split_commands(heredoc.body, _line_counter(heredoc.body, start), variables)


def _line_counter(body: str, start: int) -> Callable[[int], int]:
    """Line of an offset that only grows from call to call, or nearly so."""
    ends = [match.end() for match in re.finditer("\n", body)]
    return lambda at: start + bisect.bisect_right(ends, at)
