"""Owns the check of what a service answers: texts that it has never seen, and requests with a known end.

Must never judge how fast it was.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from graders.check import Check, NoParams
from graders.engine.service import HttpAnswer, HttpOutcome
from graders.finding import Finding, Undecidable
from graders.need import AN_ANSWER
from graders.outcome import Level
from graders.recorded import CASES
from graders.service.evidence import Predicted, ServiceContext, describe, what_is_wrong
from graders.service.recorded import BROKEN, HANGS, REFUSED, RIGHT, RecordedService, http, service_context
from graders.service.spec import FixedRequest


def find(context: ServiceContext, _params: NoParams) -> Iterator[Finding | Undecidable]:
    """A finding for the first wrong answer to a text, and one for each fixed request with another status."""
    if not (context.spec.predict.path or context.spec.requests):
        yield Undecidable("The exercise asks a service for nothing")
        return
    live, predict = context.handle.start(), context.spec.predict
    predicted = live.predict()
    wrong = [(one, what) for one in predicted if (what := what_is_wrong(one, predict))]
    if wrong:
        one, what = wrong[0]
        yield Finding(
            f"{len(wrong)} of {len(predicted)} texts sent to {predict.path} got a wrong answer,"
            f" the first of them: {one.case.text!r}",
            observed=what,
            expected=f"status {predict.status} and {predict.label} = {one.case.label!r} in a JSON object",
            file="",
        )
    for request, answer in zip(context.spec.requests, live.fixed(), strict=False):
        if not _is_expected(request, answer):
            yield Finding(
                f"{request.method} {request.path}{' with the body ' + request.body if request.body else ''}"
                " was not answered as it must be",
                observed=describe(answer),
                expected="status " + " or ".join(str(status) for status in request.status),
                file="",
            )


def _is_expected(request: FixedRequest, answer: HttpAnswer) -> bool:
    return answer.outcome is HttpOutcome.ANSWERED and not answer.truncated and answer.status in request.status


def _sample(answer: HttpAnswer) -> ServiceContext:
    return service_context(RecordedService(predicted=(RIGHT[0], Predicted(CASES[1], answer))))


CHECK = Check(
    id="wrong-response",
    claim="The service gives the right answers, also to requests that make no sense",
    why="A service that is up and answers wrongly is worse than one that is down: nobody is called.",
    hint="Send a request of your own with curl, a good one and a bad one, and read status and body.",
    sources=("https://www.rfc-editor.org/rfc/rfc9110#name-status-codes", "https://www.rfc-editor.org/rfc/rfc8259"),
    level=Level.CONTAINER,
    find=find,
    params=NoParams,
    needs=AN_ANSWER,
    service=True,
    bad=(
        _sample(http(body=b'{"label": "positive"}')),
        _sample(http(body=b'{"label": ["negative"]}')),
        _sample(http(body=b'{"Label": "negative"}')),
        _sample(http(body=b'"negative"')),
        _sample(http(body=b"negative")),
        _sample(http(body=b"")),
        _sample(http(body=b"[" * 100_000)),
        _sample(http(500, b'{"label": "negative"}')),
        _sample(http(307, location="/elsewhere")),
        _sample(replace(http(body=b'{"label": "negative"}'), truncated=True)),
        _sample(HANGS),
        _sample(REFUSED),
        _sample(BROKEN),
        service_context(RecordedService(answers=(http(500),))),
        service_context(RecordedService(answers=(http(200),))),
        service_context(RecordedService(answers=(REFUSED,))),
    ),
    good=(
        service_context(),
        _sample(http(body=b' {"score": 0.9, "label": "negative"}\r\n')),
    ),
)
