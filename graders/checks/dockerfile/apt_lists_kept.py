"""Owns the check that package lists don't stay in a shipped layer; must never look into layers.

Only stages whose lists reach the final image count: its chain, and a stage that is copied as a whole. In a builder the
lists may stay, for nobody ships them. Deleting them helps in the RUN that fetched them and nowhere else.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from itertools import pairwise

from graders.check import Check, NoParams, Sample
from graders.dockerfile.apt import LISTS, apt_commands
from graders.dockerfile.install import hides_its_program
from graders.dockerfile.model import Command, Instruction, mounts
from graders.dockerfile.origin import Origins
from graders.dockerfile.script import script_path
from graders.dockerfile.shell import split_commands
from graders.dockerfile.shipped import stages_that_ship
from graders.dockerfile_context import DockerfileContext
from graders.finding import Finding, Undecidable
from graders.outcome import Level

_KEEPERS = frozenset(("cp", "mv", "rsync", "tar"))
"""Programs that bring files to another place."""
_QUOTED_PATTERN = re.compile(r"[\"']/var/lib/apt/(?:lists/)?\*(?:\*|_\*)?[\"']")
_ON_FAILURE = re.compile(r"\bapt(?:-get)?\s[^;&|\n]*\|\|\s*[({]?\s*(?:rm|find)\s[^;&|\n]*/var/lib")
"""`apt-get install ... || rm ...` cleans when the install fails, and at no other time."""
_MOVED = re.compile(r"\bDir::State::lists\s{1,9}[\\'\"]{0,4}(/[\w./-]*\w)", re.IGNORECASE)
"""What moves the lists for good, in apt's own configuration."""
_BRACES = re.compile(r"\{([^{}]{1,200})\}")


def find(context: DockerfileContext, params: NoParams) -> Iterator[Finding | Undecidable]:  # noqa: ARG001 - one shape
    """One finding for each RUN of a shipped stage that fetches the lists and leaves them."""
    origins = context.origins()
    shell = context.dockerfile.setting("SHELL")
    has_bash = shell is not None and "bash" in shell.instruction.value
    for stage in stages_that_ship(context.dockerfile, LISTS):
        moved = ""
        for instruction in stage.instructions:
            updates = [apt for apt in apt_commands(instruction) if apt.updates]
            moved = next((match[1] for text in _scripts(instruction) if (match := _MOVED.search(text))), moved)
            folder = updates[-1].lists if updates else LISTS
            folder = moved if moved and folder == LISTS else folder
            if not updates or instruction.onbuild or _is_mounted(instruction, folder):
                continue
            update = updates[-1].command
            commands = _in_their_folders(instruction.commands)
            after = [*_after(commands, update), *_at_the_end(instruction)]
            kept = next((each for each in after if _keeps(each, folder)), None)
            removing = sum(_removes(command, instruction, folder, has_bash=has_bash) for command in after)
            removing += sum(_hands_over(first, second, folder) for first, second in pairwise(after))
            if kept is None and removing > sum(len(_ON_FAILURE.findall(script)) for script in _scripts(instruction)):
                continue
            if kept is None and any(_script_removes(command, instruction, origins, folder) for command in after):
                continue
            if hides_its_program(instruction):
                yield Undecidable(
                    f'Line {instruction.line}: "{instruction.text[:80]}" runs a program that a variable names'
                )
                continue
            quoted = _has_quoted_pattern(instruction)
            reason = ": no shell fills in the * of a path in quotes" if quoted else ""
            reason = f': "{kept.text[:80]}" brings them to another place' if kept is not None else reason
            yield Finding(
                f'"{update.text[:80]}" leaves its package lists in the layer{reason}',
                observed=f"{folder} as it was fetched",
                expected=f"rm -rf {folder}/* at the end of the same RUN, or a cache mount",
                line=update.line,
                end_line=instruction.end_line,
            )


def _after(commands: list[Command], update: Command) -> list[Command]:
    for index, command in enumerate(commands):
        if command is update:
            return commands[index + 1 :]
    return []


def _in_their_folders(commands: tuple[Command, ...]) -> list[Command]:
    """The commands with what `rm` and `find` name below the folder of the last `cd`."""
    folder, found = "", []
    for command in commands:
        words = command.words
        if words[0] in ("cd", "pushd") and len(words) > 1:
            folder = posixpath.join(folder, words[1])
        elif folder and words[0] in ("rm", "find"):
            named = (word if word[:1] in "-/$~" else posixpath.join(folder, word) for word in words[1:])
            found.append(command._replace(words=(words[0], *named)))
            continue
        found.append(command)
    return found


def _at_the_end(instruction: Instruction) -> Iterator[Command]:
    """What `trap ... EXIT` has the shell do when it ends."""
    for command in instruction.commands:
        if command.words[0] == "trap" and {"EXIT", "0"} & set(command.words[2:]):
            yield from split_commands(command.words[1], lambda _: 1, {})


