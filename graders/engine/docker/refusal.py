"""Owns what is not sent to an engine at all, because nothing would hold it there; must never judge anything else.

The engine itself, not a step of a build, reads the Dockerfile and fetches what `ADD` names: outside every group and
every network of a build. Measured on docker.io 20.10, 2026-11: a value of 100 KB that variables make takes the builder
three seconds and one of a megabyte minutes, it goes on when the build was given up, and neighbours' builds then run
into their time limits; `ADD http://127.0.0.1/` was answered by a service of the machine, also with `networkmode=none`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import pairwise

from graders.dockerfile.model import Dockerfile, Instruction
from graders.dockerfile.parse import parse
from graders.engine.base import BuildRequest, Network
from graders.engine.docker.archive import too_large
from graders.safe_text import clean

_INSTRUCTIONS = 1000
"""An engine of 20.10 can't stack more than some 125 layers."""
_EXPANDED_BYTES = 64 * 1024
"""What one instruction may become; a program can't be started with a variable of twice that."""
_WORK = 16_000_000_000
"""Squared bytes that the builder may have to expand: some seconds of it."""
_CARRIED_BYTES = 256 * 1024 * 1024
"""Variables that steps may carry together: the builder writes all of them out with every step."""
_UNKNOWN_BYTES = 1024
"""What a variable is taken for that the base image or a build argument may set."""
_CLOSED = frozenset({Network.NONE, Network.INDEX})
_VERBATIM = frozenset({"RUN", "CMD", "ENTRYPOINT", "SHELL", "HEALTHCHECK", "MAINTAINER"})
_VARIABLE = re.compile(r"\$\{?([A-Za-z_][A-Za-z0-9_]*)")
_ASSIGNED = re.compile(r"(?:^|\s)([A-Za-z_][A-Za-z0-9_]*)=")
_FRONTEND = re.compile(rb"(?:\xef\xbb\xbf)?\s*(?:#![^\n]*\n)?\s*(?:(?://[^\n]*\n\s*)*//[^\n]*syntax|\{)", re.IGNORECASE)
"""`// syntax=` and `{"syntax": ...}` count as much as `# syntax=`. Source: BuildKit 0.12, parser/directives.go."""
_REMOTE = re.compile(r"://|(?:^|[\s\[,])(?:git@|github\.com/)", re.IGNORECASE)


def refusal(request: BuildRequest) -> str:
    """Why a build is not started, in a sentence for the learner; mostly nothing."""
    limit_mib = request.limits.build_disk_mib
    bomb = too_large(request.files, limit_mib)
    if bomb:
        return f"{clean(bomb)} unpacks to more than {limit_mib} MiB; it was not built"
    for file in request.files:
        if file.path == request.dockerfile and not file.link:
            if _FRONTEND.match(file.data):
                return "It begins with no instruction, but with what makes newer engines fetch another builder"
            dockerfile = parse(file.data)
            return overgrown(dockerfile) or (past_its_network(dockerfile) if request.network in _CLOSED else "")
    return ""


def overgrown(dockerfile: Dockerfile) -> str:
    """What would keep the builder busy for long, or fill its memory; mostly nothing."""
    every = dockerfile.instructions
    if len(every) > _INSTRUCTIONS:
        return f"It has {len(every):,} instructions; at most {_INSTRUCTIONS:,} are built"
    lengths: dict[str, int] = {}
    # An ONBUILD line acts after all of its stage, so what it refers to may stand further down.
    for _ in range(2 if any(each.onbuild for each in every) else 1):
        work = carried = variables = 0
        for each in every:
            carried += variables
            if each.keyword not in _VERBATIM:
                size = _note_lengths(each, lengths)
                work += size * size * (len(dockerfile.stages) if each.onbuild else 1)
                variables += size if each.keyword in {"ENV", "ARG"} else 0
                if size > max(_EXPANDED_BYTES, len(each.value)):
                    return f"Line {each.line}: its variables make it longer than {_EXPANDED_BYTES // 1024} KiB"
            if work > _WORK or carried > _CARRIED_BYTES:
                return f"Line {each.line}: the values up to here are too long for a builder to get through in time"
    return ""


def _note_lengths(each: Instruction, lengths: dict[str, int]) -> int:
    """How long an instruction is at most with its variables filled in; notes what it sets."""

    def size_of(text: str) -> int:
        return len(text) + sum(lengths.get(name, _UNKNOWN_BYTES) for name in _VARIABLE.findall(text))

    size = size_of(each.value)
    if each.keyword in {"ENV", "ARG"}:
        first = each.value.split(maxsplit=1)[:1]
        starts = list(_ASSIGNED.finditer(each.value))
        bounds = [*(found.start() for found in starts), len(each.value)]
        names = [found[1] for found in starts]
        sizes = [size_of(each.value[begin:end]) for begin, end in pairwise(bounds)]
        if each.keyword == "ENV" and "=" not in "".join(first):  # ENV name all the rest
            names, sizes = first, [size] * len(first)
        elif set("\"'\\") & set(each.value):  # a quoted word may hold what looks like the next
            sizes = [size] * len(names)
        for name, length in zip(names, sizes, strict=True):
            lengths[name] = max(length, lengths.get(name, 0))
    return size


def past_its_network(dockerfile: Dockerfile) -> str:
    """The first `ADD` that the engine would fetch from somewhere for a build whose own network is closed."""
    for each in dockerfile.instructions:
        if each.keyword == "ADD" and _may_be_remote(each):
            return (
                f"Line {each.line}: ADD has the engine itself fetch what an address names, past the network that this"
                " build is given; COPY a file of the folder, or fetch it in a RUN line"
            )
    return ""


def _may_be_remote(add: Instruction) -> bool:
    texts: Iterable[str] = (add.value, add.expanded)
    unknown = bool(add.missing) or (add.onbuild and "$" in add.value)
    return unknown or any(_REMOTE.search(re.sub(r"[\"'\\`]", "", text)) for text in texts)
