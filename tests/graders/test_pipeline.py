"""Grading from end to end on the engine in memory: each way in which a check and an engine can end."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import jsonschema
import pytest

import graders.formats
from graders.build_network import BuildNetwork
from graders.cancel import Cancel
from graders.engine.base import BuildEvent, BuildRequest, ContextFile, Engine, RunRequest, RunResult
from graders.engine.fake.engine import FakeEngine
from graders.engine.fake.program import FakeReply, FakeRun
from graders.errors import Cancelled, EngineUnavailable
from graders.event import (
    BuildFinished,
    BuildStarted,
    BuildStepChanged,
    CheckFinished,
    GradeEvent,
    GradeFinished,
    Purpose,
)
from graders.exercise import ExerciseSpec, read_exercise
from graders.formats.json import dumps, loads
from graders.formats.text import render
from graders.outcome import Status
from graders.pipeline import grade
from graders.registry import all_checks
from graders.report import Report, Verdict
from graders.static import static_findings
from graders.submission import Submission

SPEC = """
format = 1
id = "tiny"
title = "Tiny"
minutes = 5
[build]
source = "src/predict.py"
requirements = "requirements.txt"
canaries = [".env"]
[run.texts]
templates = ["the {thing} is {word}"]
things = ["tent", "film"]
count = 4
[run.texts.words]
good = ["fine", "great"]
bad = ["dull", "bad"]
"""
CHECKS = (
    "invalid-instruction", "fat-base", "source-before-dependencies", "runs-as-root", "build-fails", "image-too-large",
    "user-is-root", "leaked-file", "cache-lost-on-source-change", "stale-after-dependency-change", "exits-with-error",
    "wrong-output", "process-is-root",
)  # fmt: skip
GOOD = """FROM python:3.11-slim
COPY requirements.txt .
RUN pip install --no-cache-dir -r requirements.txt
COPY src src
USER 1000
CMD ["python", "src/predict.py"]
"""


def answer(run: FakeRun) -> FakeReply:
    lines = run.stdin.decode().splitlines()
    labels = ["good" if line.split()[-1] in {"fine", "great"} else "bad" for line in lines]
    return FakeReply("".join(f"{a}\t{b}\n" for a, b in zip(labels, lines, strict=True)).encode())


@pytest.fixture
def spec(tmp_path: Path) -> ExerciseSpec:
    (tmp_path / "exercise.toml").write_text(SPEC + "".join(f'[[checks]]\nuse = "{check}"\n' for check in CHECKS))
    return read_exercise(tmp_path)


@pytest.fixture
def engine() -> FakeEngine:
    fake = FakeEngine()
    fake.program("python src/predict.py", answer)
    return fake


def submission(dockerfile: str = GOOD, *more: ContextFile) -> Submission:
    files = (
        ContextFile("Dockerfile", dockerfile.encode()),
        ContextFile("requirements.txt", b"six==1.16.0\n"),
        ContextFile("src/predict.py", b"print()\n"),
        *more,
    )
    return Submission(Path("somewhere"), files, dockerfile.encode(), "0" * 64, ())


def events(
    spec: ExerciseSpec,
    open_engine: Callable[[], Engine],
    handed_in: Submission | None = None,
    *,
    cancel: Cancel | None = None,
    static_only: bool = False,
) -> Iterator[GradeEvent]:
    return grade(
        handed_in or submission(),
        spec,
        open_engine,
        cancel=cancel or Cancel(),
        nonce="n",
        now=lambda: datetime(2026, 1, 2, tzinfo=UTC),
        clock=lambda: 0.0,
        environ={},
        static_only=static_only,
    )


def report(spec: ExerciseSpec, engine: FakeEngine, handed_in: Submission | None = None) -> Report:
    """Grade; an install reads its requirements, so it fails once they are spoilt."""
    for event in events(spec, lambda: engine, handed_in):
        if isinstance(event, BuildStarted) and event.purpose is Purpose.DEPENDENCY_CHANGED:
            engine.runs["pip install"] = FakeReply(b"ERROR: Invalid requirement", exit_code=1)
        if isinstance(event, GradeFinished):
            return event.report
    raise AssertionError("no report")


def failed(found: Report) -> list[str]:
    return [outcome.id for outcome in found.outcomes if outcome.status is Status.FAILED]


def statuses(found: Report) -> dict[str, str]:
    return {outcome.id: outcome.status.value for outcome in found.outcomes}


def test_sound_submission_passes_with_one_build_one_run_and_two_rebuilds(
    spec: ExerciseSpec, engine: FakeEngine
) -> None:
    """Evidence is shared among checks, and all that was made is removed."""
    found = report(spec, engine)

    assert Verdict.PASSED == found.verdict, statuses(found)
    assert 3 == engine.calls.count("build")
    assert 1 == engine.calls.count("run")
    assert ["remove", "close"] == engine.calls[-2:]
    assert () == engine.leftovers()
    assert found.build is not None
    assert [2, 3, 4] == [step.line for step in found.build.steps if step.line in {2, 3, 4}]
    assert found.image is not None
    assert found.engine is not None
    assert "2026-01-02T00:00:00+00:00" == found.started_at


def test_wrong_submissions_fail_by_the_named_check(spec: ExerciseSpec, engine: FakeEngine) -> None:
    """What was built and run decides."""
    leaky = GOOD.replace("COPY src src", "COPY . .")
    assert ["leaked-file"] == failed(report(spec, engine, submission(leaky)))


def test_source_before_install_loses_the_cache(spec: ExerciseSpec, engine: FakeEngine) -> None:
    """The rebuild proves it, whatever the text says."""
    early = GOOD.replace("COPY requirements.txt .", "COPY requirements.txt src/ ./")
    found = report(spec, engine, submission(early))

    assert "cache-lost-on-source-change" in failed(found)
    assert 3 == found.outcome("cache-lost-on-source-change").findings[0].line


def test_own_package_that_is_installed_late_is_no_dependency(spec: ExerciseSpec, engine: FakeEngine) -> None:
    """What counts as one is told by the requirements and by the files that they include."""
    engine.runs["pip install --no-deps ."] = FakeReply(b"Successfully installed own-0.1.0")
    late = GOOD.replace("USER 1000", "RUN pip install --no-deps .\nUSER 1000").replace(
        "COPY requirements.txt .", "COPY requirements.txt base.txt ./"
    )
    files = (
        ContextFile("Dockerfile", late.encode()),
        ContextFile("requirements.txt", b"-r base.txt\n"),
        ContextFile("base.txt", b"six==1.16.0\n"),
        ContextFile("src/predict.py", b"print()\n"),
    )
    found = report(spec, engine, Submission(Path("somewhere"), files, late.encode(), "0" * 64, ()))

    assert "passed" == statuses(found)["cache-lost-on-source-change"]


def purposes(spec: ExerciseSpec, engine: FakeEngine, handed_in: Submission, *, lose: bool) -> tuple[list[str], Report]:
    """The builds in their order; with `lose` the engine throws its cache away before the first rebuild."""
    seen: list[str] = []
    for event in events(spec, lambda: engine, handed_in):
        if isinstance(event, BuildStarted):
            seen.append(event.purpose.name)
            if lose and seen.count("SOURCE_CHANGED") == 1 and event.purpose is Purpose.SOURCE_CHANGED:
                engine.lose_cache()
        if isinstance(event, GradeFinished):
            return seen, event.report
    raise AssertionError("no report")


def test_cache_that_the_engine_lost_is_not_blamed_on_the_learner(spec: ExerciseSpec, engine: FakeEngine) -> None:
    """The change is tried once more before anything is said."""
    seen, found = purposes(spec, engine, submission(), lose=True)

    assert ["GRADED", "SOURCE_CHANGED", "SOURCE_CHANGED", "DEPENDENCY_CHANGED"] == seen
    assert "passed" == statuses(found)["cache-lost-on-source-change"]


@pytest.mark.parametrize("lose", [False, True])
def test_lost_cache_saves_nobody_who_copies_the_source_first(
    spec: ExerciseSpec, engine: FakeEngine, *, lose: bool
) -> None:
    """The second try shows the fault."""
    early = GOOD.replace("COPY requirements.txt .", "COPY requirements.txt src/ ./")
    seen, found = purposes(spec, engine, submission(early), lose=lose)

    assert 2 == seen.count("SOURCE_CHANGED")
    assert "failed" == statuses(found)["cache-lost-on-source-change"]


def test_stopped_rebuild_asks_an_unchanged_build_whether_the_cache_is_there(
    spec: ExerciseSpec, engine: FakeEngine
) -> None:
    """An install that talks is stopped; what it would have cached is missing, or not."""
    engine.runs["pip install"] = FakeReply(b"Collecting six\n", takes_s=0.02)
    kept, right = purposes(spec, engine, submission(), lose=True)
    early = GOOD.replace("COPY requirements.txt .", "COPY requirements.txt src/ ./")
    not_kept, wrong = purposes(spec, engine, submission(early), lose=False)

    assert ["GRADED", "SOURCE_CHANGED", "UNCHANGED", "SOURCE_CHANGED", "DEPENDENCY_CHANGED"] == kept
    assert "passed" == statuses(right)["cache-lost-on-source-change"]
    assert ["GRADED", "SOURCE_CHANGED", "UNCHANGED", "DEPENDENCY_CHANGED"] == not_kept
    assert "failed" == statuses(wrong)["cache-lost-on-source-change"]


def test_rebuild_beside_others_is_no_evidence(spec: ExerciseSpec, engine: FakeEngine) -> None:
    """What ran again may have done so for them: the change is tried alone before an unchanged build is asked."""
    engine.runs["pip install"] = FakeReply(b"Collecting six\n", takes_s=0.02)
    engine.busy = True
    kept, right = purposes(spec, engine, submission(), lose=True)
    early = GOOD.replace("COPY requirements.txt .", "COPY requirements.txt src/ ./")
    not_kept, wrong = purposes(spec, engine, submission(early), lose=False)

    assert ["GRADED", "SOURCE_CHANGED", "SOURCE_CHANGED", "UNCHANGED", "SOURCE_CHANGED", "DEPENDENCY_CHANGED"] == kept
    assert "passed" == statuses(right)["cache-lost-on-source-change"]
    assert ["GRADED", "SOURCE_CHANGED", "SOURCE_CHANGED", "UNCHANGED", "DEPENDENCY_CHANGED"] == not_kept
    assert "failed" == statuses(wrong)["cache-lost-on-source-change"]


def test_steps_that_only_a_neighbour_was_told_of_are_asked_for_again(spec: ExerciseSpec, engine: FakeEngine) -> None:
    """An install that was merged with another build's is no missing install, and a failure has its line and words."""
    engine.busy = True
    engine.merged = ("COPY requirements", "RUN pip")
    early = GOOD.replace("COPY requirements.txt .", "COPY requirements.txt src/ ./")
    seen, right = purposes(spec, engine, submission(), lose=False)
    _, wrong = purposes(spec, engine, submission(early), lose=False)
    _, without = purposes(spec, engine, submission(GOOD.replace("RUN pip install", "RUN true pip install")), lose=False)
    engine.runs["pip install"] = FakeReply(b"No matching distribution\n", exit_code=1)
    engine.lose_cache()
    _, broken = purposes(spec, engine, submission(), lose=False)

    assert ["GRADED", "RETRACED", "SOURCE_CHANGED", "SOURCE_CHANGED", "DEPENDENCY_CHANGED"] == seen
    assert "passed" == statuses(right)["cache-lost-on-source-change"]
    assert right.build is not None
    assert {2, 3, 4} <= {step.line for step in right.build.steps}
    assert "failed" == statuses(wrong)["cache-lost-on-source-change"]
    assert "failed" == statuses(without)["cache-lost-on-source-change"]
    (finding,) = broken.outcome("build-fails").findings
    assert 3 == finding.line
    assert "No matching distribution" in finding.observed


