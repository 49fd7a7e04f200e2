"""Owns the report as JUnit XML, as Jenkins, GitLab and most CI services read it; must never disagree with the verdict.

One test case a check. A required check that failed is a `failure`; one that we could not decide is an `error`, never
a failure. An advisory check that did not pass is `skipped` with the type "advice", so that a passed submission is
green. The cases are green exactly when the report passed: where no single check says why it did not, a case named
"verdict" does. Points are properties of the suite, `points.ID` as "2/3".

Schema: junit-10.xsd of Jenkins' xunit plugin (2026-11).
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET

from graders.formats.placed import verdict_line
from graders.formats.plain import headline, lines_of
from graders.outcome import Outcome, Status
from graders.report import Report, Verdict
from graders.safe_text import clean

_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that no XML 1.0 document may hold, not even escaped."""


def dumps(report: Report) -> str:
    """The report as an XML document in ASCII with a final line end."""
    root = ET.Element("testsuites", {"name": _text(report.exercise)})
    root.append(_suite(report))
    for name in ("tests", "failures", "errors", "time"):
        root.set(name, root[0].get(name, "0"))
    ET.indent(root)
    body: bytes = ET.tostring(root, encoding="us-ascii")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{body.decode()}\n'


def _suite(report: Report) -> ET.Element:
    suite = ET.Element("testsuite", {"name": _text(report.exercise)})
    properties = ET.SubElement(suite, "properties")
    for name, value in _properties(report):
        ET.SubElement(properties, "property", {"name": _text(name), "value": _text(value)})
    for outcome in report.outcomes:
        suite.append(_case(report, outcome))
    if _needs_verdict(report, suite):
        case = ET.SubElement(suite, "testcase", {"name": "verdict", "classname": _text(report.exercise), "time": "0"})
        ET.SubElement(case, "failure", {"type": "verdict", "message": verdict_line(report)})
    for notice in report.notices:
        ET.SubElement(suite, "system-out").text = _text(notice)
    counts = {"tests": "testcase", "failures": "testcase/failure", "errors": "testcase/error"}
    for name, path in {**counts, "skipped": "testcase/skipped"}.items():
        suite.set(name, str(len(suite.findall(path))))
    suite.set("time", _seconds(report.elapsed_s))
    suite.set("timestamp", _text(report.started_at))
    return suite


def _properties(report: Report) -> list[tuple[str, str]]:
    rows = [
        ("status", report.verdict.value),
        ("points", f"{report.points}/{report.max_points}"),
        ("content_sha256", report.content_sha256),
        ("static_only", str(report.static_only).lower()),
    ]
    if report.engine is not None:
        rows.append(("engine", f"{report.engine.name} {report.engine.version} ({report.engine.storage})"))
    if report.image is not None:
        rows.append(("image_size_bytes", str(report.image.size_bytes)))
    rows += [(f"points.{outcome.id}", f"{outcome.points}/{outcome.max_points}") for outcome in report.outcomes]
    return rows


def _case(report: Report, outcome: Outcome) -> ET.Element:
    case = ET.Element(
        "testcase",
        {
            "name": _text(outcome.id),
            "classname": _text(f"{report.exercise}.{outcome.level}"),
            "time": _seconds(outcome.elapsed_s),
        },
    )
    if outcome.status is not Status.PASSED:
        tag, kind = _kind(report, outcome)
        part = ET.SubElement(case, tag, {"type": kind, "message": _text(headline(outcome))})
        part.text = "\n".join(_text(line) for line in (clean(outcome.claim), *lines_of(outcome)))
    return case


def _kind(report: Report, outcome: Outcome) -> tuple[str, str]:
    """The element of an outcome that did not pass, and its type."""
    if outcome.status is Status.SKIPPED or not report.in_scope(outcome):
        return "skipped", "skipped"
    if not outcome.required:
        return "skipped", "advice" if outcome.status is Status.FAILED else "errored"
    return ("failure", "failed") if outcome.status is Status.FAILED else ("error", "errored")


def _needs_verdict(report: Report, suite: ET.Element) -> bool:
    """Whether the submission did not pass and no check says so (a required one was skipped, or none ran)."""
    return report.verdict is Verdict.FAILED and suite.find("testcase/failure") is None


def _seconds(elapsed_s: float) -> str:
    return f"{max(0.0, elapsed_s):.3f}"


def _text(text: str) -> str:
    """Clean, and without what XML can't hold."""
    return _NOT_XML.sub("\ufffd", clean(text))
