"""Owns putting a grader on several machines together; must never be imported where no scheduler was asked for."""

from __future__ import annotations

import ipaddress
import platform
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from typing import TYPE_CHECKING

from course.errors import ConfigError
from course.version import __version__

if TYPE_CHECKING:
    from graders.cohort.cluster import ClusterGrader
    from graders.exercise import ExerciseSpec

PLAIN = """\
{address} is neither encrypted nor asks who is there: whoever reaches it runs programs on all workers, and what
submissions run may reach it too. Use tls:// (docs/several-machines.md), or an exercise whose builds have no network."""


@contextmanager
def cluster_grader(address: str, spec: ExerciseSpec, say: Callable[[str], None]) -> Iterator[ClusterGrader]:
    """A grader on the workers of this scheduler, connected. Raises ConfigError and EngineUnavailable."""
    if find_spec("distributed") is None:
        raise ConfigError("Grading on several machines needs Dask", hint="Run: pip install 'dockyard[cluster]'")
    from course import cluster_worker
    from graders.cohort.cluster import ClusterGrader
    from graders.cohort.dask_link import Remote, open_link
    from graders.cohort.muster import CodeFacts
    from graders.source_sum import source_sum

    remote = Remote(cluster_worker.look, cluster_worker.grade, cluster_worker.stop)
    facts = CodeFacts(__version__, platform.python_version(), source_sum())
    if not is_closed(address):
        say(PLAIN.format(address=address))
    with ClusterGrader(lambda: open_link(address, remote, say), spec, facts, say=say, clock=time.monotonic) as grader:
        grader.open()
        yield grader


def is_closed(address: str) -> bool:
    """Whether nobody else can be on the line: it is encrypted, or does not leave this machine."""
    scheme, _, rest = address.rpartition("://")
    if scheme == "tls":
        return True
    host = rest.rpartition(":")[0].strip("[]") or rest
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