def test_steps_that_only_a_stranger_was_told_of_are_asked_for_again(spec: ExerciseSpec, engine: FakeEngine) -> None:
    """Builds of other users are not known to us; a step that two stages share needs no second look."""
    engine.merged = ("COPY requirements", "RUN pip")
    seen, right = purposes(spec, engine, submission(), lose=False)
    engine.merged = ()
    first, rest = GOOD.split("\n", 1)
    twice = f"{first} AS other\nRUN echo same\n{first}\nRUN echo same\nCOPY --from=other /etc/passwd /\n{rest}"
    shared, _ = purposes(spec, engine, submission(twice), lose=False)

    assert ["GRADED", "RETRACED", "SOURCE_CHANGED", "DEPENDENCY_CHANGED"] == seen
    assert "passed" == statuses(right)["cache-lost-on-source-change"]
    assert "RETRACED" not in shared


def test_ignored_files_are_changed_and_cost_no_build(spec: ExerciseSpec, engine: FakeEngine) -> None:
    """Copied, they cost one; ignored or left alone, they don't."""
    text = SPEC + "".join(f'[[checks]]\nuse = "{check}"\n' for check in ("build-fails", "cache-lost-on-ignored-file"))
    (spec.root / "exercise.toml").write_text(text)
    small = read_exercise(spec.root)
    leaky = GOOD.replace("COPY src src", "COPY . .")
    ignore = ContextFile(".dockerignore", b".env\n")

    assert [] == failed(report(small, engine))
    assert ["cache-lost-on-ignored-file"] == failed(report(small, engine, submission(leaky)))
    assert [] == failed(report(small, engine, submission(leaky, ignore)))


