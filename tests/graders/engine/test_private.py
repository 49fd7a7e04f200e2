"""The private engine starts, works and stops beside another one."""

from __future__ import annotations

import os
import signal
import tempfile
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from graders.cancel import Cancel
from graders.engine import private
from graders.engine.base import Engine
from graders.engine.install import install_engine
from graders.engine.private import PrivatePaths
from graders.engine.private_network import Bridge
from graders.errors import EngineUnavailable

ENVIRON = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin"}


@pytest.fixture
def paths() -> Iterator[PrivatePaths]:
    name = f"dyt{uuid.uuid4().hex[:6]}"
    with tempfile.TemporaryDirectory(prefix="dy") as folder:
        made = PrivatePaths(
            data=Path(folder) / "d", runtime=Path(folder) / "r", bridge=Bridge(name, "172.29.173.1"), cgroup=name
        )
        yield made
        list(private.down(ENVIRON, paths=made))


@pytest.mark.engine
@pytest.mark.skipif(os.geteuid() != 0, reason="a private engine needs root")
def test_private_engine_starts_works_and_stops(paths: PrivatePaths, engine: Engine) -> None:
    """Up, used, killed hard, up again, down; the other engine is untouched."""
    list(private.up(ENVIRON, Cancel(), paths=paths))
    first = private.status(paths)
    ours = private.connect(paths)

    assert first.answers
    assert ours.info().private
    assert ours.info().socket == first.socket

    os.kill(first.pid, signal.SIGKILL)
    time.sleep(0.2)

    assert not private.status(paths).running

    list(private.up(ENVIRON, Cancel(), paths=paths))
    again = private.status(paths)

    assert again.answers
    assert again.pid != first.pid

    list(private.down(ENVIRON, paths=paths))

    assert not private.status(paths).running
    assert not paths.socket.exists()
    assert engine.info().version


def test_pid_of_another_process_is_not_ours(paths: PrivatePaths) -> None:
    """A stale pid file never leads us to somebody else's process."""
    paths.runtime.mkdir(parents=True)
    paths.pid_file.write_text(str(os.getpid()))

    assert not private.status(paths).running


def test_up_without_root_says_how(paths: PrivatePaths) -> None:
    """The message comes with the command."""
    with pytest.raises(EngineUnavailable) as caught:
        list(private.up(ENVIRON, Cancel(), paths=paths, is_root=False))

    assert "sudo dockyard engine up" in caught.value.hint


def test_install_on_another_system_is_refused(tmp_path: Path) -> None:
    """Only Debian and Ubuntu are touched."""
    release = tmp_path / "os-release"
    release.write_text("ID=fedora\n")
    with pytest.raises(EngineUnavailable):
        list(install_engine(ENVIRON, Cancel(), os_release=release))
