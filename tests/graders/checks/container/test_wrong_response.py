"""Answers that are nearly right, and right ones in other clothes."""

from __future__ import annotations

from dataclasses import replace

from graders.checks.container import wrong_response
from graders.engine.service import HttpAnswer, HttpOutcome
from graders.finding import Finding, Undecidable
from graders.recorded import CASES
from graders.service.evidence import Predicted
from graders.service.recorded import BROKEN, HANGS, REFUSED, RIGHT, SPEC, RecordedService, http, service_context
from graders.service.spec import PredictSpec, ServiceSpec
from tests.rows import rows


def judged(service: RecordedService, spec: ServiceSpec = SPEC) -> list[Finding | Undecidable]:
    return [*wrong_response.CHECK.find(service_context(service, spec), wrong_response.CHECK.params())]


@rows(
    "answer",
    [
        http(body=b'{"label": "positive"}'),
        http(body=b'{"label": "Negative"}'),
        http(body=b'{"label": "negative "}'),
        http(body=b'{"label": ["negative"]}'),
        http(body=b'{"labels": "negative"}'),
        http(body=b'[{"label": "negative"}]'),
        http(body=b"{'label': 'negative'}"),
        http(body=b'{"label": "negative"} done'),
        http(body=b"negative"),
        http(body=b"\xff\xfe"),
        http(body=b"[" * 200_000),
        http(body=b"9" * 10_000),
        http(body=b""),
        http(201, b'{"label": "negative"}'),
        http(500, b'{"label": "negative"}'),
        http(307, b'{"label": "negative"}', location="/predict/"),
        replace(http(body=b'{"label": "negative"}'), truncated=True),
        HANGS,
        REFUSED,
        BROKEN,
    ],
)
def test_wrong_answer_is_found(answer: HttpAnswer) -> None:
    """One wrong answer among right ones is enough, and the text is named."""
    (found,) = judged(RecordedService(predicted=(RIGHT[0], Predicted(CASES[1], answer))))

    assert isinstance(found, Finding)
    assert "1 of 2 texts" in found.message
    assert CASES[1].text in found.message


@rows(
    "body",
    [
        b'{"label": "negative", "score": 0.7, "model": {"version": 3}}',
        b'\n { "label" : "negative" } \r\n',
        b'{"label": "n\\u0065gative"}',
    ],
)
def test_right_answer_in_other_clothes_passes(body: bytes) -> None:
    """More keys, spaces and escapes are JSON too."""
    assert [] == judged(RecordedService(predicted=(Predicted(CASES[1], http(body=body)),)))


@rows("answer", [http(200), http(400), http(500), HANGS, REFUSED, BROKEN])
def test_fixed_request_with_another_end_is_found(answer: HttpAnswer) -> None:
    """Nonsense has to be refused in the agreed way."""
    (found,) = judged(RecordedService(answers=(answer,)))

    assert isinstance(found, Finding)
    assert "status 422" == found.expected


def test_canned_answers_are_all_counted() -> None:
    """One answer for everything is wrong for the other label."""
    canned = tuple(Predicted(case, http(body=b'{"label": "positive"}')) for case in CASES * 3)
    (found,) = judged(RecordedService(predicted=canned))

    assert isinstance(found, Finding)
    assert "3 of 6 texts" in found.message


def test_no_status_of_an_answer_that_never_came_counts() -> None:
    """A status that happens to stand in an unanswered request is not believed."""
    answer = HttpAnswer(HttpOutcome.TIMEOUT, 2.0, status=422)

    assert [Finding] == [type(item) for item in judged(RecordedService(answers=(answer,)))]


def test_exercise_that_asks_nothing_is_undecidable() -> None:
    """Nothing is said where nothing was asked."""
    (found,) = judged(RecordedService(), ServiceSpec(port=8000, predict=PredictSpec()))

    assert isinstance(found, Undecidable)
