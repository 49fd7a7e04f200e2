"""Owns which worker may grade: the same code, an engine, the base images, and a slot; must never ask a worker."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from graders.safe_text import clean

if TYPE_CHECKING:
    from graders.cohort.cluster.parcel import Looked


START = "dask worker ADDRESS --nworkers 1 --nthreads 2 --resources 'dockyard=2'"
"""Starts a worker that grades two submissions at once."""


@dataclass(frozen=True, slots=True)
class CodeFacts:
    """What grades here."""

    dockyard: str
    """Version."""
    python: str
    graders: str
    """Hash of the code that grades, and of Python's version."""

    @property
    def install_hint(self) -> str:
        """What makes a worker the same."""
        return f"On that machine: pip install 'dockyard[cluster]=={self.dockyard}', then start its worker again"


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a worker can't grade, and the command that mends it."""

    message: str
    hint: str = ""


def fault_of(looked: Looked, here: CodeFacts) -> Fault | None:
    """What keeps a worker from grading; None when nothing does."""
    version, python = clean(looked.dockyard, max_len=40), clean(looked.python, max_len=40)
    if looked.graders != here.graders:
        if version != here.dockyard:
            return Fault(f"it has Dockyard {version}, and this is {here.dockyard}", here.install_hint)
        if python != here.python:
            return Fault(
                f"it runs Python {python}, and this is {here.python}",
                "Verdicts are the same only with the same Python: use one version for all, this machine too",
            )
        return Fault(
            f"it has Dockyard {version} as here, but other code", "Install the same wheel on every machine, here too"
        )
    if looked.slots < 1:
        return Fault(
            "it offers no slot, so it would be given no build",
            f"Start it again: {START}",
        )
    if not looked.engine:
        hint = "On that machine: dockyard engine up; or start its worker with DOCKER_HOST set"
        return Fault(f"it has no engine: {clean(looked.message, max_len=300)}", hint)
    missing = [reference for reference, image_id in looked.bases.items() if not image_id]
    if missing:
        return Fault(
            f"its engine lacks the base image {', '.join(missing)}",
            f"On that machine: dockyard images pull {' '.join(missing)}; or: dockyard images load FILE",
        )
    return None