def _keeps(command: Command, folder: str) -> bool:
    """Whether the command brings the lists to another place."""
    words = [word.rstrip("/") for word in command.words[1:]]
    return command.words[0] in _KEEPERS and any(word == folder or word.startswith(f"{folder}/") for word in words[:-1])


def _with_above(folder: str) -> tuple[str, ...]:
    """The folder and those that it lies in, but for the root."""
    folders = [folder]
    while (above := posixpath.dirname(folders[-1])) != "/":
        folders.append(above)
    return tuple(folders)


def _is_mounted(instruction: Instruction, folder: str) -> bool:
    """Whether a mount keeps the lists out of the layer."""
    return any(
        mount["type"] in ("cache", "tmpfs") and mount.get("target", "").rstrip("/") in _with_above(folder)
        for mount in mounts(instruction)
    )


def _removes(command: Command, instruction: Instruction, folder: str, *, has_bash: bool) -> bool:
    """Whether the command empties the lists."""
    words = command.words
    if words[0] in ("apt-get", "apt") and {"dist-clean", "distclean"} & set(words[1:]):
        return True
    if words[0] == "find":
        empties = "-delete" in words or ("-exec" in words and "rm" in words)
        return (
            empties and not {"-name", "-iname", "-path"} & set(words) and _is_all(words[1], folder, star_counts=False)
        )
    if words[0] != "rm":
        return False
    recursive = any(re.fullmatch(r"-[A-Za-z]*[rR][A-Za-z]*|--recursive", word) for word in words[1:])
    star_counts = not _has_quoted_pattern(instruction)
    paths = [path for word in words[1:] for path in (_braces(word) if has_bash else [word])]
    return any(_is_all(path, folder, star_counts=star_counts) and (recursive or path.endswith("*")) for path in paths)


def _hands_over(first: Command, second: Command, folder: str) -> bool:
    """Whether it is `find ... | xargs rm` for all the lists."""
    if first.words[0] != "find" or second.words[0] != "rm" or {"-name", "-iname", "-path"} & set(first.words):
        return False
    names_nothing = all(word.startswith("-") for word in second.words[1:])
    return names_nothing and len(first.words) > 1 and _is_all(first.words[1], folder, star_counts=False)


def _is_all(path: str, lists: str, *, star_counts: bool) -> bool:
    """Whether the path names all the lists."""
    folder = path
    if path.endswith("/*_*"):
        # A list is named by its address with "_" for "/", so this leaves only apt's lock and empty folders.
        return star_counts and re.sub(r"/+", "/", path) == f"{lists}/*_*"
    if path.endswith("/*"):
        if not star_counts:
            return False
        folder = path[:-2]
    elif path.endswith("/**"):
        folder = path[:-3] if star_counts else ""
    return re.sub(r"/+", "/", folder).rstrip("/") in _with_above(lists)


def _braces(word: str) -> list[str]:
    """What bash makes of `{a,b}`; the first pair only."""
    match = _BRACES.search(word)
    if match is None or "," not in match[1]:
        return [word]
    return [f"{word[: match.start()]}{part}{word[match.end() :]}" for part in match[1].split(",")]


def _has_quoted_pattern(instruction: Instruction) -> bool:
    """Whether the `*` stands where no shell fills it in."""
    if instruction.exec_form is not None:
        return instruction.exec_form[:1] == ("rm",)
    return any(_QUOTED_PATTERN.search(script) for script in _scripts(instruction))


def _scripts(instruction: Instruction) -> tuple[str, ...]:
    bodies = (heredoc.body for heredoc in instruction.heredocs)
    return (instruction.value, *bodies, *(script.text for script in instruction.scripts))


def _script_removes(command: Command, instruction: Instruction, origins: Origins, folder: str) -> bool:
    """Whether the command runs a script of the submission that empties the lists."""
    path = script_path(command, instruction)
    origin = origins.of(instruction, path, command) if path else None
    if origin is None:
        return False
    inner = split_commands(origin.data.decode("utf-8", "replace"), lambda _: 1, {})
    return any(_removes(item, instruction, folder, has_bash=False) for item in inner)


_BASE = "FROM debian:bookworm-slim\n"
_INSTALL = "RUN apt-get update && apt-get install -y curl"