def test_install_that_does_not_read_requirements_is_stale(spec: ExerciseSpec, engine: FakeEngine) -> None:
    """An install that goes through with spoilt requirements never read them."""
    finished = [event for event in events(spec, lambda: engine) if isinstance(event, GradeFinished)]

    assert ["stale-after-dependency-change"] == failed(finished[0].report)


def test_static_fault_keeps_the_engine_closed(spec: ExerciseSpec) -> None:
    """A base that must not be fetched skips all that would build on it."""

    def never() -> Engine:
        raise AssertionError("opened")

    found = list(events(spec, never, submission(GOOD.replace("3.11-slim", "3.11"))))[-1]

    assert isinstance(found, GradeFinished)
    assert ["fat-base"] == failed(found.report)
    assert "skipped" == statuses(found.report)["wrong-output"]
    assert "fat-base" in found.report.outcome("build-fails").reason


def test_failed_build_skips_what_needs_an_image(spec: ExerciseSpec, engine: FakeEngine) -> None:
    """A failing line is named; nothing that needs an image is blamed."""
    found = report(spec, engine, submission(GOOD.replace("USER 1000", "RUN exit 3\nUSER 1000")))

    assert ["build-fails"] == failed(found)
    assert 5 == found.outcome("build-fails").findings[0].line
    assert "skipped" == statuses(found)["process-is-root"]
    assert found.image is None


