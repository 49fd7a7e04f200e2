"""Owns the check that plain files are copied with COPY; must never fetch an address.

ADD is right for an address, a repository and a local tar archive, which it unpacks. Looked at is every stage that the
final image is made of.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from graders.check import Check
from graders.dockerfile_context import DockerfileContext
from graders.finding import Finding, Undecidable
from graders.outcome import Level


@dataclass(frozen=True, slots=True)
class Params:
    """What ADD does more with than COPY."""

    archives: tuple[str, ...] = (
        ".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz", ".tbz2", ".tar.xz", ".txz", ".tar.zst", ".tzst", ".tar.lzma",
    )  # fmt: skip
    """Endings of local archives that it unpacks; a .zip it doesn't."""
    remote: tuple[str, ...] = ("http://", "https://", "ftp://", "git://", "git@", "ssh://", "github.com/")
    """How an address or a repository begins."""


def find(context: DockerfileContext, params: Params) -> Iterator[Finding | Undecidable]:
    """One finding for each ADD that only copies."""
    for stage in context.dockerfile.reached():
        for instruction in stage.instructions:
            if instruction.keyword != "ADD" or instruction.onbuild:
                continue
            sources = instruction.words[:-1]
            plain = [
                source
                for source in sources
                if not source.lower().startswith(params.remote) and not source.lower().endswith(params.archives)
            ]
            if instruction.missing and (plain or len(instruction.words) < 2):
                yield Undecidable(f"Line {instruction.line}: ${instruction.missing[0]} has no value here")
            elif plain:
                yield Finding(
                    f'"{instruction.text[:120]}" only copies {", ".join(plain)[:100]}: ADD can do more than that',
                    observed=f"ADD {' '.join(sources)[:200]}",
                    expected="COPY",
                    line=instruction.line,
                    end_line=instruction.end_line,
                )


_BASE = "FROM python:3.11-slim\n"

CHECK = Check(
    id="add-instead-of-copy",
    claim="Files are copied with COPY",
    why="ADD also fetches addresses and unpacks archives: whoever reads it must know which of the three is meant.",
    hint="What does this line do that COPY would not?",
    sources=(
        "https://docs.docker.com/build/building/best-practices/#add-or-copy",
        "https://docs.docker.com/reference/dockerfile/#add",
    ),
    level=Level.DOCKERFILE,
    find=find,
    params=Params,
    bad=(
        _BASE + "ADD . /app\n",
        _BASE + "add requirements.txt src/app.py /app/\n",
        _BASE + 'ADD ["my model.zip", "/app/"]\n',
        _BASE + "ARG WHAT=src\n# COPY src /app\nADD --chown=app $WHAT /app\n",
        _BASE + "ADD https.txt /app/\n",
        "FROM python:3.11-slim AS b\nADD src /app\nFROM scratch\nCOPY --from=b /app /app\n",
        _BASE + "ADD <<EOF /app/a.txt\nhello\nEOF\n",
        _BASE + "ADD model.tar.gz notes.md /app/\n",
    ),
    good=(
        _BASE + "COPY . /app\n",
        _BASE + "ADD model.tar.gz /models/\nADD rootfs.TAR.XZ /\n",
        _BASE
        + "ADD --checksum=sha256:24454f830cdb571e2c4ad15481119c43b3cafd48dd869a9b2945d1036d1dc68d https://e.org/a /a\n",
        _BASE + "ADD git@example.org:acme/lib.git#v1 /src\n",
        _BASE + "# ADD . /app\nRUN echo ADD . /app && useradd add\nONBUILD ADD . /app\n",
        "FROM a AS no\nADD . /app\nFROM python:3.11-slim\nCOPY . /app\n",
        _BASE + "ARG MODEL=model.tgz\nADD ${MODEL} /models/\n",
        _BASE + "RUN <<EOF\nADD . /app\nEOF\n",
    ),
)
