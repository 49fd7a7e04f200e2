"""Owns the tests of the doctor: what it says about engines, images, disks, terminals and folders."""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

import pytest

from course.doctor.examine import examine
from course.doctor.line import ENGINE_PRIVATE, DoctorLine, State
from course.doctor.machine import GIB, Space
from course.paths import Paths
from course.terminal import Terminal, colours
from graders.engine.base import (
    Engine,
    EngineInfo,
    ImageInfo,
    Leftover,
)
from graders.engine.fake.engine import FakeEngine
from graders.errors import EngineError, EngineUnavailable
from tests.rows import rows

INFO = EngineInfo(
    "docker",
    "28.5.1",
    "1.51",
    "overlay2",
    "buildkit",
    "unix:///run/docker.sock",
    source="usual socket",
    keeps_index=True,
)
TERMINAL = Terminal(stdin=True, stdout=True, stderr=True, columns=120, lines=40, colours=256, encoding="utf-8")
BASE = ImageInfo(id="sha256:1", size_bytes=122_000_000)


class StillEngine(FakeEngine):
    """An engine that only answers questions about itself; written by hand."""

    def __init__(self, info: EngineInfo = INFO, base: ImageInfo | None = BASE, left: tuple[Leftover, ...] = ()) -> None:
        super().__init__()
        self._about, self._base, self._left = info, base, left
        self.closed = False

    def info(self) -> EngineInfo:
        return self._about

    def image(self, reference: str) -> ImageInfo | None:
        return self._base

    def leftovers(self, *, everybody: bool = False) -> tuple[Leftover, ...]:
        return self._left

    def close(self) -> None:
        self.closed = True


Look = Callable[..., dict[str, DoctorLine]]


@pytest.fixture
def look(tmp_path: Path) -> Look:
    """Examines a machine where all is well but what the test says."""

    def examined(
        open_engine: Callable[[], Engine] = StillEngine,
        *,
        terminal: Terminal = TERMINAL,
        free_bytes: int = 50 * GIB,
        free_inodes: int | None = 9_000_000,
        workspace: Path = tmp_path / "workspace",
        environ: Mapping[str, str] = MappingProxyType({}),
        mark: str = "",
    ) -> dict[str, DoctorLine]:
        paths = Paths(content=tmp_path, state=tmp_path / "state", workspace=workspace)
        lines = examine(
            paths,
            terminal,
            open_engine,
            environ=environ,
            mark=mark,
            space=lambda path: Space(free_bytes, free_inodes),
        )
        return {line.name: line for line in lines}

    return examined


def test_examine_healthy_machine_finds_all_ok(look: Look) -> None:
    """Where nothing is missing, every line is ok and none has a remedy."""
    lines = look()

    assert {line.state for line in lines.values()} == {State.OK}
    assert [line.name for line in lines.values() if line.remedy] == []
    assert {"engine", "builder", "base image", "disk", "terminal", "workspace"} <= lines.keys()


def test_examine_without_engine_names_the_command_that_starts_one(look: Look) -> None:
    """No engine is a line, never an exception, and the rest is still looked at."""

    def unavailable() -> Engine:
        raise EngineUnavailable("No container engine is installed")

    lines = look(unavailable)
    wished = look(unavailable, environ={"DOCKER_HOST": "tcp://nowhere:1"})

    assert lines["engine"].state is State.MISSING
    assert lines["engine"].remedy == "dockyard engine up"
    assert wished["engine"].remedy == "unset DOCKER_HOST"
    assert lines["workspace"].state is State.OK


def test_examine_engine_that_dies_in_between_is_a_line(look: Look) -> None:
    """An engine that answers once and then no more is missing too, and is let go."""

    class Dying(StillEngine):
        def image(self, reference: str) -> ImageInfo | None:
            raise EngineError("The engine hung up")

    engine = Dying()
    lines = look(lambda: engine)

    assert (lines["engine"].state, lines["engine"].text) == (State.MISSING, "The engine hung up")
    assert engine.closed


@rows(
    ("info", "name", "word"),
    [
        (replace(INFO, builder="classic"), "builder", "classic"),
        (replace(INFO, rootless=True), "engine", "without root"),
        (replace(INFO, name="Balena"), "engine", "never tried"),
        (replace(INFO, storage="vfs"), "storage", "copies every layer"),
    ],
)
def test_examine_lesser_engine_is_a_warning(look: Look, info: EngineInfo, name: str, word: str) -> None:
    """What works less well is said, with the way to something better."""
    line = look(lambda: StillEngine(info))[name]

    assert line.state is State.WARNING
    assert word in line.text
    assert line.remedy == ENGINE_PRIVATE