def test_checks_of_a_service_are_skipped_without_an_engine_where_the_exercise_has_none(tmp_path: Path) -> None:
    """Each of them says so, also those that need another of them; the rest goes its way."""
    of_service = [check.id for check in all_checks().values() if check.service]
    checks = ["invalid-instruction", *of_service]
    (tmp_path / "exercise.toml").write_text(SPEC + "".join(f'[[checks]]\nuse = "{check}"\n' for check in checks))

    def refuse() -> Engine:
        raise AssertionError("the engine was opened")

    found = list(events(read_exercise(tmp_path), refuse))[-1]

    assert isinstance(found, GradeFinished)
    said = {outcome.id: (outcome.status, outcome.reason) for outcome in found.report.outcomes}
    assert (Status.PASSED, "") == said.pop("invalid-instruction")
    assert dict.fromkeys(of_service, (Status.SKIPPED, "The exercise has no service")) == said
    assert found.report.verdict is not Verdict.PASSED


AWAY = b"Could not connect to deb.debian.org:80, connection timed out"


@pytest.mark.parametrize(
    ("said", "network", "status", "tries"),
    [
        (AWAY, "on", "passed", [False, True]),
        (AWAY, "off", "failed", [False]),
        (b"E: Unable to locate package zstdd", "on", "failed", [False]),
    ],
)
def test_build_that_the_network_failed_is_tried_once_more(
    spec: ExerciseSpec,
    engine: FakeEngine,
    monkeypatch: pytest.MonkeyPatch,
    said: bytes,
    network: str,
    status: str,
    tries: list[bool],
) -> None:
    """Without the cache, which keeps steps that went on without the network; only where there is a network."""
    spec = replace(spec, build=replace(spec.build, network=BuildNetwork(network)))
    tried: list[bool] = []
    build = engine.build

    def flaky(request: BuildRequest, cancel: Cancel) -> Iterator[BuildEvent]:
        tried.append(request.no_cache)
        engine.runs["pip install"] = FakeReply(said, exit_code=100) if len(tried) == 1 else FakeReply()
        return build(request, cancel)

    monkeypatch.setattr(engine, "build", flaky)

    assert status == statuses(report(spec, engine))["build-fails"]
    assert tries == tried[: len(tries)]
    assert (len(tried) > len(tries)) is (status == "passed"), "what passed is built again after a change"


