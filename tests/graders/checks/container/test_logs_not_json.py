"""Lines that are records, lines that look like records, and no lines at all."""

from __future__ import annotations

from dataclasses import replace

import pytest

from graders.checks.container.logs_not_json import CHECK, GOOD_LINE, Params
from graders.engine.service import ServiceLogs
from graders.finding import Finding, Undecidable
from graders.service.recorded import STARTUP, RecordedService, service_context
from tests.rows import rows


def judged(stdout: bytes = b"", stderr: bytes = b"", params: Params | None = None) -> list[Finding | Undecidable]:
    service = RecordedService(log=ServiceLogs(stdout, stderr))
    return [*CHECK.find(service_context(service), params or Params())]


@rows(
    "line",
    [
        pytest.param(b"INFO:     127.0.0.1 - POST /predict", id="plain"),
        pytest.param(b'INFO: {"level": "info", "message": "x"}', id="prefixed"),
        pytest.param(b'{"level": "info", "message": "x"} extra', id="with a tail"),
        pytest.param(b'"level message"', id="string"),
        pytest.param(b'[{"level": "info", "message": "x"}]', id="list"),
        pytest.param(b"{}", id="empty"),
        pytest.param(b'{"note": "level message"}', id="keys in a value"),
        pytest.param(b'{"data": {"level": "info", "message": "x"}}', id="keys below"),
        pytest.param(b'{"level": "info", "message": null}', id="null"),
        pytest.param(b"{'level': 'info', 'message': 'x'}", id="a dict of Python"),
        pytest.param(b"[" * 100_000, id="deep"),
        pytest.param(b"\xff\xfe{}", id="not UTF-8"),
    ],
)
def test_line_that_is_no_record_is_found(line: bytes) -> None:
    """Among good lines, on either stream."""
    assert [Finding] == [type(item) for item in judged(GOOD_LINE + line + b"\n" + GOOD_LINE)]
    assert [Finding] == [type(item) for item in judged(GOOD_LINE, line + b"\n")]


@rows(
    "text",
    [
        GOOD_LINE,
        GOOD_LINE + b"\n  \n",
        GOOD_LINE.replace(b"\n", b"\r\n"),
        GOOD_LINE + b'{"level": "in',
        b'{"level": 20, "message": "x", "more": [1]}\n',
    ],
)
def test_records_pass(text: bytes) -> None:
    """Further keys, a level that is a number, empty lines, and a line that is being written."""
    assert [] == judged(text)


@rows("text", [b"", b"\n\n", b'{"level": "info", "message": "never ended"}'])
def test_log_without_a_whole_line_is_found(text: bytes) -> None:
    """Silence is no structured log, nor is a line without an end."""
    assert [Finding] == [type(item) for item in judged(text)]


def test_exercise_says_which_stream_and_which_keys() -> None:
    """Plain text on the other stream may be what the exercise grants."""
    assert [] == judged(GOOD_LINE, b"warming up\n", Params(stderr=False))
    assert [Finding] == [type(item) for item in judged(b"", GOOD_LINE, Params(stderr=False))]
    assert [] == judged(b'{"msg": 1}\n', params=Params(keys=("msg",)))
    assert [] == judged(b"{}\n", params=Params(keys=()))


def test_finding_counts_the_lines() -> None:
    """How many of how many."""
    (finding,) = judged(b"a\nb\n" + GOOD_LINE)

    assert isinstance(finding, Finding)
    assert "2 of 3 lines" in finding.message


def test_service_that_never_answered_is_left_open() -> None:
    """port-silent tells of that."""
    silent = RecordedService(start_up=replace(STARTUP, answered_s=None), log=ServiceLogs(b"x\n", b""))

    assert [Undecidable] == [type(item) for item in CHECK.find(service_context(silent), Params())]


def test_log_that_is_looked_for_nowhere_is_refused() -> None:
    """A check that reads nothing would pass everything."""
    with pytest.raises(ValueError, match="somewhere"):
        Params(stdout=False, stderr=False)
