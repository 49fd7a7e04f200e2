"""Programs that write where they may not, and those that do without."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from graders.checks.container.writes_to_read_only_root import CHECK, Params
from graders.engine.base import RunResult
from graders.recorded import container_context, run
from tests.rows import rows


@dataclass(frozen=True)
class Container:
    """Answers by what it may write to."""

    program: Callable[[bool, tuple[str, ...]], RunResult]

    def run(
        self,
        *,
        stdin: bytes | None = None,
        args: tuple[str, ...] = (),
        read_only: bool = False,
        tmpfs: tuple[str, ...] = (),
        hardened: bool = True,
    ) -> RunResult:
        return self.program(read_only, tmpfs)


def found(program: Callable[[bool, tuple[str, ...]], RunResult], params: Params | None = None) -> list[object]:
    context = replace(container_context(run()), container=Container(program))
    return [*CHECK.find(context, params or Params())]


def test_program_that_writes_beside_itself_is_found() -> None:
    """The read-only root is really asked for."""
    assert found(lambda read_only, _: run(exit_code=1 if read_only else 0))


def test_program_that_writes_to_tmp_passes_unless_tmp_is_taken_away() -> None:
    """A folder in memory is what the exercise grants."""

    def program(_read_only: bool, tmpfs: tuple[str, ...]) -> RunResult:
        return run(exit_code=0 if "/tmp" in tmpfs else 1)

    assert not found(program)
    assert found(program, Params(writable=()))


@rows("result", [run(exit_code=None), run(exit_code=137), run(exit_code=126, start_error="exec: x")])
def test_other_bad_ends_are_found(result: RunResult) -> None:
    """Hung, killed, or never started."""
    assert found(lambda *_: result)


def test_warning_about_a_cache_passes() -> None:
    """Going on without is what a good program does."""
    assert not found(lambda *_: run(stderr=b"OSError: [Errno 30] Read-only file system, going on\n"))
