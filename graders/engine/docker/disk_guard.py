"""Owns stopping a container that writes too much to the engine's disk; must never stop one that can't be shown to.

A container is weighed when its disk's free space falls, and from time to time, since free space may stay level while
somebody else removes what they had; the nearer it is to its limit the oftener. One that takes long to weigh is frozen
meanwhile. A process of this machine is ended by its number, for an engine takes a tenth of a second to do the same.
"""

from __future__ import annotations

import os
import re
import signal
import threading
import time
from contextlib import suppress
from pathlib import Path

from graders.engine.docker.container import KILL_S
from graders.engine.docker.disk import DiskUse, bytes_below
from graders.engine.docker.errors import EngineRefused
from graders.engine.docker.wire import Json, Wire, as_list, as_number, as_object, as_text
from graders.errors import EngineError

_LOOK_S = 0.003
"""Shortest pause between two looks at the free space: memory that waits for the disk takes some 5 MiB meanwhile."""
_LONGEST_LOOK_S = 0.05
"""The longest: the free space falls so slowly that nothing can be missed, and a look costs our own processor time."""
_WEIGH_S = 0.25
"""Pause between two weighings of a layer that can be read from here."""
_ASK_S = 2.0
"""The same of one that the engine has to weigh for us."""
_SHARE = 10
"""A weighing that takes long is repeated after so many times its own length."""
_SLOW_S = 0.02
"""A weighing that takes longer is done while the container is frozen."""
_ANONYMOUS = re.compile("[0-9a-f]{64}")


class DiskGuard(threading.Thread):
    """Freezes, weighs, and kills or lets go. Made before the container is started, entered when it was."""

    def __init__(self, wire: Wire, name: str, use: DiskUse) -> None:
        """Look where the container writes; raises EngineError."""
        super().__init__(name="dockyard-disk", daemon=True)
        self._wire = wire
        self._use = use
        self._path = f"/containers/{name}"
        self._over = threading.Event()
        self._blame = ""
        self._trouble: EngineError | None = None
        self._layer = ""
        self._volumes: tuple[str, ...] = ()
        self._volumes_had = 0
        if use.is_seen:
            self._find()

    def __enter__(self) -> DiskGuard:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self.join(KILL_S)

    def blame(self) -> str:
        """What the program did, or nothing; raises EngineError when the disk runs out without its fault."""
        if self._trouble is not None:
            raise self._trouble
        return self._blame

    def run(self) -> None:
        """Look at the free space and at the container's own layer until the run is over."""
        pause_s = _WEIGH_S if self._layer else _ASK_S
        first = self._first_process() if self._layer else (0, "")
        due = time.monotonic() + pause_s
        took_s = 0.0 if self._layer else pause_s
        while not self._over.wait(self._pause_s(due)):
            is_suspicious = self._use.is_suspicious()
            if not is_suspicious and time.monotonic() < due:
                continue
            is_frozen = is_suspicious and took_s > _SLOW_S
            if is_frozen:
                self._tell("pause")
            began = time.monotonic()
            own_bytes = self._judge(is_suspicious=is_suspicious)
            took_s = time.monotonic() - began
            is_near = self._layer and own_bytes * 2 > self._use.limit_bytes
            due = time.monotonic() + max(_LOOK_S if is_near else pause_s, took_s * _SHARE)
            if self._blame or self._trouble is not None:
                end_process(*first)
                self._tell("kill")
                return
            if is_frozen:
                self._tell("unpause")

    def _pause_s(self, due: float) -> float:
        """How long to wait for the next look, when the container is due to be weighed then."""
        return max(_LOOK_S, min(self._use.calm_s, _LONGEST_LOOK_S, due - time.monotonic()))

    def _judge(self, *, is_suspicious: bool) -> int:
        """Weigh, and find out whether somebody is to blame; the bytes."""
        own_bytes = 0
        try:
            own_bytes = self._weigh()
        except EngineError as error:
            # It ended just now, or a weighing that nothing asked for failed: the next one will tell.
            if is_suspicious and not isinstance(error, EngineRefused):
                self._trouble = error
            return own_bytes
        try:
            self._blame = self._use.blame("run", own_bytes)
        except EngineError as error:
            self._trouble = error
        return own_bytes

    def _first_process(self) -> tuple[int, str]:
        """Its number on the engine's machine, and the container's id."""
        with suppress(EngineError):
            about = self._inspect(weighed=False)
            return as_number(as_object(about.get("State")).get("Pid")), as_text(about.get("Id"))
        return 0, ""

    def _tell(self, what: str) -> None:
        with suppress(EngineError):  # it may have ended just now
            self._wire.call("POST", f"{self._path}/{what}", operation=f"{what} a container")

    def _inspect(self, *, weighed: bool) -> Json:
        query = {"size": "1"} if weighed else {}
        return as_object(self._wire.call("GET", f"{self._path}/json", query, operation="weigh a container"))

    def _find(self) -> None:
        """The container's own layer and its volumes, those that may be read."""
        about = self._inspect(weighed=False)
        self._layer = _readable(as_text(as_object(as_object(about.get("GraphDriver")).get("Data")).get("UpperDir")))
        mounts = [as_object(mount) for mount in as_list(about.get("Mounts"))]
        volumes = [as_text(mount.get("Source")) for mount in mounts if _ANONYMOUS.fullmatch(as_text(mount.get("Name")))]
        self._volumes = tuple(filter(None, map(_readable, volumes)))
        # The engine fills a volume from the image before the program starts: that was not written by the program.
        self._volumes_had = bytes_below(self._volumes)[0]

    def _weigh(self) -> int:
        """Bytes that the container wrote so far; the engine counts no volume, and containerd's store shows no layer."""
        in_layer = (
            bytes_below((self._layer,))[0] if self._layer else as_number(self._inspect(weighed=True).get("SizeRw"))
        )
        return in_layer + bytes_below(self._volumes)[0] - self._volumes_had


def end_process(pid: int, container: str) -> bool:
    """End the first process of a container, and so all, if that is what runs under this number here."""
    with suppress(OSError):
        if pid > 1 and container and container in Path(f"/proc/{pid}/cgroup").read_text("utf-8", "replace"):
            os.kill(pid, signal.SIGKILL)
            return True
    return False


def _readable(folder: str) -> str:
    return folder if folder and os.access(folder, os.R_OK | os.X_OK) else ""
