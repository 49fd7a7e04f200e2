"""Owns measuring which limits an engine keeps, by small builds and runs of our own; must never believe what it says.

Each probe asks for more than it may have and looks at what it got. What one takes is bounded also where nothing
holds: 128 MiB of memory, 48 processes, 4 MB of log, a second of one processor.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from graders.cancel import Cancel
from graders.engine.base import (
    BuildRequest,
    BuildResult,
    ContextFile,
    Engine,
    LogLines,
    Network,
    RunRequest,
    RunResult,
)
from graders.engine.cgroup_limit import GroupLimits, find_process, limits_over
from graders.errors import EngineError
from graders.limits import MIB, Limits

_ASKED_BYTES = 128 * MIB
_LIMITS = Limits(
    build_s=30.0, build_idle_s=20.0, run_s=10.0, memory_mib=64, pids=24, cpus=0.25, output_kib=1, tmpfs_mib=1
)
_LOOK_S = 0.02
_SEEN_S = 1.2
"""How long a process of a build is looked for; the step that it belongs to lasts a little longer."""
_THROTTLED = 0.6
"""Share of a processor that a run with a quarter of one can't use."""


class Kept(StrEnum):
    """What a probe saw of a limit."""

    HOLDS = "holds"
    IGNORED = "ignored"
    UNKNOWN = "unknown"
    """It could not be seen from here."""


@dataclass(frozen=True, slots=True)
class Measured:
    """One limit, and what was seen of it."""

    limit: str
    """"run memory", "run processes", "run processor", "run log", "run rights", "run network", "read-only root",
    "run folders", "who runs", "build network", "build memory", "build processes"."""
    kept: Kept
    seen: str


_RUN_MEMORY = f"head -c {_ASKED_BYTES} /dev/zero | tail -c {_ASKED_BYTES} | wc -c"
_RUN_PROCESSES = "i=0; while [ $i -lt 48 ]; do sleep 1 & i=$((i+1)); done; echo started $i"
_RUN_PROCESSOR = (
    "timeout 1 sh -c 'while :; do :; done'; times;"
    " cat /sys/fs/cgroup/cpu.stat /sys/fs/cgroup/cpu/cpu.stat /sys/fs/cgroup/cpu,cpuacct/cpu.stat 2>/dev/null"
)
_RUN_LOG = "echo first; head -c 4000000 /dev/zero | tr '\\0' x | fold -w 1000; echo last"
_RUN_RIGHTS = (
    "grep -E '^(NoNewPrivs|CapEff|CapBnd):' /proc/self/status; sed 's/^ */net /' /proc/net/dev;"
    " if touch /probe 2>/dev/null; then echo root written; else echo root kept; fi;"
    " head -c 4000000 /dev/zero 2>/dev/null >/probed/x; echo folder $(wc -c </probed/x)"
)
_BUILD = "RUN echo {mark}; sed 's/^ */net /' /proc/net/dev; sleep 1.5\n"


def probe(engine: Engine, base: str, cancel: Cancel, *, mark: str) -> Iterator[Measured]:
    """Measure every limit in turn, in about six seconds; `base`: a local image with a shell.

    `mark`: a word that nobody else uses; also the run id. All that was made is removed. Raises EngineError when the
    engine fails, Cancelled.
    """
    try:
        yield from _runs(engine, base, cancel, mark)
        yield from _build(engine, base, cancel, mark)
    finally:
        engine.remove(mark)


def _runs(engine: Engine, base: str, cancel: Cancel, mark: str) -> Iterator[Measured]:
    image = engine.image(base)
    if image is None:
        raise EngineError(f"{base} is not on the engine", hint="Run: dockyard engine up")

    def run(script: str) -> RunResult:
        return engine.run(RunRequest(image.id, mark, _LIMITS, args=("sh", "-c", script)), cancel)

    # The program waits for its input to end: only then are its processes looked at for certain.
    first = RunRequest(
        image.id,
        mark,
        _LIMITS,
        args=("sh", "-c", f"cat; {_RUN_RIGHTS}"),
        stdin=b"",
        read_only=True,
        tmpfs=("/probed",),
    )
    yield from _rights(engine.run(first, cancel))
    yield _memory(run(_RUN_MEMORY))
    yield _processes(run(_RUN_PROCESSES))
    yield _processor(run(_RUN_PROCESSOR))
    yield _log(run(_RUN_LOG))


