"""Which step of one build is which of another, and whether a build shared one with somebody else's."""

from __future__ import annotations

import pytest

from graders.engine.base import BuildResult, BuildStep, StepStatus
from graders.rebuild.counterpart import counterpart, is_joined, plain_name


def step(name: str, id_: str, *, joined: bool = False) -> BuildStep:
    """A step that ran."""
    return BuildStep(id_, name, StepStatus.DONE, joined=joined)


def build(*steps: BuildStep) -> BuildResult:
    """A build that made an image."""
    return BuildResult("sha256:1", "", steps, (), 1.0)


@pytest.mark.parametrize(
    ("name", "plain"),
    [
        ("[builder 2/5] RUN make 1/2", "[builder] RUN make 1/2"),
        ("[stage-1 10/12] COPY . .", "[stage-1] COPY . ."),
        ("[ 4/10] RUN x", "[] RUN x"),
        ("[internal] load build context", "[internal] load build context"),
    ],
)
def test_number_of_a_step_is_no_part_of_its_name(name: str, plain: str) -> None:
    """It changes with the number of steps, also of another build that runs the same one."""
    assert plain == plain_name(step(name, "a"))


def test_shared_step_is_found_by_what_it_is_and_others_by_name_and_place() -> None:
    """A build that shares a step with another sees it under the name that it has there."""
    first = build(step("[2/3] RUN pip", "a"), step("[3/3] RUN echo", "b"), step("[3/3] RUN echo", "c"))
    second = build(step("[other 7/9] RUN pip", "a"), step("[3/5] RUN echo", "x"), step("[4/5] RUN echo", "y"))

    assert ["a", "x", "y"] == [found.id if (found := counterpart(each, first, second)) else "" for each in first.steps]
    assert counterpart(step("[3/3] RUN gone", "z"), first, second) is None


@pytest.mark.parametrize(
    ("shared", "told"),
    [("[2/3] RUN x", True), ("[1/3] FROM python", True), ("[internal] load metadata for python", False)],
)
def test_shared_step_of_the_dockerfile_is_told(shared: str, told: bool) -> None:
    """Also a base: until the build that took it first ends, others run again all that stands on it."""
    assert told is is_joined(build(step("[3/3] RUN y", "b"), step(shared, "a", joined=True)))
