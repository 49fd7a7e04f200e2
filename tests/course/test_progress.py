"""Tests of the progress file: what goes in comes out, several writers work, and nothing is reset in silence."""

from __future__ import annotations

import hashlib
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest

from course.errors import ProgressError
from course.progress import Progress
from graders.formats.json import dumps
from graders.outcome import Level, Outcome, Status
from graders.report import BuildSummary, EngineSummary, ImageSummary, Report, StepSummary

Open = Callable[[], Progress]


def report(*statuses: Status, exercise: str = "tiny", engine: bool = True) -> Report:
    """A report with one container check a status."""
    return Report(
        exercise=exercise,
        outcomes=tuple(
            Outcome(f"check-{index}", "It works", Level.CONTAINER, status, points=1, max_points=2)
            for index, status in enumerate(statuses)
        ),
        content_sha256="ab12",
        started_at="2026-03-14T15:09:00+00:00",
        elapsed_s=4.5,
        build=BuildSummary(2.25) if engine else None,
        image=ImageSummary("sha256:12", 1234) if engine else None,
        engine=EngineSummary("docker", "20.10.24", "overlay2") if engine else None,
    )


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Where the progress file will be."""
    return tmp_path / "state" / "progress.db"


@pytest.fixture
def open_progress(file: Path, now: Callable[[], datetime]) -> Iterator[Open]:
    """Opens the progress file; closes it after the test."""
    opened: list[Progress] = []

    def open_it() -> Progress:
        opened.append(Progress(file, now=now))
        return opened[-1]

    yield open_it
    for progress in opened:
        progress.close()


def test_new_file_holds_nothing(open_progress: Open) -> None:
    """A learner starts with nothing."""
    record = open_progress().record()

    assert (frozenset(), {}, False, ()) == (record.passed, record.attempts, record.engine_answered, record.opened)


def test_attempt_is_kept(open_progress: Open) -> None:
    """The summary of a report survives the program."""
    open_progress().record_attempt(report(Status.PASSED, Status.FAILED))

    (attempt,) = open_progress().attempts("tiny")

    assert ("failed", 2, 4, "ab12", 4.5) == (
        attempt.verdict,
        attempt.points,
        attempt.max_points,
        attempt.content_sha256,
        attempt.elapsed_s,
    )
    assert ("docker 20.10.24", "sha256:12", 1234, 2.25) == (
        attempt.engine,
        attempt.image_id,
        attempt.image_bytes,
        attempt.build_s,
    )
    assert (("check-0", "container", "passed"), ("check-1", "container", "failed")) == attempt.outcomes
    assert attempt.at == "2026-03-14T15:09:26+00:00"


def test_attempt_without_an_engine_is_kept(open_progress: Open) -> None:
    """A report without build, image and engine is whole as well."""
    progress = open_progress()
    progress.record_attempt(report(Status.FAILED, engine=False))

    (attempt,) = progress.attempts("tiny")

    assert ("", "", None, None) == (attempt.engine, attempt.image_id, attempt.image_bytes, attempt.build_s)
    assert not progress.record().engine_answered
    assert progress.record().built == frozenset()


def test_only_the_first_pass_is_the_first(open_progress: Open) -> None:
    """A second pass is no news, a failure after a pass takes nothing away."""
    progress = open_progress()

    passes = [progress.record_attempt(report(status)) for status in (Status.FAILED, Status.PASSED, Status.PASSED)]
    progress.record_attempt(report(Status.FAILED))

    assert [False, True, False] == passes
    record = progress.record()
    assert (frozenset({"tiny"}), {"tiny": 4}) == (record.passed, record.attempts)
    assert frozenset({("tiny", "container", "check-0")}) == record.checks_passed
    assert frozenset({"tiny"}) == record.built
    assert record.engine_answered


def test_attempts_of_another_exercise_are_apart(open_progress: Open) -> None:
    """Attempts belong to one exercise."""
    progress = open_progress()
    progress.record_attempt(report(Status.PASSED))
    progress.record_attempt(report(Status.FAILED, exercise="other"))

    assert ["failed"] == [attempt.verdict for attempt in progress.attempts("other")]


def test_hints_go_up_and_stay_on_top(open_progress: Open) -> None:
    """Each asking is one step stronger, up to the strongest."""
    progress = open_progress()

    assert progress.hints_shown("tiny") == 0
    assert [1, 2, 3, 3] == [progress.record_hint("tiny", 3) for _ in range(4)]
    assert progress.hints_shown("tiny") == 3
    assert progress.hints_shown("other") == 0


def test_last_answer_counts_and_right_stays_right(open_progress: Open) -> None:
    """The last choice is shown again; a quiz that was once right stays done."""
    progress = open_progress()
    progress.record_answer("layers", "order", 0, correct=False)
    assert progress.record().quizzes_right == frozenset()

    progress.record_answer("layers", "order", 1, correct=True)
    progress.record_answer("layers", "order", 2, correct=False)

    assert {"order": 2} == progress.answers("layers")
    assert frozenset({("layers", "order")}) == progress.record().quizzes_right


def test_openings_keep_the_last_one_last(open_progress: Open) -> None:
    """Opening a lesson again moves it to the end."""
    progress = open_progress()
    for lesson in ("why", "layers", "why"):
        progress.record_opening(lesson)

    assert progress.record().opened == ("layers", "why")


def test_give_up_is_kept(open_progress: Open) -> None:
    """Giving up twice is giving up once."""
    progress = open_progress()
    assert not progress.gave_up("tiny")

    progress.record_give_up("tiny")
    progress.record_give_up("tiny")

    assert progress.gave_up("tiny")


def test_any_text_fits(open_progress: Open) -> None:
    """Long and unusual texts come back as they went in."""
    progress = open_progress()
    name = "größe-船-🚢-'); DROP TABLE attempts;--" + "x" * 100_000

    progress.record_attempt(report(Status.PASSED, exercise=name))

    assert name == open_progress().attempts(name)[0].exercise


def test_threads_share_one_progress(open_progress: Open) -> None:
    """A check in a thread and the desk in another write at once."""
    progress = open_progress()

    with ThreadPoolExecutor(8) as pool:
        firsts = list(pool.map(lambda _: progress.record_attempt(report(Status.PASSED)), range(40)))

    assert firsts.count(True) == 1
    assert {"tiny": 40} == progress.record().attempts


def test_processes_share_one_file(file: Path) -> None:
    """Programs that create and fill the file at the same moment lose nothing."""
    program = (
        "import sys; from datetime import UTC, datetime; from pathlib import Path\n"
        "from course.progress import Progress\n"
        "progress = Progress(Path(sys.argv[1]), now=lambda: datetime.now(UTC))\n"
        "for index in range(20): progress.record_hint(f'{sys.argv[2]}-{index}', 3); progress.record_hint('all', 1000)\n"
        "progress.close()\n"
    )
    root = Path(__file__).resolve().parents[2]

    running = [
        subprocess.Popen([sys.executable, "-c", program, str(file), str(number)], cwd=root) for number in range(4)
    ]

    assert [0, 0, 0, 0] == [process.wait(60) for process in running]
    with closing(sqlite3.connect(file)) as connection:
        assert connection.execute("SELECT count(*), max(strength) FROM hints").fetchone() == (160, 80)
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_second_session_sees_the_first_one_s_work(open_progress: Open) -> None:
    """The desk sees what a check in another terminal recorded."""
    desk, terminal = open_progress(), open_progress()

    terminal.record_attempt(report(Status.PASSED))

    assert frozenset({"tiny"}) == desk.record().passed


@pytest.mark.parametrize("damage", [b"not a database" * 500, b"SQLite format 3\x00" + b"\xff" * 5000])
def test_damaged_file_is_kept_aside(file: Path, open_progress: Open, damage: bytes) -> None:
    """What can't be read is renamed, named, and never lost; the next start begins anew."""
    file.parent.mkdir()
    file.write_bytes(damage)

    with pytest.raises(ProgressError, match="is damaged; it is kept as") as caught:
        open_progress()

    aside = file.with_name("progress.damaged-20260314-150926.db")
    assert str(aside) in caught.value.message
    assert damage == aside.read_bytes()
    assert open_progress().record().passed == frozenset()


