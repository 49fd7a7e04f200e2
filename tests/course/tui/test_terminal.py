"""The desk in a real terminal: keys typed ahead, another editor, no colours."""

from __future__ import annotations

import os
import shlex
import signal
import stat
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from course.tui.memory import Memory
from tests.e2e.served import is_alive, until
from tests.e2e.terminal import Tmux

pytestmark = [pytest.mark.e2e, pytest.mark.engine]
"""They drive the installed program in tmux; as slow as tests of the engine, so they run with those."""

DOCKYARD = Path(sys.executable).parent / "dockyard"


class Desk:
    """Opens the desk in tmux, as often as a test needs."""

    def __init__(self, home: Path, folder: Path) -> None:
        self.home = home
        Memory(home / ".local/share/dockyard/desk.json").welcome()
        self._folder = folder
        self.opened: list[Tmux] = []

    def open(self, *options: str, **environ: str) -> Tmux:
        """The desk of a learner without an engine."""
        env = {
            "HOME": str(self.home),
            "DOCKER_HOST": f"unix://{self._folder}/none.sock",
            "TERM": "xterm-256color",
            "LANG": "C.UTF-8",
            "PATH": os.environ["PATH"],
            **environ,
        }
        command = shlex.join([str(DOCKYARD), *options])
        terminal = Tmux(self._folder / f"tmux{len(self.opened)}", 100, 30, env, command)
        self.opened.append(terminal)
        terminal.wait("no engine", timeout_s=60)
        return terminal


@pytest.fixture
def desk(sealed_environment: Path, tmp_path: Path) -> Iterator[Desk]:
    """Terminals that are closed after the test."""
    opener = Desk(sealed_environment, tmp_path)
    yield opener
    for terminal in opener.opened:
        terminal.close()


def test_typed_ahead_in_a_terminal(desk: Desk) -> None:
    """A command that arrives in one write, Enter with it, is carried out."""
    terminal = desk.open()
    terminal.keys("F3")
    terminal.type("/start-2-1\r")

    terminal.wait("is still locked")


@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGHUP], ids=["killed", "window closed"])
def test_edits_survive_the_end_of_the_desk(desk: Desk, end: signal.Signals) -> None:
    """What was typed and never saved is offered at the next visit, put back, and saved only then."""
    terminal = desk.open()
    terminal.keys("F4")
    terminal.type("# typed before the end")
    terminal.wait("# typed before the end")
    copies = desk.home / ".local/share/dockyard/desks"
    deadline = time.monotonic() + 20
    while not any("typed before the end" in path.read_text() for path in copies.rglob("*.edits")):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    file = next((desk.home / "dockyard").glob("*/Dockerfile"))
    before = file.read_bytes()
    os.kill(int(terminal._run("display-message", "-p", "#{pane_pid}")), end)
    terminal.ended()
    terminal = desk.open()
    terminal.wait("Edits that were not saved")
    terminal.keys("Enter")
    terminal.wait("# typed before the end")

    assert before == file.read_bytes()
    assert b"typed before the end" not in before
    terminal.keys("C-s")
    terminal.wait("Saved Dockerfile")
    assert b"# typed before the end" in file.read_bytes()
    assert [] == list(copies.rglob("*.edits"))


def test_desk_ends_with_its_terminal(desk: Desk) -> None:
    """A window that is closed, or a terminal program that dies, leaves no desk behind."""
    terminal = desk.open()
    process = int(terminal._run("display-message", "-p", "#{pane_pid}"))
    os.kill(int(terminal._run("display-message", "-p", "#{pid}")), signal.SIGKILL)

    until(lambda: not is_alive(process), 60.0)


def test_ctrl_o_opens_the_learners_editor(desk: Desk, tmp_path: Path) -> None:
    """$EDITOR gets the file and the terminal; what it saved is in the desk's editor at once."""
    script = tmp_path / "editor"
    script.write_text('#!/bin/sh\necho "A scripted editor has $1"\nsed -i "1i # by another editor" "$1"\n')
    script.chmod(script.stat().st_mode | stat.S_IXUSR)
    terminal = desk.open(EDITOR=str(script))
    terminal.keys("F4", "C-o")

    terminal.wait("# by another editor")


@pytest.mark.parametrize(("options", "environ"), [(("--no-color",), {}), ((), {"NO_COLOR": "1"})])
def test_no_colour_is_grey(desk: Desk, options: tuple[str, ...], environ: dict[str, str]) -> None:
    """Every colour that is sent has equal parts of red, green and blue."""
    import re

    terminal = desk.open(*options, COLORTERM="truecolor", **environ)
    painted = terminal._run("capture-pane", "-p", "-e")
    colours = set(re.findall(r"[34]8;2;(\d+);(\d+);(\d+)", painted))

    assert colours
    assert all(len(set(parts)) == 1 for parts in colours), colours
