"""What a lane makes of what the engine tells while it grades."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from graders.cancel import Cancel
from graders.engine.fake.engine import FakeEngine
from graders.engine.fake.program import FakeReply
from graders.report import Verdict
from graders.submission import read_submission
from tests.graders.cohort.local_grader import local_grader
from tests.graders.cohort.small_exercise import small_exercise


@pytest.mark.parametrize(("command", "is_doubtful"), [("slow", True), ("wrong", False)])
def test_build_that_was_ended_at_a_limit_may_be_a_busy_machines_fault(
    tmp_path: Path, command: str, *, is_doubtful: bool
) -> None:
    """A build over its time fails and is told apart from one that fails by itself."""
    spec = small_exercise(tmp_path / "small")
    spec = replace(spec, limits=replace(spec.limits, build_s=0.2))
    engine = FakeEngine(bases=("python:3.11-slim",))
    engine.runs = {"slow": FakeReply(takes_s=9.0), "wrong": FakeReply(exit_code=3)}
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "Dockerfile").write_text(f"FROM python:3.11-slim\nRUN {command}\n")
    submission = read_submission(tmp_path / "in", spec.limits, starter=spec.starter, editable=spec.files)
    grader = local_grader(spec, lambda: engine)
    graded = grader.grade(submission, Cancel(), lambda _: None)

    assert (Verdict.FAILED, is_doubtful) == (graded.report.verdict, graded.cut_short)
