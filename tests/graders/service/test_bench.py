"""Watching a service as it comes up, on the fake engine: who was first, what was seen, and that all is stopped."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from graders.cancel import Cancel
from graders.context import TextCase
from graders.engine.base import BuildRequest, BuildResult, ContextFile
from graders.engine.fake.engine import FakeEngine
from graders.engine.fake.service import Answer, FakeCall, FakeHttp, FakeService
from graders.engine.service import Health, ProcessorTime
from graders.errors import SpecError
from graders.exercise import TextSpec
from graders.limits import Limits
from graders.service.bench import ServiceBench
from graders.service.evidence import Mounted, starved_s
from graders.service.spec import FixedRequest, PredictSpec, ServiceSpec
from graders.workbench import Workbench
from tests.rows import rows

CASES = (TextCase("so fine", "good"), TextCase("so dull", "bad"))
SPEC = ServiceSpec(
    port=8000, live="/live", ready="/ready", startup_s=3.0, request_s=0.2, predict=PredictSpec(path="/predict")
)
DOCKERFILE = 'FROM busybox:1.35\nUSER 1000\nHEALTHCHECK CMD ["probe"]\nCMD ["python", "app.py"]\n'
WORDS = {"so fine": "good", "so dull": "bad"}


def label(call: FakeCall) -> FakeHttp:
    return FakeHttp(body=json.dumps({"label": WORDS.get(json.loads(call.body)["text"], "good")}).encode())


def label_or_ok(call: FakeCall) -> FakeHttp:
    return label(call) if call.body else FakeHttp()


def loads_for(seconds: float, *, ready_at: float, live: int = 200) -> Answer:
    """A service whose model takes a while, and which says it is ready at a time of its own choice."""

    def answer(call: FakeCall) -> FakeHttp:
        is_loading = call.age_s < seconds
        if call.path == "/live":
            return FakeHttp(live if is_loading else 200)
        if call.path == "/ready":
            return FakeHttp(200 if call.age_s >= ready_at else 503)
        return FakeHttp(503) if is_loading else label(call)

    return answer


@dataclass
class Made:
    """A bench over a fake engine."""

    engine: FakeEngine
    bench: ServiceBench
    run_id: str = "run"
    extra: dict[str, str] = field(default_factory=dict)


Make = Callable[..., Made]


TICK_S = 1e-3
"""How much later it is at each look at the clock."""


class Clock(Cancel):
    """A clock that waiting puts forward: no test waits, and none depends on what else the machine does."""

    def __init__(self) -> None:
        super().__init__()
        self._now_s = 0.0

    def monotonic(self) -> float:
        """What time it is."""
        self._now_s += TICK_S
        return self._now_s

    def wait(self, timeout_s: float) -> bool:
        """Be through with waiting at once."""
        self._now_s += timeout_s
        return super().wait(0)


@pytest.fixture
def make(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Make:
    clock = Clock()
    for module in ("graders.service.bench", "graders.engine.fake.service"):
        monkeypatch.setattr(f"{module}.time", clock)

    def build(service: FakeService, spec: ServiceSpec = SPEC) -> Made:
        engine = FakeEngine()
        engine.service("python app.py", service)
        request = BuildRequest((ContextFile("Dockerfile", DOCKERFILE.encode()),), "run", Limits())
        result = list(engine.build(request, Cancel()))[-1]
        assert isinstance(result, BuildResult)
        texts = TextSpec(("so {word}{thing}",), ("",), {"good": ("fine",), "bad": ("dull",)})
        bench = SimpleNamespace(
            engine=engine,
            image=engine.image(result.image_id),
            run_id="run",
            nonce="nonce",
            cases=CASES,
            cancel=clock,
            spec=SimpleNamespace(service=spec, limits=Limits(), texts=texts, root=tmp_path),
        )
        return Made(engine, ServiceBench(cast("Workbench", bench)))

    return build


def test_honest_service_is_ready_when_it_is_right(make: Make) -> None:
    """It says 503 while it loads and lives all along."""
    startup = make(FakeService(loads_for(0.2, ready_at=0.2))).bench.start().startup()

    assert startup.answered_s is not None
    assert startup.ready_s is not None
    assert startup.right_s is not None
    assert 0.2 <= startup.ready_s <= startup.right_s
    assert startup.live is not None
    assert (200, True) == (startup.live.status, startup.live_was_loading)
    assert [200, 200] == [one.answer.status for one in startup.first]


def test_early_yes_is_caught_by_the_first_request(make: Make) -> None:
    """What was answered at once is kept beside the time of the first right answer."""
    startup = make(FakeService(loads_for(0.3, ready_at=0.0))).bench.start().startup()

    assert [503, 503] == [one.answer.status for one in startup.first]
    assert startup.right_s is not None
    assert startup.right_s >= 0.3 > (startup.ready_s or 0)


def test_live_path_is_asked_while_the_model_loads(make: Make) -> None:
    """Its first failure is what is kept."""
    startup = make(FakeService(loads_for(0.2, ready_at=0.2, live=500))).bench.start().startup()

    assert startup.live is not None
    assert (500, True) == (startup.live.status, startup.live_was_loading)


def test_program_that_ends_is_not_waited_for(make: Make) -> None:
    """Its end is the answer."""
    service = FakeService(label, opens_after_s=60, ends_after_s=0.1, exit_code=3)
    startup = make(service).bench.start().startup()

    assert (None, False, 3) == (startup.answered_s, startup.state.running, startup.state.exit_code)
    assert startup.waited_s < 3.0


def test_silent_service_is_waited_for_as_long_as_the_exercise_says(make: Make) -> None:
    """A loopback service never answers, and the wait has an end."""
    spec = ServiceSpec(port=8000, startup_s=0.3)
    startup = make(FakeService(label, address="127.0.0.1"), spec).bench.start().startup()

    assert startup.answered_s is None
    assert startup.waited_s >= 0.3


def test_equal_settings_share_a_container_and_names_part_it(make: Make) -> None:
    """A check that stops its service stops nobody else's, and all end with the bench."""
    made = make(FakeService(loads_for(0.0, ready_at=0.0)))
    first, same, own = made.bench.start(), made.bench.start(), made.bench.start("stopped")
    other = made.bench.start(mounted=Mounted.NOTHING)
    containers = [left for left in made.engine.leftovers() if left.kind == "container"]
    made.bench.close()

    assert first is same
    assert 3 == len({id(first), id(own), id(other)}) == len(containers)
    assert [] == [left for left in made.engine.leftovers() if left.kind == "container"]


