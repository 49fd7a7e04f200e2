"""Owns the reports of what was graded before; must never answer for content, graders or bases that changed.

An entry is kept under all that decided it and that can be told without an engine: the exercise, the submission, the
code that grades, and how an engine would be looked for. Which engine answered and which base images it had stands in
the report, and is compared with what the last check that asked an engine noted. So a base that somebody replaces by
hand, or another engine at the same address, goes unnoticed until the next check that asks.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import astuple, replace
from hashlib import sha256
from pathlib import Path

from graders.entry_folder import EntryFolder
from graders.kept_report import remade
from graders.limits import MIB
from graders.outcome import Status
from graders.report import BaseSummary, EngineSummary, Report, Verdict
from graders.source_sum import source_sum
from graders.submission import Submission
from graders.terms import Terms

FORMAT = 1
"""Counted up whenever a report means something else than before."""
NOTES_CAP_BYTES = MIB
ADDRESS_VARIABLES = ("DOCKER_HOST", "DOCKER_CONTEXT", "DOCKER_CONFIG", "XDG_RUNTIME_DIR")
OUTSIDE = (
    "timed out",
    "timeouterror",
    "still running",
    "is unreachable",
    "service unavailable",
    "too many requests",
    "bad gateway",
    "no space left",
    "was stopped after",
)
"""What a finding says, beside `tells_of_network`, when the world outside the submission may have decided it."""


class ReportStore:
    """Reports by what decided them, in one folder that several programs may use."""

    def __init__(self, folder: Path, *, where: str = "", cap_bytes: int = 32 * MIB) -> None:
        self._where = where
        """How an engine would be found, as text: reports and notes of other places are not looked at."""
        self._reports = EntryFolder(folder, ".report", cap_bytes=cap_bytes)
        self._notes = EntryFolder(folder, ".note", cap_bytes=NOTES_CAP_BYTES)

    def key(self, terms: Terms, submission: Submission, *, static_only: bool = False) -> str:
        """The key of a submission's report, from all that decides it and can be told without an engine."""
        parts = [FORMAT, source_sum(self._notes), self._where, terms.exercise, terms.content_sha256, static_only]
        return json.dumps([*parts, submission.content_sha256, submission.notices])

    def load(self, key: str) -> Report | None:
        """The report kept under this key, when the engine and its bases are still those that it was made with."""
        body = self._reports.load(key)
        if body is None:
            return None
        try:
            report = remade(json.loads(body))
        except ValueError:
            self._reports.drop(key)
            return None
        return replace(report, from_store=True) if self._holds(report) else None

    def save(self, key: str, report: Report) -> None:
        """Keep a report that would come out the same again; another one ends what was kept before."""
        if not is_lasting(report) or report.content_sha256 not in key:
            self.drop(key)
            return
        from graders.formats.json import compact

        self._reports.save(key, compact(replace(report, from_store=False)).encode("utf-8"))

    def drop(self, key: str) -> None:
        """Forget the report kept under this key."""
        self._reports.drop(key)

    def note(self, report: Report) -> None:
        """Remember which engine answered a check, and the bases that it had."""
        if report.engine is not None:
            self._notes.save(self._note_key("engine"), _engine_text(report.engine))
        for base in report.bases:
            self.note_base(base)

    def note_base(self, base: BaseSummary) -> None:
        """Remember which image a name stands for."""
        self._notes.save(self._note_key(f"base {base.reference}"), base.id.encode("utf-8"))

    def _holds(self, report: Report) -> bool:
        if report.verdict is Verdict.ERRORED:
            return False
        if report.engine is None:
            return True
        return self._notes.load(self._note_key("engine")) == _engine_text(report.engine) and all(
            self._notes.load(self._note_key(f"base {base.reference}")) == base.id.encode("utf-8")
            for base in report.bases
        )

    def _note_key(self, what: str) -> str:
        return json.dumps([FORMAT, self._where, what])


def is_lasting(report: Report) -> bool:
    """Whether the same content would be judged the same again: nothing of ours failed, nor the world outside."""
    if any(outcome.status is Status.ERRORED for outcome in report.outcomes):
        return False
    from graders.network_trouble import tells_of_network

    doubtful = [outcome for outcome in report.outcomes if outcome.status is not Status.PASSED]
    said = [outcome.reason for outcome in doubtful]
    said += [f"{finding.message}\n{finding.observed}" for outcome in doubtful for finding in outcome.findings]
    return not any(tells_of_network((text,)) or any(mark in text.lower() for mark in OUTSIDE) for text in said)


def engine_address(environ: Mapping[str, str], home: Path) -> str:
    """All that decides where an engine is looked for, as one text for `where`."""
    config = Path(environ.get("DOCKER_CONFIG", "") or home / ".docker") / "config.json"
    digest = sha256(json.dumps([str(home), *(environ.get(name, "") for name in ADDRESS_VARIABLES)]).encode())
    with suppress(OSError):
        digest.update(config.read_bytes())
    return digest.hexdigest()


def _engine_text(engine: EngineSummary) -> bytes:
    return json.dumps(astuple(engine)).encode("utf-8")
