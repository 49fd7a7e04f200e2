"""Owns findings as SARIF 2.1.0, which code hosts and editors show; must never report a fault of ours as a result.

One result a finding. A check that could not be decided is a notification of the run, which is then not successful:
nobody reads it as a clean file. Points and the status of each check stand in the run's properties.
Source: OASIS SARIF 2.1.0 with errata 01, read 2026-11.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterable
from typing import TypeAlias
from urllib.parse import quote

from graders.formats.placed import Placed, Rule, placed, rule_of
from graders.outcome import Outcome, Status
from graders.report import Report, Verdict
from graders.safe_text import clean

Value: TypeAlias = "str | int | float | bool | list[Value] | dict[str, Value] | None"

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
FINGERPRINT = "dockyardFinding/v1"
"""Of the check, the file and the message, not of the line: a finding that moves stays the same finding."""

_NO_BYTE = re.compile("[\ud800-\udc7f\udd00-\udfff]")
"""Surrogates that stand for no byte of a file's name."""
_LINK = re.compile(r"\[([^\[\]]*)\]\(")


def dumps(report: Report, folder: str = "", *, version: str = "") -> str:
    """The report as a SARIF log with one run. `folder` is where the files lie, `version` that of the program."""
    ran = [outcome for outcome in report.outcomes if outcome.status is not Status.SKIPPED]
    properties: dict[str, Value] = {
        "exercise": clean(report.exercise),
        "status": report.verdict.value,
        "isGrade": report.is_grade,
        "points": report.points,
        "maxPoints": report.max_points,
        "contentSha256": clean(report.content_sha256),
        "checks": [_check(outcome) for outcome in report.outcomes],
    }
    return write(
        tuple(placed(report, folder)),
        rules=tuple(rule_of(outcome) for outcome in ran),
        version=version,
        failures=tuple(_notification(outcome) for outcome in report.outcomes if outcome.status is Status.ERRORED),
        successful=report.verdict is not Verdict.ERRORED,
        properties=properties,
    )


def write(
    findings: Iterable[Placed],
    *,
    rules: Iterable[Rule],
    version: str = "",
    failures: tuple[Value, ...] = (),
    successful: bool = True,
    properties: dict[str, Value] | None = None,
) -> str:
    """A SARIF log of these findings. `rules` are those that were looked at; those of the findings are added."""
    findings = tuple(findings)
    known = {rule.id: rule for rule in (*rules, *(item.rule for item in findings))}
    order = {rule_id: index for index, rule_id in enumerate(known)}
    seen: Counter[str] = Counter()
    driver: dict[str, Value] = {"name": "dockyard", "rules": [_rule(rule) for rule in known.values()]}
    if version:
        driver["version"] = version
    run: dict[str, Value] = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "invocations": [{"executionSuccessful": successful, "toolExecutionNotifications": list(failures)}],
        "results": [_result(item, order[item.rule.id], seen) for item in findings],
    }
    if properties:
        run["properties"] = properties
    log: Value = {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}
    return json.dumps(log, indent=2, ensure_ascii=True, allow_nan=False) + "\n"


def notification(text: str) -> Value:
    """Something that we could not do, for `failures`."""
    return {"level": "error", "message": {"text": _message(text)}}


def _notification(outcome: Outcome) -> Value:
    text = f"{outcome.id} was not decided: {outcome.reason}"
    return {
        "level": "error" if outcome.required else "warning",
        "message": {"text": _message(text)},
        "associatedRule": {"id": clean(outcome.id)},
        "properties": {"remedy": clean(outcome.remedy)},
    }


def _check(outcome: Outcome) -> Value:
    return {
        "id": clean(outcome.id),
        "level": outcome.level.value,
        "status": outcome.status.value,
        "required": outcome.required,
        "points": outcome.points,
        "maxPoints": outcome.max_points,
        "reason": clean(outcome.reason),
    }


def _rule(rule: Rule) -> Value:
    words = [word for word in (clean(rule.why), clean(rule.hint)) if word]
    value: dict[str, Value] = {
        "id": clean(rule.id),
        "name": "".join(part.capitalize() for part in clean(rule.id).split("-")),
        "shortDescription": {"text": clean(rule.claim) or clean(rule.id)},
        "help": {"text": "\n\n".join(words) or clean(rule.claim) or clean(rule.id)},
    }
    if rule.why:
        value["fullDescription"] = {"text": clean(rule.why)}
    if rule.sources:
        value["helpUri"] = rule.sources[0]
    return value


def _result(item: Placed, rule_index: int, seen: Counter[str]) -> Value:
    finding = item.finding
    key = "\0".join((item.rule.id, item.path, finding.message))
    seen[key] += 1
    digest = hashlib.sha256(key.encode("utf-8", "replace")).hexdigest()[:32]
    result: dict[str, Value] = {
        "ruleId": clean(item.rule.id),
        "ruleIndex": rule_index,
        "level": item.severity.value,
        "message": {"text": _message(finding.message)},
        "partialFingerprints": {FINGERPRINT: f"{digest}:{seen[key]}"},
        "properties": {
            "observed": clean(finding.observed),
            "expected": clean(finding.expected),
            "hint": clean(finding.hint or item.rule.hint),
        },
    }
    if item.path:
        place: dict[str, Value] = {"artifactLocation": {"uri": _uri(item.path)}}
        if finding.line is not None and finding.line >= 1:
            region: dict[str, Value] = {"startLine": finding.line}
            if finding.end_line is not None and finding.end_line > finding.line:
                region["endLine"] = finding.end_line
            place["region"] = region
        result["locations"] = [{"physicalLocation": place}]
    return result


def _uri(path: str) -> str:
    """A path as a reference that no character of it can turn into another scheme or host."""
    escaped = quote(_NO_BYTE.sub("\ufffd", path).encode("utf-8", "surrogateescape"), safe="/-._~")
    return f"file://{escaped}" if escaped.startswith("/") else escaped


def _message(text: str) -> str:
    """Clean, not empty, and with no `[text](target)`, which a viewer makes a link (SARIF 3.11.6)."""
    return _LINK.sub(r"\\[\1\\](", clean(text)) or "(no message)"