@rows("version", ["19.03.1", "29.0.0", "master-dockerproject"])
def test_examine_untried_release_is_a_warning(look: Look, version: str) -> None:
    """A release that nobody tried is used, and the way to try it is named."""
    line = look(lambda: StillEngine(replace(INFO, version=version)))["engine"]

    assert (line.state, line.remedy) == (State.WARNING, "dockyard author verify first-image")


@rows(
    ("info", "word"),
    [(replace(INFO, rootless=True, ignored_limits=("memory",)), "memory"), (replace(INFO, name="podman"), "Podman")],
)
def test_examine_engine_that_grades_nothing_is_missing(look: Look, info: EngineInfo, word: str) -> None:
    """An engine that runs none of our programs, or tells no steps, can't be checked with, and the line says why."""
    lines = look(lambda: StillEngine(info), mark="probe-1")

    assert (lines["engine"].state, lines["engine"].remedy) == (State.MISSING, ENGINE_PRIVATE)
    assert word in lines["engine"].text
    assert "run memory" not in lines


def test_examine_old_builder_mentions_heredocs(look: Look) -> None:
    """Docker 20.10 can't build heredocs, and the learner is told before they try."""
    line = look(lambda: StillEngine(replace(INFO, version="20.10.24+dfsg1")))["builder"]

    assert line.state is State.OK
    assert "heredocs" in line.text


def test_examine_missing_base_image_names_the_command(look: Look) -> None:
    """A base image that isn't there yet is missing."""
    line = look(lambda: StillEngine(base=None))["base image"]

    assert (line.state, line.remedy) == (State.MISSING, "dockyard engine up")


def test_examine_stand_in_is_said_plainly(look: Look) -> None:
    """A stand-in is fine, and is called one."""
    line = look(lambda: StillEngine(base=replace(BASE, stand_in=True)))["base image"]

    assert line.state is State.OK
    assert "stand-in" in line.text


def test_examine_leftovers_name_the_command(look: Look) -> None:
    """What a killed check left is a warning."""
    line = look(lambda: StillEngine(left=(Leftover("image", "sha256:2", "r1"),)))["leftovers"]

    assert (line.state, line.remedy) == (State.WARNING, "dockyard engine clean")


