"""Owns the check that ready and alive are told apart while the model loads; must never judge the answers as such.

Ready is believed only when real requests, sent at once after the ready path's first success, are answered rightly.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from graders.check import Check, NoParams
from graders.finding import Finding, Undecidable
from graders.need import AN_ANSWER
from graders.outcome import Level
from graders.recorded import CASES
from graders.service.evidence import Predicted, ServiceContext, Startup, describe, what_is_wrong
from graders.service.recorded import HANGS, REFUSED, RIGHT, STARTUP, RecordedService, http, service_context


def find(context: ServiceContext, _params: NoParams) -> Iterator[Finding | Undecidable]:
    """A finding for a success that came too early, and one for a live path that fails while the model loads."""
    if not context.spec.ready:
        yield Undecidable("The exercise has no ready path")
        return
    spec = context.spec
    startup = context.handle.start().startup()
    if startup.live is not None and not startup.live.is_success:
        when = "while the service was getting ready" if startup.live_was_loading else "once the service was ready"
        yield Finding(
            f"The live path {spec.live} did not answer with success {when}: it would be restarted",
            observed=describe(startup.live),
            expected="status 200 as long as the process lives",
            file="",
        )
    wrong = [(one, what) for one in startup.first if (what := what_is_wrong(one, spec.predict))]
    if wrong and startup.right_s is not None and startup.ready_s is not None:
        one, what = wrong[0]
        yield Finding(
            f"The ready path {spec.ready} said yes after {startup.ready_s:.1f} s, but of {len(startup.first)} real"
            f" requests sent at once {len(wrong)} failed; right answers came after {startup.right_s:.1f} s",
            observed=f"{what} for {one.case.text!r}",
            expected=f"no success of {spec.ready} before {spec.predict.path} answers",
            file="",
        )
    elif startup.ready_s is None:
        yield Undecidable(f"The ready path {spec.ready} never answered with success")
    elif wrong:
        yield Undecidable("Real requests were never answered rightly, so there is no too early")


LOADING = tuple(Predicted(case, http(503)) for case in CASES)
DUMMY = tuple(Predicted(case, http(body=b'{"label": "unknown"}')) for case in CASES)


def _sample(startup: Startup) -> ServiceContext:
    return service_context(RecordedService(start_up=startup))


CHECK = Check(
    id="ready-too-early",
    claim="The service says that it is ready only when it answers, and that it lives all along",
    why="Requests are sent to whatever says it is ready; a process that does not say it lives is restarted.",
    hint="At which line of your program is the model there, and what does the ready path know of it?",
    sources=("https://kubernetes.io/docs/concepts/configuration/liveness-readiness-startup-probes/",),
    level=Level.CONTAINER,
    find=find,
    params=NoParams,
    needs=AN_ANSWER,
    service=True,
    bad=(
        _sample(replace(STARTUP, first=LOADING)),
        _sample(replace(STARTUP, first=DUMMY)),
        _sample(replace(STARTUP, first=(RIGHT[0], LOADING[1]))),
        _sample(replace(STARTUP, first=(Predicted(CASES[0], HANGS),))),
        _sample(replace(STARTUP, first=(Predicted(CASES[0], REFUSED),))),
        _sample(replace(STARTUP, live=http(503))),
        _sample(replace(STARTUP, live=HANGS)),
        _sample(replace(STARTUP, live=http(404), live_was_loading=False)),
    ),
    good=(
        service_context(),
        _sample(replace(STARTUP, live=None)),
        _sample(replace(STARTUP, live=http(204))),
    ),
)
