"""Owns the check that a service ends when it is asked to; must never count a kill as an end."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

from graders.check import Check
from graders.dockerfile.wrapper import SHELLS, program_name, unwrap
from graders.engine.base import Process
from graders.engine.service import ServiceState, StopResult
from graders.finding import Finding, Undecidable
from graders.need import AN_ANSWER
from graders.outcome import Level
from graders.service.evidence import ServiceContext
from graders.service.recorded import STARTUP, STATE, RecordedService, service_context

SIGNALS = {"SIGHUP": 1, "SIGINT": 2, "SIGQUIT": 3, "SIGUSR1": 10, "SIGUSR2": 12, "SIGTERM": 15}
SHELL_HINT = "The first process is a shell, and a shell does not pass the signal on. Which form of CMD starts none?"


@dataclass(frozen=True, slots=True)
class Params:
    """How long it may take."""

    grace_s: float = 10.0
    """Seconds between the signal and the kill; as long as docker stop waits."""

    def __post_init__(self) -> None:
        if not (math.isfinite(self.grace_s) and self.grace_s > 0):
            raise ValueError("the grace must be a finite number above 0")


def find(context: ServiceContext, params: Params) -> Iterator[Finding | Undecidable]:
    """One finding: killed at the end of the grace, or ended as if it had crashed."""
    live = context.handle.start("to be stopped")
    startup = live.startup()
    state = live.state()
    if startup.answered_s is None or not state.running:
        yield Undecidable("The service was not running when it was to be stopped")
        return
    stopped = live.stop(params.grace_s)
    line = context.source.setting_line("ENTRYPOINT", "CMD")
    if not stopped.was_running:
        yield Undecidable("The service ended by itself just before it was to be stopped")
    elif stopped.killed or stopped.exit_code == 137:
        first = state.processes[0].args if state.processes else ""
        yield Finding(
            _message(stopped, first),
            observed=f"killed after {stopped.elapsed_s:.1f} s (exit code {stopped.exit_code})",
            expected=f"it ends by itself within {params.grace_s:g} s",
            line=line,
            hint=SHELL_HINT if _is_shell_form(first) else "",
        )
    elif stopped.exit_code not in {0, 143, 128 + SIGNALS.get(stopped.signal, 15)}:
        yield Finding(
            f"Asked to end with {stopped.signal}, the program ended with exit code {stopped.exit_code}",
            observed=f"exit code {stopped.exit_code} after {stopped.elapsed_s:.1f} s",
            expected="exit code 0, or 143: ended by the signal",
            line=line,
        )


def _is_shell_form(args: str) -> bool:
    """Whether a process is a shell that was given its script as text: in the engine's words, nothing is quoted."""
    words = args.split()
    return bool(words) and program_name(words[0]) in SHELLS and unwrap(words)[2] is not None


def _message(stopped: StopResult, first: str) -> str:
    who = f" ({first})" if first else ""
    if not stopped.killed:
        return f"{stopped.signal} ends the program at once, it can't finish anything{who}"
    return f"The program did not end {stopped.elapsed_s:.1f} s after {stopped.signal} and had to be killed{who}"


def _sample(stopped: StopResult, state: ServiceState = STATE) -> ServiceContext:
    return service_context(RecordedService(start_up=replace(STARTUP, state=state), stopped=stopped))


SHELL = replace(STATE, processes=(Process(1, 1000, 1000, "/bin/sh -c python app.py"), *STATE.processes))

CHECK = Check(
    id="ignores-sigterm",
    claim="The service ends by itself when it is asked to",
    why="Every deploy stops the old container. What has to be killed loses the requests it was answering.",
    hint="Who is process number 1, and has it a handler for SIGTERM? Without one, process 1 ignores the signal.",
    sources=("https://docs.docker.com/reference/cli/docker/container/stop/",),
    level=Level.CONTAINER,
    find=find,
    params=Params,
    needs=AN_ANSWER,
    service=True,
    bad=(
        _sample(StopResult(137, 10.0, killed=True)),
        _sample(StopResult(137, 10.0, killed=True), SHELL),
        _sample(StopResult(137, 0.1, killed=False, signal="SIGKILL")),
        _sample(StopResult(1, 0.3, killed=False)),
    ),
    good=(
        _sample(StopResult(0, 0.3, killed=False)),
        _sample(StopResult(143, 0.3, killed=False)),
        _sample(StopResult(130, 0.3, killed=False, signal="SIGINT")),
    ),
)
