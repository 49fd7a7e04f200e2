"""Owns how a session grades a folder: from the store of reports, else by the pipeline; must never record progress."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from graders.cancel import Cancel

if TYPE_CHECKING:
    from course.catalog import Catalog
    from graders.engine.base import Engine
    from graders.event import GradeEvent
    from graders.submission import Submission
    from graders.terms import Terms


def new_nonce() -> str:
    """A text that nobody can guess, new at every call."""
    import secrets

    return secrets.token_hex(8)


class Grading(NamedTuple):
    """What grading needs, whatever is graded."""

    catalog: Catalog
    state: Path
    """Holds what is remembered of reports and of layers."""
    environ: Mapping[str, str]
    home: Path
    open_engine: Callable[[], Engine]
    now: Callable[[], datetime]
    clock: Callable[[], float]
    nonce: Callable[[], str]

    def grade(
        self, exercise_folder: Path, root: Path, cancel: Cancel, *, static_only: bool, fresh: bool, copied_out: bool
    ) -> Generator[GradeEvent]:
        """Grade a folder, or answer from the store unless `fresh`. Raises GraderError and CourseError.

        `copied_out`: the folder began as a copy of the starter.
        """
        from graders.recall import grade_or_recall
        from graders.report_store import ReportStore, engine_address
        from graders.submission import read_submission
        from graders.terms import read_terms

        terms = read_terms(exercise_folder, self.catalog.tables) or self.catalog.exercise(exercise_folder.name).terms
        submission = read_submission(
            root, terms.limits, starter=terms.starter, editable=terms.files, copied_out=copied_out
        )
        cancel.raise_if_set()
        store = ReportStore(self.state / "reports", where=engine_address(self.environ, self.home))
        yield from grade_or_recall(
            store,
            store.key(terms, submission, static_only=static_only),
            lambda: self._grade_now(terms, submission, str(root.resolve()), cancel, static_only=static_only),
            fresh=fresh,
        )

    def _grade_now(
        self, terms: Terms, submission: Submission, owner: str, cancel: Cancel, *, static_only: bool
    ) -> Generator[GradeEvent]:
        from graders.layers.store import FolderStore
        from graders.pipeline import grade

        return grade(
            submission,
            self.catalog.exercise_by(terms),
            self.open_engine,
            cancel=cancel,
            nonce=self.nonce(),
            now=self.now,
            clock=self.clock,
            environ=self.environ,
            static_only=static_only,
            layer_store=FolderStore(self.state / "layers"),
            cache_owner=owner,
        )
