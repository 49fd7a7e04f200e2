"""Limits are believed when they were seen: what a probe makes of what its builds and runs bring back."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from graders.cancel import Cancel
from graders.engine.cgroup_limit import GroupLimits, find_process, limits_over
from graders.engine.fake.engine import FakeEngine
from graders.engine.fake.program import FakeReply, FakeRun
from graders.engine.probe import Kept, probe
from graders.errors import Cancelled, EngineError

BASE = "busybox:1.35"
MARK = "probe-1"
NET = b"net Inter-| Receive\nnet face |bytes\nnet lo: 0 0\n"
RIGHTS = b"CapEff:\t0000000000000000\nCapBnd:\t0000000000000000\nNoNewPrivs:\t1\n"
SCRIPTS = {
    "CapEff": "rights",
    "tail -c": "memory",
    "started": "processes",
    "times": "processor",
    "echo first": "log",
}
HELD = {
    "rights": FakeReply(RIGHTS + NET + b"root kept\nfolder 1048576\n"),
    "memory": FakeReply(b"0\n", exit_code=0),
    "processes": FakeReply(b"", b"sh: can't fork: Resource temporarily unavailable\n", exit_code=2),
    "processor": FakeReply(b"0m0.00s 0m0.00s\n0m0.25s 0m0.00s\nnr_periods 10\nnr_throttled 9\n"),
    "log": FakeReply(b"x" * 5000 + b"\nlast\n"),
}
LOST = {
    "rights": FakeReply(
        b"CapEff:\t00000000a80425fb\nCapBnd:\t00000000a80425fb\nNoNewPrivs:\t0\n"
        b"net lo: 0\nnet eth0: 12\nroot written\nfolder 4000000\n"
    ),
    "memory": FakeReply(b"134217728\n"),
    "processes": FakeReply(b"started 48\n"),
    "processor": FakeReply(b"0m0.00s 0m0.00s\n0m0.97s 0m0.02s\n"),
    "log": FakeReply(b"first\n" + b"x" * 5000),
}


@pytest.fixture
def measured() -> Callable[[dict[str, FakeReply]], dict[str, Kept]]:
    """Probes a fake engine whose runs bring back what the test says, by the name of the probe."""

    def look(replies: dict[str, FakeReply]) -> dict[str, Kept]:
        engine = FakeEngine()

        def reply(run: FakeRun) -> FakeReply:
            name = next(name for text, name in SCRIPTS.items() if text in run.words[-1])
            return replies.get(name, FakeReply(exit_code=1))

        engine.program("sh -c", reply)
        found = {one.limit: one.kept for one in probe(engine, BASE, Cancel(), mark=MARK)}
        assert () == engine.leftovers()
        return found

    return look


RUN_LIMITS = {
    "run rights", "run network", "read-only root", "run folders", "run memory", "run processes", "run processor",
    "run log",
}  # fmt: skip


def test_probe_that_was_stopped_at_its_limits_holds(measured: Callable[..., dict[str, Kept]]) -> None:
    """What was refused to a probe is kept from everybody."""
    found = measured(HELD)

    assert dict.fromkeys(RUN_LIMITS, Kept.HOLDS) == {name: found[name] for name in RUN_LIMITS}
    assert Kept.HOLDS is found["who runs"]


def test_probe_that_got_more_says_that_nothing_holds(measured: Callable[..., dict[str, Kept]]) -> None:
    """What a probe could take, others can take."""
    found = measured(LOST)

    assert dict.fromkeys(RUN_LIMITS, Kept.IGNORED) == {name: found[name] for name in RUN_LIMITS}


def test_probe_that_tells_nothing_is_unknown(measured: Callable[..., dict[str, Kept]]) -> None:
    """Silence is no proof in either direction, also for what builds may use on an engine that can't be seen."""
    found = measured({})

    assert {Kept.UNKNOWN} == {kept for name, kept in found.items() if name != "who runs"}


def test_probe_without_its_base_raises() -> None:
    """There is nothing to run, and the command that changes that is named."""
    with pytest.raises(EngineError) as raised:
        list(probe(FakeEngine(bases=()), BASE, Cancel(), mark=MARK))

    assert "dockyard engine up" in raised.value.hint


def test_cancelled_probe_leaves_nothing() -> None:
    """A cancel ends the measuring, and what was made is gone."""
    engine, cancel = FakeEngine(), Cancel()
    cancel.set()
    with pytest.raises(Cancelled):
        list(probe(engine, BASE, cancel, mark=MARK))

    assert () == engine.leftovers()


def written(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


def test_limits_of_both_hierarchies_are_the_tightest_above(tmp_path: Path) -> None:
    """A process is held by every group that it is in, in version 1 and in version 2."""
    proc = written(
        tmp_path / "proc",
        {
            "1/cgroup": "9:memory:/ours/build\n4:pids:/ours/build\n0::/ours\n",
            "2/cgroup": "0::/ours/build\n",
            "3/cgroup": "0::/elsewhere\n",
            "1/cmdline": "sh\0-c\0echo probe-1\0",
        },
    )
    one = written(
        tmp_path / "one",
        {
            "memory/ours/build/memory.limit_in_bytes": "9223372036854771712\n",
            "memory/ours/memory.limit_in_bytes": "1000\n",
            "pids/ours/build/pids.max": "20\n",
            "pids/ours/pids.max": "max\n",
        },
    )
    two = written(tmp_path / "two", {"ours/build/memory.max": "max\n", "ours/memory.max": "max\n", "pids.max": "5\n"})

    assert GroupLimits(1000, 20) == limits_over(1, proc=proc, root=one)
    assert GroupLimits(None, 5) == limits_over(2, proc=proc, root=two)
    assert limits_over(3, proc=proc, root=two) is None
    assert limits_over(4, proc=proc, root=two) is None
    assert 1 == find_process("probe-1", proc)
    assert 0 == find_process("probe-2", proc)
