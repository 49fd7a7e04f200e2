"""Owns the evidence of one submission: builds, layers, runs, each made once and only when asked for.

Must never judge. Methods that take time are generators of events that return their result.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from dataclasses import replace
from functools import lru_cache
from hashlib import sha256
from random import Random

from graders.base_images.ensure import ensure
from graders.base_reference import base_references
from graders.blame import layer_lines, step_summaries
from graders.build_context import PreparedContext
from graders.build_network import SETTING, BuildNetwork, given_network, network_notice
from graders.cancel import Cancel
from graders.check import Change
from graders.context import ContainerContext, ImageContext, LayerScan, RebuildContext, TextCase
from graders.dockerfile.locate import line_of
from graders.dockerfile_context import DockerfileContext
from graders.engine.base import (
    BuildRequest,
    BuildResult,
    BuildStep,
    Engine,
    EngineInfo,
    ImageInfo,
    LogLines,
    NotAlone,
    RunRequest,
    RunResult,
    StepChanged,
    StepStatus,
)
from graders.errors import Cancelled, EngineError
from graders.event import (
    BuildFinished,
    BuildLog,
    BuildStarted,
    BuildStepChanged,
    GradeEvent,
    Notice,
    Purpose,
    RunFinished,
    StageStarted,
)
from graders.exercise import CheckUse, ExerciseSpec
from graders.layers.scan import recall, scan
from graders.layers.store import LayerStore
from graders.limits import MIB
from graders.network_trouble import may_have_missed_something
from graders.outcome import Level
from graders.rebuild.counterpart import plain_name
from graders.rebuild.evidence import Rebuilds
from graders.report import BaseSummary, BuildSummary, EngineSummary, ImageSummary
from graders.retrace import is_told_in_part, retraced
from graders.service.bench import ServiceBench
from graders.service.evidence import ServiceContext
from graders.text_case import make_cases

STOPPED_EARLY = "Stopped: the rebuild had shown enough"

Context = BuildResult | ImageContext | RebuildContext | ContainerContext | ServiceContext


class Workbench:
    """Works on one submission with one engine. `close` must be called, whatever happened."""

    def __init__(
        self,
        *,
        open_engine: Callable[[], Engine],
        spec: ExerciseSpec,
        prepared: PreparedContext,
        source: DockerfileContext,
        run_id: str,
        nonce: str,
        cancel: Cancel,
        environ: Mapping[str, str],
        layer_store: LayerStore | None = None,
        cache_owner: str = "",
    ) -> None:
        self._open_engine = open_engine
        self._engine: Engine | None = None
        self._engine_info: EngineInfo | None = None
        self.spec = spec
        self.prepared = prepared
        self.source = source
        self.run_id = run_id
        self.nonce = nonce
        self.cancel = cancel
        self.environ = environ
        self.layer_store = layer_store
        self.cache_owner = cache_owner
        self.build: BuildResult | None = None
        self.image: ImageInfo | None = None
        self.base: ImageInfo | None = None
        self.notices: list[str] = []
        self._bases: dict[str, ImageInfo | None] = {}
        self.cases: tuple[TextCase, ...] = make_cases(spec.texts, Random(nonce))  # noqa: S311 - no secret is made
        self.layers = _Layers(self)
        self.container = _Container(self)
        self.services = ServiceBench(self)
        self.sought = tuple(text for use in spec.checks if use.check.seeks for text in use.check.seeks(use.params))
        """What checks look for in the layers, beside the planted files."""
        self.rebuilds = Rebuilds(self)
        self.lines: tuple[int | None, ...] = ()
        """The Dockerfile's line of each layer of the image."""
        self._line_of: Callable[[str], int | None] = lru_cache(maxsize=4096)(
            lambda name: line_of(source.dockerfile, name)
        )

    @property
    def engine(self) -> Engine:
        """The engine, opened on first use. Raises EngineError."""
        if self._engine is None:
            self._engine = self._open_engine()
        return self._engine

    def built(self) -> Generator[GradeEvent, None, BuildResult]:
        """The graded build, made on the first call. Raises EngineError and Cancelled."""
        if self.build is None:
            yield StageStarted(Level.IMAGE, "Preparing the base image")
            self._engine_info = self.engine.info()
            for reference in base_references(self.source):
                self._bases[reference] = yield from ensure(self.engine, reference, self.cancel, self.environ)
            yield from self._look_at_base()
            yield StageStarted(Level.IMAGE, "Building the image")
            wanted, given = self.spec.build.network, given_network(self.spec.build.network, self.environ)
            notice = network_notice(wanted, given, keeps_index=self._engine_info.keeps_index)
            if notice:
                self.notices.append(notice)
                yield Notice(notice)
            build = yield from self._graded_build()
            if given is not BuildNetwork.OFF and self._may_be_the_networks(build):
                # Without the cache: a step that went on without what it could not fetch has been kept.
                yield StageStarted(
                    Level.IMAGE, "Building once more, without the cache: something may not have been fetched"
                )
                build = yield from self._graded_build(no_cache=True)
            if not build.ok and given is not wanted:
                # It may have failed for want of the network: nobody is blamed for that.
                raise EngineError(f"The build failed. {notice}", hint=f"Allow it with: {SETTING}={wanted}")
            if build.ok:
                self.image = self.engine.image(build.image_id)
                if self.image is None:
                    raise EngineError("The engine lost the image that it had just built")
                self.lines = layer_lines(self.source.dockerfile, self.image, self.base)
            self.build = build
        return self.build

    def context(self, use: CheckUse) -> Generator[GradeEvent, None, Context]:
        """The context of a check.

        Ask for other checks than those of the build only when there is an image, and for one of a service only when
        the exercise has one.
        """
        build = yield from self.built()
        level, change, plant = use.check.level, use.check.change, use.check.plant
        if use.check.of_build or self.image is None:
            return build
        if level is Level.IMAGE:
            return self._image_context(self.image)
        if use.check.service:
            yield from self._serve()
            return ServiceContext(self.source, self.services, self.spec.service)
        if level is Level.CONTAINER:
            return ContainerContext(
                source=self.source,
                built=self._image_context(self.image),
                container=self.container,
                cases=self.cases,
            )
        planting = (lambda nonce: plant(use.params, nonce)) if plant is not None else None
        return (yield from self.rebuilds.context(build, change or Change.SOURCE, planting))

    def _image_context(self, image: ImageInfo) -> ImageContext:
        return ImageContext(
            source=self.source,
            image=image,
            base=self.base,
            layers=self.layers,
            canaries=self.prepared.canaries,
            layer_lines=self.lines,
        )

    def close(self) -> str:
        """Remove all that was made; a sentence when that failed. Never raises."""
        if self._engine is None:
            return ""
        try:
            try:
                try:
                    self.services.close()
                finally:
                    self._engine.remove(self.run_id)
            finally:
                self._engine.close()
        except EngineError as error:
            return f"What this check made on the engine could not be removed ({error.message})"
        return ""

    def build_summary(self) -> BuildSummary | None:
        """The graded build; None when there was none."""
        if self.build is None:
            return None
        return BuildSummary(
            elapsed_s=self.build.elapsed_s,
            steps=step_summaries(self.build, self.image, self.lines),
            rebuild_elapsed_s=self.rebuilds.elapsed_s(),
        )

    def image_summary(self) -> ImageSummary | None:
        """The graded image; None when there is none."""
        if self.image is None:
            return None
        return ImageSummary(self.image.id, self.image.size_bytes, self.base.size_bytes if self.base else None)

    def engine_summary(self) -> EngineSummary | None:
        """The engine at work; None when none was needed or none answered."""
        info = self._engine_info
        return EngineSummary(info.name, info.version, info.storage) if info else None

    def base_summaries(self) -> tuple[BaseSummary, ...]:
        """The images that the build needed, as the engine had them."""
        return tuple(BaseSummary(name, found.id) for name, found in self._bases.items() if found is not None)

    def take_runs(self) -> tuple[RunFinished, ...]:
        """The runs that ended since the last call."""
        finished, self.container.finished = tuple(self.container.finished), []
        return finished

    def _serve(self) -> Generator[GradeEvent, None, None]:
        """Have the service up before the first check that looks at it begins."""
        if self.services.is_up:
            return
        yield StageStarted(Level.CONTAINER, f"Waiting for the service to answer on port {self.spec.service.port}")
        startup = self.services.start().startup()
        seconds = startup.right_s or startup.ready_s
        told = f"answers after {seconds:.1f} s" if seconds else f"gave no right answer in {startup.waited_s:.1f} s"
        yield StageStarted(Level.CONTAINER, f"The service {told}")

    def _look_at_base(self) -> Generator[GradeEvent, None, None]:
        chain = self.source.dockerfile.chain()
        if not chain or chain[0].unresolved or chain[0].base == "scratch":
            return
        self.base = self._bases.get(chain[0].base)
        if self.base is not None and self.base.stand_in:
            text = f"{chain[0].base} is an offline stand-in made from Debian packages, not the official image"
            self.notices.append(text)
            yield Notice(text)

    def run_build(
        self,
        purpose: Purpose,
        context: PreparedContext,
        telling: frozenset[str] = frozenset(),
        *,
        alone: bool = False,
        no_cache: bool = False,
    ) -> Generator[GradeEvent, None, tuple[BuildResult, bool]]:
        """Build; the result, and whether it was stopped early.

        `telling` holds plain names of steps whose output decides: a cached step has none, so BuildKit ran it (the
        classic builder writes a line for cached steps too, there the build goes on to its end).
        """
        yield BuildStarted(purpose)
        request = BuildRequest(
            files=context.sent(),
            run_id=self.run_id,
            limits=self.spec.limits,
            network=given_network(self.spec.build.network, self.environ).network,
            cache_owner=self.cache_owner,
            alone=alone,
            no_cache=no_cache,
        )
        can_stop = self._engine_info is not None and self._engine_info.builder == "buildkit"
        stop = Cancel()
        forget = self.cancel.on_cancel(stop.set)
        steps: dict[str, BuildStep] = {}
        result: BuildResult | None = None
        stopped_early, was_alone = False, True
        try:
            for event in self.engine.build(request, stop):
                was_alone = was_alone and not isinstance(event, NotAlone)
                if isinstance(event, StepChanged):
                    step = self._located(event.step)
                    steps[step.id] = step
                    yield BuildStepChanged(purpose, step)
                elif isinstance(event, LogLines):
                    yield BuildLog(purpose, event.lines)
                    seen = steps.get(event.step_id)
                    if can_stop and seen and plain_name(seen) in telling and seen.status is not StepStatus.CACHED:
                        stopped_early = True
                        stop.set()
                elif isinstance(event, BuildResult):
                    result = event
        except GeneratorExit:
            stop.set()
            raise
        except Cancelled:
            if self.cancel.is_set or not stopped_early:
                raise
            result = None
        finally:
            forget()
        if result is None and stopped_early:
            result = BuildResult(image_id="", error=STOPPED_EARLY, steps=tuple(steps.values()), log=(), elapsed_s=0.0)
        elif result is None:
            raise EngineError("The engine ended a build without saying how")
        else:
            stopped_early = False
            result = replace(result, steps=tuple(self._located(step) for step in result.steps))
        result = replace(result, alone=was_alone)
        yield BuildFinished(purpose, result.elapsed_s, result.error)
        return result, stopped_early

    def _graded_build(self, *, no_cache: bool = False) -> Generator[GradeEvent, None, BuildResult]:
        """The build that is judged, told step by step."""
        build, _ = yield from self.run_build(Purpose.GRADED, self.prepared, no_cache=no_cache)
        if is_told_in_part(self.source.dockerfile, build):
            yield StageStarted(Level.IMAGE, f"Building again: {Purpose.RETRACED}")
            again, _ = yield from self.run_build(Purpose.RETRACED, self.prepared, alone=True)
            build = retraced(build, again)
        return build

    def _may_be_the_networks(self, build: BuildResult) -> bool:
        """Whether a build that missed something failed soon enough to try again."""
        is_soon = not build.timed_out and build.elapsed_s <= self.spec.limits.build_s / 2
        return is_soon and may_have_missed_something(build)

    def _located(self, step: BuildStep) -> BuildStep:
        return replace(step, line=self._line_of(step.name))


