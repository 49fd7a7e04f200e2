"""How long this machine lets us wait, and what is said where it does not count that."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from graders.service.machine import load_per_cpu, own_wait_s
from tests.rows import rows


def test_own_wait_is_the_kernels_second_figure(tmp_path: Path) -> None:
    """Nanoseconds on a processor, nanoseconds without one, number of turns."""
    file = tmp_path / "schedstat"
    file.write_text("978738 1880490000 14\n")

    assert 1.88049 == pytest.approx(own_wait_s(file))


@rows("text", ["", "5\n", "a b c\n"])
def test_own_wait_that_is_not_counted_is_none(tmp_path: Path, text: str) -> None:
    """Nobody is excused by it."""
    file = tmp_path / "schedstat"
    file.write_text(text)

    assert 0.0 == own_wait_s(file) == own_wait_s(tmp_path / "missing")


def test_load_counts_for_each_processor(monkeypatch: pytest.MonkeyPatch) -> None:
    """Six programs on four processors are one and a half; a machine that does not say is not busy."""
    monkeypatch.setattr(os, "cpu_count", lambda: 4)
    monkeypatch.setattr(os, "getloadavg", lambda: (6.0, 0.0, 0.0))

    assert 1.5 == load_per_cpu()

    def refuse() -> tuple[float, float, float]:
        raise OSError

    monkeypatch.setattr(os, "getloadavg", refuse)

    assert 0.0 == load_per_cpu()
