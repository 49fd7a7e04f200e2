"""Services that nobody else can reach, and what is said of each."""

from __future__ import annotations

from dataclasses import replace

from graders.checks.container import port_silent
from graders.engine.service import HttpOutcome, Listener, ServiceLogs, ServiceState
from graders.finding import Finding, Undecidable
from graders.service.evidence import Startup
from graders.service.recorded import HANGS, REFUSED, STARTUP, STATE, RecordedService, http, service_context
from tests.rows import rows

SILENT = replace(STARTUP, answered_s=None, ready_s=None, right_s=None, ready=REFUSED, live=None, first=())


def judged(startup: Startup, log: bytes = b"") -> list[Finding | Undecidable]:
    service = RecordedService(start_up=startup, log=ServiceLogs(b"", log))
    return [*port_silent.CHECK.find(service_context(service), port_silent.CHECK.params())]


@rows(
    ("listeners", "said"),
    [
        ((Listener("127.0.0.1", 8000),), "port 8000 of 127.0.0.1 only"),
        ((Listener("127.0.0.5", 8000), Listener("::1", 8000)), "port 8000 of 127.0.0.5 only"),
        ((Listener("0.0.0.0", 80),), "listens on 0.0.0.0 port 80"),
        ((Listener("127.0.0.1", 8080),), "listens on 127.0.0.1 port 8080"),
        ((), "Nothing answers on port 8000"),
        (None, "Nothing answers on port 8000"),
    ],
)
def test_silence_is_told_with_where_the_program_listens(listeners: tuple[Listener, ...] | None, said: str) -> None:
    """The most frequent mistakes are named."""
    (found,) = judged(replace(SILENT, state=replace(STATE, listeners=listeners)))

    assert isinstance(found, Finding)
    assert said in found.message


def test_open_port_that_hangs_is_no_loopback() -> None:
    """A loopback listener beside an open one is not the reason."""
    both = (Listener("127.0.0.1", 8000), Listener("0.0.0.0", 8000))
    (found,) = judged(replace(SILENT, ready=HANGS, state=replace(STATE, listeners=both)))

    assert isinstance(found, Finding)
    assert "takes connections" in found.message


@rows(
    ("state", "said"),
    [
        (ServiceState(running=False, exit_code=3), "ended before it answered"),
        (ServiceState(running=False, exit_code=137, oom_killed=True), "more memory"),
        (ServiceState(running=False, start_error="exec: nope"), "could not be started"),
        (ServiceState(running=False, exit_code=137, stopped_by_us="it wrote 2000 MiB"), "it wrote 2000 MiB"),
    ],
)
def test_program_that_is_gone_says_why(state: ServiceState, said: str) -> None:
    """The end of the program is the reason, and the end of its log stands beside it."""
    (found,) = judged(replace(SILENT, state=state), b"first\nModuleNotFoundError: fastapi\n")

    assert isinstance(found, Finding)
    assert said in found.message
    assert "ModuleNotFoundError" in found.observed


@rows("status", [200, 204, 307, 404, 500, 503])
def test_any_answer_breaks_the_silence(status: int) -> None:
    """What it says is for other checks."""
    assert [] == judged(replace(STARTUP, ready=http(status), ready_s=None, right_s=None))


def test_service_that_answered_and_then_died_was_not_silent() -> None:
    """Its end is found by what it was asked later."""
    assert [] == judged(replace(STARTUP, state=ServiceState(running=False, exit_code=1)))


def test_broken_talk_is_told_as_it_came() -> None:
    """What came instead of HTTP is shown."""
    answer = replace(HANGS, outcome=HttpOutcome.BROKEN, reason="no HTTP answer: SSH-2.0")
    (found,) = judged(replace(SILENT, ready=answer))

    assert isinstance(found, Finding)
    assert "SSH-2.0" in found.observed