@rows(("free_bytes", "state"), [(50 * GIB, State.OK), (3 * GIB, State.WARNING), (GIB // 2, State.MISSING)])
def test_examine_disk_by_its_free_bytes(look: Look, free_bytes: int, state: State) -> None:
    """Little room is a warning, no room is missing."""
    assert look(free_bytes=free_bytes)["disk"].state is state


@rows(
    ("free_inodes", "state"), [(None, State.OK), (9_000_000, State.OK), (90_000, State.WARNING), (9_000, State.MISSING)]
)
def test_examine_disk_by_its_free_files(look: Look, free_inodes: int | None, state: State) -> None:
    """A disk with room and no file entries left is as full as another; some file systems have no such limit."""
    assert look(free_inodes=free_inodes)["disk"].state is state


def test_examine_disk_of_an_engine_elsewhere_is_not_ours(look: Look, tmp_path: Path) -> None:
    """The data folder of an engine on another machine says nothing about a disk here."""
    (tmp_path / "data").mkdir()
    far = look(lambda: StillEngine(replace(INFO, socket="tcp://far:2376", data_root=str(tmp_path / "data"))))
    near = look(lambda: StillEngine(replace(INFO, data_root=str(tmp_path / "data"))))

    assert str(tmp_path / "data") not in far["disk"].text
    assert near["disk"].text.endswith(str(tmp_path / "data"))


@rows(
    ("environ", "state", "text"),
    [
        ({}, State.OK, "none"),
        ({"HTTPS_PROXY": "http://me:secret@proxy.lab:3128"}, State.OK, "http://proxy.lab:3128 (HTTPS_PROXY)"),
        ({"HTTP_PROXY": "proxy.lab:3128"}, State.WARNING, "HTTP_PROXY is no http:// address"),
        ({"HTTP_PROXY": "http://proxy.lab:port"}, State.WARNING, "HTTP_PROXY is no http:// address"),
    ],
)
def test_examine_proxy_without_its_password(look: Look, environ: dict[str, str], state: State, text: str) -> None:
    """A proxy is named without what must stay secret, and one that can't work is said."""
    line = look(environ=environ)["proxy"]

    assert line.state is state
    assert text in line.text
    assert "secret" not in line.text


def test_examine_missing_certificate_file_names_its_variable(look: Look, tmp_path: Path) -> None:
    """A certificate file that is not there breaks every download, so its variable is named."""
    line = look(environ={"SSL_CERT_FILE": str(tmp_path / "none.pem")})["certificates"]

    assert (line.state, line.remedy) == (State.WARNING, "unset SSL_CERT_FILE")


@rows(
    ("private", "keeps", "state", "remedy"),
    [
        (True, True, State.OK, ""),
        (True, False, State.WARNING, "dockyard engine up"),
        (False, False, State.WARNING, ENGINE_PRIVATE),
    ],
)
def test_examine_says_whether_builds_keep_to_the_index(
    look: Look, private: bool, keeps: bool, state: State, remedy: str
) -> None:
    """Only an engine whose network a guard of ours keeps can hold a build to it."""
    line = look(lambda: StillEngine(replace(INFO, private=private, keeps_index=keeps)))["build index"]

    assert (state, remedy) == (line.state, line.remedy)


def test_examine_quick_says_that_nothing_was_measured(look: Look) -> None:
    """Without a mark no build and no run is made, and that is said."""
    assert "not measured" in look()["limits"].text


def test_examine_measured_limits_are_lines(look: Look) -> None:
    """With a mark every limit has a line; what can't be read is a warning and never called kept."""
    engine = FakeEngine()
    lines = look(lambda: engine, mark="probe-1")

    assert {"run memory", "run processes", "run log", "build memory", "who runs"} <= lines.keys()
    assert lines["run memory"].state is State.WARNING
    assert "could not be measured" in lines["run memory"].text
    assert lines["run memory"].remedy == ENGINE_PRIVATE
    assert engine.leftovers() == ()


def test_examine_engine_that_fails_a_probe_is_one_line(look: Look) -> None:
    """Trouble while measuring leaves the rest as it was found."""
    engine = FakeEngine()
    engine.fail_next("run", EngineError("The engine hung up"))
    lines = look(lambda: engine, mark="probe-1")

    assert (lines["limits"].state, lines["engine"].state) == (State.WARNING, State.OK)
    assert "The engine hung up" in lines["limits"].text


@pytest.mark.engine
def test_examine_real_engine_measures_every_limit(look: Look, engine: Engine, python_base: str) -> None:
    """Every limit was seen to hold; those of builds, which Docker alone can't keep, on an engine of ours."""
    ours = engine.info().private
    lines = look(lambda: engine, mark=f"probe-{uuid.uuid4().hex}")
    measured = {name: line for name, line in lines.items() if line.text.startswith(("holds", "DOES", "could not"))}

    assert len(measured) == 12
    lost = {name: line.text for name, line in measured.items() if line.state is not State.OK}
    assert {name: text for name, text in lost.items() if ours or name not in ("build memory", "build processes")} == {}


@rows(
    ("terminal", "state"),
    [
        (TERMINAL._replace(columns=60), State.WARNING),
        (TERMINAL._replace(lines=10), State.WARNING),
        (TERMINAL._replace(colours=8), State.WARNING),
        (TERMINAL._replace(colours=0), State.OK),
        (TERMINAL._replace(stdout=False), State.OK),
    ],
)
def test_examine_terminal_by_size_and_colours(look: Look, terminal: Terminal, state: State) -> None:
    """A small or pale terminal is a warning; no terminal and no colours are a choice."""
    assert look(terminal=terminal)["terminal"].state is state


def test_examine_poor_encoding_is_a_warning(look: Look) -> None:
    """An encoding without our characters is said."""
    assert look(terminal=TERMINAL._replace(encoding="ascii"))["encoding"].state is State.WARNING


def test_examine_file_in_place_of_workspace_is_missing(look: Look, tmp_path: Path) -> None:
    """A file where the folder belongs is in the way."""
    (tmp_path / "taken").write_text("")

    line = look(workspace=tmp_path / "taken")["workspace"]

    assert line.state is State.MISSING
    assert "in the way" in line.text


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_examine_read_only_workspace_is_missing(look: Look, tmp_path: Path) -> None:
    """A folder that we may not write to is missing."""
    (tmp_path / "locked").mkdir(mode=0o500)

    assert look(workspace=tmp_path / "locked" / "deep")["workspace"].state is State.MISSING


@rows(
    ("environ", "expected"),
    [
        ({"TERM": "xterm-256color"}, 256),
        ({"TERM": "xterm"}, 8),
        ({"TERM": "xterm", "COLORTERM": "truecolor"}, 256**3),
        ({"TERM": "dumb"}, 0),
        ({}, 0),
        ({"TERM": "xterm-256color", "NO_COLOR": "1"}, 0),
        ({"TERM": "xterm-256color", "NO_COLOR": ""}, 256),
    ],
)
def test_colours_follow_the_environment(environ: dict[str, str], expected: int) -> None:
    """TERM and COLORTERM promise colours; NO_COLOR, when not empty, takes them away."""
    assert colours(environ) == expected
