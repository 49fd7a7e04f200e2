"""Owns the small exercise that runs over cohorts are tested with: a pinned base for one point, a build for two."""

from __future__ import annotations

from pathlib import Path

from graders.exercise import ExerciseSpec, read_exercise

TEXT = """
format = 1
id = "small"
title = "Small"
minutes = 1
files = ["Dockerfile"]
[[checks]]
use = "unpinned-base"
[[checks]]
use = "build-fails"
points = 2
"""


def small_exercise(folder: Path, more: str = "") -> ExerciseSpec:
    """Write it to a new folder and read it; `more` stands after its last check."""
    (folder / "starter").mkdir(parents=True)
    (folder / "exercise.toml").write_text(TEXT + more)
    return read_exercise(folder)
