"""Owns the builds of one submission after a change, each made once; must never judge.

Methods that take time are generators of events that return their result.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from graders.check import Change, Planted
from graders.context import RebuildContext
from graders.dockerfile.requirement import read_requirement_files
from graders.engine.base import BuildResult, BuildStep, RunRequest, RunResult, StepStatus
from graders.errors import EngineError
from graders.event import GradeEvent, Purpose, StageStarted
from graders.outcome import Level
from graders.rebuild.change import ChangedContext, change, with_test
from graders.rebuild.counterpart import counterpart, is_joined, plain_name, ran_again
from graders.rebuild.dependency_step import find_dependency_steps
from graders.rebuild.lock_change import with_swapped_lock
from graders.text_case import as_input

if TYPE_CHECKING:
    from graders.workbench import Workbench

PURPOSES = {
    Change.SOURCE: Purpose.SOURCE_CHANGED,
    Change.DEPENDENCY: Purpose.DEPENDENCY_CHANGED,
    Change.IGNORED: Purpose.IGNORED_CHANGED,
    Change.LINE: Purpose.SOURCE_CHANGED,
    Change.TEST: Purpose.TEST_PLANTED,
    Change.LOCK: Purpose.LOCK_CHANGED,
}


_TURNS = 4
"""How often a change is built at most: as it comes; alone; alone with the cache filled again; and once to be fair."""


@dataclass(frozen=True, slots=True)
class _Rebuild:
    result: BuildResult
    changed: ChangedContext
    stopped_early: bool
    control: BuildResult | None = None
    run: RunResult | None = None


class Rebuilds:
    """Changes a submission and builds it again."""

    def __init__(self, bench: Workbench) -> None:
        self._bench = bench
        self._made: dict[Change, _Rebuild] = {}

    def elapsed_s(self) -> float | None:
        """Seconds that a build after a changed source line took; None when there was none that made an image."""
        made = self._made.get(Change.LINE) or self._made.get(Change.SOURCE)
        return made.result.elapsed_s if made and made.result.ok else None

    def context(
        self, first: BuildResult, what: Change, plant: Callable[[str], Planted] | None = None
    ) -> Generator[GradeEvent, None, RebuildContext]:
        """What a check sees of this change. `plant`: Change.TEST only. Raises EngineError and Cancelled."""
        bench = self._bench
        listed = read_requirement_files(bench.source.files, bench.source.requirements)
        wanted = frozenset(one.name for one in listed if one.name)
        dependency_steps = find_dependency_steps(
            bench.source.dockerfile, first, bench.layers.scan(), bench.lines, wanted
        )
        if what is Change.TEST and plant is not None and what not in self._made:
            self._made[what] = yield from self._tested(plant(bench.nonce))
        self._share_whole_build(what)
        if what not in self._made:
            yield StageStarted(Level.REBUILD, f"Building again: {PURPOSES[what]}")
            telling = frozenset(map(plain_name, dependency_steps)) if what is Change.SOURCE else frozenset()
            self._made[what] = yield from self._build(what, telling, bench.nonce)
            yield from self._confirm(what, telling, first, dependency_steps)
            if what is Change.LOCK:
                yield from self._swap_lock()
        made = self._made[what]
        last = {Change.LINE: made.result, Change.LOCK: made.control}.get(what)
        return RebuildContext(
            source=bench.source,
            first=first,
            second=made.result,
            changed=made.changed.changed,
            probe=made.changed.probe,
            dependency_steps=dependency_steps,
            image=bench.image,
            second_image=bench.engine.image(last.image_id) if last is not None and last.ok else None,
            control=made.control,
            cases=bench.cases,
            run=made.run,
            stopped_early=made.stopped_early,
        )

    def _tested(self, planted: Planted) -> Generator[GradeEvent, None, _Rebuild]:
        """Build with a test that must fail; where that breaks the build, build once more with one that passes."""
        bench = self._bench
        yield StageStarted(Level.REBUILD, f"Building again: {Purpose.TEST_PLANTED}")
        folder = bench.spec.build.tests
        changed = with_test(bench.prepared, folder, planted.name, planted.failing)
        result, _ = yield from bench.run_build(Purpose.TEST_PLANTED, changed.context)
        control: BuildResult | None = None
        if not result.ok and not result.timed_out:
            sound = with_test(bench.prepared, folder, planted.name, planted.passing)
            control, _ = yield from bench.run_build(Purpose.TEST_CONTROL, sound.context)
        return _Rebuild(result, changed, stopped_early=False, control=control)

    def _swap_lock(self) -> Generator[GradeEvent, None, None]:
        """Where the build stopped at a lock that names nothing: build with one that names other content."""
        made, bench = self._made[Change.LOCK], self._bench
        if made.result.ok or made.result.timed_out:
            return
        swapped = with_swapped_lock(bench.prepared, bench.spec.build.lock)
        if swapped is not None:
            yield StageStarted(Level.REBUILD, f"Building again: {Purpose.LOCK_SWAPPED}")
            control, _ = yield from bench.run_build(Purpose.LOCK_SWAPPED, swapped)
            run = self._asked(control) if control.ok and bench.cases and not bench.spec.service.port else None
            self._made[Change.LOCK] = replace(made, control=control, run=run)

    def _asked(self, build: BuildResult) -> RunResult:
        """What the image of a build does with the texts. Raises EngineError and Cancelled."""
        bench = self._bench
        request = RunRequest(
            image_id=build.image_id, run_id=bench.run_id, limits=bench.spec.limits, stdin=as_input(bench.cases)
        )
        return bench.engine.run(request, bench.cancel)

    def _share_whole_build(self, what: Change) -> None:
        """SOURCE and LINE change the same: one build does for both, unless it was stopped early."""
        other = {Change.SOURCE: Change.LINE, Change.LINE: Change.SOURCE}.get(what)
        made = self._made.get(other) if other else None
        if made is not None and not made.stopped_early:
            self._made.setdefault(what, made)

    def _build(
        self, what: Change, telling: frozenset[str], nonce: str, *, alone: bool = False
    ) -> Generator[GradeEvent, None, _Rebuild]:
        changed = change(self._bench.prepared, self._bench.spec, what, nonce)
        result, stopped_early = yield from self._bench.run_build(PURPOSES[what], changed.context, telling, alone=alone)
        return _Rebuild(result, changed, stopped_early)

    def _confirm(
        self, what: Change, telling: frozenset[str], first: BuildResult, dependency_steps: tuple[BuildStep, ...]
    ) -> Generator[GradeEvent, None, None]:
        """Before a step that ran again is held against the learner: try once more what may be the engine's doing.

        It may have thrown its cache away, and while another build shares a step with ours it runs again what follows;
        a step that both began at once does not show as shared, so only a build that nobody was beside is evidence.
        Raises EngineError where builds of others on the same engine never let it be seen.
        """
        for turn in range(_TURNS):
            suspects = self._suspects(what, first, dependency_steps)
            if not suspects:
                return
            second = self._made[what].result
            is_evidence = second.alone and not is_joined(second)
            if is_evidence and not (yield from self._may_be_lost(what, suspects, is_second=turn > 0)):
                return
            if turn == _TURNS - 1:
                break
            again = f"{self._bench.nonce} again {turn}"
            self._made[what] = yield from self._build(what, telling, again, alone=True)
        raise EngineError(
            "Whether the cache is kept could not be seen: the engine builds the same for somebody else, or lacks disk",
            hint="Check again when that is over: dockyard check",
        )

    def _suspects(self, what: Change, first: BuildResult, dependency_steps: tuple[BuildStep, ...]) -> frozenset[str]:
        """Plain names of the steps that ran again and would be held against the learner.

        Beside others also of an install that was not seen: it may have been merged with a step of theirs.
        """
        second = self._made[what].result
        if what is Change.IGNORED:
            return frozenset(map(plain_name, ran_again(second)))
        if what in {Change.DEPENDENCY, Change.LOCK}:
            return frozenset()
        if what is Change.LINE and Change.SOURCE in self._made:
            return frozenset()
        again = [counterpart(step, first, second) for step in dependency_steps]
        unseen = [step for step, found in zip(dependency_steps, again, strict=True) if not found and not second.alone]
        ran = [step for step in again if step and step.status is not StepStatus.CACHED]
        return frozenset(map(plain_name, (*ran, *unseen)))

    def _may_be_lost(
        self, what: Change, suspects: frozenset[str], *, is_second: bool
    ) -> Generator[GradeEvent, None, bool]:
        """Whether the engine may have thrown its cache away, so that the change has to be tried once more.

        A rebuild that went to its end has filled the cache again, so only a second one can tell. One that was
        stopped has not: then an unchanged build, nearly free, has to run the same steps if the cache was lost.
        """
        if not self._made[what].stopped_early:
            return not is_second
        control, _ = yield from self._bench.run_build(Purpose.UNCHANGED, self._bench.prepared, alone=True)
        return any(plain_name(step) in suspects for step in ran_again(control))
