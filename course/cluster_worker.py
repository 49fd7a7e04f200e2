"""Owns what a Dask worker runs for a cohort; Dask finds these functions by name in the worker's own Dockyard.

Must never take anything but bytes and names, nor give back anything else.
"""

from __future__ import annotations

import asyncio
import atexit
import os
import threading
from functools import cache
from typing import TYPE_CHECKING

from course.errors import CourseError
from graders.cohort.cluster.worker import WorkerDesk, WorkerTools
from graders.errors import GraderError

if TYPE_CHECKING:
    from distributed import Worker

_MAKING = threading.Lock()


async def look(question: bytes, dask_worker: Worker) -> bytes:
    """What this worker is; `dask_worker` is filled in by Dask."""
    from graders.cohort.cluster.dask_link import RESOURCE

    offered = int(dask_worker.state.total_resources.get(RESOURCE, 0))
    slots = min(dask_worker.state.nthreads, offered)
    name = str(dask_worker.name)
    called = "" if "://" in name else name
    return await asyncio.to_thread(lambda: _desk().look(question, slots, called))


def grade(order: bytes) -> bytes:
    """Grade a submission."""
    from distributed import get_worker

    worker = get_worker()
    return _desk().grade(order, lambda topic, job, text: worker.log_event(topic, {"job": job, "text": text}))


async def stop(job: str) -> None:
    """Stop the grading of a submission."""
    await asyncio.to_thread(lambda: _desk().stop(job))


def _desk() -> WorkerDesk:
    """This process's desk: what it grades can be stopped only where it is known."""
    with _MAKING:
        return _make_desk()


@cache
def _make_desk() -> WorkerDesk:
    from course.cohort import local_grader
    from course.commands.invocation import Invocation
    from course.version import __version__

    invocation = Invocation(dict(os.environ))
    try:
        invocation.configure()
        state = invocation.paths().state
    except CourseError as error:
        raise GraderError(error.message, hint=error.hint) from error
    desk = WorkerDesk(
        WorkerTools(
            invocation.engine,
            lambda spec: local_grader(spec, invocation.engine, invocation.environ, state),
            __version__,
        )
    )
    atexit.register(desk.stop_all)
    return desk
