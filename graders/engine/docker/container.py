"""Owns what every container of ours has in common: its walls, its output, its processes, its end.

Must never judge what runs in it.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import suppress

from graders.cancel import Cancel
from graders.engine.base import LABEL, Process
from graders.engine.docker.errors import EngineRefused
from graders.engine.docker.frames import Frames
from graders.engine.docker.owner import OWNER, own_mark
from graders.engine.docker.wire import CONTROL_S, Json, Query, Wire, as_list, as_object, as_text
from graders.errors import EngineError, EngineTimeout
from graders.limits import MIB, Limits

KILL_S = 15.0
_LOOK_S = 0.02
_PING_S = 5.0
_FLOOD_S = 5.0
"""How long a flooded log is searched for what the other stream holds."""
_JSON_BYTES_PER_OUTPUT_BYTE = 80
"""An empty line costs the json-file driver 75 bytes; so a log that was rotated held more than the kept output."""
_OPEN_FILES = 4096
_FILE_MIB = 1024


def container_config(image_id: str, run_id: str, args: tuple[str, ...], env: Mapping[str, str]) -> Json:
    """What a container runs, and our labels."""
    config: Json = {
        "Image": image_id,
        "Labels": {LABEL: run_id, OWNER: own_mark()},
        "Env": [f"{key}={value}" for key, value in env.items()],
    }
    if args:
        config["Cmd"] = list(args)
    return config


def host_config(limits: Limits, cpus: int, tmpfs: tuple[str, ...], *, read_only: bool) -> Json:
    """The walls around a container, but for its network. `cpus`: how many the engine has."""
    memory = limits.memory_mib * 1024 * 1024
    file_bytes = file_mib(limits) * MIB
    log_bytes = limits.output_kib * 1024 * _JSON_BYTES_PER_OUTPUT_BYTE
    return {
        "CapDrop": ["ALL"],
        "SecurityOpt": ["no-new-privileges"],
        "PidsLimit": limits.pids,
        "Memory": memory,
        "MemorySwap": memory,
        "NanoCpus": int(min(limits.cpus, float(max(cpus, 1))) * 1e9),
        "ReadonlyRootfs": read_only,
        "Tmpfs": dict.fromkeys(tmpfs, f"rw,nosuid,nodev,mode=1777,size={limits.tmpfs_mib}m"),
        "Ulimits": [
            {"Name": "nofile", "Soft": _OPEN_FILES, "Hard": _OPEN_FILES},
            {"Name": "fsize", "Soft": file_bytes, "Hard": file_bytes},
            {"Name": "core", "Soft": 0, "Hard": 0},
        ],
        "LogConfig": {"Type": "json-file", "Config": {"max-size": str(log_bytes), "max-file": "2"}},
    }


def file_mib(limits: Limits) -> int:
    """The most that one file of a run may have: the kernel keeps it, whatever the watchdog sees."""
    return min(_FILE_MIB, limits.run_disk_mib)


def inspect(wire: Wire, name: str, cancel: Cancel | None = None) -> Json:
    """All that the engine says of a container."""
    return as_object(wire.call("GET", f"/containers/{name}/json", operation="inspect a container", cancel=cancel))


def ends_within(wire: Wire, name: str, timeout_s: float, cancel: Cancel) -> bool:
    """Whether a container ended in time. Raises EngineError when the engine itself did not answer."""
    try:
        wire.call(
            "POST",
            f"/containers/{name}/wait",
            operation="wait for a container",
            timeout_s=max(timeout_s, 0.05),
            cancel=cancel,
        )
    except EngineTimeout:
        wire.ping(_PING_S, cancel)
        return not as_object(inspect(wire, name, cancel).get("State")).get("Running")
    return True


def processes(wire: Wire, name: str, cancel: Cancel | None = None) -> tuple[Process, ...] | None:
    """Every process now; None when the container has ended."""
    query = {"ps_args": "-eo pid,uid,ruid,args"}
    try:
        answer = as_object(
            wire.call("GET", f"/containers/{name}/top", query, operation="list processes", cancel=cancel)
        )
    except EngineRefused as error:
        if '"ps"' in error.reason or "ps: " in error.reason:
            raise EngineError(
                "The engine can't list a container's processes: its machine has no ps",
                hint="Install it with: sudo apt-get install -y procps",
            ) from error
        if not as_object(inspect(wire, name, cancel).get("State")).get("Running"):
            return None
        return ()
    rows = [[as_text(cell) for cell in as_list(row)] for row in as_list(answer.get("Processes"))]
    return tuple(
        Process(int(row[0]), int(row[1]), int(row[2]), row[3])
        for row in rows
        if len(row) == 4 and all(cell.isdecimal() for cell in row[:3]) and not row[3].startswith("runc init")
    )


def read_output(wire: Wire, name: str, limit: int, cancel: Cancel | None = None) -> tuple[bytes, bytes, bool]:
    """Standard output and error, each up to `limit` bytes, and whether something was cut."""
    frames = Frames(limit)
    _read_log(wire, name, frames, {"stdout": "1", "stderr": "1"}, cancel=cancel)
    if frames.truncated:
        # One stream flooded: the other is asked for alone, so that not all of the flood has to be read.
        other = "stderr" if len(frames.stdout) > len(frames.stderr) else "stdout"
        rest = Frames(limit)
        with suppress(EngineTimeout):
            _read_log(wire, name, rest, {other: "1"}, cancel=cancel, timeout_s=_FLOOD_S)
        if other == "stderr":
            return frames.stdout, rest.stderr, True
        return rest.stdout, frames.stderr, True
    return frames.stdout, frames.stderr, False


def remove_container(wire: Wire, name: str, *, patient: bool) -> None:
    """Remove the container; `patient`: it may come into being while we ask, because creating it was interrupted."""
    deadline = time.monotonic() + (0.3 if patient else 0.0)
    while True:
        try:
            wire.call(
                "DELETE",
                f"/containers/{name}",
                {"force": "1", "v": "1"},
                operation="remove a container",
                timeout_s=KILL_S,
            )
        except EngineRefused as error:
            if error.status == 409:  # somebody removes it already
                return
            if error.status != 404:
                raise
            if time.monotonic() >= deadline:
                return
            time.sleep(_LOOK_S)
        else:
            return


def _read_log(
    wire: Wire, name: str, frames: Frames, query: Query, *, cancel: Cancel | None, timeout_s: float = CONTROL_S
) -> None:
    with wire.open(
        "GET",
        f"/containers/{name}/logs",
        query,
        operation="read a container's output",
        timeout_s=timeout_s,
        cancel=cancel,
    ) as stream:
        for chunk in stream.chunks(cancel):
            frames.feed(chunk)
            if frames.truncated:
                return