CHECK = Check(
    id="apt-lists-kept",
    claim="No package lists stay in the image",
    why="The lists name every package of the distribution: megabytes that nothing reads once the install is done.",
    hint="Which folder does apt-get update fill, and in which layer does it end up?",
    sources=(
        "https://docs.docker.com/build/building/best-practices/#apt-get",
        "https://docs.docker.com/build/cache/optimize/#use-cache-mounts",
    ),
    level=Level.DOCKERFILE,
    find=find,
    params=NoParams,
    bad=(
        _BASE + _INSTALL + "\n",
        _BASE + _INSTALL + "\nRUN rm -rf /var/lib/apt/lists/*\n",
        _BASE + _INSTALL + " && apt-get clean # rm -rf /var/lib/apt/lists/*\n",
        _BASE + _INSTALL + ' && rm -rf "/var/lib/apt/lists/*"\n',
        _BASE + _INSTALL + " && echo rm -rf /var/lib/apt/lists/*\n",
        _BASE + "RUN rm -rf /var/lib/apt/lists/* && apt-get update && apt-get install -y curl\n",
        _BASE + "RUN --mount=type=cache,target=/var/cache/apt apt update -qq && apt -y install curl\n",
        _BASE + "run <<EOF\nset -e\n# rm -rf /var/lib/apt/lists/*\napt-get update\napt-get install -y curl\nEOF\n",
        _BASE + _INSTALL + " && rm -rf /var/lib/{apt,dpkg}/lists\n",
        "FROM debian:bookworm AS b\nRUN apt-get update\nFROM scratch\nCOPY --from=b / /\n",
        _BASE + _INSTALL + " && rm -rf /var/lib/apt/lists/partial /var/cache/apt/*\n",
        _BASE + _INSTALL + " && rm -f /var/lib/apt/lists/deb.debian.org_*\n",
        _BASE + _INSTALL + " && rm -f /var/lib/apt/*_*\n",
        _BASE + _INSTALL + " && cd /var/lib/dpkg && rm -rf lists\n",
        _BASE + _INSTALL + " && find /var/lib/dpkg -type f | xargs rm\n",
        _BASE + _INSTALL + ' && rm -rf "/var/lib/apt/lists/*_*"\n',
        _BASE + _INSTALL + " || rm -rf /var/lib/apt/lists/*\n",
        _BASE
        + "RUN apt-get -o Dir::State::lists=/l update && apt-get install -y curl && rm -rf /var/lib/apt/lists/*\n",
        _BASE
        + "RUN echo 'Dir::State::lists \"/l\";' > /etc/apt/apt.conf.d/9\n"
        + _INSTALL
        + " && rm -rf /var/lib/apt/lists/*\n",
        _BASE + _INSTALL + " && mv /var/lib/apt/lists /opt/ && rm -rf /var/lib/apt/lists/*\n",
    ),
    good=(
        _BASE + _INSTALL + " && rm -rf /var/lib/apt/lists/*\n",
        _BASE + _INSTALL + " && rm /var/lib/apt/lists/*_*\n",
        _BASE + _INSTALL + " || { rm -rf /var/lib/apt/lists/*; exit 1; }; rm -rf /var/lib/apt/lists/*\n",
        _BASE + _INSTALL + " && rm -rf /var/lib/apt/lists/* || true\n",
        _BASE
        + "RUN set -eux; apt-get update; apt-get install -y curl; rm -r /var/lib/apt/lists; mkdir /var/lib/apt/lists\n",
        _BASE + "RUN --mount=type=cache,target=/var/lib/apt,sharing=locked apt-get update && apt-get install -y curl\n",
        _BASE + _INSTALL + " && find /var/lib/apt/lists -type f -delete\n",
        _BASE + "RUN sh -c 'apt-get update && apt-get -y install curl && rm -fr /var/lib/apt/lists/'\n",
        "FROM debian:bookworm AS b\nRUN apt-get update && apt-get install -y gcc\nFROM debian\nCOPY --from=b /app /\n",
        _BASE + "# RUN apt-get update\nRUN echo apt-get update\nONBUILD RUN apt-get update\n",
        _BASE + _INSTALL + " && apt-get dist-clean\n",
        _BASE + _INSTALL + " && find /var/lib/apt/lists -type f -print0 | xargs -0 rm -f\n",
        _BASE + _INSTALL + " && cd /var/lib/apt/lists && rm -rf *\n",
        _BASE + _INSTALL + " && (cd /var/lib/apt && rm -rf lists)\n",
        _BASE + "RUN trap 'rm -rf /var/lib/apt/lists/*' EXIT; apt-get update; apt-get install -y curl\n",
        _BASE + "RUN apt-get -oDir::State::Lists=/tmp/l update && apt-get install -y curl; rm -rf /tmp/l\n",
        _BASE + 'ARG CLEAN="rm -rf /var/lib/apt/lists/*"\n' + _INSTALL + " && $CLEAN\n",
        _BASE + 'SHELL ["/bin/bash", "-c"]\n' + _INSTALL + " && rm -rf /var/lib/{apt,dpkg,cache}/\n",
        Sample(
            _BASE + "COPY clean.sh /\n" + _INSTALL + " && sh /clean.sh\n",
            files=(("clean.sh", "rm -rf /var/lib/apt/lists/*\n"),),
        ),
    ),
)
