"""Owns the check that data and notebooks stay out of the image; must never look into an image.

A COPY is judged by the files that it takes from the submission, after .dockerignore, and by the words it uses where the
files aren't known. Models and settings are no data; nor is code, in a package named data. Only stages whose folder
reaches the final image count, and there deleting later doesn't help, for the layer keeps the file. A bind mount leaves
nothing behind but what the RUN copies out of it.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from dataclasses import dataclass

from graders.check import Check, Sample
from graders.dockerfile.ignore import paths_like
from graders.dockerfile.model import Dockerfile, Instruction, mounts
from graders.dockerfile.shipped import stages_that_ship
from graders.dockerfile_context import DockerfileContext
from graders.finding import Finding, Undecidable, listed
from graders.outcome import Level

_COPIERS = frozenset(("cp", "rsync", "install"))


@dataclass(frozen=True, slots=True)
class Params:
    """What is data."""

    patterns: tuple[str, ...] = (
        "**/*.csv", "**/*.tsv", "**/*.parquet", "**/*.feather", "**/*.arrow", "**/*.avro", "**/*.orc", "**/*.tfrecord",
        "**/*.jsonl", "**/*.ipynb", "**/*.h5ad", "**/*.sas7bdat", "**/*.xlsx",
    )  # fmt: skip
    """As in .dockerignore."""
    folders: tuple[str, ...] = ("data", "dataset", "datasets", "raw", "notebooks")
    """Names of folders that hold data, whatever their files are called."""
    code: tuple[str, ...] = (
        ".py", ".pyi", ".pyx", ".md", ".toml", ".yaml", ".yml", ".cfg", ".ini", ".sh", ".sql", ".gitkeep", ".gitignore",
    )  # fmt: skip
    """Endings of files in such a folder that are no data."""
    allowed: tuple[str, ...] = ()
    """Patterns of files that the program needs although they look like data."""
    small_bytes: int = 4096
    """A file up to this size outside of such a folder may be a table that the program needs."""


def find(context: DockerfileContext, params: Params) -> Iterator[Finding | Undecidable]:
    """One finding for each COPY or ADD that brings data into the image."""
    dockerfile = context.dockerfile
    told: set[int] = set()
    for instruction in (each for stage in dockerfile.stages for each in stage.instructions):
        if instruction.onbuild or instruction.line in told:
            continue
        yield from _copied_out(context, instruction, params)
        if instruction.keyword not in ("COPY", "ADD") or not instruction.words or instruction.flags.get("from"):
            continue
        found = sorted(_data(context, instruction, instruction.words[:-1], params))
        if (found or instruction.missing) and not _ships(dockerfile, instruction, params):
            continue
        if found:
            told.add(instruction.line)
            yield _finding(instruction, instruction.text, found)
        elif instruction.missing:
            yield Undecidable(f"Line {instruction.line}: ${instruction.missing[0]} has no value here")


def _finding(instruction: Instruction, text: str, found: list[str]) -> Finding:
    named = listed(found, 5)
    return Finding(
        f'"{text[:120]}" brings data into the image: {named}',
        observed=named,
        expected="the program and its model; data is mounted or fetched where it is used",
        line=instruction.line,
        end_line=instruction.end_line,
    )


def _copied_out(context: DockerfileContext, instruction: Instruction, params: Params) -> Iterator[Finding]:
    """A finding for each command of a RUN that copies data out of a mount of the context, into the image's layers."""
    binds = [mount for mount in mounts(instruction) if mount["type"] == "bind" and not mount.get("from")]
    if not binds or instruction.stage not in {stage.index for stage in context.dockerfile.chain()}:
        return
    gone = [mount.get("target", "").rstrip("/") for mount in mounts(instruction)]
    gone += [
        word.rstrip("/*") for command in instruction.commands if command.words[0] == "rm" for word in command.words
    ]
    for command in instruction.commands:
        words = [word for word in command.words[1:] if not word.startswith("-")]
        if command.words[0] not in _COPIERS or len(words) < 2:
            continue
        if any(_is_in(words[-1].rstrip("/"), folder) for folder in gone):
            continue
        sources = tuple(
            posixpath.join(mount.get("source", ""), posixpath.relpath(word, mount["target"]))
            for word in words[:-1]
            for mount in binds
            if mount.get("target", "").startswith("/") and _is_in(word, mount["target"].rstrip("/"))
        )
        found = sorted(_data(context, instruction, sources, params))
        if found:
            yield _finding(instruction, command.text, found)


def _is_in(path: str, folder: str) -> bool:
    return bool(folder) and (path == folder or path.startswith(f"{folder}/"))


def _ships(dockerfile: Dockerfile, instruction: Instruction, params: Params) -> bool:
    """Whether the folder that the files go to reaches the final image, or data from within it does."""
    folder = "/"
    for instructions in _with_parents(dockerfile, instruction.stage):
        for item in instructions:
            if item is instruction:
                break
            if item.keyword == "WORKDIR" and not item.onbuild:
                folder = posixpath.join(folder, item.expanded)
    target = posixpath.normpath(posixpath.join(folder, instruction.words[-1]))
    if instruction.stage in {stage.index for stage in stages_that_ship(dockerfile, target)}:
        return True
    below = "/" if target == "/" else f"{target}/"
    is_data = paths_like(*params.patterns)
    for copy in dockerfile.in_chain("COPY"):
        origins = (dockerfile.find_stage(name, copy.stage) for name in copy.flags.get("from", ()))
        if not any(origin is not None and origin.index == instruction.stage for origin in origins):
            continue
        for source in copy.words[:-1]:
            path = posixpath.normpath(posixpath.join("/", source))
            inside = path.startswith(below)
            if inside and (set(path.split("/")) & set(params.folders) or is_data.excludes(path)):
                return True
    return False


