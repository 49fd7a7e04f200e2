"""What is remembered of reports: exactly what was kept, and never for content, graders or bases that changed."""

from __future__ import annotations

from collections.abc import Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from graders.entry_folder import EntryFolder
from graders.event import CheckFinished, GradeEvent, GradeFinished, GradeStarted, RunFinished
from graders.exercise import read_exercise
from graders.finding import Finding
from graders.formats.json import compact, dumps, loads
from graders.limits import MIB, Limits
from graders.outcome import Level, Outcome, Status
from graders.recall import grade_or_recall, graded_before
from graders.report import (
    BaseSummary,
    BuildSummary,
    EngineSummary,
    ImageSummary,
    Report,
    StepSummary,
)
from graders.report_store import ReportStore, engine_address, is_lasting
from graders.source_sum import source_sum
from graders.submission import Submission
from graders.terms import Terms, read_terms
from tests.rows import rows

EXERCISES = Path(__file__).parents[2] / "exercises"
TERMS = Terms("tiny", ("*",), Limits(), Path("starter"), "e" * 64)
SUBMISSION = Submission(Path(), (), b"FROM a\n", "c" * 64, ("a notice",))
FINDING = Finding("RUN \x1b[31m naïve \udc80 failed", "tail\nof the log", "an image", "Dockerfile", 3, 5, "Look.")
REPORT = Report(
    exercise="tiny",
    outcomes=(
        Outcome("build-fails", "It builds", Level.IMAGE, Status.PASSED, points=2, max_points=2, elapsed_s=0.1 + 0.2),
        Outcome("runs-as-root", "No root", Level.DOCKERFILE, Status.FAILED, max_points=3, findings=(FINDING,), why="w"),
        Outcome("port-silent", "It answers", Level.CONTAINER, Status.SKIPPED, required=False, reason="Needs it"),
    ),
    content_sha256=SUBMISSION.content_sha256,
    started_at="2026-03-14T15:09:26+00:00",
    elapsed_s=12.345678901,
    build=BuildSummary(1 / 3, (StepSummary(1, "FROM a", True, 0.0, None), StepSummary(None, "x", False, 1.5, 7)), 2.5),
    image=ImageSummary("sha256:12", 1000, None),
    engine=EngineSummary("docker", "20.10.24", "overlay2"),
    notices=("a notice",),
    bases=(BaseSummary("a", "sha256:aa"), BaseSummary("b:1", "sha256:bb")),
)

Kept = tuple[ReportStore, str]


@pytest.fixture
def kept(tmp_path: Path) -> Kept:
    """A store that was told of one check, and the report's key."""
    store = ReportStore(tmp_path)
    key = store.key(TERMS, SUBMISSION)
    store.note(REPORT)
    store.save(key, REPORT)
    return store, key


def grading(*events: GradeEvent) -> tuple[Callable[[], Generator[GradeEvent]], list[str]]:
    """A stand-in for grading, and a list that grows whenever it is asked."""
    asked: list[str] = []

    def grade() -> Generator[GradeEvent]:
        asked.append("graded")
        yield from events

    return grade, asked


def test_report_survives_its_json_exactly() -> None:
    """Every field comes back equal: numbers to the last digit, text with control characters and lone surrogates."""
    assert REPORT == loads(dumps(REPORT)) == loads(compact(REPORT))
    assert replace(REPORT, from_store=True) == loads(dumps(replace(REPORT, from_store=True)))


def test_kept_report_comes_back_and_says_so(kept: Kept, tmp_path: Path) -> None:
    """Another process finds it too; only `from_store` differs."""
    _, key = kept

    assert replace(REPORT, from_store=True) == ReportStore(tmp_path).load(key)


@pytest.mark.parametrize(
    ("terms", "submission", "static_only"),
    [
        (TERMS._replace(exercise="other"), SUBMISSION, False),
        (TERMS._replace(content_sha256="f" * 64), SUBMISSION, False),
        (TERMS, SUBMISSION._replace(content_sha256="d" * 64), False),
        (TERMS, SUBMISSION._replace(notices=()), False),
        (TERMS, SUBMISSION, True),
    ],
    ids=["exercise", "exercise.toml", "content", "notices", "static"],
)
def test_anything_that_decides_is_part_of_the_key(
    kept: Kept, terms: Terms, submission: Submission, static_only: bool
) -> None:
    """A change of any of it finds nothing."""
    store, _ = kept

    assert store.load(store.key(terms, submission, static_only=static_only)) is None


def test_changed_graders_find_nothing(kept: Kept, monkeypatch: pytest.MonkeyPatch) -> None:
    """A check that was mended grades again."""
    store, key = kept
    monkeypatch.setattr("graders.report_store.source_sum", lambda *_: "other")

    assert key != store.key(TERMS, SUBMISSION)


def test_another_base_makes_the_report_old(kept: Kept) -> None:
    """A base that a later check saw replaced ends every report that was made on the old one."""
    store, key = kept
    store.note_base(BaseSummary("b:1", "sha256:cc"))

    assert store.load(key) is None

    store.note_base(BaseSummary("b:1", "sha256:bb"))

    assert store.load(key) is not None