def _rights(done: RunResult) -> Iterator[Measured]:
    rows = [line.split() for line in done.stdout.decode("utf-8", "replace").splitlines() if line.strip()]
    said = {row[0].rstrip(":"): row[1:] for row in rows if row[0] != "net"}
    rights, bound = said.get("NoNewPrivs", [""])[:1], said.get("CapBnd", [""])[:1]
    if rights == ["1"] and bound and not bound[0].strip("0"):
        yield Measured("run rights", Kept.HOLDS, "no capability, and no way to new privileges")
    elif not rights or not bound or "" in (*rights, *bound):
        yield Measured("run rights", Kept.UNKNOWN, _told(done))
    else:
        seen = f"capabilities {bound[0]}, no-new-privileges {rights[0]}"
        yield Measured("run rights", Kept.IGNORED, seen)
    yield _network("run network", [row[1] for row in rows if row[0] == "net" and len(row) > 1])
    root = said.get("root", [""])[0]
    yield Measured(
        "read-only root",
        {"kept": Kept.HOLDS, "written": Kept.IGNORED}.get(root, Kept.UNKNOWN),
        {"kept": "a run could not write to it", "written": "a run wrote to it"}.get(root, _told(done)),
    )
    size = (said.get("folder") or [""])[0]
    if size.isdecimal():
        kept = Kept.HOLDS if 0 < int(size) <= _LIMITS.tmpfs_mib * MIB else Kept.IGNORED
        yield Measured("run folders", kept, f"a run wrote {int(size) / MIB:.1f} MiB where it may write 1 MiB")
    else:
        yield Measured("run folders", Kept.UNKNOWN, _told(done))
    if done.processes:
        yield Measured("who runs", Kept.HOLDS, f"process {done.processes[0].args[:20]!r} seen with its user")
    else:
        yield Measured("who runs", Kept.IGNORED, "the engine lists no process of a container")


def _memory(done: RunResult) -> Measured:
    got = done.stdout.decode("ascii", "replace").split()
    if got == [str(_ASKED_BYTES)]:
        seen = f"a run with {_LIMITS.memory_mib} MiB could use {_ASKED_BYTES // MIB} MiB"
        return Measured("run memory", Kept.IGNORED, seen)
    if done.oom_killed or got == ["0"] or b"illed" in done.stderr:
        return Measured("run memory", Kept.HOLDS, f"a run with {_LIMITS.memory_mib} MiB was stopped at it")
    return Measured("run memory", Kept.UNKNOWN, _told(done))


def _processes(done: RunResult) -> Measured:
    if b"started 48" in done.stdout:
        seen = f"a run with {_LIMITS.pids} processes could start 48"
        return Measured("run processes", Kept.IGNORED, seen)
    if b"fork" in done.stderr.lower():
        return Measured("run processes", Kept.HOLDS, f"a run with {_LIMITS.pids} processes was stopped at it")
    return Measured("run processes", Kept.UNKNOWN, _told(done))


def _processor(done: RunResult) -> Measured:
    lines = done.stdout.decode("ascii", "replace").splitlines()
    throttled = [line.split()[1] for line in lines if line.startswith("nr_throttled ") and len(line.split()) == 2]
    used = _children_s(lines)
    if any(number.isdecimal() and int(number) > 0 for number in throttled):
        return Measured("run processor", Kept.HOLDS, "a run with a quarter of a processor was slowed down to it")
    if used is not None and used > _THROTTLED:
        seen = f"a run with a quarter of a processor used {used:.2f} s of a second"
        return Measured("run processor", Kept.IGNORED, seen)
    return Measured("run processor", Kept.UNKNOWN, _told(done))


