"""Owns putting a grader on several machines together; must never be imported where no scheduler was asked for."""

from __future__ import annotations

import ipaddress
import platform
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from importlib.util import find_spec
from typing import TYPE_CHECKING

from course.errors import ConfigError
from course.version import __version__
from graders.errors import Cancelled

if TYPE_CHECKING:
    from graders.cancel import Cancel
    from graders.cohort.cluster.grader import ClusterGrader
    from graders.cohort.run_settings import RunSettings
    from graders.exercise import ExerciseSpec

POLL_S = 0.1
AWAY_S = 300.0
"""How long a run waits when all workers or the scheduler are gone: a machine takes minutes to start."""

PLAIN = """\
{address} is neither encrypted nor asks who is there. Whoever reaches it can run programs on every worker, and so can a
submission whose build has a network. Use tls:// and build_network = "index" on the workers: docs/several-machines.md"""


@contextmanager
def cluster_grader(
    address: str, spec: ExerciseSpec, say: Callable[[str], None], cancel: Cancel
) -> Iterator[ClusterGrader]:
    """A grader on the workers of this scheduler, connected. Raises ConfigError, EngineUnavailable and Cancelled."""
    if find_spec("distributed") is None:
        raise ConfigError("Grading on several machines needs Dask", hint="Run: pip install 'dockyard[cluster]'")
    from course import cluster_worker
    from graders.cohort.cluster.dask_link import Remote, open_link
    from graders.cohort.cluster.grader import ClusterGrader
    from graders.cohort.cluster.muster import CodeFacts
    from graders.source_sum import source_sum

    remote = Remote(cluster_worker.look, cluster_worker.grade, cluster_worker.stop)
    facts = CodeFacts(__version__, platform.python_version(), source_sum())
    if not is_closed(address):
        say(PLAIN.format(address=address))
    with ClusterGrader(lambda: open_link(address, remote, say), spec, facts, say=say, clock=time.monotonic) as grader:
        _unless_cancelled(grader.open, cancel)
        yield grader


def settings_for(grader: ClusterGrader, settings: RunSettings) -> RunSettings:
    """As many submissions at once as the workers take, unless `jobs` says otherwise; and bounds that suit a cluster."""
    jobs = settings.jobs or grader.slots
    return replace(settings, jobs=jobs, limit_s=grader.limit_s(jobs), engine_wait_s=AWAY_S)


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


def _unless_cancelled(call: Callable[[], None], cancel: Cancel) -> None:
    """Do what may take a while, and be gone at once when asked to stop. Raises what it raises, and Cancelled."""
    failures: list[BaseException] = []

    def run() -> None:
        try:
            call()
        except BaseException as failure:  # noqa: BLE001 - it is raised where it was waited for
            failures.append(failure)

    thread = threading.Thread(target=run, name="cluster-open", daemon=True)
    thread.start()
    while thread.is_alive():
        if cancel.wait(POLL_S):
            raise Cancelled
    if failures:
        raise failures[0]
