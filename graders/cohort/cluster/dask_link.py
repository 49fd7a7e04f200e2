"""Owns the way to workers over a Dask scheduler; must never be imported where no scheduler was asked for.

Each order is pinned to the worker that was chosen for it and holds one unit of the resource `RESOURCE` there, so a
worker never grades more at once than it offers, whoever else uses the cluster. What Dask carries is bytes and the
names of three functions of ours; still, Dask trusts its network: see docs/several-machines.md.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import logging
import secrets
import threading
import warnings
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeVar, cast

from graders.cohort.cluster.link import LinkDown, WorkerLost
from graders.cohort.cluster.worker import STOP_S
from graders.errors import GraderError
from graders.safe_text import clean

if TYPE_CHECKING:
    from distributed import Worker

T = TypeVar("T")

RESOURCE = "dockyard"
"""What a worker offers as many of as it grades submissions at once: `dask worker --resources "dockyard=2"`."""
CONNECT_S = 10.0
CALL_S = 20.0
"""How long a worker or the scheduler may take to answer."""
GATHER_S = 60.0
"""How long a report may be on its way."""
LOGGERS = ("distributed", "distributed.client", "distributed.core", "distributed.comm", "tornado.application")
TLS_HINT = (
    "For tls:// Dask needs its certificates: distributed.comm.tls in its configuration, or"
    " DASK_DISTRIBUTED__COMM__TLS__CA_FILE, ..__TLS__CLIENT__CERT and ..__TLS__CLIENT__KEY."
)
PLAIN_HINT = "If it speaks TLS, its address begins with tls://."
START_HINT = "Start one with: dask scheduler; docs/several-machines.md has all commands."
_CANCELLED = (asyncio.CancelledError, concurrent.futures.CancelledError)


class DaskFuture(Protocol):
    """What we use of `distributed.Future`, whose own types say little."""

    @property
    def status(self) -> str:
        """ "pending", "finished", "error", "cancelled" or "lost"."""
        ...

    def result(self, timeout: float) -> bytes:
        """What came back."""
        ...

    def exception(self, timeout: float) -> BaseException | None:
        """What went wrong."""
        ...

    def add_done_callback(self, fn: Callable[[object], None]) -> None:
        """Call `fn` in another thread when it has ended."""
        ...

    def cancel(self) -> None:
        """Take it back where it has not begun."""
        ...

    def release(self) -> None:
        """Forget it."""
        ...


class DaskClient(Protocol):
    """What we use of `distributed.Client`."""

    status: str

    def nthreads(self) -> dict[str, int]:
        """Threads by worker."""
        ...

    def run(
        self, function: Callable[..., object], argument: object, *, workers: list[str], on_error: str
    ) -> dict[str, object]:
        """What a function gives back on each worker, or the exception, at once and beside its tasks."""
        ...

    def submit(
        self,
        func: Callable[[bytes], bytes],
        argument: bytes,
        *,
        key: str,
        workers: list[str],
        allow_other_workers: bool,
        resources: dict[str, int],
        pure: bool,
    ) -> DaskFuture:
        """Have a function called by a worker."""
        ...

    def subscribe_topic(self, topic: str, handler: Callable[[tuple[float, dict[str, str]]], None]) -> None:
        """Have events of a topic handled."""
        ...

    def close(self, timeout: float) -> None:
        """Disconnect."""
        ...


class DaskComm(Protocol):
    """What we use of a connection of Dask's."""

    async def close(self) -> None:
        """Close it."""
        ...


class DaskSecurity(Protocol):
    """What we use of `distributed.Security`, which reads Dask's own settings."""

    def get_connection_args(self, role: str) -> dict[str, object]:
        """What `connect` needs to be let in."""
        ...


@dataclass(frozen=True, slots=True)
class Remote:
    """What runs on a worker; Dask sends the names of these functions, so they must be importable there."""

    look: Callable[[bytes, Worker], Coroutine[object, object, bytes]]
    grade: Callable[[bytes], bytes]
    stop: Callable[[str], Coroutine[object, object, None]]


def open_link(address: str, remote: Remote, note: Callable[[str], None]) -> DaskLink:
    """Connect to a scheduler; `note` gets what the user should know. Raises LinkDown.

    TLS comes from Dask's own configuration and is used for addresses that begin with tls://.
    """
    import dask
    from distributed import Client
    from distributed.versions import VersionMismatchWarning

    for name in LOGGERS:
        logging.getLogger(name).setLevel(logging.CRITICAL)
    # A submission travels within the order, so that it outlives any worker: that large it may be.
    dask.config.set({"distributed.admin.large-graph-warning-threshold": "1 GiB"})
    try:
        _within(2 * CONNECT_S, lambda: asyncio.run(_knock(address)))
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            connect = cast("Callable[..., DaskClient]", Client)
            # Dask's own deadline does not hold for all that it does to connect.
            client = _within(
                3 * CONNECT_S, lambda: connect(address, timeout=CONNECT_S, set_as_default=False, name="dockyard")
            )
    except Exception as error:
        text = clean(str(error) or type(error).__name__, max_len=300)
        raise LinkDown(
            f"The scheduler {clean(address, max_len=200)} can't be reached: {text}",
            hint=f"{TLS_HINT if address.startswith('tls://') else PLAIN_HINT} {START_HINT}",
        ) from error
    if any(issubclass(warning.category, VersionMismatchWarning) for warning in caught):
        note("This machine, the scheduler and the workers have different versions of Dask or Python: install the same")
    return DaskLink(client, remote)


