"""Owns the tests of SARIF: its schema, what can be read back, and that a fault of ours is no result."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from urllib.parse import unquote

import jsonschema
import pytest

from graders.finding import Finding
from graders.formats import sarif
from graders.formats.placed import Placed, Rule, Severity
from graders.report import Report
from tests.graders.formats.reports import ALL, BROKEN, FAILED, MIXED, NASTY, STATIC, UNSAFE, report
from tests.rows import rows


@pytest.fixture(scope="module")
def validator() -> jsonschema.Draft4Validator:
    """The schema of SARIF 2.1.0."""
    schema = json.loads((Path(__file__).parent / "schema" / "sarif-2.1.0-rtm.5.json").read_text())
    return jsonschema.Draft4Validator(schema, format_checker=jsonschema.FormatChecker())


def run_of(report: Report, folder: str = "") -> dict[str, object]:
    """The one run of a report's log."""
    run = json.loads(sarif.dumps(report, folder, version="1.0"))["runs"][0]
    assert isinstance(run, dict)
    return run


@rows("report", ALL.values(), ids=ALL.keys())
def test_sarif_is_valid_against_the_schema(report: Report, validator: jsonschema.Draft4Validator) -> None:
    """Every report is SARIF 2.1.0."""
    validator.validate(json.loads(sarif.dumps(report, "work/tiny", version="1.0")))


def test_sarif_schema_refuses_what_is_wrong(validator: jsonschema.Draft4Validator) -> None:
    """The schema that the tests use can say no."""
    with pytest.raises(jsonschema.ValidationError):
        validator.validate(json.loads(sarif.dumps(MIXED).replace('"ruleId"', '"rule"')))


def test_sarif_gives_back_ids_places_and_messages() -> None:
    """What went in can be read back: a result a finding, each with its rule."""
    value = json.loads(sarif.dumps(MIXED, "work/tiny"))["runs"][0]
    rules = value["tool"]["driver"]["rules"]
    results = value["results"]
    first, second = (result["locations"][0]["physicalLocation"] for result in results[:2])

    assert [result["ruleId"] for result in results] == ["runs-as-root", "runs-as-root", "slow-rebuild"]
    assert all(rules[result["ruleIndex"]]["id"] == result["ruleId"] for result in results)
    assert [result["level"] for result in results] == ["error", "error", "warning"]
    assert results[0]["message"]["text"] == '"USER root" is in force'
    assert results[0]["properties"] == {
        "observed": "USER root", "expected": "a user of your own", "hint": "Which user?"
    }  # fmt: skip
    assert first == {
        "artifactLocation": {"uri": "work/tiny/Dockerfile"}, "region": {"startLine": 4, "endLine": 6}
    }  # fmt: skip
    assert unquote(second["artifactLocation"]["uri"]) == "work/tiny/src/a b,c:d%.py"
    assert "locations" not in results[2]


def test_sarif_rules_have_help() -> None:
    """A rule says what it claims, why it matters and what to try."""
    driver = json.loads(sarif.dumps(MIXED))["runs"][0]["tool"]["driver"]
    rules = {rule["id"]: rule for rule in driver["rules"]}

    assert ["unpinned-base", "runs-as-root", "slow-rebuild"] == list(rules)
    assert rules["runs-as-root"]["shortDescription"]["text"] == "The program isn't root"
    assert rules["runs-as-root"]["help"]["text"] == "Root in a container is root.\n\nA user"
    assert rules["runs-as-root"]["name"] == "RunsAsRoot"


def test_sarif_run_gives_back_statuses_and_points() -> None:
    """The whole report can be told from the run's properties."""
    properties = json.loads(sarif.dumps(MIXED))["runs"][0]["properties"]

    assert (properties["status"], properties["points"], properties["maxPoints"]) == ("failed", 2, 9)
    assert [(item.id, item.status.value, item.points, item.max_points) for item in MIXED.outcomes] == [
        (item["id"], item["status"], item["points"], item["maxPoints"]) for item in properties["checks"]
    ]


def test_sarif_errored_check_is_a_failed_run_and_no_result() -> None:
    """A fault of ours is told as one, and the run is not successful."""
    run = json.loads(sarif.dumps(BROKEN))["runs"][0]
    invocation = run["invocations"][0]

    assert invocation["executionSuccessful"] is False
    assert "The engine is gone" in invocation["toolExecutionNotifications"][0]["message"]["text"]
    assert "port-silent" not in {result["ruleId"] for result in run["results"]}
    assert run["properties"]["isGrade"] is False
    assert json.loads(sarif.dumps(STATIC))["runs"][0]["properties"]["isGrade"] is False
    assert json.loads(sarif.dumps(MIXED))["runs"][0]["invocations"][0]["executionSuccessful"] is True


def fingerprints(report: Report) -> list[str]:
    """The fingerprint of each result."""
    results = json.loads(sarif.dumps(report))["runs"][0]["results"]
    return [result["partialFingerprints"][sarif.FINGERPRINT] for result in results]


def test_sarif_fingerprint_stays_when_a_finding_moves() -> None:
    """A line more above changes no fingerprint; another message does; two equal findings differ."""
    finding = FAILED.findings[0]
    same = replace(FAILED, findings=(finding, finding))
    moved = replace(FAILED, findings=(replace(finding, line=40, end_line=None),))
    other = replace(FAILED, findings=(replace(finding, message="else"),))

    assert fingerprints(report(FAILED))[0] == fingerprints(report(moved))[0]
    assert fingerprints(report(FAILED))[0] != fingerprints(report(other))[0]
    assert len(set(fingerprints(report(same)))) == 2


def test_sarif_hostile_text_is_neither_link_nor_scheme() -> None:
    """Text from a submission makes no link, no other host and no escape sequence."""
    text = sarif.dumps(NASTY, "work")
    result = json.loads(text)["runs"][0]["results"][0]

    assert text.isascii()
    assert not UNSAFE.search(result["message"]["text"])
    assert "[x](" not in result["message"]["text"]
    assert r"\[x\](" in result["message"]["text"]
    assert result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"].startswith("work/%5D%5D%3E")


@rows(
    ("path", "uri"),
    [
        ("javascript:alert(1)", "javascript%3Aalert%281%29"),
        ("/tmp/a b", "file:///tmp/a%20b"),
        ("//evil.example/x", "file:////evil.example/x"),
        ("b\u00fccher/\udcff", "b%C3%BCcher/%FF"),
    ],
)
def test_sarif_path_is_a_path(path: str, uri: str, validator: jsonschema.Draft4Validator) -> None:
    """No path reads as an address with a scheme of its own or a host."""
    item = Placed(Rule("runs-as-root", "x"), Severity.ERROR, Finding("y", line=1), path)
    log = json.loads(sarif.write([item], rules=[]))
    validator.validate(log)

    assert uri == log["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