def _children_s(lines: list[str]) -> float | None:
    """Processor seconds of a shell's children: the second line of `times`, "0m0.25s 0m0.01s"."""
    rows = [line.split() for line in lines if line.count("m") == 2 and line.count("s") == 2]
    if len(rows) < 2 or len(rows[1]) != 2:
        return None
    try:
        parts = [cell.rstrip("s").split("m") for cell in rows[1]]
        return sum(int(minutes) * 60 + float(seconds) for minutes, seconds in parts)
    except ValueError:
        return None


def _log(done: RunResult) -> Measured:
    if done.stdout.startswith(b"first"):
        return Measured("run log", Kept.IGNORED, "all of a run's 4 MB of output were kept on the engine's disk")
    if done.truncated and done.stdout.startswith(b"x"):
        return Measured("run log", Kept.HOLDS, "of a run's 4 MB of output only the end was kept on the engine's disk")
    return Measured("run log", Kept.UNKNOWN, _told(done))


def _build(engine: Engine, base: str, cancel: Cancel, mark: str) -> Iterator[Measured]:
    """One build without a network: what it can reach, and the limits over its process, seen from outside."""
    text = f"FROM {base}\n" + _BUILD.format(mark=mark)
    request = BuildRequest(
        (ContextFile("Dockerfile", text.encode()),), mark, _LIMITS, network=Network.NONE, no_cache=True
    )
    lines: list[str] = []
    over: GroupLimits | None = None
    result: BuildResult | None = None
    for event in engine.build(request, cancel):
        if isinstance(event, LogLines):
            lines += event.lines
            if over is None and mark in event.lines:
                over = _seen_limits(mark, cancel)
        elif isinstance(event, BuildResult):
            result = event
    if result is None or not result.ok:
        seen = f"the probe did not build: {result.error if result else 'no answer'}"
        for limit in ("build network", "build memory", "build processes"):
            yield Measured(limit, Kept.UNKNOWN, seen)
        return
    yield _network(
        "build network", [row.split()[1] for row in lines if row.startswith("net ") and len(row.split()) > 1]
    )
    if over is None:
        for limit in ("build memory", "build processes"):
            yield Measured(limit, Kept.UNKNOWN, "the engine's processes can't be seen from here")
        return
    if over.memory_bytes is None:
        yield Measured("build memory", Kept.IGNORED, "a build may take all memory of the machine")
    else:
        yield Measured("build memory", Kept.HOLDS, f"builds together may use {over.memory_bytes / MIB:,.0f} MiB")
    if over.pids is None:
        yield Measured("build processes", Kept.IGNORED, "a build may start any number of processes")
    else:
        yield Measured("build processes", Kept.HOLDS, f"builds together may start {over.pids:,} processes")


def _seen_limits(mark: str, cancel: Cancel) -> GroupLimits | None:
    until = time.monotonic() + _SEEN_S
    while time.monotonic() < until:
        pid = find_process(mark)
        if pid:
            return limits_over(pid)
        cancel.raise_if_set()
        cancel.wait(_LOOK_S)
    return None


def _network(limit: str, words: list[str]) -> Measured:
    """From the rows of /proc/net/dev, without its two headers."""
    devices = [word.partition(":")[0] for word in words if ":" in word]
    if not devices:
        return Measured(limit, Kept.UNKNOWN, "its devices could not be read")
    others = [device for device in devices if device != "lo" and not device.startswith(_TUNNELS)]
    if others:
        return Measured(limit, Kept.IGNORED, f"it has {', '.join(others[:4])} where it may have none")
    return Measured(limit, Kept.HOLDS, "it has none but itself")


_TUNNELS = ("tunl", "sit", "ip6tnl", "gre", "gretap", "erspan", "ip_vti", "ip6_vti", "ip6gre", "teql")
"""Devices that some kernels put into every new network, switched off and without an address."""


def _told(done: RunResult) -> str:
    """Why a probe could not be read."""
    last = (done.start_error or done.stderr.decode("utf-8", "replace")).strip().splitlines()[-1:]
    return f"the probe ended with {done.exit_code}" + (f": {last[0][:200]}" if last else "")
