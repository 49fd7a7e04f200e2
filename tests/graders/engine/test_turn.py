"""Builds side by side share steps, and one that is to tell what is cached waits until it is alone."""

from __future__ import annotations

import tempfile
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from graders.cancel import Cancel
from graders.engine.base import BuildRequest, BuildResult, ContextFile, Engine, NotAlone, StepChanged, StepStatus
from graders.engine.turn import building
from graders.errors import Cancelled, EngineTimeout
from graders.limits import Limits
from graders.rebuild.counterpart import is_joined, ran_again
from tests.rows import rows


@pytest.fixture
def own_locks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Locks that nobody else holds or waits for, and that leave no files behind."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))


@contextmanager
def held(engine: str, *, alone: bool) -> Iterator[None]:
    """A turn that is held by somebody else."""
    with building(engine, Cancel(), alone=alone, at_most_s=5.0):
        yield


@pytest.mark.usefixtures("own_locks")
@rows(("first", "second", "waits"), [(False, False, False), (False, True, True), (True, False, True)])
def test_turns_are_shared_unless_one_is_alone(first: bool, second: bool, waits: bool) -> None:
    """Two builds may be at work, but not beside one that is alone."""
    engine = uuid.uuid4().hex
    with held(engine, alone=first):
        if waits:
            with pytest.raises(EngineTimeout), building(engine, Cancel(), alone=second, at_most_s=0.05):
                pass
        else:
            with building(engine, Cancel(), alone=second, at_most_s=0.05):
                pass
    with building(engine, Cancel(), alone=second, at_most_s=0.05):
        pass


@pytest.mark.usefixtures("own_locks")
def test_turn_says_whether_it_was_had_alone() -> None:
    """Also when it was not asked for: nobody may have been at work when it began, nor have begun since."""
    engine = uuid.uuid4().hex
    with building(engine, Cancel(), alone=False, at_most_s=5.0) as first_was_alone:
        assert first_was_alone()
        with building(engine, Cancel(), alone=False, at_most_s=5.0) as second_was_alone:
            assert not second_was_alone()
        assert not first_was_alone()
    for alone in (False, True):
        with building(engine, Cancel(), alone=alone, at_most_s=5.0) as was_alone:
            assert was_alone()


@pytest.mark.usefixtures("own_locks")
def test_who_waits_to_be_alone_is_not_overtaken() -> None:
    """A stream of new builds can't keep one from ever being alone."""
    engine, order = uuid.uuid4().hex, []
    waiting = threading.Event()

    def alone() -> None:
        waiting.set()
        with building(engine, Cancel(), alone=True, at_most_s=10.0):
            order.append("alone")

    def late() -> None:
        with building(engine, Cancel(), alone=False, at_most_s=10.0):
            order.append("late")

    with ThreadPoolExecutor(2) as pool:
        with held(engine, alone=False):
            first = pool.submit(alone)
            waiting.wait(5.0)
            with pytest.raises(EngineTimeout):
                build_until_the_gate_is_taken(engine)
            second = pool.submit(late)
        first.result(10.0)
        second.result(10.0)

    assert ["alone", "late"] == order


def build_until_the_gate_is_taken(engine: str) -> None:
    """Raises EngineTimeout when it is."""
    until = time.monotonic() + 10.0
    while time.monotonic() < until:
        with building(engine, Cancel(), alone=False, at_most_s=0.1):
            pass


@pytest.mark.usefixtures("own_locks")
def test_waiting_ends_with_a_cancel() -> None:
    """Nobody waits for a turn that they gave up."""
    engine, cancel = uuid.uuid4().hex, Cancel()
    cancel.set()
    with held(engine, alone=True), pytest.raises(Cancelled), building(engine, cancel, alone=False, at_most_s=5.0):
        pass


@pytest.fixture
def new_base(engine: Engine, python_base: str) -> Iterator[str]:
    """The tag of a base that nothing was built on."""
    word = uuid.uuid4().hex
    files = (ContextFile("Dockerfile", f"FROM {python_base}\nRUN echo {word} > /word\n".encode()),)
    *_, made = engine.build(BuildRequest(files, f"base-{word}", Limits()), Cancel())
    assert isinstance(made, BuildResult)
    tag = f"base-{word}:1"
    engine.tag(made.image_id, tag)
    yield tag
    engine.remove_image(tag)
    engine.remove(f"base-{word}")


@pytest.mark.engine
@pytest.mark.usefixtures("own_locks")
@pytest.mark.parametrize("shared", ["", "WORKDIR /{word}\nRUN echo {word}\n"], ids=["FROM", "RUN"])
def test_step_of_a_build_at_work_is_told_and_a_build_alone_finds_all_cached(
    engine: Engine, new_base: str, shared: str
) -> None:
    """While one build sleeps, another that shares its step may find nothing cached; alone it finds everything."""
    word = uuid.uuid4().hex
    start = f"FROM {new_base}\n{shared.format(word=word)}"

    def build(
        rest: str,
        note: str,
        *,
        alone: bool = False,
        on_step: Callable[[str], object] = str,
        cancel: Cancel | None = None,
    ) -> BuildResult:
        files = (ContextFile("Dockerfile", f"{start}{rest}".encode()), ContextFile("note", note.encode()))
        for event in engine.build(BuildRequest(files, f"turn-{word}", Limits(), alone=alone), cancel or Cancel()):
            if isinstance(event, StepChanged) and event.step.status is StepStatus.RUNNING:
                on_step(event.step.name)
            if isinstance(event, NotAlone):
                told[note].set()
            if isinstance(event, BuildResult):
                assert event.ok, event.error
                return event
        raise AssertionError

    def sleeps(step: str) -> None:
        if "sleep" in step:
            asleep.set()

    asleep, enough = threading.Event(), Cancel()
    told = {note: threading.Event() for note in ("", "one", "two", "three")}
    # What is told to a build comes with its next line.
    endless = f"RUN while sleep 0.1; do echo other {word}; done\n"
    rest = f"RUN echo dependency {word}\nCOPY note note\n"
    try:
        with ThreadPoolExecutor(1) as pool:
            other = pool.submit(build, endless, "", on_step=sleeps, cancel=enough)
            try:
                assert asleep.wait(30.0)
                build(rest, "one")
                beside = build(rest, "two")
                assert told[""].wait(30.0)
                threading.Timer(1.0, enough.set).start()
                alone = build(rest, "three", alone=True)
                assert enough.is_set
            finally:
                enough.set()
            with pytest.raises(Cancelled):
                other.result(30.0)
    finally:
        engine.remove(f"turn-{word}")

    assert ["", "one", "two"] == [note for note, was_told in told.items() if was_told.is_set()]
    again = {step.name.partition("] ")[2] for step in ran_again(located(beside))}
    assert {"COPY note note"} == again or is_joined(beside)
    assert {"COPY note note"} == {step.name.partition("] ")[2] for step in ran_again(located(alone))}
    assert not any(step.joined for step in ran_again(located(alone)))


def located(build: BuildResult) -> BuildResult:
    """With a line for each step of the Dockerfile, as the pipeline gives them."""
    steps = tuple(
        replace(step, line=1 if step.name.startswith("[") and "[internal]" not in step.name else None)
        for step in build.steps
    )
    return replace(build, steps=steps)
