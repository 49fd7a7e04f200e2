"""`dockyard images` says what the course needs, and moves it, over an engine in memory."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from click.testing import Result

from course.commands.invocation import Invocation
from graders.engine.fake.engine import FakeEngine
from graders.outcome import Level, Outcome, Status
from graders.report import BaseSummary, EngineSummary, Report
from graders.report_store import ReportStore, engine_address
from tests.course.command_line import dockyard

SLIM, BOOKWORM = "python:3.11-slim", "python:3.11-slim-bookworm"
OUTCOME = Outcome("build-fails", "It builds", Level.IMAGE, Status.PASSED, points=1, max_points=1)


def run(engine: FakeEngine, *args: str) -> Result:
    """`dockyard images ARGS` for the real course."""
    return dockyard("images", *args, engine=lambda: engine)


@pytest.fixture
def engine() -> FakeEngine:
    """One base image as a stand-in, the other missing."""
    made = FakeEngine(bases=())
    made.add_base(SLIM, 121_000_000, stand_in=True)
    return made


def test_list_says_what_is_here_and_what_is_missing(engine: FakeEngine) -> None:
    """Exit code 1 while something is missing; the same as JSON."""
    result = run(engine, "list")
    data = json.loads(run(engine, "list", "--format", "json").stdout)
    rows = {row["reference"]: row for row in data["images"]}

    assert result.exit_code == 1
    assert "offline stand-in     121 MB" in result.stdout
    assert rows[SLIM]["state"] == "offline stand-in"
    assert rows[BOOKWORM]["state"] == "missing"
    assert "first-image" in rows[BOOKWORM]["exercises"]


def test_pull_fetches_what_is_missing(engine: FakeEngine) -> None:
    """What is here stays; afterwards nothing is missing."""
    engine.registry[BOOKWORM] = b"x" * 1000
    result = run(engine, "pull")

    assert result.exit_code == 0
    assert f"{BOOKWORM}: now here, real" in result.stderr
    assert f"{SLIM}: here, offline stand-in" in result.stderr
    assert run(engine, "list").exit_code == 0


def test_pull_again_lets_a_stand_in_give_way(engine: FakeEngine) -> None:
    """Where the registry has the real image now."""
    engine.registry[SLIM] = b"x" * 1000
    result = run(engine, "pull", "--again", SLIM)

    assert result.exit_code == 0
    assert f"{SLIM}: now here, real" in result.stderr


def test_unknown_image_is_refused_with_those_there_are(engine: FakeEngine) -> None:
    """Exit code 2; nothing is pulled."""
    result = run(engine, "pull", "debian:12")

    assert result.exit_code == 2
    assert SLIM in result.stderr
    assert "pull" not in engine.calls


def test_save_never_overwrites_unasked_and_needs_all_images(engine: FakeEngine, tmp_path: Path) -> None:
    """An existing file is kept; a missing image is named with the command that gets it."""
    file = tmp_path / "bases.tar"
    file.write_text("mine")
    kept = run(engine, "save", str(file))
    missing = run(engine, "save", str(file), "--force")

    assert kept.exit_code == 2
    assert "--force" in kept.stderr
    assert missing.exit_code == 3
    assert "dockyard images pull" in missing.stderr
    assert file.read_text() == "mine"


def test_file_that_is_no_bundle_is_refused(engine: FakeEngine, tmp_path: Path) -> None:
    """Exit code 2, a sentence and no traceback; so is one that is not there."""
    (tmp_path / "x.tar").write_bytes(b"\0" * 5000)
    for name in ("x.tar", "missing.tar"):
        result = run(engine, "load", str(tmp_path / name))

        assert result.exit_code == 2
        assert "Error:" in result.stderr


def test_save_into_a_folder_that_is_not_there_is_refused(engine: FakeEngine, tmp_path: Path) -> None:
    """With exit code 2 and the system's reason."""
    result = run(engine, "save", str(tmp_path / "no" / "bases.tar"), SLIM)

    assert result.exit_code == 2
    assert "No such file" in result.stderr


@pytest.mark.parametrize("folder", ["reports", "proofs"])
def test_report_of_a_base_that_gave_way_is_not_believed(engine: FakeEngine, folder: str) -> None:
    """What was graded on the stand-in is graded again on the real image; until then it stands."""
    old = engine.image(SLIM)
    assert old is not None
    invocation = Invocation({"HOME": os.environ["HOME"]})
    where = engine_address(invocation.environ, invocation.home)
    store = ReportStore(invocation.paths().state / folder, where=where)
    summary = EngineSummary("fake", "1", "memory")
    report = Report(
        "tiny",
        (OUTCOME,),
        "c" * 64,
        "2026-03-14T15:09:26+00:00",
        1.5,
        engine=summary,
        bases=(BaseSummary(SLIM, old.id),),
    )
    key = f"of {report.content_sha256}"
    store.note(report)
    store.save(key, report)
    run(engine, "pull", SLIM)

    assert store.load(key) is not None

    engine.registry[SLIM] = b"x" * 1000
    run(engine, "pull", "--again", SLIM)

    assert store.load(key) is None
