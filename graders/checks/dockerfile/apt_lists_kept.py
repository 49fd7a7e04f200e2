"""Owns the check that package lists don't stay in a shipped layer; must never look into layers.

Only stages whose lists reach the final image count: its chain, and a stage that is copied as a whole. In a builder the
lists may stay, for nobody ships them. Deleting them helps in the RUN that fetched them and nowhere else.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from graders.check import Check, NoParams, Sample
from graders.dockerfile.apt import LISTS, apt_commands
from graders.dockerfile.apt_lists import are_emptied, commands_after, has_quoted_pattern, with_above
from graders.dockerfile.install import hides_its_program
from graders.dockerfile.model import Command, Instruction, mounts
from graders.dockerfile.shipped import stages_that_ship
from graders.dockerfile_context import DockerfileContext
from graders.finding import Finding, Undecidable
from graders.outcome import Level

_KEEPERS = frozenset(("cp", "mv", "rsync", "tar"))
"""Programs that bring files to another place."""
_MOVED = re.compile(r"\bDir::State(::lists)?\s{1,9}[\\'\"]{0,4}(/?[\w.-][\w./-]*)", re.IGNORECASE)
"""What moves the lists for good, in apt's own configuration: they, or all that apt keeps."""


def find(context: DockerfileContext, params: NoParams) -> Iterator[Finding | Undecidable]:  # noqa: ARG001 - one shape
    """One finding for each RUN of a shipped stage that fetches the lists and leaves them."""
    origins = context.origins()
    shell = context.dockerfile.setting("SHELL")
    has_bash = shell is not None and "bash" in shell.instruction.value
    for stage in stages_that_ship(context.dockerfile, LISTS):
        moved = ""
        for instruction in stage.instructions:
            updates = [apt for apt in apt_commands(instruction) if apt.updates]
            texts = (text for text in instruction.shell_texts if "::state" in text.lower())
            moved = next((_folder(match) for text in texts if (match := _MOVED.search(text))), moved)
            folder = updates[-1].lists if updates else LISTS
            folder = moved if moved and folder == LISTS else folder
            if not updates or instruction.onbuild or _is_mounted(instruction, folder):
                continue
            update = updates[-1].command
            after = commands_after(instruction, update)
            kept = next((each for each in after if _keeps(each, folder)), None)
            if kept is None and are_emptied(after, instruction, folder, origins, has_bash=has_bash):
                continue
            if hides_its_program(instruction):
                yield Undecidable(
                    f'Line {instruction.line}: "{instruction.text[:80]}" runs a program that a variable names'
                )
                continue
            quoted = has_quoted_pattern(instruction)
            reason = ": no shell fills in the * of a path in quotes" if quoted else ""
            reason = f': "{kept.text[:80]}" brings them to another place' if kept is not None else reason
            yield Finding(
                f'"{update.text[:80]}" leaves its package lists in the layer{reason}',
                observed=f"{folder} as it was fetched",
                expected=f"rm -rf {folder}/* at the end of the same RUN, or a cache mount",
                line=update.line,
                end_line=instruction.end_line,
            )


def _folder(said: re.Match[str]) -> str:
    """Where the lists lie then: a folder is below the one that it belongs to, unless it begins with a slash."""
    folders = ("var/lib/apt", said[2]) if said[1] else (said[2], "lists")
    return posixpath.normpath(posixpath.join("/", *folders))


def _keeps(command: Command, folder: str) -> bool:
    """Whether the command brings the lists to another place."""
    words = [word.rstrip("/") for word in command.words[1:]]
    above = with_above(folder)
    return command.words[0] in _KEEPERS and any(word in above or word.startswith(f"{folder}/") for word in words[:-1])


def _is_mounted(instruction: Instruction, folder: str) -> bool:
    """Whether a mount keeps the lists out of the layer."""
    return any(
        mount["type"] in ("cache", "tmpfs") and mount.get("target", "").rstrip("/") in with_above(folder)
        for mount in mounts(instruction)
    )


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
        "FROM debian:bookworm AS b\nONBUILD RUN apt-get update && apt-get install -y curl\nFROM b\n",
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
        _BASE + "RUN echo 'Dir::State \"/s\";' > /etc/apt/apt.conf\n" + _INSTALL + " && rm -rf /var/lib/apt/lists/*\n",
        _BASE + _INSTALL + " && mv /var/lib/apt/lists /opt/ && rm -rf /var/lib/apt/lists/*\n",
        _BASE + _INSTALL + "; clean() { rm -rf /var/lib/apt/lists/*; }\n",
        _BASE + _INSTALL + " && cp -r /var/lib/apt /srv && rm -rf /var/lib/apt/lists/*\n",
        _BASE + _INSTALL + " && rm -rf /var/lib/apt/'lists/*'\n",
        _BASE + _INSTALL + " && rm -rf /var/lib/apt/lists/\\*\n",
        _BASE + "ARG L=/var/lib/apt/lists\n" + _INSTALL + ' && rm -rf "$L/*"\n',
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
        _BASE + _INSTALL + " && cd /var/lib/apt/lists && rm -rf ./*\n",
        _BASE + _INSTALL + " && cd /var/lib/apt/lists && find . -type f -delete\n",
        _BASE + _INSTALL + " && (cd /var/lib/apt && rm -rf lists)\n",
        _BASE + "RUN clean() { rm -rf /var/lib/apt/lists/*; }; apt-get update; apt-get install -y curl; clean\n",
        _BASE + _INSTALL + ' && rm -rf "/var/lib/apt/lists"/* "$TMP/*"\n',
        _BASE + _INSTALL + " && bash -c 'rm -rf /var/lib/apt/lists/*'\n",
        _BASE + "ARG L=/var/lib/apt/lists\n" + _INSTALL + ' && rm -rf "$L"/*\n',
        _BASE + "RUN trap 'rm -rf /var/lib/apt/lists/*' EXIT; apt-get update; apt-get install -y curl\n",
        _BASE + "RUN apt-get -oDir::State::Lists=/tmp/l update && apt-get install -y curl; rm -rf /tmp/l\n",
        _BASE + "RUN echo 'Dir::State \"srv\";' > /etc/apt/apt.conf\n" + _INSTALL + " && rm -rf /srv/lists\n",
        _BASE + 'ARG CLEAN="rm -rf /var/lib/apt/lists/*"\n' + _INSTALL + " && $CLEAN\n",
        _BASE + 'SHELL ["/bin/bash", "-c"]\n' + _INSTALL + " && rm -rf /var/lib/{apt,dpkg,cache}/\n",
        Sample(
            _BASE + "COPY clean.sh /\n" + _INSTALL + " && sh /clean.sh\n",
            files=(("clean.sh", "rm -rf /var/lib/apt/lists/*\n"),),
        ),
    ),
)
