"""Tests of the checklist as a record: the evidence of each line, the schema, and that nothing in it is markup."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path

import jsonschema

import course
from course.checklist_export import WRITERS
from course.checklist_record import AnswerEvidence, AttemptEvidence, ChecklistRecord
from course.session import Session
from graders.outcome import Level, Outcome, Status
from graders.report import BuildSummary, EngineSummary, ImageSummary, Report

HOSTILE = '<script>alert("x")</script>`[a](b)\x1b[31m'
SCHEMA = json.loads((Path(course.__file__).parent / "checklist-v1.schema.json").read_text(encoding="utf-8"))


def whole_record(session: Session) -> ChecklistRecord:
    """The record of a level that is done, with hostile text from the engine."""
    outcome = Outcome("build-fails", "It builds", Level.IMAGE, Status.PASSED, points=1, max_points=1)
    session._progress.record_attempt(
        Report(
            "tiny", (outcome,), "ab" * 32, datetime.now(UTC).isoformat(), 3.0, build=BuildSummary(2.0),
            image=ImageSummary("sha256:12", 1234), engine=EngineSummary(HOSTILE, "20", "overlay2"),
        )
    )  # fmt: skip
    session.answer("1.2", "layer-order", 0)
    session.answer("1.2", "layer-order", 1)
    return session.checklist_record(1)


class Page(HTMLParser):
    """Tags and attributes of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.addresses: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep the tag and where it points."""
        self.tags.add(tag)
        self.addresses += [value or "" for name, value in attrs if name in ("src", "href", "action")]


def test_record_names_what_proved_each_line(session: Session) -> None:
    """A check with its image and sums, or the answer and how often it was tried."""
    record = whole_record(session)
    engine, built, quiz = (line.evidence for line in record.lines)

    assert record.complete
    assert isinstance(engine, AttemptEvidence)
    assert isinstance(built, AttemptEvidence)
    assert isinstance(quiz, AnswerEvidence)
    assert ("sha256:12", 1234, 64) == (
        built.attempt.image_id, built.attempt.image_bytes, len(built.attempt.report_sha256),
    )  # fmt: skip
    assert ("1.2", "layer-order", 2) == (quiz.lesson, quiz.quiz, quiz.tries)


def test_record_as_json_keeps_to_its_schema(session: Session) -> None:
    """Both an empty record and a whole one; a line that is done without evidence is refused."""
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    empty = json.loads(WRITERS["json"](session.checklist_record(1)))
    whole = json.loads(WRITERS["json"](whole_record(session)))
    jsonschema.validate(empty, SCHEMA)
    jsonschema.validate(whole, SCHEMA)
    whole["lines"][0]["evidence"] = None

    assert not jsonschema.Draft202012Validator(SCHEMA).is_valid(whole)
    assert (False, False) == (empty["complete"], empty["lines"][0]["done"])


def test_record_as_a_page_holds_no_markup_from_outside(session: Session) -> None:
    """One page without scripts and without an address; what an engine called itself stands there as text."""
    text = WRITERS["html"](whole_record(session))
    page = Page()
    page.feed(text)

    assert {"html", "head", "meta", "title", "style", "body", "h1", "p", "ul", "li"} <= page.tags
    assert not page.tags & {"script", "a", "img", "link", "iframe", "form", "object"}
    assert [] == page.addresses
    assert "&lt;script&gt;" in text
    assert "\x1b" not in text


def test_record_as_markdown_cannot_leave_its_code_span(session: Session) -> None:
    """No backtick and no control character of an engine's name survives."""
    text = WRITERS["markdown"](whole_record(session))
    line = next(line for line in text.splitlines() if "engine:" in line)

    assert 2 == line.count("`")
    assert "\x1b" not in text
    assert "- [x] The quiz on layers is right" in text
