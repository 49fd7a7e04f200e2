"""Owns the fixtures of the end-to-end tests."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.e2e.terminal import Tmux


@pytest.fixture
def tmux(tmp_path: Path) -> Iterator[Callable[..., Tmux]]:
    """Start commands in a tmux of their own; all are ended after the test."""
    assert shutil.which("tmux"), "tmux is missing: apt-get install tmux"
    opened: list[Tmux] = []

    def start(command: str, *, columns: int, rows: int, env: dict[str, str]) -> Tmux:
        terminal = Tmux(tmp_path / f"tmux{len(opened)}", columns, rows, env, command)
        opened.append(terminal)
        return terminal

    yield start
    for terminal in opened:
        terminal.close()
