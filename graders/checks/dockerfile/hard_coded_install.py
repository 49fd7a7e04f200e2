"""Owns the check that what is installed stands in the requirements file; must never compare versions.

Looked at is every stage that the final image is made of: a builder that fills a virtual environment decides what is
shipped as much as the last stage does. Without any list of requirements there is nothing to prefer, and no finding.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass

from graders.check import Check, Sample
from graders.dockerfile.dependency import (
    dependency_installs,
    handed_packages,
    hidden_packages,
    named_packages,
    requirement_sources,
    requirements_in,
)
from graders.dockerfile.install import Install
from graders.dockerfile.model import Instruction
from graders.dockerfile.origin import Origins
from graders.dockerfile.pattern import is_like
from graders.dockerfile_context import DockerfileContext
from graders.finding import Finding, Undecidable
from graders.outcome import Level

_DEPENDENCIES = re.compile(rb"^\s*(?:dependencies\s*=|\[tool\.poetry\.dependencies\])", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Params:
    """What counts as a list of requirements, and what needs none."""

    manifests: tuple[str, ...] = (
        "*requirements*.txt", "*requirements*.in", "environment.yml", "environment.yaml", "Pipfile", "poetry.lock",
        "uv.lock", "pdm.lock",
    )  # fmt: skip
    """Patterns for the name of a file."""
    tools: tuple[str, ...] = (
        "pip", "setuptools", "wheel", "uv", "poetry", "poetry-*", "pipenv", "pdm", "pip-tools", "virtualenv", "build",
        "hatch", "hatchling", "flit", "flit-core", "maturin", "cython", "pybind11", "cmake", "ninja", "meson",
        "meson-python", "scikit-build-core", "setuptools-*", "conda-lock", "micropipenv",
    )  # fmt: skip
    """What installs or builds packages; the program doesn't import it."""


def find(context: DockerfileContext, params: Params) -> Iterator[Finding | Undecidable]:
    """One finding for each command that names packages although a list of requirements exists."""
    origins = context.origins()
    manifest = _manifest(context, params)
    hidden = ""
    found = False
    for stage in context.dockerfile.reached():
        for instruction in stage.instructions:
            for install in dependency_installs(instruction):
                fault = _fault(install, instruction, origins, manifest, context=context, params=params)
                if fault:
                    found = True
                    command = install.command.text
                    yield Finding(
                        f'"{command[:120]}" {fault}',
                        observed=command[:200],
                        expected=f"packages named in {manifest or 'a requirements file'} and installed from there",
                        line=install.command.line,
                        end_line=instruction.end_line,
                    )
                elif manifest and hidden_packages(install):
                    hidden = (
                        hidden or f"Line {install.command.line}: what {hidden_packages(install)[0]} holds isn't known"
                    )
    if hidden and not found:
        yield Undecidable(hidden)


def _fault(
    install: Install,
    instruction: Instruction,
    origins: Origins,
    manifest: str,
    *,
    context: DockerfileContext,
    params: Params,
) -> str:
    sources = requirement_sources(install, instruction, origins)
    for source in sources:
        if source.origin is None or source.origin.path == context.requirements:
            continue
        if not source.origin.path and any(item.name for item in requirements_in(source, context.files)):
            return f"installs from {source.name}, which is written in the Dockerfile itself"
    manifest = manifest or (sources[0].name if sources else "")
    if manifest and handed_packages(install, instruction):
        return f"is handed packages that stand in the Dockerfile, although {manifest} lists what to install"
    names = [item.text for item in named_packages(install) if not is_like(item.name, params.tools)]
    if not names or not manifest:
        return ""
    return f"names {', '.join(names[:6])} in the Dockerfile, although {manifest} lists what to install"


def _manifest(context: DockerfileContext, params: Params) -> str:
    """Path of a list of requirements in the context; empty when there is none."""
    if context.requirements and context.requirements in context.files:
        return context.requirements
    for path in sorted(context.files):
        if is_like(posixpath.basename(path), params.manifests):
            return path
    return "pyproject.toml" if _DEPENDENCIES.search(context.files.get("pyproject.toml", b"")) else ""


