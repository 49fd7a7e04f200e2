"""Owns the check that .dockerignore keeps out what it should; must never look into an image."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from graders.check import Check, Sample
from graders.dockerfile_context import DockerfileContext
from graders.finding import Finding
from graders.outcome import Level

FILE = ".dockerignore"


@dataclass(frozen=True, slots=True)
class Params:
    """What must stay out besides the paths that the exercise plants."""

    must_ignore: tuple[str, ...] = ()
    """Paths in the build context."""


def find(context: DockerfileContext, params: Params) -> Iterator[Finding]:
    """One finding: no file, an empty one, or one that lets through what it should keep out."""
    wanted = tuple(dict.fromkeys((*context.must_ignore, *params.must_ignore)))
    expected = f"keeps out {', '.join(wanted)}" if wanted else "a file that names what the image doesn't need"
    ignore = context.ignore
    if ignore is None:
        yield Finding(
            "There is no .dockerignore: every file beside the Dockerfile is sent to the build",
            observed="no such file",
            expected=expected,
            file=FILE,
        )
        return
    if ignore.invalid:
        yield Finding(
            f'Docker refuses the pattern "{ignore.invalid[0]}"',
            observed=ignore.invalid[0],
            expected="a pattern that Docker reads",
            file=FILE,
        )
    if not any(not pattern.startswith("!") for pattern in ignore.patterns):
        yield Finding("The .dockerignore keeps nothing out", observed="no pattern", expected=expected, file=FILE)
        return
    let_in = [path for path in wanted if not ignore.excludes(path)]
    if let_in:
        yield Finding(
            f"The .dockerignore lets {len(let_in)} of {len(wanted)} paths in that should stay out: {', '.join(let_in)}",
            observed=", ".join(let_in),
            expected=expected,
            file=FILE,
        )


_DOCKERFILE = "FROM python:3.11-slim\nCOPY . .\n"

CHECK = Check(
    id="missing-dockerignore",
    claim="A .dockerignore keeps secrets, history and data out of the build",
    why="COPY . . takes all that lies beside the Dockerfile: keys, the git history, notebooks and data sets included.",
    hint="List the folder, hidden files too. Which of these should a stranger who pulls the image be able to read?",
    sources=("https://docs.docker.com/build/concepts/context/#dockerignore-files",),
    level=Level.DOCKERFILE,
    find=find,
    params=Params,
    bad=(
        Sample(_DOCKERFILE),
        Sample(_DOCKERFILE, files=((FILE, "# .env\n\n"),)),
        Sample(_DOCKERFILE, files=((FILE, ".env\n"),), must_ignore=(".env", ".git/config")),
        Sample(_DOCKERFILE, files=((FILE, "*\n!.env\n"),), must_ignore=(".env",)),
        Sample(_DOCKERFILE, files=((FILE, ".environment\n.env.example\n"),), must_ignore=(".env",)),
        Sample(_DOCKERFILE, files=((FILE, "*.ipynb\n"),), must_ignore=("notebooks/look.ipynb",)),
    ),
    good=(
        Sample(_DOCKERFILE, files=((FILE, ".env\n.git\n"),), must_ignore=(".env", ".git/config")),
        Sample(_DOCKERFILE, files=((FILE, "*\n!src\n!requirements.txt\n"),), must_ignore=(".env", "data/raw.csv")),
        Sample(_DOCKERFILE, files=((FILE, "**/*.ipynb\n/.env\n"),), must_ignore=("notebooks/look.ipynb", ".env")),
        Sample(_DOCKERFILE, files=((FILE, "__pycache__\n"),)),
    ),
)
