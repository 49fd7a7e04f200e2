"""Who made something on an engine: what may be removed is nobody's who may still be at work."""

from __future__ import annotations

import os
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from graders.cohort.lane import sweep
from graders.engine.base import Engine
from graders.engine.docker import owner as docker_owner
from graders.engine.docker.container import container_config
from graders.engine.docker.errors import EngineRefused
from graders.engine.docker.owner import OWNER, Mark, is_left_over, own_mark, read_mark
from graders.engine.docker.wire import Wire
from graders.engine.find import find_engine
from tests.rows import rows

ELSEWHERE = "0123456789ab"


def mine() -> Mark:
    mark = read_mark(own_mark())
    assert mark is not None
    return mark


@pytest.fixture
def sleeper() -> Iterator[subprocess.Popen[bytes]]:
    """Another living process."""
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"]) as process:
        yield process
        process.kill()


def test_what_the_same_process_left_is_left_over() -> None:
    """Only one that forgets to clean up leaves what it made itself."""
    assert is_left_over(own_mark())


def test_what_another_living_process_of_this_machine_made_is_spared(sleeper: subprocess.Popen[bytes]) -> None:
    """Whoever asks, and as long as it lives."""
    text = str(replace(mine(), process=docker_owner._process(sleeper.pid)))

    assert (False, False) == (is_left_over(text), is_left_over(text, everybody=True))

    sleeper.kill()
    sleeper.wait()

    assert is_left_over(text)


def test_what_was_made_before_this_machine_started_is_left_over() -> None:
    """No process outlives a boot, also where its number is in use again."""
    _, pid, start = mine().process.split("-")

    assert is_left_over(str(replace(mine(), process=f"deadbeef-{pid}-{start}")))


@rows(("age_hours", "is_old"), [(0, False), (23, False), (24, True), (9999, True), (-3, False)])
def test_what_another_machine_made_is_spared_for_a_day(age_hours: int, *, is_old: bool) -> None:
    """Its clock may go before ours; with everybody's permission nothing is spared."""
    text = str(Mark(ELSEWHERE, "deadbeef-1-1", int(time.time() / 3600) - age_hours))

    assert is_old is is_left_over(text)
    assert is_left_over(text, everybody=True)


@rows("text", ["", "deadbeef-12-345", "a/b", "a/b/c", "//5", "a/b/1/2", "a/b/²"])
def test_mark_that_says_nothing_is_touched_only_when_asked(text: str) -> None:
    """Another version may have written it, and may be at work."""
    assert read_mark(text) is None
    assert (False, True) == (is_left_over(text), is_left_over(text, everybody=True))


def test_machines_with_a_copied_id_are_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    """Machines made from one image have one machine id, and containers too."""
    here = mine().host
    monkeypatch.setattr("socket.gethostname", lambda: "another")

    assert here != mine().host
    assert here == read_mark(f"{here}/1/1").host  # type: ignore[union-attr]


def test_process_is_known_by_its_number_where_there_is_no_proc(
    monkeypatch: pytest.MonkeyPatch, sleeper: subprocess.Popen[bytes]
) -> None:
    """As on a Mac: a living process is spared, a dead one is not."""
    real = Path.read_text

    def without_proc(path: Path, *words: str) -> str:
        if path.is_relative_to("/proc"):
            raise FileNotFoundError(path)
        return real(path, *words)

    monkeypatch.setattr(Path, "read_text", without_proc)
    living = str(replace(mine(), process=str(sleeper.pid)))

    assert str(os.getpid()) == mine().process
    assert not is_left_over(living)

    sleeper.kill()
    sleeper.wait()

    assert is_left_over(living)


@pytest.mark.engine
def test_two_machines_share_an_engine_without_removing_what_the_other_uses(engine: Engine, busybox_base: str) -> None:
    """A cohort that begins sweeps away this machine's leftovers and what others forgot, and nothing younger."""
    image, wire = engine.image(busybox_base), Wire(engine.info().socket)
    assert image is not None
    wire.ping(5.0)
    hour, started = int(time.time() / 3600), uuid.uuid4().hex[:8]
    marks = {
        "young": Mark(ELSEWHERE, "deadbeef-1-1", hour),
        "old": Mark(ELSEWHERE, "deadbeef-1-1", hour - 25),
        "ours": replace(mine(), process="deadbeef-1-1"),
    }
    names = {kind: f"dockyard-test-{started}-{kind}" for kind in marks}
    try:
        for kind, mark in marks.items():
            config = container_config(image.id, names[kind], ("sleep", "60"), {})
            config["Labels"] = {**dict(config["Labels"]), OWNER: str(mark)}  # type: ignore[call-overload]
            wire.call("POST", "/containers/create", {"name": names[kind]}, config, operation="create")
        left = [{leftover.run_id for leftover in engine.leftovers(everybody=every)} for every in (False, True)]
        environ = {"DOCKER_HOST": engine.info().socket}
        sweep(lambda: find_engine(environ, Path("/nowhere")))
        after = {leftover.run_id for leftover in engine.leftovers(everybody=True)} & set(names.values())
    finally:
        for name in names.values():
            with suppress(EngineRefused):
                wire.call("DELETE", f"/containers/{name}", {"force": "1"}, operation="remove")

    assert {names["old"], names["ours"]} == left[0] & set(names.values())
    assert set(names.values()) <= left[1]
    assert {names["young"]} == after