_FILES = (("requirements.txt", "six==1.16.0\n"), ("app.py", "import six\n"))
_BASE = "FROM python:3.11-slim\nWORKDIR /app\nCOPY requirements.txt .\n"

CHECK = Check(
    id="hard-coded-install",
    claim="What is installed stands in the requirements file, not in the Dockerfile",
    why="Two lists drift apart: what was tested with the requirements file is then not what the image ships.",
    hint="A colleague adds a package to the requirements file. Does your image get it?",
    sources=(
        "https://pip.pypa.io/en/stable/user_guide/#requirements-files",
        "https://docs.docker.com/guides/python/containerize/",
    ),
    level=Level.DOCKERFILE,
    find=find,
    params=Params,
    bad=(
        Sample(_BASE + "RUN echo six==1.16.0 | xargs pip install\n", files=_FILES),
        Sample(_BASE + "RUN printf 'six\\njoblib\\n' | pip install -r /dev/stdin\n", files=_FILES),
        Sample(_BASE + "RUN pip install six==1.16.0\n", files=_FILES),
        Sample(_BASE + "RUN python -m pip install -r requirements.txt gunicorn\n", files=_FILES),
        Sample(_BASE + "ENV WHAT='six joblib'\nrun pip3 install --no-cache-dir $WHAT\n", files=_FILES),
        Sample(_BASE + "RUN <<EOF\nuv pip install --system six\nEOF\n", files=_FILES),
        Sample(_BASE + "RUN echo six==1.16.0 > all.txt && pip install -r all.txt\n", files=_FILES),
        Sample(_BASE + "RUN echo 'six>=1.16' | tee -a all.txt\nRUN pip install -r /app/all.txt\n", files=_FILES),
        Sample(_BASE + "RUN { echo six; echo joblib; } >/r.txt; pip install -r /r.txt\n", files=_FILES),
        Sample(_BASE + "COPY <<EOF /tmp/r.txt\nsix\nEOF\nRUN pip install -r /tmp/r.txt\n"),
        Sample(_BASE + "RUN poetry add six\n", files=(("pyproject.toml", '[project]\ndependencies = ["six"]\n'),)),
        Sample(
            "FROM python:3.11-slim AS b\nRUN pip install -t /deps six\nFROM python:3.11-slim\nCOPY --from=b /deps /d\n",
            files=_FILES,
        ),
        "FROM python:3.11-slim\nRUN pip install -r requirements.txt && pip install flask\n"
        "RUN pip install -r r.txt gunicorn\n",
    ),
    good=(
        Sample(_BASE + "RUN echo y | pip install -r requirements.txt\n", files=_FILES),
        Sample(_BASE + "RUN echo -r requirements.txt | xargs pip install\n", files=_FILES),
        Sample(_BASE + "RUN echo -r requirements.txt > all.txt && pip install -r all.txt\n", files=_FILES),
        Sample(_BASE + "RUN pip install uv && uv pip sync --system requirements.txt\n", files=_FILES),
        Sample(_BASE + "RUN echo installing; grep -v '#' requirements.txt | xargs pip install\n", files=_FILES),
        Sample(_BASE + "RUN pip install --no-cache-dir -r requirements.txt\n", files=_FILES),
        Sample(_BASE + "RUN pip install --upgrade pip setuptools && pip install -r requirements.txt\n", files=_FILES),
        Sample(_BASE + "# RUN pip install six\nRUN echo 'pip install six'\n", files=_FILES),
        Sample(_BASE + "RUN pip install -r requirements.txt && pip install --no-deps .\n", files=_FILES),
        Sample(_BASE + "RUN pip install $(grep -v '^#' requirements.txt)\n", files=_FILES),
        Sample(_BASE + "RUN pip install uv && uv export > r.txt && uv pip install -r r.txt\n", files=_FILES),
        Sample(
            _BASE + "RUN pip install --no-index --find-links /wheels /wheels/six-1.16-py3-none-any.whl\n", files=_FILES
        ),
        Sample(
            "FROM a AS t\nRUN pip install pytest\nFROM python:3.11-slim\nONBUILD RUN pip install six\n", files=_FILES
        ),
        "FROM python:3.11-slim\nRUN pip install six==1.16.0\n",
    ),
)
