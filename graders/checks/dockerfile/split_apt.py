"""Owns the check that package lists are fetched in the RUN that installs from them; must never call apt.

Looked at is every stage that the final image is made of, a builder too: what counts is not size but the cache, which
keeps an old list for as long as nothing above it changes, and a builder's compiler goes stale like any package.
An install without any update above it is no fault of this kind: on an official base it doesn't build at all.
Two RUNs in a row that do nothing but install are one install that was split; a second one that first adds a package
source is not, for it may need what the first one brought.
"""

from __future__ import annotations

from collections.abc import Iterator

from graders.check import Check, NoParams
from graders.dockerfile.apt import Apt, apt_commands
from graders.dockerfile.model import Instruction
from graders.dockerfile.wrapper import SHELLS
from graders.dockerfile_context import DockerfileContext
from graders.finding import Finding
from graders.outcome import Level

_HOUSEKEEPING = frozenset(
    ("apt-get", "apt", "aptitude", "apt-mark", "apt-cache", "rm", "find", "set", "true", ":", "echo", "export", "mkdir")
)
_UPDATERS = frozenset(("add-apt-repository", "apt-add-repository", "extrepo"))
"""Programs that may fetch the lists themselves; so may a script that is handed to a shell."""
_SOURCES = "/etc/apt/sources.list"
_PASSED_OVER = frozenset(("ENV", "ARG", "LABEL"))


def find(context: DockerfileContext, params: NoParams) -> Iterator[Finding]:  # noqa: ARG001 - all checks share one shape
    """One finding for each RUN that installs from lists of another RUN, or that continues one."""
    updates: dict[int, int] = {}
    for stage in context.dockerfile.reached():
        updated = 0 if stage.parent is None else updates[stage.parent]
        before: Instruction | None = None
        """The instruction in front, when it installs packages and does nothing else."""
        for instruction in stage.instructions:
            if instruction.onbuild or instruction.keyword in _PASSED_OVER:
                continue
            commands = list(apt_commands(instruction))
            install = next((apt for apt in commands if apt.installs and not apt.only_local), None)
            alone = install is not None and _is_only_housekeeping(instruction)
            if install is not None:
                if not _fetches(instruction, install) and updated:
                    yield _finding(
                        instruction,
                        install,
                        f"installs from the package lists that line {updated} fetched",
                        str(updated),
                    )
                elif before is not None and alone:
                    yield _finding(
                        instruction, install, f"goes on with the install of line {before.line}", str(before.line)
                    )
            updated = next((apt.command.line for apt in reversed(commands) if apt.updates), updated)
            before = instruction if alone else None
        updates[stage.index] = updated


def _finding(instruction: Instruction, install: Apt, fault: str, earlier: str) -> Finding:
    return Finding(
        f'"{install.command.text[:120]}" {fault}: two layers for what belongs in one',
        observed=f"RUN on line {earlier} and RUN on line {instruction.line}",
        expected="apt-get update && apt-get install in one RUN",
        line=install.command.line,
        end_line=instruction.end_line,
    )


def _fetches(instruction: Instruction, install: Apt) -> bool:
    """Whether something in front of the install, in the same RUN, fetches the lists."""
    for command in instruction.commands:
        if command is install.command:
            return False
        program = command.words[0]
        if program in _UPDATERS or program in SHELLS or program.endswith(".sh"):
            return True
        if program in ("apt-get", "apt", "aptitude") and "update" in command.words:
            return True
    return False


def _is_only_housekeeping(instruction: Instruction) -> bool:
    """Whether the RUN does nothing beside what belongs to an install of packages from the sources that there are."""
    if any(_SOURCES in text for text in instruction.shell_texts):
        return False
    return all(command.words[0] in _HOUSEKEEPING for command in instruction.commands)


_BASE = "FROM debian:bookworm-slim\n"
_UPDATE = "RUN apt-get update && apt-get install -y "

CHECK = Check(
    id="split-apt",
    claim="Package lists are fetched in the RUN that installs from them",
    why="A layer that only fetches the lists stays in the cache for months; the install then asks for what is gone.",
    hint="You add a package to the list. Which RUN lines are built again, and how old are the lists then?",
    sources=(
        "https://docs.docker.com/build/building/best-practices/#apt-get",
        "https://manpages.debian.org/bookworm/apt/apt-get.8.en.html",
    ),
    level=Level.DOCKERFILE,
    find=find,
    params=NoParams,
    bad=(
        _BASE + "RUN apt-get update\nRUN apt-get install -y curl\n",
        _BASE
        + "run apt update -qq\nENV A=b\n# RUN apt-get update\nrun DEBIAN_FRONTEND=noninteractive apt -y install curl\n",
        _BASE + "RUN apt-get update\nRUN echo apt-get update && apt-get install -y curl\n",
        _BASE + "RUN apt-get update\nRUN sh -c 'apt-get install -y curl'\n",
        _BASE + "RUN apt-get update\nRUN (apt-get install -y curl && apt-get update)\n",
        _BASE + _UPDATE + "curl\n" + _UPDATE + "git\n",
        "FROM debian AS base\nRUN apt-get update\nFROM base\nRUN <<EOF\nset -e\napt-get install -y curl\nEOF\n",
        "FROM debian AS b\nRUN apt-get update\nRUN apt-get install -y gcc\nFROM scratch\nCOPY --from=b /a /a\n",
        "FROM debian AS t\nONBUILD RUN apt-get update\nFROM t\nRUN apt-get install -y curl\n",
        _BASE + 'ENV GET="apt-get install -y"\nRUN apt-get update\nRUN $GET curl\n',
    ),
    good=(
        _BASE + _UPDATE + "curl\n",
        _BASE
        + "RUN set -eux; \\\n  apt-get update; \\\n  apt-get install -y curl; \\\n  rm -rf /var/lib/apt/lists/*\n",
        _BASE + "RUN apt-get install -y curl\n",
        _BASE + _UPDATE + "curl\nRUN curl -fsSL https://example.org/setup | bash - && apt-get install -y nodejs\n",
        _BASE + _UPDATE + "curl\nCOPY a.deb /tmp/\nRUN apt-get install -y /tmp/a.deb\n",
        _BASE
        + "RUN apt-get update && apt-get upgrade -y\n# RUN apt-get install -y curl\nRUN echo apt-get install curl\n",
        "FROM debian:bookworm AS no\nRUN apt-get update\nRUN apt-get install -y curl\nFROM debian:bookworm\nRUN true\n",
        _BASE + _UPDATE + "curl\nCOPY . .\n" + _UPDATE + "git\n",
        _BASE + "RUN apt-get update\nONBUILD RUN apt-get install -y curl\n",
    ),
)
