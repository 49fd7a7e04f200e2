"""Ways to end, and ways to be ended."""

from __future__ import annotations

from dataclasses import replace

import pytest

from graders.checks.container.ignores_sigterm import CHECK, SHELL, SHELL_HINT, Params
from graders.engine.service import ServiceState, StopResult
from graders.finding import Finding, Undecidable
from graders.service.recorded import ENDED, STARTUP, STATE, RecordedService, service_context
from tests.rows import rows


def judged(stopped: StopResult, state: ServiceState = STATE) -> list[Finding | Undecidable]:
    service = RecordedService(start_up=replace(STARTUP, state=state), stopped=stopped)
    return [*CHECK.find(service_context(service), Params())]


@rows(
    "stopped",
    [
        StopResult(137, 10.0, killed=True),
        StopResult(0, 10.0, killed=True),
        StopResult(137, 0.1, killed=False, signal="SIGKILL"),
        StopResult(1, 0.2, killed=False),
        StopResult(139, 0.2, killed=False),
        StopResult(130, 0.2, killed=False),
    ],
)
def test_end_that_is_no_good_end_is_found(stopped: StopResult) -> None:
    """Killed, whatever the exit code says; killed by its own stop signal; crashed on the way out."""
    assert [Finding] == [type(item) for item in judged(stopped)]


@rows(
    "stopped",
    [
        StopResult(0, 0.1, killed=False),
        StopResult(0, 9.9, killed=False),
        StopResult(143, 0.1, killed=False),
        StopResult(131, 0.1, killed=False, signal="SIGQUIT"),
        StopResult(0, 0.1, killed=False, signal="SIGINT"),
        StopResult(143, 0.1, killed=False, signal="SIGRTMIN+3"),
    ],
)
def test_end_by_itself_passes(stopped: StopResult) -> None:
    """A handler that exits with 0, one that re-raises the signal, and an image with a stop signal of its own."""
    assert [] == judged(stopped)


def test_shell_in_front_is_named() -> None:
    """Process 1 is what the message is about."""
    (finding,) = judged(StopResult(137, 10.0, killed=True), SHELL)

    assert isinstance(finding, Finding)
    assert SHELL_HINT == finding.hint
    assert "/bin/sh -c python app.py" in finding.message


@rows(
    ("first", "hint"),
    [
        ("/usr/bin/dash -c python app.py", SHELL_HINT),
        ("/bin/bash -o pipefail -c python app.py | tee log", SHELL_HINT),
        ("/bin/shepherd -c x", ""),
        ("/bin/sh /app/start.sh", ""),
        ("python -c import app", ""),
        ("/sbin/tini -- sh -c python app.py", ""),
        ("", ""),
    ],
)
def test_hint_is_for_the_shell_form(first: str, hint: str) -> None:
    """Any shell with its script as text; one that runs a file was asked for, and an init passes the signal on."""
    state = replace(STATE, processes=(replace(SHELL.processes[0], args=first),))
    (finding,) = judged(StopResult(137, 10.0, killed=True), state)

    assert isinstance(finding, Finding)
    assert hint == finding.hint


def test_service_that_was_not_up_is_left_open() -> None:
    """What has ended already can't be stopped; port-silent tells of that."""
    assert [Undecidable] == [type(item) for item in judged(StopResult(1, 0.0, killed=False), ENDED)]
    assert [Undecidable] == [type(item) for item in judged(StopResult(0, 0.0, killed=False, was_running=False))]


@rows("grace_s", [0.0, -1.0, float("nan"), float("inf")])
def test_grace_that_is_none_is_refused(grace_s: float) -> None:
    """A grace is a time."""
    with pytest.raises(ValueError, match="grace"):
        Params(grace_s=grace_s)