def test_torn_page_is_noticed(file: Path, open_progress: Open) -> None:
    """A file whose middle was overwritten is damaged, even when its head is whole."""
    progress = open_progress()
    for index in range(300):
        progress.record_attempt(report(Status.PASSED, exercise=f"exercise-{index}"))
    progress.close()
    with file.open("r+b") as opened:
        opened.seek(4096)
        opened.write(os.urandom(8 * 4096))

    with pytest.raises(ProgressError, match="is damaged"):
        open_progress()
    assert not file.exists()


def test_damage_while_in_use_is_noticed(file: Path, open_progress: Open) -> None:
    """A table that disappears under a running program is damage as well."""
    progress = open_progress()
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("DROP TABLE hints")

    with pytest.raises(ProgressError, match="is damaged; it is kept as"):
        progress.record_hint("tiny", 3)


def test_file_of_another_program_is_kept_aside(file: Path, open_progress: Open) -> None:
    """A database that isn't ours is not written to."""
    file.parent.mkdir()
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("CREATE TABLE photos (id)")

    with pytest.raises(ProgressError, match="is damaged"):
        open_progress()
    with closing(sqlite3.connect(file.with_name("progress.damaged-20260314-150926.db"))) as connection:
        assert connection.execute("SELECT name FROM sqlite_master").fetchall() == [("photos",)]


