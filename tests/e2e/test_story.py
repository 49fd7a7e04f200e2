"""The end of level 1, played in a real terminal on a real engine: read, fail, mend, pass, unlock."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial
from operator import ne
from pathlib import Path

import pytest

from graders.engine.base import Engine
from tests.e2e.progress import pass_before
from tests.e2e.terminal import DOCKYARD, Tmux

ROOT = Path(__file__).parents[2]
SOLUTION = ROOT / "exercises/ship-the-classifier/solution"


def story_env(home: Path, engine: Engine) -> dict[str, str]:
    """The environment of a new user on this machine's engine."""
    return {
        "HOME": str(home),
        "DOCKER_HOST": engine.info().socket,
        "TERM": "xterm-256color",
        "LANG": "C.UTF-8",
        "PATH": os.environ["PATH"],
    }


def command(desk: Tmux, text: str) -> None:
    """Type a slash command as a person does: the list opens, then the rest."""
    desk.type("/")
    desk.wait("/check")
    desk.type(text.removeprefix("/"))
    desk.keys("Enter")


@pytest.mark.engine
@pytest.mark.e2e
def test_story_from_the_classifier_to_level_two(
    tmux: Callable[..., Tmux], engine: Engine, python_base: str, sealed_environment: Path
) -> None:
    """Who has come as far as the classifier is shown why their image fails, mends it, and opens level 2.

    They read in the smallest terminal, and make it larger to write.
    """
    pass_before(ROOT, sealed_environment, "ship-the-classifier")
    desk = tmux(str(DOCKYARD), columns=80, rows=24, env=story_env(sealed_environment, engine))

    desk.wait("Packaging for production")
    desk.wait("docker")

    command(desk, "/start-2-1")
    desk.wait("A container engine answers")
    desk.keys("Escape")
    desk.wait(lambda screen: "A container engine answers" not in screen)

    desk.keys("F3")
    desk.settled()
    # A Tab too many on a slow machine goes round once more.
    for _ in range(40):
        before = desk.screen()
        desk.keys("Tab")
        desk.wait(partial(ne, before))
        if "( ) COPY models/ and COPY src/" in desk.settled():
            break
    desk.keys("Down", "Down", "Enter")
    desk.wait("✔ Right. COPY models/")

    desk.keys("F5")
    desk.wait("9 of 21 points", timeout_s=300)

    desk.resize(140, 40)
    desk.wait("9 of 21 points")
    desk.keys("F4")
    desk.settled()
    desk.keys("C-a")
    desk.paste((SOLUTION / "Dockerfile").read_text())
    desk.keys("F6")
    desk.settled()
    desk.paste((SOLUTION / ".dockerignore").read_text())
    desk.keys("C-s")
    desk.settled()
    desk.keys("F5")
    desk.wait("Passed: Ship the classifier", timeout_s=300)
    desk.keys("Escape")
    desk.wait("21 of 21 points")
    desk.keys("Escape")
    desk.settled()

    command(desk, "/start-2-1")
    desk.wait("2.1  Versioning data and models")

    desk.keys("C-q")
    assert 0 == desk.ended()

    workspace = sealed_environment / "dockyard/ship-the-classifier"
    assert (SOLUTION / "Dockerfile").read_text().strip() == (workspace / "Dockerfile").read_text().strip()
    assert () == engine.leftovers()
