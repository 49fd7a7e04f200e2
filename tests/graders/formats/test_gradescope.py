"""Owns the tests of Gradescope's results.json: its keys, its points, and that no failure of ours is a zero."""

from __future__ import annotations

import json

import jsonschema
import pytest

from graders.formats import gradescope
from graders.report import Report
from tests.graders.formats.reports import ALL, BROKEN, GREEN, MIXED, NASTY, STATIC, UNSAFE
from tests.rows import rows

VISIBILITY = {"enum": ["visible", "hidden", "after_due_date", "after_published"]}
FORMAT = {"enum": ["text", "html", "simple_format", "md", "ansi"]}
SCHEMA = {
    "type": "object",
    "additionalProperties": False,
    "required": ["tests"],
    "properties": {
        "score": {"type": "number"},
        "execution_time": {"type": "integer"},
        "output": {"type": "string"},
        "output_format": FORMAT,
        "test_output_format": FORMAT,
        "test_name_format": FORMAT,
        "visibility": VISIBILITY,
        "stdout_visibility": VISIBILITY,
        "extra_data": {"type": "object"},
        "tests": {
            "type": "array",
            "items": {
                "type": "object",
                "additionalProperties": False,
                "dependentRequired": {"max_score": ["score"]},
                "properties": {
                    "score": {"type": "number"},
                    "max_score": {"type": "number"},
                    "status": {"enum": ["passed", "failed"]},
                    "name": {"type": "string"},
                    "name_format": FORMAT,
                    "number": {"type": "string"},
                    "output": {"type": "string"},
                    "output_format": FORMAT,
                    "tags": {"type": "array", "items": {"type": "string"}},
                    "visibility": VISIBILITY,
                    "extra_data": {"type": "object"},
                },
            },
        },
        "leaderboard": {"type": "array"},
    },
}
"""The keys of gradescope-autograders' "Autograder Specifications", written down by hand (2026-11)."""


@rows("report", ALL.values(), ids=ALL.keys())
def test_gradescope_has_only_documented_keys(report: Report) -> None:
    """Every report is of the documented form."""
    jsonschema.validate(json.loads(gradescope.dumps(report)), SCHEMA)


def test_gradescope_gives_back_ids_statuses_points_and_messages() -> None:
    """What went in can be read back."""
    value = json.loads(gradescope.dumps(MIXED))
    tests = {test["extra_data"]["id"]: test for test in value["tests"]}

    assert value["score"] == MIXED.points == 2
    assert {
        "unpinned-base": (2, 2, "passed"),
        "runs-as-root": (0, 3, "failed"),
        "image-too-large": (0, 4, None),
        "slow-rebuild": (None, None, "failed"),
    } == {name: (test.get("score"), test.get("max_score"), test.get("status")) for name, test in tests.items()}
    assert sum(test.get("score", 0) for test in tests.values()) == value["score"]
    assert [outcome.status.value for outcome in MIXED.outcomes] == [
        test["extra_data"]["status"] for test in tests.values()
    ]
    assert tests["runs-as-root"]["extra_data"]["lines"] == [4, 9]
    assert 'Dockerfile:4: "USER root" is in force' in tests["runs-as-root"]["output"].splitlines()
    assert "FAILED: 2 of 9 points." in value["output"]


@rows("report", [BROKEN, STATIC], ids=["broken", "static"])
def test_gradescope_without_a_grade_has_no_score_anywhere(report: Report) -> None:
    """What is not a grade is not a zero either: there is no score, and the text says why."""
    value = json.loads(gradescope.dumps(report))

    assert "score" not in value
    assert not [test for test in value["tests"] if "score" in test or "max_score" in test]
    assert "not graded" in value["output"] or "no grade" in value["output"]


def test_gradescope_errored_check_is_neither_passed_nor_failed() -> None:
    """Gradescope's two statuses are for what was decided."""
    test = json.loads(gradescope.dumps(BROKEN))["tests"][-1]

    assert "status" not in test
    assert test["output"].startswith("ERRORED")
    assert "dockyard engine up" in json.loads(gradescope.dumps(BROKEN))["output"]


def test_gradescope_hostile_text_is_shown_as_it_is() -> None:
    """No text is of a format that renders markup, and none moves a terminal."""
    text = gradescope.dumps(NASTY)
    value = json.loads(text)
    strings = [value["output"], *(test[key] for test in value["tests"] for key in ("name", "output"))]

    assert text.isascii()
    assert not [string for string in strings if UNSAFE.search(string)]
    assert {value["output_format"], value["test_output_format"], value["test_name_format"]} == {"text"}
    assert {test[key] for test in value["tests"] for key in ("name_format", "output_format")} == {"text"}


def test_gradescope_visibility_is_taken_or_refused() -> None:
    """The caller may hide the results; a word that Gradescope doesn't know is an error."""
    assert json.loads(gradescope.dumps(GREEN, visibility="after_due_date"))["visibility"] == "after_due_date"
    with pytest.raises(ValueError, match="sometimes"):
        gradescope.dumps(GREEN, visibility="sometimes")
