"""Sizes at the limit, and ways to look smaller than one is."""

from __future__ import annotations

import pytest

from graders.checks.image.image_too_large import CHECK, Params
from graders.checks.image.too_many_layers import CHECK as LAYERS
from graders.checks.image.too_many_layers import Params as LayerParams
from graders.engine.base import ImageInfo
from graders.finding import Finding, Undecidable
from graders.limits import MB
from graders.recorded import BASE, image, image_context, layer
from tests.rows import rows

BASE_LAYER = layer("base", 120 * MB)


def judged(made: ImageInfo, params: Params, dockerfile: str = "FROM a\nRUN b\n", *, base: bool = True) -> list[type]:
    context = image_context(dockerfile, image=made, base=BASE if base else None)
    return [type(item) for item in CHECK.find(context, params)]


@rows(("added", "expected"), [(10 * MB, []), (10 * MB + 1, [Finding])])
def test_limit_is_inclusive(added: int, expected: list[type]) -> None:
    """Ten megabytes are ten megabytes."""
    assert expected == judged(image(BASE_LAYER, layer("RUN b", added)), Params(max_mb_over_base=10))


def test_bytes_that_a_later_layer_deletes_still_count() -> None:
    """Layers only add."""
    made = image(BASE_LAYER, layer("RUN get", 20 * MB), layer("RUN rm", 0))

    assert [Finding] == judged(made, Params(max_mb_over_base=10))


def test_both_limits_are_told() -> None:
    """Each has its own sentence."""
    made = image(BASE_LAYER, layer("RUN get", 20 * MB))

    assert [Finding, Finding] == judged(made, Params(max_mb_over_base=10, max_mb=130))
    assert [] == judged(made, Params(max_mb_over_base=0, max_mb=140))


def test_unknown_base_is_left_open_and_scratch_is_not() -> None:
    """From scratch everything is the learner's."""
    made = image(layer("COPY a", 20 * MB))

    assert [Undecidable] == judged(made, Params(max_mb_over_base=10), base=False)
    assert [Finding] == judged(made, Params(max_mb_over_base=10), "FROM scratch\nCOPY a a\n", base=False)


def test_negative_limit_is_refused() -> None:
    """A misspelt exercise is told at once."""
    with pytest.raises(ValueError, match="0 or more"):
        Params(max_mb=-1)


def test_layers_of_the_base_are_not_counted() -> None:
    """Only what the Dockerfile adds, empty layers and settings left out."""
    made = image(BASE_LAYER, layer("RUN a", 1), layer("RUN b", 1))

    assert [] == [*LAYERS.find(image_context(image=made), LayerParams(max_over_base=2))]
    assert [Finding] == [type(x) for x in LAYERS.find(image_context(image=made), LayerParams(max_over_base=1))]