def test_another_engine_makes_the_report_old(kept: Kept) -> None:
    """So does an engine of another version."""
    store, key = kept
    store.note(replace(REPORT, engine=EngineSummary("docker", "28.5", "overlay2")))

    assert store.load(key) is None


def test_report_without_its_notes_is_not_used(tmp_path: Path) -> None:
    """What nobody noted is not known."""
    store = ReportStore(tmp_path)
    key = store.key(TERMS, SUBMISSION)
    store.save(key, REPORT)

    assert store.load(key) is None


def test_report_that_needed_no_engine_needs_no_notes(tmp_path: Path) -> None:
    """Text alone decided it."""
    store = ReportStore(tmp_path)
    key = store.key(TERMS, SUBMISSION, static_only=True)
    text_only = replace(REPORT, engine=None, bases=(), build=None, image=None, static_only=True)
    store.save(key, text_only)

    assert replace(text_only, from_store=True) == store.load(key)


@rows(
    "body",
    ["", "null", "[]", "{}", dumps(REPORT).replace('"why"', '"whence"'), dumps(REPORT).replace("passed", "past")],
)
def test_entry_that_holds_no_report_is_dropped(tmp_path: Path, body: str) -> None:
    """Whatever is kept under the key, only a whole report comes back, and the rest is gone."""
    store = ReportStore(tmp_path)
    key = store.key(TERMS, SUBMISSION)
    EntryFolder(tmp_path, ".report", cap_bytes=MIB).save(key, body.encode())

    assert store.load(key) is None
    assert [] == list(tmp_path.glob("*.report"))


@pytest.mark.parametrize("damage", [b"", b"garbage", b"\0" * 400])
def test_damaged_report_is_dropped(kept: Kept, tmp_path: Path, damage: bytes) -> None:
    """It is never read further, and is gone."""
    store, key = kept
    (path,) = tmp_path.glob("*.report")
    path.write_bytes(damage)

    assert store.load(key) is None
    assert not list(tmp_path.glob("*.report"))


def test_changed_byte_is_noticed(kept: Kept, tmp_path: Path) -> None:
    """Also one that leaves good JSON."""
    store, key = kept
    (path,) = tmp_path.glob("*.report")
    whole = path.read_bytes()
    path.write_bytes(whole.replace(b'"points":2', b'"points":9'))

    assert whole != path.read_bytes()
    assert store.load(key) is None


def test_report_in_anothers_place_is_noticed(kept: Kept, tmp_path: Path) -> None:
    """Copying the file of a passed submission over another's passes nobody."""
    store, _ = kept
    (passed,) = tmp_path.glob("*.report")
    other = store.key(TERMS, SUBMISSION._replace(content_sha256="d" * 64))
    store.save(other, replace(REPORT, content_sha256="d" * 64))
    (mine,) = set(tmp_path.glob("*.report")) - {passed}
    mine.write_bytes(passed.read_bytes())

    assert store.load(other) is None


def test_report_of_other_content_is_not_kept(tmp_path: Path) -> None:
    """A report must be about what its key names."""
    store = ReportStore(tmp_path)
    store.save(store.key(TERMS, SUBMISSION), replace(REPORT, content_sha256="d" * 64))

    assert not list(tmp_path.glob("*.report"))


@pytest.mark.parametrize(
    "outcome",
    [
        Outcome("a", "A", Level.IMAGE, Status.ERRORED, reason="The engine left"),
        Outcome("a", "A", Level.IMAGE, Status.ERRORED, required=False, reason="The engine left"),
        Outcome(
            "a",
            "A",
            Level.IMAGE,
            Status.FAILED,
            findings=(Finding("The build failed", "Temporary failure in name resolution"),),
        ),
        Outcome("a", "A", Level.REBUILD, Status.SKIPPED, reason="The install got: connection refused"),
    ],
    ids=["errored", "errored advice", "network", "undecided by the network"],
)
def test_report_that_the_world_decided_is_not_lasting(kept: Kept, outcome: Outcome) -> None:
    """It is not kept, and what was kept before goes."""
    store, key = kept
    store.save(key, replace(REPORT, outcomes=(outcome,)))

    assert not is_lasting(replace(REPORT, outcomes=(outcome,)))
    assert store.load(key) is None


def test_store_stays_within_its_size(tmp_path: Path) -> None:
    """The oldest go."""
    size_bytes = len(compact(REPORT)) + 32
    store = ReportStore(tmp_path, cap_bytes=size_bytes * 5)
    for number in range(12):
        content = f"{number:064}"
        submission = SUBMISSION._replace(content_sha256=content)
        store.save(store.key(TERMS, submission), replace(REPORT, content_sha256=content))

    assert 5 >= len(list(tmp_path.glob("*.report"))) >= 4


def test_many_at_once_leave_a_whole_report(tmp_path: Path) -> None:
    """Checks side by side never see half an entry, and leave no drafts."""
    store = ReportStore(tmp_path)
    key = store.key(TERMS, SUBMISSION)
    store.note(REPORT)

    def work(_: int) -> Report | None:
        store.save(key, REPORT)
        return store.load(key)

    with ThreadPoolExecutor(8) as pool:
        loaded = set(pool.map(work, range(60)))

    assert {replace(REPORT, from_store=True)} == loaded
    assert not list(tmp_path.glob("*.draft"))


