"""Services that say yes before they can answer, and near misses."""

from __future__ import annotations

from dataclasses import replace

import pytest

from graders.checks.container import ready_too_early
from graders.engine.service import HttpAnswer
from graders.finding import Finding, Undecidable
from graders.recorded import CASES
from graders.service.evidence import Predicted, Startup
from graders.service.recorded import (
    HANGS,
    REFUSED,
    RIGHT,
    SPEC,
    STARTUP,
    RecordedService,
    http,
    label,
    service_context,
)
from graders.service.spec import ServiceSpec
from tests.rows import rows


def judged(startup: Startup, spec: ServiceSpec = SPEC) -> list[Finding | Undecidable]:
    context = service_context(RecordedService(start_up=startup), spec)
    return [*ready_too_early.CHECK.find(context, ready_too_early.CHECK.params())]


@rows(
    "answer",
    [
        pytest.param(http(503), id="still loading"),
        pytest.param(http(body=b'{"label": null}'), id="a success that says nothing"),
        pytest.param(label(CASES[1]), id="a guess"),
        pytest.param(HANGS, id="it blocks until the model is there"),
        pytest.param(REFUSED, id="another port is not open yet"),
        pytest.param(http(302, location="/wait"), id="come back later"),
    ],
)
def test_request_that_fails_right_after_ready_is_found(answer: HttpAnswer) -> None:
    """Whatever the failure looks like, later the same request was answered."""
    (found,) = judged(replace(STARTUP, first=(RIGHT[0], Predicted(CASES[0], answer))))

    assert isinstance(found, Finding)
    assert "/ready said yes" in found.message


def test_service_that_never_answers_rightly_is_not_too_early() -> None:
    """That it is wrong is another check's; this one can't tell."""
    (found,) = judged(replace(STARTUP, first=(Predicted(CASES[0], http(500)),), right_s=None))

    assert isinstance(found, Undecidable)


def test_service_that_is_never_ready_is_undecidable() -> None:
    """That it is never ready is another check's."""
    (found,) = judged(replace(STARTUP, ready_s=None, right_s=None, ready=http(503), first=()))

    assert isinstance(found, Undecidable)


@rows("answer", [http(503), http(404), HANGS, http(301, location="/live/")])
def test_live_path_that_fails_is_found(answer: HttpAnswer) -> None:
    """A process that does not say that it lives is restarted, and never gets ready."""
    (found,) = judged(replace(STARTUP, live=answer))

    assert isinstance(found, Finding)
    assert "/live" in found.message


def test_exercise_without_a_ready_path_is_undecidable() -> None:
    """Nothing is said where nothing was asked."""
    (found,) = judged(STARTUP, replace(SPEC, ready=""))

    assert isinstance(found, Undecidable)
