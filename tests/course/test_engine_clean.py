"""`dockyard engine clean` on an engine that several machines use."""

from __future__ import annotations

import pytest
from click.testing import CliRunner, Result

from course.cli import cli
from course.commands.invocation import Invocation
from graders.engine.base import ImageInfo, Leftover
from graders.engine.fake.engine import FakeEngine

OURS, THEIRS = Leftover("container", "c0ffee", "run-1"), Leftover("container", "deadbeef", "run-2")


class SharedEngine(FakeEngine):
    """Holds something that this machine left, and something young of another one."""

    def __init__(self) -> None:
        super().__init__()
        self.held = [OURS, THEIRS]

    def leftovers(self, *, everybody: bool = False) -> tuple[Leftover, ...]:
        return tuple(left for left in self.held if everybody or left is OURS)

    def remove(self, run_id: str) -> None:
        self.held = [left for left in self.held if left.run_id != run_id]


@pytest.fixture
def engine() -> SharedEngine:
    return SharedEngine()


def clean(engine: SharedEngine, *words: str) -> Result:
    return CliRunner().invoke(cli, ["engine", "clean", *words], obj=Invocation(environ={}, open_engine=lambda: engine))


def test_what_another_machine_uses_is_left_and_told(engine: SharedEngine) -> None:
    """The command that removes it all the same is named."""
    result = clean(engine)

    assert (0, [THEIRS]) == (result.exit_code, engine.held)
    assert "c0ffee" in result.stdout
    assert "Of other machines, not touched: 1" in result.stderr
    assert "dockyard engine clean --all-machines" in result.stderr


def test_all_machines_are_cleaned_when_asked_for(engine: SharedEngine) -> None:
    """Then nothing of anybody is left."""
    result = clean(engine, "--all-machines")

    assert (0, []) == (result.exit_code, engine.held)
    assert "2 removed" in result.stderr
    assert "not touched" not in result.stderr


class Stubborn(SharedEngine):
    """An engine that lets go of nothing."""

    def remove(self, run_id: str) -> None:
        """It says that it is done."""

    def image(self, reference: str) -> ImageInfo | None:
        return ImageInfo(id="sha256:1", size_bytes=1)


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (("engine", "clean"), 3, ("0 removed", "still there: container c0ffee")),
        (("doctor", "--fix", "--quick"), 0, ("removed 0 things", "leftovers: 1 could not be removed")),
    ],
)
def test_what_could_not_be_removed_is_not_said_to_be_gone(words: tuple[str, ...], code: int, told: tuple[str]) -> None:
    """What is counted is what the engine no longer has."""
    invocation = Invocation(environ={}, open_engine=Stubborn)
    result = CliRunner().invoke(cli, words, obj=invocation)

    assert code == result.exit_code
    assert all(line in result.stderr for line in told)