def run_id_of(nonce: str, content_sha256: str) -> str:
    """The run id of a submission: what it makes on the engine carries it."""
    return sha256(f"{nonce}\n{content_sha256}".encode()).hexdigest()[:16]


class _Layers:
    """A `LayerReader` that reads once."""

    def __init__(self, bench: Workbench) -> None:
        self._bench = bench
        self._scan: LayerScan | None = None

    def scan(self) -> LayerScan:
        if self._scan is None:
            self._scan = self._read()
        return self._scan

    def _read(self) -> LayerScan:
        bench = self._bench
        image = bench.image
        if image is None:
            return LayerScan((), (), problem="There is no image")
        if image.size_bytes > bench.spec.limits.image_mib * MIB:
            problem = f"The image is larger than {bench.spec.limits.image_mib} MiB, its layers were not read"
            return LayerScan((), (), problem=problem)
        tokens = tuple(canary.token for canary in bench.prepared.canaries) + bench.sought
        known = recall(image, bench.base, tokens, bench.layer_store)
        if known is not None:
            return known
        with bench.engine.export(image.id, bench.cancel) as chunks:
            return scan(chunks, image, bench.base, tokens, bench.layer_store)


class _Container:
    """A `ContainerHandle` that runs each distinct call once, and keeps what ran for the progress line."""

    def __init__(self, bench: Workbench) -> None:
        self._bench = bench
        self._results: dict[tuple[object, ...], RunResult] = {}
        self.finished: list[RunFinished] = []

    def run(
        self,
        *,
        stdin: bytes | None = None,
        args: tuple[str, ...] = (),
        read_only: bool = False,
        tmpfs: tuple[str, ...] = (),
        hardened: bool = True,
    ) -> RunResult:
        bench = self._bench
        key = (stdin, args, read_only, tmpfs, hardened)
        if key not in self._results:
            if bench.image is None:
                raise EngineError("There is no image to run")
            request = RunRequest(
                image_id=bench.image.id,
                run_id=bench.run_id,
                limits=bench.spec.limits,
                args=args,
                stdin=stdin,
                read_only=read_only,
                tmpfs=tmpfs,
                watched=any(use.check.watches for use in bench.spec.checks),
                hardened=hardened,
            )
            result = bench.engine.run(request, bench.cancel)
            self._results[key] = result
            self.finished.append(RunFinished(result.exit_code, result.elapsed_s))
        return self._results[key]
