"""Owns the check that the model comes from outside at run time; must never judge by a path in the Dockerfile.

The service is started three times: with the exercise's model, with another model at the same path, and with none. The
answers must follow the model, and without one there must be none: an image that still answers carries a model.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from graders.check import Check
from graders.finding import Finding, Undecidable
from graders.need import AN_ANSWER
from graders.outcome import Level
from graders.service.evidence import LiveService, Mounted, Predicted, ServiceContext, is_right, what_is_wrong
from graders.service.recorded import ENDED, RIGHT, SPEC, STARTUP, RecordedService, http, label, service_context

SWAPPED = {"positive": "negative", "negative": "positive"}


@dataclass(frozen=True, slots=True)
class Params:
    """What the other model says."""

    labels: dict[str, str] = field(default_factory=lambda: dict(SWAPPED))
    """Label of the exercise's model -> label that the model of `service.swaps` gives the same text."""

    def __post_init__(self) -> None:
        if not self.labels or all(label == other for label, other in self.labels.items()):
            raise ValueError("the other model must give at least one text another label")


def find(context: ServiceContext, params: Params) -> Iterator[Finding | Undecidable]:
    """A finding when another model changes nothing, and one when no model is needed."""
    if not context.spec.swaps or not context.spec.predict.path:
        yield Undecidable("The exercise names no other model to mount")
        return
    predicted = _asked(context.handle.start())
    wrong = [what_is_wrong(one, context.spec.predict) for one in predicted if not is_right(one, context.spec.predict)]
    if wrong or not predicted:
        yield Undecidable(f"With the model mounted the service does not answer rightly: {(wrong or ['no answer'])[0]}")
        return
    paths = ", ".join(context.spec.swaps)
    line = context.source.setting_line("ENTRYPOINT", "CMD")
    yield from _swapped(context, params, paths, line)
    bare = _asked(context.handle.start(mounted=Mounted.NOTHING))
    if bare and all(is_right(one, context.spec.predict) for one in bare):
        yield Finding(
            f"With nothing mounted at {paths} the service still gives the right answers: the image carries the model",
            observed=f"{len(bare)} right answers without a model",
            expected="no answer without a model",
            line=line,
        )


def _swapped(context: ServiceContext, params: Params, paths: str, line: int | None) -> Iterator[Finding]:
    predicted = _asked(context.handle.start(mounted=Mounted.OTHER))
    for one in predicted:
        other = params.labels.get(one.case.label, one.case.label)
        as_other = Predicted(replace(one.case, label=other), one.answer)
        if is_right(as_other, context.spec.predict):
            continue
        unchanged = is_right(one, context.spec.predict)
        answer = f"still {one.case.label}" if unchanged else what_is_wrong(as_other, context.spec.predict)
        yield Finding(
            f"Another model was mounted at {paths}, and the answer to {one.case.text!r} is {answer}",
            observed=answer,
            expected=other,
            line=line,
        )
        return
    if not predicted:
        yield Finding(
            f"With another model mounted at {paths} the service never answered",
            observed="no answer",
            expected="answers of the other model",
            line=line,
        )


def _asked(live: LiveService) -> tuple[Predicted, ...]:
    """The answers to the exercise's texts; empty when the service never came up."""
    return live.predict() if live.startup().answered_s is not None else ()


OTHER = tuple(Predicted(one.case, label(replace(one.case, label=SWAPPED[one.case.label]))) for one in RIGHT)
FAILS = tuple(Predicted(one.case, http(503)) for one in RIGHT)
DEAD = RecordedService(start_up=replace(STARTUP, state=ENDED, answered_s=None, ready_s=None, right_s=None))


def recorded(swapped: RecordedService, bare: RecordedService = DEAD) -> ServiceContext:
    """A service that is right with its own model; what it is with another one, and with none."""
    spec = replace(SPEC, mounts={"/models/m.json": "m.json"}, swaps={"/models/m.json": "other.json"})
    return service_context(RecordedService(swapped=swapped, bare=bare), spec)


CHECK = Check(
    id="model-not-mounted",
    claim="The model is mounted at run time, and another model needs no other image",
    why="The model changes weekly, the code monthly: mounted, each has its own pace, and no image weighs both.",
    hint="Which file does the program open, and is it the mounted one or one that COPY put beside the code?",
    sources=("https://docs.docker.com/engine/storage/bind-mounts/",),
    level=Level.CONTAINER,
    find=find,
    params=Params,
    needs=AN_ANSWER,
    service=True,
    bad=(
        recorded(RecordedService()),
        recorded(RecordedService(predicted=FAILS)),
        recorded(DEAD),
        recorded(RecordedService(predicted=OTHER), RecordedService()),
    ),
    good=(
        recorded(RecordedService(predicted=OTHER)),
        recorded(RecordedService(predicted=OTHER), RecordedService(predicted=FAILS)),
    ),
)