def test_newer_file_is_kept_aside(file: Path, open_progress: Open) -> None:
    """A file of a later Dockyard is not understood, and not touched."""
    open_progress().close()
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("PRAGMA user_version = 99")

    with pytest.raises(ProgressError, match=r"newer Dockyard \(format 99\)"):
        open_progress()
    assert file.with_name("progress.newer-20260314-150926.db").exists()


def test_second_damage_in_a_second_gets_another_name(file: Path, open_progress: Open) -> None:
    """A file kept aside never replaces another."""
    file.parent.mkdir()
    for _ in range(2):
        file.write_bytes(b"garbage" * 1000)
        with pytest.raises(ProgressError, match="is damaged"):
            open_progress()

    assert sorted(path.name for path in file.parent.iterdir()) == [
        "progress.damaged-20260314-150926-2.db",
        "progress.damaged-20260314-150926.db",
    ]


def test_damage_that_another_program_dealt_with_is_left_alone(file: Path, open_progress: Open) -> None:
    """A new file that took the damaged one's place is not renamed."""
    progress = open_progress()
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("DROP TABLE hints")
    shutil.copy(file, file.with_name("copy"))
    file.with_name("copy").rename(file)

    with pytest.raises(ProgressError) as caught:
        progress.record_hint("tiny", 3)
    assert caught.value.hint == "Another program kept it aside."
    assert file.exists()


