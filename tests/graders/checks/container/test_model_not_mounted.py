"""Services that follow the mounted model, and those that carry one."""

from __future__ import annotations

from dataclasses import replace

import pytest

from graders.checks.container.model_not_mounted import CHECK, DEAD, FAILS, OTHER, Params, recorded
from graders.finding import Finding, Undecidable
from graders.service.recorded import RIGHT, RecordedService, service_context
from tests.rows import rows

FOLLOWS = RecordedService(predicted=OTHER)


def judged(swapped: RecordedService, bare: RecordedService = DEAD) -> list[type]:
    return [type(item) for item in CHECK.find(recorded(swapped, bare), Params())]


def test_service_that_follows_the_model_passes() -> None:
    """Without a model it may end, or go on and refuse."""
    assert [] == judged(FOLLOWS, DEAD)
    assert [] == judged(FOLLOWS, RecordedService(predicted=FAILS))


@rows(
    "predicted",
    [RIGHT, FAILS, (OTHER[0], RIGHT[1])],
    ids=["baked in", "can't read the other", "learnt by heart in part"],
)
def test_service_that_does_not_follow_is_found(predicted: tuple[object, ...]) -> None:
    """Every text must get the other model's label."""
    assert [Finding] == judged(RecordedService(predicted=predicted))  # type: ignore[arg-type]


def test_service_that_does_not_come_up_with_the_other_model_is_found() -> None:
    """A checksum of the first model in the image binds the two together."""
    assert [Finding] == judged(DEAD)


def test_image_with_a_spare_model_is_found() -> None:
    """It follows the mounted one, and answers without any."""
    assert [Finding] == judged(FOLLOWS, RecordedService())
    assert [Finding, Finding] == judged(RecordedService(), RecordedService())


def test_service_without_a_model_that_answers_otherwise_is_fine() -> None:
    """A fixed word for everything is no model."""
    assert [] == judged(FOLLOWS, RecordedService(predicted=(RIGHT[0], FAILS[1])))


def test_wrong_answers_at_the_start_and_an_exercise_without_another_model_are_left_open() -> None:
    """Then nothing can be compared."""
    context = recorded(FOLLOWS)
    strange = replace(context, spec=replace(context.spec, predict=replace(context.spec.predict, label="other")))

    assert [Undecidable] == [type(item) for item in CHECK.find(strange, Params())]
    assert [Undecidable] == [type(item) for item in CHECK.find(service_context(), Params())]


@rows("labels", [{}, {"positive": "positive"}])
def test_models_that_say_the_same_are_refused(labels: dict[str, str]) -> None:
    """Two equal models tell nothing."""
    with pytest.raises(ValueError, match="another label"):
        Params(labels=labels)