def test_build_that_the_network_fails_twice_is_failed(spec: ExerciseSpec, engine: FakeEngine) -> None:
    """No third try: whoever prints such words gets no more than that."""
    engine.runs["pip install"] = FakeReply(b"connection refused", exit_code=1)
    found = report(spec, engine)

    assert "failed" == statuses(found)["build-fails"]
    assert 2 == engine.calls.count("build")


def test_no_engine_is_errored_with_its_remedy_and_static_outcomes_come(spec: ExerciseSpec) -> None:
    """A dead engine is never the learner's fault."""

    def gone() -> Engine:
        raise EngineUnavailable("No engine answers", hint="dockyard engine up")

    last = [*events(spec, gone)][-1]

    assert isinstance(last, GradeFinished)
    found = last.report
    assert (Verdict.ERRORED, 3) == (found.verdict, found.exit_code)
    assert Status.PASSED == found.outcome("fat-base").status
    assert {"errored"} == {statuses(found)[check] for check in CHECKS[4:]}
    assert "dockyard engine up" == found.outcome("wrong-output").remedy
    assert "dockyard engine up" in render(found, colour=False)


@pytest.mark.parametrize(
    ("call", "first"), [("build", "build-fails"), ("export", "user-is-root"), ("run", "exits-with-error")]
)
def test_engine_that_fails_on_the_way_errors_the_rest(
    spec: ExerciseSpec, engine: FakeEngine, call: str, first: str
) -> None:
    """What was decided before stays decided."""
    engine.fail_next(call, EngineUnavailable("The engine went away"))
    found = report(spec, engine)
    order = [use.check.id for use in spec.checks]
    after = order[order.index(first) :]

    assert {"errored"} == {statuses(found)[check] for check in after if check != "user-is-root"}
    assert Verdict.ERRORED == found.verdict
    assert engine.calls.count("remove") == 1


def test_engine_that_dies_in_a_step_is_errored(spec: ExerciseSpec, engine: FakeEngine) -> None:
    """A build that the engine did not finish is no failed build."""
    engine.die_in_step = 3

    assert "errored" == statuses(report(spec, engine))["build-fails"]


@pytest.mark.parametrize("is_asked", [True, False])
def test_processes_are_looked_at_only_for_a_check_that_judges_them(
    spec: ExerciseSpec, engine: FakeEngine, monkeypatch: pytest.MonkeyPatch, *, is_asked: bool
) -> None:
    """A run waits for its processes to be seen where a check asks who runs, and nowhere else."""
    if not is_asked:
        spec = replace(spec, checks=tuple(use for use in spec.checks if use.check.id != "process-is-root"))
    asked: list[bool] = []
    run = engine.run

    def noted(request: RunRequest, cancel: Cancel) -> RunResult:
        asked.append(request.watched)
        return run(request, cancel)

    monkeypatch.setattr(engine, "run", noted)

    assert Verdict.PASSED == report(spec, engine).verdict
    assert [is_asked] == asked


def test_cancel_in_a_build_cleans_up_and_passes_on(spec: ExerciseSpec, engine: FakeEngine) -> None:
    """Stopping leaves nothing behind."""
    cancel = Cancel()

    def work() -> None:
        for event in events(spec, lambda: engine, cancel=cancel):
            if isinstance(event, BuildStepChanged):
                cancel.set()

    with pytest.raises(Cancelled):
        work()
    assert ["remove", "close"] == engine.calls[-2:]
    assert () == engine.leftovers()