def test_damage_that_cannot_be_renamed_says_so(
    file: Path, open_progress: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When renaming fails, the learner is told to do it."""
    file.parent.mkdir()
    file.write_bytes(b"garbage" * 1000)

    def fail(path: Path, target: Path) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "rename", fail)

    with pytest.raises(ProgressError, match="can't be kept aside: Permission denied") as caught:
        open_progress()
    assert caught.value.hint.startswith("Move it away: mv ")


def test_busy_file_is_an_error_and_stays(file: Path, now: Callable[[], datetime]) -> None:
    """A program that writes for too long is named as the reason; nothing is renamed."""
    progress = Progress(file, now=now, busy_s=0.05)
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        connection.execute("BEGIN EXCLUSIVE")

        with pytest.raises(ProgressError, match="in use by another program"):
            progress.record_give_up("tiny")
    assert file.exists()
    progress.record_give_up("tiny")
    progress.close()


def test_wal_that_is_not_to_be_had_is_no_error(file: Path, open_progress: Open, now: Callable[[], datetime]) -> None:
    """A reader that keeps the file from switching to WAL holds nobody up for good."""
    open_progress().close()
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = DELETE")
        connection.execute("BEGIN")
        connection.execute("SELECT count(*) FROM hints").fetchone()

        progress = Progress(file, now=now, busy_s=0.05)

    progress.record_give_up("tiny")
    assert progress.gave_up("tiny")
    progress.close()


def test_unusable_places_are_errors(tmp_path: Path, now: Callable[[], datetime]) -> None:
    """A folder that can't be made, and a folder in place of the file, are named."""
    (tmp_path / "file").write_text("")
    with pytest.raises(ProgressError, match="can't be made"):
        Progress(tmp_path / "file" / "progress.db", now=now)

    (tmp_path / "progress.db").mkdir()
    with pytest.raises(ProgressError, match="can't be used"):
        Progress(tmp_path / "progress.db", now=now)


def test_use_after_close_is_an_error(open_progress: Open) -> None:
    """A closed progress says so in our words."""
    progress = open_progress()
    progress.close()
    progress.close()

    with pytest.raises(ProgressError, match="can't be used"):
        progress.record()


def test_interrupted_write_leaves_nothing_half(open_progress: Open) -> None:
    """An attempt is recorded with all its outcomes or not at all."""
    progress = open_progress()
    broken = report(Status.PASSED)
    object.__setattr__(broken, "outcomes", (*broken.outcomes, None))

    with pytest.raises(AttributeError):
        progress.record_attempt(broken)
    assert progress.attempts("tiny") == ()
    assert progress.record_attempt(report(Status.PASSED))


def test_file_that_vanishes_while_it_is_opened_is_an_error(
    file: Path, open_progress: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The system's own errors are told in our words."""

    def fail(path: Path, *, follow_symlinks: bool = True) -> None:
        raise FileNotFoundError(2, "No such file or directory", str(path))

    monkeypatch.setattr(Path, "stat", fail)

    with pytest.raises(ProgressError, match="can't be used: No such file"):
        open_progress()


def test_file_of_format_1_is_brought_up_and_keeps_its_attempts(file: Path, open_progress: Open) -> None:
    """An attempt of an older Dockyard is still there, with nothing in what was not kept then."""
    first = open_progress()
    first.record_attempt(report(Status.PASSED))
    first.close()
    with closing(sqlite3.connect(file)) as connection:
        for column in ("rebuild_s", "rebuild_stopped", "steps", "cached_steps", "report_sha256", "dockyard"):
            connection.execute(f"ALTER TABLE attempts DROP COLUMN {column}")
        connection.execute("PRAGMA user_version = 1")

    second = open_progress()
    (attempt,) = second.attempts("tiny")
    second.record_attempt(report(Status.PASSED))

    assert ("passed", None, None, None) == (attempt.verdict, attempt.rebuild_s, attempt.steps, attempt.cached_steps)
    assert ("", "") == (attempt.report_sha256, attempt.dockyard)
    assert 2 == len(second.attempts("tiny"))
    assert second.attempts("tiny")[-1].dockyard


def test_attempt_keeps_the_rebuild_and_the_sum_of_its_report(open_progress: Open) -> None:
    """What a check printed as JSON can be told from its sum, and both builds are there to compare."""
    steps: tuple[StepSummary, ...] = (StepSummary(1, "FROM a", cached=True, elapsed_s=0.0, bytes=None),)
    steps += (StepSummary(2, "COPY a .", cached=True, elapsed_s=0.0, bytes=None),) * 2
    steps += (StepSummary(4, "RUN b", cached=False, elapsed_s=2.0, bytes=10),)
    graded = replace(report(Status.PASSED), build=BuildSummary(2.25, steps, rebuild_elapsed_s=0.5))
    progress = open_progress()
    progress.record_attempt(graded)
    (attempt,) = progress.attempts("tiny")

    assert (2.25, 0.5, 3, 2) == (attempt.build_s, attempt.rebuild_s, attempt.steps, attempt.cached_steps)
    assert hashlib.sha256(dumps(graded).encode()).hexdigest() == attempt.report_sha256


def test_right_answer_is_the_first_one(open_progress: Open) -> None:
    """Later answers, right or wrong, do not change when a quiz was first answered right."""
    progress = open_progress()
    for choice, correct in ((2, False), (1, True), (0, False), (1, True)):
        progress.record_answer("why", "layers", choice, correct=correct)
    right = progress.right_answer("why", "layers")

    assert right is not None
    assert (1, 2) == (right.choice, right.tries)
    assert progress.right_answer("why", "other") is None
