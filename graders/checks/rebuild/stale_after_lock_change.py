"""Owns the check that a build takes what the lock names; must never fetch anything.

Every fingerprint in the lock is replaced by one that no store holds: a build that goes by the lock finds nothing
and stops. Then the lock's own fingerprints change places, so that something else stands for the model: an image in
which no layer changes at that, or that gives the answers of the model that was there before, is made of something
else, and the lock was only looked at. The texts must be such that nothing else in the lock answers them so.
"""

from __future__ import annotations

from collections.abc import Iterator

from graders.answer import LineForm, compare, expected_lines
from graders.check import Change, Check
from graders.context import RebuildContext
from graders.engine.base import StepStatus
from graders.finding import Finding, Undecidable
from graders.need import AN_IMAGE
from graders.outcome import Level
from graders.recorded import BASE, IMAGE, build, rebuild_context, run, step

Params = LineForm


def find(context: RebuildContext, params: Params) -> Iterator[Finding | Undecidable]:
    """One finding: the build goes through though nothing that the lock names exists, or ships the same for anything."""
    second = context.second
    if not context.changed:
        yield Undecidable("The exercise has no lock whose fingerprints could change")
    elif second.timed_out:
        yield Undecidable(f"The build did not end in time after {context.changed} was changed")
    elif second.ok:
        yield Finding(
            f"{context.changed} was made to name content that the store does not hold, and the build went through",
            observed="the build made an image",
            expected=f"the build stops, because what {context.changed} names is not there",
        )
    elif not any(each.status is StepStatus.FAILED for each in second.steps):
        yield Undecidable(f"The second build broke off: {second.error}")
    elif context.image and context.second_image and context.image.diff_ids == context.second_image.diff_ids:
        yield Finding(
            f"The fingerprints in {context.changed} changed places, and the image stayed as it was",
            observed="no layer changed",
            expected="an image with the content that the lock names now, or a build that stops",
        )
    elif _answers_as_before(context, params):
        yield Finding(
            f"The fingerprints in {context.changed} changed places, and the image gives the old model's answers",
            observed=f"the old model's answers to {len(context.cases)} texts",
            expected="an image with the model that the lock names now, or a build that stops",
        )


def _answers_as_before(context: RebuildContext, params: Params) -> bool:
    """Whether the image of the lock in disorder labels the texts as only the model of the lock in order can."""
    if context.run is None or not context.cases:
        return False
    return compare(context.run, expected_lines(params.line, context.cases), given="on its standard input") is None


FETCH = step("[builder 4/4] RUN python fetch.py", line=4)
CACHED = step("[builder 4/4] RUN python fetch.py", line=4, status=StepStatus.CACHED)
FAILED = step("[builder 4/4] RUN python fetch.py", line=4, status=StepStatus.FAILED)
STOPPED = build(FAILED, error="exit code: 1")
NO_MODEL = run(b"", exit_code=1, stderr=b"predict.py: models/sentiment.json is no model\n")

CHECK = Check(
    id="stale-after-lock-change",
    claim="The image holds what the lock names, or is not built",
    why="A build that does not read the lock ships some model, and the commit says that it was another.",
    hint="Which line of your Dockerfile reads the lock, and what happens when what it names is not there?",
    sources=("https://dvc.org/doc/user-guide/project-structure/dvcyaml-files#dvclock-file",),
    level=Level.REBUILD,
    find=find,
    params=Params,
    needs=AN_IMAGE,
    change=Change.LOCK,
    bad=(
        rebuild_context(build(FETCH), build(FETCH), ()),
        rebuild_context(build(FETCH), build(CACHED), ()),
        rebuild_context(build(), build(), ()),
        rebuild_context(build(FETCH), STOPPED, (), control=build(FETCH), image=IMAGE, second_image=IMAGE),
        rebuild_context(build(FETCH), STOPPED, (), control=build(FETCH), run=run(), image=IMAGE, second_image=BASE),
    ),
    good=(
        rebuild_context(build(FETCH), STOPPED, ()),
        rebuild_context(build(CACHED), STOPPED, (), control=STOPPED, image=IMAGE),
        rebuild_context(build(FETCH), STOPPED, (), control=build(FETCH), image=IMAGE, second_image=BASE),
        rebuild_context(build(FETCH), STOPPED, (), control=build(FETCH), run=NO_MODEL, image=IMAGE, second_image=BASE),
    ),
)
