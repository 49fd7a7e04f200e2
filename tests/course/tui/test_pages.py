"""Tests of the texts of pages, without a screen."""

from __future__ import annotations

from course.doctor.line import DoctorLine, State
from course.tui.pages import checklist_page, doctor_page, explain_page, outcome_page
from course.unlock import ChecklistLine
from graders.finding import Finding
from graders.outcome import Level, Outcome, Status

OUTPUT = "Traceback:\n\x1b[31m  File x\x1b[0m\nSyntaxError"


def test_output_of_a_program_keeps_its_lines() -> None:
    """What a container printed is read line by line, without its escape sequences."""
    finding = Finding("The program ended with exit code 1", observed=OUTPUT, expected="exit code 0")
    failed = Outcome("exits-with-error", "It ends well", Level.CONTAINER, Status.FAILED, findings=(finding,))

    for page in (outcome_page(failed), explain_page([finding], claim="It ends well", why="", hint="")):
        assert "  found:\n    │ Traceback:\n    │   File x\n    │ SyntaxError\n  wanted: exit code 0" in page.plain
        assert "\x1b" not in page.plain


def test_pages_of_the_desk_name_its_own_commands() -> None:
    """What the course and the engine say of the command line is said as the slash bar takes it."""
    line = ChecklistLine("It builds", done=False, remedy="dockyard check tiny until it builds")
    errored = Outcome("x", "It runs", Level.CONTAINER, Status.ERRORED, reason="no", remedy="dockyard doctor")
    looked = DoctorLine("limits", State.WARNING, "could not be measured", remedy="dockyard doctor")

    assert "[ ] It builds\n      /check tiny until it builds" == checklist_page([line], "").plain
    assert "Mend it: /doctor\n" in outcome_page(errored).plain
    assert "mend it: /doctor" in doctor_page([looked]).plain


def test_doctor_parts_names_from_what_is_said() -> None:
    """The longest name has room, and remedies stand below the words that they are for."""
    lines = [
        DoctorLine("engine", State.OK, "docker 28"),
        DoctorLine("package index", State.MISSING, "is out of reach", remedy="dockyard engine up"),
    ]

    assert [
        "✔ engine         docker 28",
        "✘ package index  is out of reach",
        "                 mend it: dockyard engine up",
    ] == doctor_page(lines).plain.split("\n")
