"""Tests of the words that a student gets back: kind, exact, and no markup from elsewhere."""

from __future__ import annotations

from dataclasses import replace

from graders.cohort.gradebook.worth import LatePolicy, score
from graders.cohort.hand_back.feedback import NEXT_WORDS, STATE_WORDS, Words, code, escape, feedback, short_feedback
from graders.cohort.row import GradedRow, GradeState, Override, Row, RowState, Student
from graders.finding import Finding
from graders.outcome import Status
from tests.graders.cohort.made_rows import CHECKS, graded, outcome, report
from tests.rows import rows

WORDS = Words("Order of layers", "dockyard check cache-order")
ANN = Student("s1", "Ann")
MIXED = graded(
    ANN,
    report(
        outcome(0, Status.PASSED),
        outcome(1, Status.FAILED, observed="COPY . .\nRUN pip install"),
        outcome(3, Status.FAILED),
        outcome(5, Status.SKIPPED),
    ),
)


def told(row: GradedRow) -> str:
    """The feedback for a row."""
    return feedback(row, score(row, LatePolicy(), 10), WORDS)


def test_feedback_names_the_line_and_gives_the_hint() -> None:
    """Each fault has its place, what was found, why it matters and a nudge; what holds is said too."""
    text = told(MIXED)

    assert "# Order of layers\n\nFor Ann (s1)" in text
    assert "## The one thing to mend" in text
    assert "- `Dockerfile`, line 3: COPY . . stands before RUN pip install -r requirements.txt" in text
    assert "  - found: `COPY . .`\n  - found: `RUN pip install`\n  - expected: `otherwise`" in text
    assert "Hint: Which of the two changes more often?" in text
    assert "Why it matters: What is made again is waited for again." in text
    assert "## Advice, which costs no points" in text
    assert "## Not looked at yet" in text
    assert f"- ✔ {CHECKS[0][1]}" in text
    assert "`dockyard check cache-order`" in text
    assert text.endswith("\n")


def test_feedback_names_what_a_check_waits_for_by_its_claim() -> None:
    """A student never sees an id elsewhere on the page."""
    skipped = replace(outcome(5, Status.SKIPPED), reason="unpinned-base did not pass")

    text = told(graded(ANN, report(outcome(0, Status.FAILED), skipped)))

    assert f'- {CHECKS[5][1]}: "{CHECKS[0][1]}" did not pass' in text


def test_feedback_of_a_pass_is_short_and_says_so() -> None:
    """Nothing to mend is listed where there is nothing."""
    text = told(graded(ANN, report()))

    assert "## Passed: 10 of 10 points" in text
    assert "mend" not in text


@rows("state", [state for state in RowState if state is not RowState.READY])
def test_feedback_of_what_cannot_be_graded_says_what_to_do(state: RowState) -> None:
    """Each reason not to grade has words of its own and a next step, and no points."""
    text = told(GradedRow(Row(ANN, state, "work.zip ends too early"), GradeState.UNGRADED))

    assert STATE_WORDS[state] in text
    assert NEXT_WORDS[state] in text
    assert "What was seen: work.zip ends too early." in text
    assert "points" not in text


def test_feedback_of_our_fault_blames_nobody() -> None:
    """A student whose grading broke down here is told that nothing is lost, and never a number."""
    broken = graded(ANN, report(outcome(0, Status.PASSED), outcome(1, Status.ERRORED)))
    for row in (broken, GradedRow(Row(ANN, RowState.READY), GradeState.ERRORED, error="No engine")):
        text = told(row)

        assert "not your fault" in text
        assert "points" not in text


def test_feedback_tells_points_given_by_hand_and_why() -> None:
    """The instructor's points stand with their reason."""
    text = told(replace(MIXED, override=Override(9, "You *showed* me")))

    assert r"Your instructor gave **9 of 7 points**, and that is what counts: You \*showed\* me." in text


HOSTILE = (
    "<script>alert(1)</script>",
    "![x](https://example.org/x.png)",
    "[click](javascript:alert(1))",
    "www.example.org and me@example.org",
    "# heading `code` | table ~~gone~~ &amp;",
    "\x1b[31mred\x1b]52;c;AAAA\x07\u202egnp.exe\u2066",
)


@rows("text", HOSTILE)
def test_foreign_text_is_no_markup(text: str) -> None:
    """Every character that Markdown or HTML acts on is escaped, and nothing moves a terminal or turns text around."""
    escaped = escape(text)
    bare = escaped.replace("\\\\", "")

    for sign in "<>[]*_`#|~&":
        assert bare.count(sign) == bare.count(f"\\{sign}")
    assert "://" not in escaped.replace("\\://", "")
    assert "www." not in escaped
    assert not {"\x1b", "\x07", "\u202e", "\u2066"} & set(escaped)


@rows("text", [*HOSTILE, "`", "``", ""])
def test_foreign_text_does_not_leave_its_code_span(text: str) -> None:
    """A code span holds one line between its two marks, whatever the text."""
    span = code(text)

    assert span.startswith("`")
    assert span.endswith("`")
    assert 2 == span.count("`")
    assert len(span) > 2
    assert "\n" not in span


def test_hostile_names_and_evidence_stay_text() -> None:
    """Name, message, evidence and path of a submission end in the feedback as they were, and act as nothing."""
    finding = Finding("<img src=x onerror=alert(1)>", observed="`</code>\x1b[2J`\n# x", file="[a](b)", line=1)
    bad = replace(outcome(1, Status.FAILED), findings=(finding,))
    text = told(graded(Student("s1", "</h1><script>x</script>"), report(bad)))

    assert "<script" not in text.replace(r"\<", "")
    assert "<img" not in text.replace(r"\<", "")
    assert "\x1b" not in text
    assert "\n# x" not in text


@rows(
    ("row", "text"),
    [
        (graded(ANN, report()), "Passed: every check holds."),
        (MIXED, "To mend: COPY . . stands before RUN pip install -r requirements.txt (line 3)"),
        (GradedRow(Row(ANN, RowState.READY), GradeState.WAITING), "Not graded yet."),
        (
            GradedRow(Row(ANN, RowState.READY), GradeState.ERRORED),
            "Could not be graded yet, and that is not your fault. It will be tried again.",
        ),
        (
            GradedRow(Row(ANN, RowState.EMPTY, "a.zip"), GradeState.UNGRADED),
            "What you handed in holds no file, so there is nothing to grade yet. a.zip",
        ),
    ],
)
def test_short_feedback_is_one_plain_line(row: GradedRow, text: str) -> None:
    """A cell of a table says the same in one line."""
    assert text == short_feedback(row)
