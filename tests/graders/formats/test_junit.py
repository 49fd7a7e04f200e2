"""Owns the tests of JUnit XML: its schema, what can be read back, and the colour that a CI service gives it."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from graders.formats import junit
from graders.report import Report, Verdict
from tests.graders.formats.reports import ALL, BROKEN, EMPTY, GREEN, HOSTILE, MIXED, NASTY, STATIC, UNDECIDED, UNSAFE
from tests.rows import rows

if TYPE_CHECKING:
    import xmlschema


@pytest.fixture(scope="module")
def schema() -> xmlschema.XMLSchema:
    """The schema of Jenkins' xunit plugin."""
    # Only the process that runs these tests has to pay for it.
    import xmlschema

    return xmlschema.XMLSchema(str(Path(__file__).parent / "schema" / "junit-10.xsd"))


def suite_of(report: Report) -> ET.Element:
    """The suite, read back."""
    suite = ET.fromstring(junit.dumps(report)).find("testsuite")
    assert suite is not None
    return suite


def properties(suite: ET.Element) -> dict[str, str]:
    """The suite's properties."""
    return {item.attrib["name"]: item.attrib["value"] for item in suite.iterfind("properties/property")}


@pytest.mark.parametrize("report", ALL.values(), ids=ALL.keys())
def test_junit_is_valid_against_the_schema(report: Report, schema: xmlschema.XMLSchema) -> None:
    """Every report is what Jenkins' xunit plugin takes."""
    schema.validate(junit.dumps(report))


def test_junit_schema_refuses_what_is_wrong(schema: xmlschema.XMLSchema) -> None:
    """The schema that the tests use can say no."""
    import xmlschema

    with pytest.raises(xmlschema.XMLSchemaValidationError):
        schema.validate(junit.dumps(MIXED).replace("<testcase name=", "<testcase nom="))


def test_junit_gives_back_ids_levels_points_and_messages() -> None:
    """What went in can be read back."""
    suite = suite_of(MIXED)
    cases = {case.attrib["name"]: case for case in suite.iterfind("testcase")}
    failure = cases["runs-as-root"].find("failure")
    assert failure is not None
    assert failure.text is not None

    assert list(cases) == [outcome.id for outcome in MIXED.outcomes]
    assert [case.attrib["classname"] for case in cases.values()] == [f"tiny.{item.level}" for item in MIXED.outcomes]
    assert failure.attrib == {"type": "failed", "message": '"USER root" is in force'}
    assert 'Dockerfile:4: "USER root" is in force' in failure.text.splitlines()
    assert "src/a b,c:d%.py:9: Two of 3 are wrong, 50% of all: see below" in failure.text.splitlines()
    assert cases["runs-as-root"].attrib["time"] == "0.250"
    assert properties(suite)["points"] == "2/9"
    assert {
        "unpinned-base": "2/2", "runs-as-root": "0/3", "image-too-large": "0/4", "slow-rebuild": "0/0"
    } == {name[7:]: value for name, value in properties(suite).items() if name.startswith("points.")}  # fmt: skip


@rows("report", ALL.values(), ids=ALL.keys())
def test_junit_counts_what_it_holds(report: Report) -> None:
    """The numbers of the suite are those of its cases."""
    suite = suite_of(report)
    counted = {
        "tests": "testcase", "failures": "testcase/failure", "errors": "testcase/error", "skipped": "testcase/skipped"
    }  # fmt: skip

    assert {name: len(suite.findall(path)) for name, path in counted.items()} == {
        name: int(suite.attrib[name]) for name in counted
    }


@rows("report", ALL.values(), ids=ALL.keys())
def test_junit_is_green_exactly_when_the_report_passed(report: Report) -> None:
    """A CI service that reads the cases comes to our verdict."""
    suite = suite_of(report)
    colours = {
        (False, False): Verdict.PASSED,
        (True, False): Verdict.FAILED,
        (False, True): Verdict.ERRORED,
        (True, True): Verdict.ERRORED,
    }

    assert colours[suite.attrib["failures"] != "0", suite.attrib["errors"] != "0"] is report.verdict


def test_junit_error_is_no_failure() -> None:
    """What we could not decide is an error with its remedy."""
    case = suite_of(BROKEN).find("testcase[@name='port-silent']")
    assert case is not None
    error = case.find("error")
    assert error is not None

    assert case.find("failure") is None
    assert error.attrib["message"] == "The engine is gone"
    assert "To mend it: dockyard engine up" in (error.text or "")


@rows("report", [UNDECIDED, EMPTY], ids=["undecided", "empty"])
def test_junit_without_a_failed_check_names_the_verdict(report: Report) -> None:
    """A report that did not pass has a case that says so."""
    assert suite_of(report).find("testcase[@name='verdict']/failure") is not None
    assert suite_of(GREEN).find("testcase[@name='verdict']") is None
    assert suite_of(STATIC).find("testcase[@name='verdict']") is None


def test_junit_hostile_text_stays_text() -> None:
    """Text from a submission makes no element, no character that XML refuses and no escape sequence."""
    text = junit.dumps(NASTY)
    root = ET.fromstring(text)
    suite = root[0]
    words = [value for item in root.iter() for value in (item.text or "", *item.attrib.values())]

    assert text.isascii()
    assert "]]>" not in text
    assert {item.tag for item in suite.iter()} <= {
        "testsuite", "properties", "property", "testcase", "failure", "error", "skipped", "system-out"
    }  # fmt: skip
    assert not [word for word in words if UNSAFE.search(word) or {"\ufffe", "\uffff"} & set(word)]
    assert "]]> <b>&amp;</b>" in suite.findall("testcase/failure")[0].attrib["message"]
    assert HOSTILE[:20] in (suite.findall("system-out")[0].text or "")