def test_burst_ends_as_soon_as_the_rest_cant_change_it(make: Make) -> None:
    """Three slow answers are enough where two are allowed."""
    slow = FakeService(lambda call: FakeHttp(body=label(call).body, takes_s=0.05) if call.body else FakeHttp())
    fast = FakeService(lambda call: label(call) if call.body else FakeHttp())

    assert 3 == len(make(slow).bench.start().burst(200, 0.01, 2).predicted)
    assert 200 == len(make(fast).bench.start().burst(200, 1.0, 2).predicted)


def test_burst_tells_what_the_service_was_kept_waiting(make: Make) -> None:
    """Where it waits for a processor all the time, none of an answer's time is its own."""
    starved = FakeService(
        lambda call: FakeHttp(body=label(call).body, takes_s=0.05) if call.body else FakeHttp(),
        processor=lambda age_s: ProcessorTime(waited_s=age_s, used_s=0.0),
    )
    burst = make(starved).bench.start().burst(5, 1.0, 0)

    assert 5 == len(burst.predicted)
    assert all(one.answer.elapsed_s >= 0.05 > 0.01 > one.own_s for one in burst.predicted)


def test_start_tells_what_the_service_was_kept_waiting(make: Make) -> None:
    """The same of the time until it is ready."""
    answer = loads_for(0.3, ready_at=0.3)
    half = FakeService(answer, processor=lambda age_s: ProcessorTime(waited_s=age_s / 2, used_s=0.0))
    startup = make(half).bench.start().startup()

    assert startup.right_s is not None
    assert 0.1 < startup.starved_s <= startup.right_s / 2 + 0.05
    assert 0.0 == make(FakeService(answer)).bench.start().startup().starved_s


ENDLESS = 10**9
"""More requests than any machine gets answered before the burst's own time is over."""


def test_burst_at_a_service_that_ends_is_over(make: Make) -> None:
    """Nobody is asked any more, and that is told."""
    burst = make(FakeService(label_or_ok, ends_after_s=0.1)).bench.start().burst(ENDLESS, 1.0, 20)

    assert burst.has_ended
    assert len(burst.predicted) < ENDLESS


@rows(
    ("waited_s", "used_s", "held_back_s", "starved"),
    [
        (0.4, 0.1, 0.0, 0.4),
        (0.0, 0.0, 0.0, 0.0),
        (1.0, 1.0, 0.0, 0.0),
        (1.0, 2.0, 0.0, 0.0),
        (0.8, 0.2, 0.8, 0.0),
        (0.8, 0.2, 0.3, 0.5),
    ],
    ids=["others", "sleeps", "two of its own on one processor", "on two", "its own limit", "both"],
)
def test_starved_is_who_waits_for_others(waited_s: float, used_s: float, held_back_s: float, starved: float) -> None:
    """Of one second: a sleep, its own processes and its own limit are nobody else's fault."""
    before, after = ProcessorTime(5.0, 5.0, 5.0), ProcessorTime(5.0 + waited_s, 5.0 + used_s, 5.0 + held_back_s)

    assert starved == pytest.approx(starved_s(before, after, 1.0))
    assert 0.0 == starved_s(None, after, 1.0) == starved_s(before, None, 1.0)


def test_fixed_requests_are_asked_in_order(make: Make) -> None:
    """Each gets its own answer, once."""
    requests = (FixedRequest("/a", (200,)), FixedRequest("/b", (404,), method="POST", body="{}"))
    spec = ServiceSpec(port=8000, requests=requests, startup_s=0.3)
    asked: list[tuple[str, str, bytes]] = []

    def answer(call: FakeCall) -> FakeHttp:
        asked.append((call.method, call.path, call.body))
        return FakeHttp(200 if call.path == "/a" else 404)

    live = make(FakeService(answer), spec).bench.start()

    assert [200, 404] == [answer.status for answer in live.fixed()]
    assert live.fixed() is live.fixed()
    assert [("GET", "/a", b""), ("POST", "/b", b"{}")] == asked[-2:]


def test_health_that_never_comes_has_an_end(make: Make) -> None:
    """The wait for it ends with the exercise's time."""
    spec = ServiceSpec(port=8000, startup_s=0.4)
    sick = make(FakeService(lambda _call: FakeHttp(), healthy=lambda _age_s: False), spec).bench.start().health()
    well = make(FakeService(lambda _call: FakeHttp()), spec).bench.start().health()

    assert Health.UNHEALTHY is sick.state.health
    assert sick.waited_s >= 0.4
    assert Health.HEALTHY is well.state.health


def test_mounted_file_that_is_not_there_is_the_authors(make: Make) -> None:
    """It is named with its key, and no container is started."""
    made = make(FakeService(label), ServiceSpec(port=8000, mounts={"/model": "model.bin"}))
    with pytest.raises(SpecError) as caught:
        made.bench.start()

    assert "service.mounts" in caught.value.message
