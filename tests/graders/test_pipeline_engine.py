"""Grading on the real engine: whatever ends it, nothing with our label is left."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import cast

import pytest

from graders.cancel import Cancel
from graders.engine.base import BuildRequest, ContextFile, Engine, LogLines
from graders.errors import Cancelled
from graders.event import BuildLog, BuildStarted, BuildStepChanged, GradeEvent, GradeFinished, Purpose
from graders.exercise import ExerciseSpec, read_exercise
from graders.limits import Limits
from graders.outcome import Level
from graders.pipeline import grade
from graders.registry import all_checks
from graders.report import Report
from graders.submission import Submission
from graders.workbench import run_id_of
from tests.graders.engine.contract.conftest import BASE

pytestmark = pytest.mark.engine

SPEC = """
format = 1
id = "slow"
title = "Slow"
minutes = 5
[build]
source = "app.py"
network = false
canaries = [".env"]
[[checks]]
use = "build-fails"
[[checks]]
use = "cache-lost-on-ignored-file"
[[checks]]
use = "leaked-secret"
[[checks]]
use = "wasted-bytes"
"""
SLOW = f"FROM {BASE}\nRUN echo begun; sleep 60\n"
SOUND = f'FROM {BASE}\nCOPY app.py /\nCMD ["cat", "/app.py"]\n'
SPOILT = f"""FROM {BASE}
ARG API_TOKEN=hunter22
COPY . /app
RUN dd if=/dev/zero of=/big bs=1M count=7 && echo $API_TOKEN > /dev/null
RUN rm /big
"""


@pytest.fixture(scope="module", autouse=True)
def small_base(busybox_base: str) -> None:
    """All images here are small: they are exported, and a volume over their root is copied for each container."""


@pytest.fixture
def spec(tmp_path: Path) -> ExerciseSpec:
    (tmp_path / "exercise.toml").write_text(SPEC)
    return read_exercise(tmp_path)


def events(
    spec: ExerciseSpec, engine: Engine, dockerfile: str, nonce: str, cancel: Cancel, more: tuple[ContextFile, ...] = ()
) -> Iterator[GradeEvent]:
    files = (ContextFile("Dockerfile", dockerfile.encode()), ContextFile("app.py", b"print()\n"), *more)
    return grade(
        Submission(Path("somewhere"), files, dockerfile.encode(), "0" * 64, ()),
        spec,
        lambda: engine,
        cancel=cancel,
        nonce=nonce,
        now=lambda: datetime(2026, 1, 2, tzinfo=UTC),
        clock=lambda: 0.0,
        environ={},
    )


def test_build_of_somebody_else_that_shares_a_step_costs_no_verdict(spec: ExerciseSpec, engine: Engine) -> None:
    """Its step was run just now and is not cached for us: the change is tried again when that build is over."""
    word = uuid.uuid4().hex
    start = f"FROM {BASE}\nWORKDIR /{word}\nRUN echo {word}\n"
    asleep = threading.Event()

    def other() -> None:
        files = (ContextFile("Dockerfile", f"{start}RUN echo begun; sleep 8\n".encode()),)
        for event in engine.build(BuildRequest(files, f"other-{word}", Limits()), Cancel()):
            if isinstance(event, LogLines) and "begun" in event.lines:
                asleep.set()

    try:
        with ThreadPoolExecutor(1) as pool:
            built = pool.submit(other)
            assert asleep.wait(60.0)
            seen = list(events(spec, engine, f"{start}COPY app.py /\nRUN echo {word} too\n", word, Cancel()))
            built.result(60.0)
    finally:
        engine.remove(f"other-{word}")

    assert isinstance(seen[-1], GradeFinished)
    found = next(one for one in seen[-1].report.outcomes if one.id == "cache-lost-on-ignored-file")
    assert "passed" == found.status, found.findings


INSTALLING = """
format = 1
id = "installing"
title = "Installing"
minutes = 5
[build]
source = "app.py"
requirements = "requirements.txt"
network = false
[[checks]]
use = "build-fails"
[[checks]]
use = "cache-lost-on-source-change"
"""


def installing(word: str) -> tuple[str, tuple[ContextFile, ...]]:
    """A Dockerfile that nobody else builds, whose install comes after a step that takes two seconds, and its files."""
    text = f"""FROM {BASE}
COPY pip /bin/pip
RUN chmod +x /bin/pip && echo {word} && sleep 2
COPY requirements.txt ./
RUN pip install -r requirements.txt
COPY app.py /
"""
    more = (
        ContextFile("pip", b"#!/bin/sh\necho Successfully installed six-1.16.0\n"),
        ContextFile("requirements.txt", b"six==1.16.0\n"),
    )
    return text, more


def graded_whole(spec: ExerciseSpec, engine: Engine, word: str, name: str) -> Report:
    """The report of that Dockerfile."""
    text, more = installing(word)
    *_, last = events(spec, engine, text, f"{word} {name}", Cancel(), more)
    assert isinstance(last, GradeFinished)
    return last.report


def test_two_builds_alike_at_once_both_show_their_install(tmp_path: Path, engine: Engine) -> None:
    """The engine merges what they have in common, and tells only one of them of the steps that follow."""
    (tmp_path / "exercise.toml").write_text(INSTALLING)
    spec, word = read_exercise(tmp_path), uuid.uuid4().hex

    with ThreadPoolExecutor(2) as pool:
        reports = list(pool.map(lambda name: graded_whole(spec, engine, word, name), ("one", "two")))

    assert [[]] * 2 == [[one.findings for one in report.outcomes if one.findings] for report in reports]
    for report in reports:
        assert report.build is not None
        assert {2, 3, 4, 5, 6} <= {step.line for step in report.build.steps}


STRANGER = """
import sys
from pathlib import Path
from graders.cancel import Cancel
from graders.engine.base import BuildRequest, ContextFile, Network
from graders.engine.find import find_engine
from graders.limits import Limits