def _with_parents(dockerfile: Dockerfile, index: int) -> list[tuple[Instruction, ...]]:
    """The instructions of a stage and of those that it starts from, the lowest first."""
    found = []
    at: int | None = index
    while at is not None and 0 <= at < len(dockerfile.stages):
        found.append(dockerfile.stages[at].instructions)
        at = dockerfile.stages[at].parent
    return found[::-1]


def _data(context: DockerfileContext, instruction: Instruction, sources: tuple[str, ...], params: Params) -> set[str]:
    """Paths in the context that are data and that the instruction takes with these sources."""
    is_data, allowed = paths_like(*params.patterns), paths_like(*params.allowed)
    excluded = paths_like(*instruction.flags.get("exclude", ()))
    found: set[str] = set()
    for source in sources:
        if source.startswith(("<<", "http://", "https://", "git@")):
            continue
        plain = posixpath.normpath(posixpath.join("/", source)).lstrip("/")
        matches = paths_like(plain.removeprefix("!") or "**")
        taken = [path for path in context.files if matches.excludes(path)]
        if not taken and plain and not any(char in plain for char in "*?["):
            # The files aren't known here: the word itself has to do.
            named = posixpath.basename(plain) in params.folders or is_data.excludes(plain)
            if named and not allowed.excludes(plain) and not (context.ignore and context.ignore.excludes(plain)):
                found.add(plain)
        for path in taken:
            if allowed.excludes(path) or excluded.excludes(path) or (context.ignore and context.ignore.excludes(path)):
                continue
            in_folder = bool(set(path.split("/")[:-1]) & set(params.folders)) and not path.endswith(params.code)
            large = len(context.files[path]) > params.small_bytes or path.endswith(".ipynb")
            if in_folder or (large and is_data.excludes(path)):
                found.add(path)
    return found


_BASE = "FROM python:3.11-slim\nWORKDIR /app\n"
_FILES = (("app.py", "print()\n"), ("data/raw.csv", "a,b\n"), ("models/m.joblib", "x\n"), ("labels.csv", "1,good\n"))

CHECK = Check(
    id="data-copied",
    claim="No training data and no notebook is copied into the image",
    why="Data makes the image heavy and old, and whoever may pull the image may read it.",
    hint="Which of the copied files does the program open when it answers?",
    sources=(
        "https://docs.docker.com/build/concepts/context/#dockerignore-files",
        "https://docs.docker.com/build/building/best-practices/#exclude-with-dockerignore",
    ),
    level=Level.DOCKERFILE,
    find=find,
    params=Params,
    bad=(
        Sample(_BASE + "COPY . .\n", files=_FILES),
        _BASE + "copy data/ data/\n",
        Sample(_BASE + "ARG WHAT=data\nADD $WHAT /srv/\n", files=_FILES),
        Sample(_BASE + 'COPY ["app.py", "look.ipynb", "/app/"]\n', files=(("look.ipynb", "{}"), ("app.py", ""))),
        Sample(_BASE + "COPY *.csv ./\n", files=(("big.csv", "1,2,3\n" * 1000),)),
        Sample(_BASE + "COPY . .\nRUN rm -rf data\n", files=(*_FILES, (".dockerignore", "# data\nmodels\n"))),
        Sample("FROM a AS b\nCOPY . /app\nFROM python:3.11-slim\nCOPY --from=b /app /app\n", files=_FILES),
        Sample(_BASE + "COPY . .\n", files=(*_FILES, (".dockerignore", "data\n!data/raw.csv\n"))),
        Sample("FROM a AS t\nONBUILD COPY data /data\nFROM t\n", files=_FILES),
        Sample(_BASE + "RUN --mount=type=bind,source=data,target=/d cp /d/raw.csv /app/\n", files=_FILES),
        Sample(_BASE + "RUN --mount=type=bind,target=/ctx cp -r /ctx/app.py /ctx/data ./\n", files=_FILES),
    ),
    good=(
        Sample(_BASE + "COPY app.py labels.csv ./\nCOPY models models\n", files=_FILES),
        Sample(_BASE + "COPY . .\n", files=(*_FILES, (".dockerignore", "data\n"))),
        Sample(_BASE + "RUN --mount=type=bind,source=data,target=/data python train.py\n", files=_FILES),
        Sample(_BASE + "RUN --mount=type=bind,target=/ctx cp /ctx/app.py ./ && ls /ctx/data\n", files=_FILES),
        Sample(_BASE + "RUN --mount=type=bind,target=/c cp -r /c/data /t/ && train /t && rm -rf /t\n", files=_FILES),
        Sample(
            "FROM a AS b\nCOPY data /data\nRUN train\nFROM python:3.11-slim\nCOPY --from=b /m.joblib /\n", files=_FILES
        ),
        Sample(_BASE + "COPY src src\n", files=(("src/data/__init__.py", ""), ("src/data/load.py", "x\n"))),
        Sample(_BASE + "# COPY data data\nRUN echo COPY data data\nONBUILD COPY data data\n", files=_FILES),
        Sample(_BASE + "COPY --exclude=data . .\n", files=_FILES),
    ),
)