class DaskLink:
    """A connection to a scheduler."""

    def __init__(self, client: DaskClient, remote: Remote) -> None:
        self._client = client
        self._remote = remote
        self._topic = f"dockyard-{secrets.token_hex(6)}"
        self._stages: dict[str, Callable[[str], None]] = {}
        client.subscribe_topic(self._topic, self._take_stage)

    @property
    def topic(self) -> str:
        """Under which workers tell how far they are."""
        return self._topic

    def workers(self) -> frozenset[str]:
        """Addresses of the workers there are. Raises LinkDown."""
        if self._client.status != "running":
            raise LinkDown("The scheduler does not answer any more", hint="Is its machine up? Start it again there.")
        try:
            return frozenset(map(str, _within(CALL_S, self._client.nthreads)))
        except Exception as error:
            raise LinkDown(f"The scheduler does not answer: {_said(error)}", hint="Is its machine up?") from error

    def look(self, worker: str, question: bytes) -> bytes:
        """A worker's answer to a question. Raises WorkerLost, and GraderError when it can't understand it."""
        try:
            found = _within(
                CALL_S,
                lambda: self._client.run(self._remote.look, question, workers=[worker], on_error="return"),
            )
        except Exception as error:
            raise WorkerLost(f"It does not answer: {_said(error)}") from error
        answer = found.get(worker)
        if isinstance(answer, bytes):
            return answer
        if answer is None or isinstance(answer, OSError):
            raise WorkerLost(f"It does not answer: {_said(answer)}")
        raise GraderError(_said(answer))

    def send(
        self, worker: str, job: str, order: bytes, *, done: Callable[[], None], stage: Callable[[str], None]
    ) -> DaskSent:
        """Give a worker an order. Raises LinkDown."""
        self._stages[job] = stage
        try:
            future = self._client.submit(
                self._remote.grade,
                order,
                key=f"{self._topic}-{job}",
                workers=[worker],
                allow_other_workers=False,
                resources={RESOURCE: 1},
                pure=False,
            )
            future.add_done_callback(lambda _: done())
        except Exception as error:
            self._stages.pop(job, None)
            raise LinkDown(f"The scheduler does not answer: {_said(error)}", hint="Is its machine up?") from error
        return DaskSent(future, lambda: self._stages.pop(job, None))

    def stop(self, worker: str, job: str) -> None:
        """Stop an order at a worker; returns when nothing of it runs there, or nobody can tell. Never raises."""
        if self._client.status != "running":
            return
        with suppress(Exception):
            _within(
                STOP_S + 2.0,
                lambda: self._client.run(self._remote.stop, job, workers=[worker], on_error="ignore"),
            )

    def close(self) -> None:
        """Let go; safe to call twice."""
        with suppress(Exception):
            self._client.close(timeout=5)

    def _take_stage(self, event: tuple[float, dict[str, str]]) -> None:
        told = event[1]
        stage = self._stages.get(told.get("job", ""))
        if stage is not None:
            stage(clean(told.get("text", ""), max_len=200))


class DaskSent:
    """An order that Dask knows of."""

    def __init__(self, future: DaskFuture, forget: Callable[[], object]) -> None:
        self._future = future
        self._forget = forget

    def answer(self) -> bytes | None:
        """What came back; None: nothing yet. Raises WorkerLost, and GraderError for what the worker can't run."""
        status = self._future.status
        if status == "pending":
            return None
        if status == "finished":
            try:
                return self._future.result(timeout=GATHER_S)
            except (*_CANCELLED, Exception) as error:
                raise WorkerLost("It was gone before its report came") from error
        if status == "error":
            from distributed import KilledWorker

            try:
                fault = self._future.exception(timeout=GATHER_S)
            except (*_CANCELLED, Exception) as error:
                raise WorkerLost("It was gone before it said what went wrong") from error
            if not isinstance(fault, KilledWorker):
                raise GraderError(f"The worker could not grade it: {_said(fault)}")
        raise WorkerLost("It is gone")

    def drop(self) -> None:
        """Forget it, and take it back where it has not begun. Never raises."""
        self._forget()
        with suppress(Exception):
            if self._future.status == "pending":
                self._future.cancel()
            self._future.release()


async def _knock(address: str) -> None:
    """Raise what keeps us from connecting: a `Client` that fails at that blocks for long when it is thrown away."""
    import dask
    from distributed import Security
    from distributed.comm import core

    if dask.config.get("distributed.client.security-loader", None):
        return
    connect = cast("Callable[..., Awaitable[DaskComm]]", core.connect)
    security = cast("Callable[[], DaskSecurity]", Security)()
    comm = await connect(address, timeout=CONNECT_S, **security.get_connection_args("client"))
    await comm.close()


def _said(error: object) -> str:
    """An error of Dask's in one line."""
    text = str(error) if error is not None else ""
    return clean(f"{type(error).__name__}: {text}" if text else type(error).__name__, max_len=300)


def _within(limit_s: float, call: Callable[[], T]) -> T:
    """What the call returns, or TimeoutError; a call that hangs is left to itself."""
    box: concurrent.futures.Future[T] = concurrent.futures.Future()

    def run() -> None:
        try:
            box.set_result(call())
        except BaseException as error:  # noqa: BLE001 - it is raised where it was waited for
            box.set_exception(error)

    threading.Thread(target=run, name="dask-call", daemon=True).start()
    try:
        return box.result(limit_s)
    except _CANCELLED as error:
        raise TimeoutError("It was cancelled") from error