folder, run_id = Path(sys.argv[1]), sys.argv[2]
files = tuple(ContextFile(path.name, path.read_bytes()) for path in sorted(folder.iterdir()))
engine = find_engine(dict(DOCKER_HOST=sys.argv[3]), folder)
try:
    for event in engine.build(BuildRequest(files, run_id, Limits(), network=Network.NONE), Cancel()):
        print(event, flush=True)
finally:
    engine.remove(run_id)
    engine.close()
"""


def test_build_alike_of_a_stranger_hides_no_install(tmp_path: Path, engine: Engine) -> None:
    """Who has another temporary folder, as other users may, is not seen; what he was told of is asked for again."""
    (tmp_path / "exercise.toml").write_text(INSTALLING)
    spec, word = read_exercise(tmp_path), uuid.uuid4().hex
    text, more = installing(word)
    folder, temporary = tmp_path / "theirs", tmp_path / "tmp"
    folder.mkdir()
    temporary.mkdir()
    for file in (*more, ContextFile("Dockerfile", text.encode()), ContextFile("app.py", b"print()\n")):
        (folder / file.path).write_bytes(file.data)
    argv = (sys.executable, "-c", STRANGER, str(folder), f"stranger-{word}", engine.info().socket)

    with subprocess.Popen(argv, env=os.environ | {"TMPDIR": str(temporary)}, stdout=subprocess.PIPE) as stranger:
        assert stranger.stdout is not None
        # Ours begins together with theirs: then the engine merges all steps, most of the time.
        assert any(b"load remote" in line for line in stranger.stdout)
        report = graded_whole(spec, engine, word, "mine")
        stranger.communicate(timeout=60)

    assert 0 == stranger.returncode
    assert [] == [one.findings for one in report.outcomes if one.findings]
    assert report.build is not None
    assert {2, 3, 4, 5, 6} <= {step.line for step in report.build.steps}


def left(engine: Engine, nonce: str) -> list[str]:
    return [item.kind for item in engine.leftovers() if item.run_id == run_id_of(nonce, "0" * 64)]


def statuses(spec: ExerciseSpec, engine: Engine, dockerfile: str, nonce: str) -> dict[str, str]:
    for event in events(spec, engine, dockerfile, nonce, Cancel()):
        if isinstance(event, GradeFinished):
            return {outcome.id: outcome.status.value for outcome in event.report.outcomes}
    raise AssertionError("no report")


def test_cancel_in_the_middle_of_a_build_leaves_nothing(spec: ExerciseSpec, engine: Engine) -> None:
    """The step sleeps when it is stopped."""
    cancel = Cancel()

    def work() -> None:
        for event in events(spec, engine, SLOW.replace("begun", "cancelled"), "cancel", cancel):
            if isinstance(event, BuildLog):
                cancel.set()

    with pytest.raises(Cancelled):
        work()
    assert [] == left(engine, "cancel")


@pytest.mark.parametrize("purpose", [Purpose.GRADED, Purpose.IGNORED_CHANGED])
def test_exception_of_the_reader_leaves_nothing(spec: ExerciseSpec, engine: Engine, purpose: Purpose) -> None:
    """Whoever consumes the events may break at any of them."""

    def work() -> None:
        running = cast("closing[Iterator[GradeEvent]]", closing(events(spec, engine, SOUND, "broken", Cancel())))  # type: ignore[type-var]
        with running as found:
            building = False
            for event in found:
                building = building or (isinstance(event, BuildStarted) and event.purpose is purpose)
                if building and isinstance(event, BuildStepChanged):
                    raise KeyError("the reader broke")

    with pytest.raises(KeyError):
        work()
    assert [] == left(engine, "broken")


def test_sound_and_spoilt_image_are_told_apart(spec: ExerciseSpec, engine: Engine) -> None:
    """Planted files, a secret build argument and a file that a later line deletes, seen in real images."""
    # A nonce is used once: the same change a second time would come from the engine's cache.
    sound, spoilt = uuid.uuid4().hex, uuid.uuid4().hex
    assert {"passed"} == set(statuses(spec, engine, SOUND, sound).values())
    found = statuses(spec, engine, SPOILT, spoilt)

    assert "passed" == found.pop("build-fails")
    assert {"failed"} == set(found.values()), found
    assert [] == left(engine, sound) + left(engine, spoilt)


@pytest.mark.parametrize("line", ["VOLUME /", "VOLUME /app.py"])
def test_image_that_can_not_be_started_is_the_learners_fault(tmp_path: Path, engine: Engine, line: str) -> None:
    """A volume over all that a container needs, or over a file: found as a program and as a service."""
    of_containers = [check.id for check in all_checks().values() if check.level is Level.CONTAINER]
    text = 'format = 1\nid = "volume"\ntitle = "Volume"\nminutes = 5\n[service]\nport = 8000\n'
    checks = "".join(f'[[checks]]\nuse = "{check}"\n' for check in of_containers)
    (tmp_path / "exercise.toml").write_text(text + checks)
    found = statuses(read_exercise(tmp_path), engine, f"{SOUND}{line}\n", uuid.uuid4().hex)

    assert "errored" not in found.values(), found
    assert ("failed", "failed") == (found["exits-with-error"], found["port-silent"])
