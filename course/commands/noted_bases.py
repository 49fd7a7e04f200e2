"""Owns telling the stores of reports which images the bases' names stand for now; must never change an image."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from course.commands.invocation import Invocation
    from graders.engine.base import Engine

STORES = ("reports", "proofs")
"""Folders of the state: of what learners check, and of what authors prove."""


def note_bases(engine: Engine, references: Iterable[str], invocation: Invocation) -> None:
    """Note each base that is here: what was graded on another image of that name is graded again."""
    from graders.report import BaseSummary
    from graders.report_store import ReportStore, engine_address

    where = engine_address(invocation.environ, invocation.home)
    stores = [ReportStore(invocation.paths().state / folder, where=where) for folder in STORES]
    for reference in references:
        found = engine.image(reference)
        if found is not None:
            for store in stores:
                store.note_base(BaseSummary(reference, found.id))
