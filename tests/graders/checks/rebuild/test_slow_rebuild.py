"""What one changed line costs, in seconds and in bytes."""

from __future__ import annotations

from dataclasses import replace

import pytest

from graders.checks.rebuild.slow_rebuild import CHECK, COPY, HEAVY, LIGHT, Params
from graders.context import RebuildContext
from graders.engine.base import ImageInfo, StepStatus
from graders.finding import Finding, Undecidable
from graders.limits import MB
from graders.recorded import BASE, IMAGE, build, image, layer, rebuild_context, step
from tests.rows import rows


def context(second_image: ImageInfo | None, elapsed_s: float = 1.0) -> RebuildContext:
    second = replace(build(COPY), elapsed_s=elapsed_s)
    return rebuild_context(build(COPY), second, (), image=IMAGE, second_image=second_image)


def test_message_shows_both_seconds_and_bytes_and_both_pars() -> None:
    """Whichever was over, both are told."""
    (finding,) = CHECK.find(context(HEAVY, 3.21), Params(par_s=20.0, par_mb=10.0))

    assert isinstance(finding, Finding)
    for part in ("3.2 s", "80.0 MB", "20 s", "10 MB", COPY.name):
        assert part in finding.message
    assert 3 == finding.line


def test_slowest_step_that_ran_again_is_blamed_and_no_cached_one() -> None:
    """A step from the cache cost nothing now."""
    cached = replace(step("RUN pip install", line=2, status=StepStatus.CACHED), elapsed_s=90.0)
    slow = replace(step("RUN train", line=4), elapsed_s=50.0)
    second = replace(build(cached, COPY, slow), elapsed_s=52.0)
    (finding,) = CHECK.find(rebuild_context(build(COPY), second, (), image=IMAGE, second_image=LIGHT), Params())

    assert isinstance(finding, Finding)
    assert 4 == finding.line


def test_layers_that_both_images_share_cost_nothing() -> None:
    """A heavy layer that comes from the cache is not carried again, an entry without files never."""
    heavy_base = image(*BASE.layers, layer("RUN pip install", 900 * MB))
    second = image(*heavy_base.layers, layer("COPY . .", 1))
    found = rebuild_context(build(COPY), build(COPY), (), image=heavy_base, second_image=second)

    assert [] == list(CHECK.find(found, Params()))


@rows("elapsed_s", [9.9, 10.0])
def test_par_itself_is_fine(elapsed_s: float) -> None:
    """Only what is over par is told."""
    assert [] == list(CHECK.find(context(LIGHT, elapsed_s), Params()))


def test_second_build_that_made_no_image_is_left_open() -> None:
    """There is nothing to weigh."""
    failed = rebuild_context(build(COPY), build(COPY, error="x"), (), image=IMAGE)

    assert [Undecidable] == [type(item) for item in CHECK.find(failed, Params())]


def test_no_exercise_can_require_it() -> None:
    """Seconds depend on the machine."""
    assert CHECK.advisory


@rows("value", [0.0, -1.0, float("inf"), float("nan")])
def test_par_that_is_no_number_above_zero_is_refused(value: float) -> None:
    """A par that is never or always met says nothing."""
    with pytest.raises(ValueError, match="par"):
        Params(par_s=value)
    with pytest.raises(ValueError, match="par"):
        Params(par_mb=value)