def test_store_on_a_disk_that_refuses_is_only_slower(tmp_path: Path) -> None:
    """Nothing is raised where no folder can be made."""
    (tmp_path / "file").write_text("")
    store = ReportStore(tmp_path / "file" / "store")
    key = store.key(TERMS, SUBMISSION)
    store.note(REPORT)
    store.save(key, REPORT)

    assert store.load(key) is None


def test_recalled_report_is_told_without_grading(kept: Kept) -> None:
    """The events name every check, and nothing is graded."""
    store, key = kept
    grade, asked = grading()

    events = list(grade_or_recall(store, key, grade))

    assert [] == asked
    assert isinstance(events[0], GradeStarted)
    assert ["build-fails", "runs-as-root", "port-silent"] == [planned.id for planned in events[0].checks]
    assert [CheckFinished(outcome) for outcome in REPORT.outcomes] == events[1:-1]
    assert GradeFinished(replace(REPORT, from_store=True)) == events[-1]


def test_fresh_grades_again_and_replaces(kept: Kept) -> None:
    """`fresh` never looks at the store, and its report is the one kept."""
    store, key = kept
    again = replace(REPORT, started_at="2027-01-01T00:00:00+00:00")
    grade, asked = grading(GradeFinished(again))

    list(grade_or_recall(store, key, grade, fresh=True))

    assert ["graded"] == asked
    assert replace(again, from_store=True) == store.load(key)


def test_grading_that_was_given_up_keeps_nothing(tmp_path: Path) -> None:
    """Only the end of grading is kept."""
    store = ReportStore(tmp_path)
    key = store.key(TERMS, SUBMISSION)
    grade, _ = grading(GradeStarted("tiny", ()), GradeFinished(REPORT))
    events = grade_or_recall(store, key, grade)
    next(events)
    events.close()

    assert store.load(key) is None


def test_run_ended_at_its_limit_is_not_kept(tmp_path: Path) -> None:
    """A busy machine may have been to blame."""
    store = ReportStore(tmp_path)
    key = store.key(TERMS, SUBMISSION)
    grade, _ = grading(RunFinished(None, 30.0), GradeFinished(REPORT))

    list(grade_or_recall(store, key, grade))

    assert store.load(key) is None


def test_said_of_a_recalled_report() -> None:
    """When it was graded, and how to have it graded again."""
    said = "Graded before, at 2026-03-14 15:09 UTC, and unchanged since; --fresh grades again"

    assert said == graded_before(REPORT, "--fresh")


def test_address_follows_what_names_an_engine(tmp_path: Path) -> None:
    """The variables and the context in use; other variables are no matter."""
    plain = engine_address({}, tmp_path)

    assert plain == engine_address({"LANG": "C"}, tmp_path)
    assert plain != engine_address({"DOCKER_HOST": "unix:///other.sock"}, tmp_path)

    (tmp_path / ".docker").mkdir()
    (tmp_path / ".docker" / "config.json").write_text('{"currentContext": "far"}')

    assert plain != engine_address({}, tmp_path)


def test_sum_of_the_sources_follows_content_alone(tmp_path: Path) -> None:
    """A touched file is read again and sums the same; a changed one differs; caches of Python don't count."""
    root = tmp_path / "package"
    (root / "inner" / "__pycache__").mkdir(parents=True)
    (root / "inner" / "a.py").write_text("one = 1\n")
    memory = EntryFolder(tmp_path / "memory", ".note", cap_bytes=1 << 20)
    first = source_sum(memory, roots=(root,))
    (root / "inner" / "a.py").touch()
    (root / "inner" / "__pycache__" / "a.pyc").write_bytes(b"x")

    assert first == source_sum(memory, roots=(root,)) == source_sum(roots=(root,))

    (root / "inner" / "a.py").write_text("one = 2\n")

    assert first != source_sum(memory, roots=(root,))


def test_sum_of_our_own_sources_counts_the_parser() -> None:
    """The real packages are found without importing them."""
    from graders.source_sum import _roots

    assert ["graders", "dockerfile_parse"] == [root.name for root in _roots()]


@rows("exercise", sorted(path.parent.name for path in EXERCISES.glob("*/exercise.toml")))
def test_terms_agree_with_the_whole_exercise(exercise: str) -> None:
    """The quick reading says the same as the whole one."""
    assert read_exercise(EXERCISES / exercise).terms == read_terms(EXERCISES / exercise)


@rows(
    "text",
    ["", "id = 1\n", "id = 'x'\nfiles = 'a'\n", "id = 'x'\n[limits]\nrun_s = 'a'\n", "id = 'x'\n[limits]\nno = 1\n"],
)
def test_terms_of_a_wrong_file_are_none(tmp_path: Path, text: str) -> None:
    """The whole reading then says what is wrong."""
    (tmp_path / "exercise.toml").write_text(text)

    assert read_terms(tmp_path) is None