def test_reader_that_walks_away_cleans_up(spec: ExerciseSpec, engine: FakeEngine) -> None:
    """Closing the generator removes what was made."""
    running = events(spec, lambda: engine)
    for event in running:
        if isinstance(event, BuildFinished):
            break
    running.close()  # type: ignore[attr-defined]

    assert () == engine.leftovers()
    assert "remove" in engine.calls


def test_check_that_crashes_is_errored_and_the_others_go_on(spec: ExerciseSpec, engine: FakeEngine) -> None:
    """A bug of ours costs one outcome."""

    def crash(_context: object, _params: object) -> list[object]:
        raise KeyError("bug")

    uses = tuple(
        replace(use, check=replace(use.check, find=crash)) if use.check.id == "leaked-file" else use  # type: ignore[arg-type]
        for use in spec.checks
    )
    found = report(replace(spec, checks=uses), engine)

    assert "KeyError" in found.outcome("leaked-file").reason
    assert "passed" == statuses(found)["wrong-output"]
    assert Verdict.ERRORED == found.verdict


def test_observation_overrules_the_text(spec: ExerciseSpec, engine: FakeEngine) -> None:
    """A text that looks wrong is passed when the rebuild shows otherwise; the event comes twice."""
    looks_wrong = GOOD.replace("COPY requirements.txt .", "COPY tool.txt requirements.txt ./")
    handed_in = submission(looks_wrong, ContextFile("tool.txt", b"x"))
    source = replace(spec, checks=tuple(u for u in spec.checks if u.check.id != "stale-after-dependency-change"))
    forced = tuple(
        replace(use, check=replace(use.check, find=lambda *_: [_finding()])) if use.check.id == "runs-as-root" else use
        for use in source.checks
    )
    seen = [*events(replace(source, checks=forced), lambda: engine, handed_in)]
    states = [e.outcome.status for e in seen if isinstance(e, CheckFinished) and e.outcome.id == "runs-as-root"]

    assert [Status.FAILED, Status.PASSED] == states


def _finding() -> object:
    from graders.finding import Finding

    return Finding("it looks like root")


def test_static_only_runs_no_engine(spec: ExerciseSpec) -> None:
    """The rest is skipped and says so."""

    def never() -> Engine:
        raise AssertionError("opened")

    last = [*events(spec, never, static_only=True)][-1]

    assert isinstance(last, GradeFinished)
    assert last.report.static_only
    assert Verdict.PASSED == last.report.verdict
    assert "Not run: static checks only" == last.report.outcome("build-fails").reason


def test_static_findings_name_check_and_line(spec: ExerciseSpec) -> None:
    """What the desk shows while the learner types."""
    found = static_findings(spec, GOOD.replace("USER 1000", "USER root").encode(), {"src/predict.py": b""})

    assert [("runs-as-root", 5)] == [(check, finding.line) for check, finding in found]


def test_report_survives_json_and_fits_its_schema(spec: ExerciseSpec, engine: FakeEngine) -> None:
    """The schema is published; reading back gives the same report."""
    found = report(spec, engine, submission(GOOD.replace("COPY src src", "COPY . .")))
    schema = json.loads((Path(graders.formats.__path__[0]) / "report-v1.schema.json").read_text())
    jsonschema.validate(json.loads(dumps(found)), schema)

    assert found == loads(dumps(found))
    with pytest.raises(ValueError, match="Not a report"):
        loads("{}")


def test_text_report_is_narrow_clean_and_says_what_to_do(spec: ExerciseSpec, engine: FakeEngine) -> None:
    """80 columns, no escape of the learner's, colour only when asked for."""
    engine.program("python src/predict.py", FakeReply(b"\x1b]52;c;x\x07evil\x1b[2J\n"))
    found = report(spec, engine)
    text = render(found, colour=False)

    assert ["wrong-output"] == failed(found)
    assert max(len(line) for line in text.splitlines()) <= 80
    assert "\x1b" not in text
    assert "evil" in text
    assert "Next: start with wrong-output" in text
    assert "\x1b[31m" in render(found, colour=True)
