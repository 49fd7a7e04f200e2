"""Owns the check that a service answers on its port, asked as another container would; never judges what it says."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from graders.check import Check, NoParams
from graders.engine.service import HttpOutcome, Listener
from graders.finding import Finding
from graders.need import AN_IMAGE
from graders.outcome import Level
from graders.service.evidence import ServiceContext, Startup, describe, is_loopback_only
from graders.service.recorded import BROKEN, ENDED, HANGS, REFUSED, STARTUP, STATE, RecordedService, service_context
from graders.start_line import start_line

TAIL_LINES = 6


def find(context: ServiceContext, _params: NoParams) -> Iterator[Finding]:
    """One finding that says why nothing answers; any HTTP answer will do, whatever its status."""
    live, port = context.handle.start(), context.spec.port
    startup = live.startup()
    if startup.answered_s is not None:
        return
    tail = [] if startup.state.running else live.logs().tail(TAIL_LINES)
    message, observed = _reason(startup, port)
    yield Finding(
        message,
        observed="\n".join([*tail, observed]),
        expected=f"an HTTP answer on port {port}",
        line=start_line(context.source, startup.state.start_error),
    )


def _reason(startup: Startup, port: int) -> tuple[str, str]:
    """The message, and what was observed."""
    state = startup.state
    if state.start_error:
        return "The container could not be started", state.start_error
    if state.stopped_by_us:
        return f"The service was stopped: {state.stopped_by_us}", "no answer"
    if state.oom_killed:
        return f"The service used more memory than it may have, before it answered on port {port}", "killed for memory"
    if not state.running:
        return f"The program ended before it answered on port {port}", f"exit code {state.exit_code}"
    answer = describe(startup.ready) if startup.ready else "no answer"
    at_port = [listener for listener in state.listeners or () if listener.port == port]
    others = [listener for listener in state.listeners or () if listener.port != port]
    if is_loopback_only(state, port):
        where = at_port[0].address
        message = f"The program listens on port {port} of {where} only, which no other container can reach"
        return message, f"{answer} from another container"
    if startup.ready and startup.ready.outcome in {HttpOutcome.TIMEOUT, HttpOutcome.BROKEN}:
        return f"Port {port} takes connections and gives no HTTP answer, after {startup.waited_s:.0f} s", answer
    if others:
        places = ", ".join(f"{listener.address} port {listener.port}" for listener in others[:4])
        return f"Nothing listens on port {port}, but the program listens on {places}", answer
    return f"Nothing answers on port {port} after {startup.waited_s:.0f} s", answer


SILENT = replace(STARTUP, answered_s=None, ready_s=None, right_s=None, ready=REFUSED, live=None, first=())


def _sample(startup: Startup) -> ServiceContext:
    return service_context(RecordedService(start_up=startup))


CHECK = Check(
    id="port-silent",
    claim="The service answers HTTP on its port, from another container",
    why="Inside its container a service may be happy with itself; only what others can reach is a service.",
    hint="On which address does your program listen: on the loopback device, or on all of them?",
    sources=("https://docs.docker.com/engine/network/", "https://docs.docker.com/reference/dockerfile/#expose"),
    level=Level.CONTAINER,
    find=find,
    params=NoParams,
    needs=AN_IMAGE,
    service=True,
    bad=(
        _sample(replace(SILENT, state=replace(STATE, listeners=(Listener("127.0.0.1", 8000),)))),
        _sample(replace(SILENT, state=replace(STATE, listeners=(Listener("::1", 8000),)))),
        _sample(replace(SILENT, state=replace(STATE, listeners=(Listener("0.0.0.0", 5000),)))),  # noqa: S104
        _sample(replace(SILENT, state=replace(STATE, listeners=()))),
        _sample(replace(SILENT, state=replace(STATE, listeners=None))),
        _sample(replace(SILENT, state=ENDED)),
        _sample(replace(SILENT, state=replace(ENDED, oom_killed=True))),
        _sample(replace(SILENT, state=replace(ENDED, exit_code=None, start_error="exec: no such file"))),
        _sample(replace(SILENT, ready=HANGS)),
        _sample(replace(SILENT, ready=BROKEN)),
    ),
    good=(service_context(), _sample(replace(STARTUP, ready_s=None, right_s=None))),
)
