"""Tests of the report page as text: what stands on it, in which order, and that nothing on it is markup of others."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote

from graders.cohort.gradebook.worth import LatePolicy, in_words, score
from graders.cohort.hand_back.outputs import CohortExercise, HandBackOptions
from graders.cohort.hand_back.run import write_all
from graders.cohort.page.file import PageFile
from graders.cohort.page.top import Heading
from graders.cohort.row import GradedRow, GradeState, Override, Row, RowState, Student
from graders.outcome import Status
from tests.graders.cohort.hostile_rows import HOSTILE, hostile_rows
from tests.graders.cohort.made_rows import DUE, EXERCISE, NOW, graded, made_rows, outcome, report
from tests.rows import rows


class Page(HTMLParser):
    """What a browser would take for markup, and the text between."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str] = []
        self.attributes: set[str] = set()
        self.words: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a tag."""
        self.tags.append(tag)
        self.attributes.update(name for name, _ in attrs)
        self.links += [value or "" for name, value in attrs if name in ("href", "src", "action")]

    def handle_data(self, data: str) -> None:
        """Note text."""
        self.words.append(data)


def page_of(
    tmp_path: Path, rows: Iterable[GradedRow], exercise: CohortExercise = EXERCISE, late: LatePolicy | None = None
) -> str:
    """The page of these rows."""
    policy = late or LatePolicy()
    path = tmp_path / "report.html"
    tmp_path.mkdir(exist_ok=True)
    with PageFile(Heading(exercise.title, exercise.id, NOW, in_words(policy))) as page:
        for row in rows:
            page.add(row, score(row, policy, exercise.max_points), "folder")
        page.write(path, None)
    return path.read_text()


def parsed(page: str) -> Page:
    """The page as a browser reads it."""
    found = Page()
    found.feed(page)
    found.close()
    return found


@rows("text", HOSTILE)
def test_hostile_text_is_text(tmp_path: Path, text: str) -> None:
    """Whatever a name, a message or evidence holds, the page has the same tags as without it, and no odd character."""
    plain = parsed(page_of(tmp_path / "plain", hostile_rows("plain")))
    page = page_of(tmp_path / "hostile", hostile_rows(text), replace(EXERCISE, title=text, id=f"x{text}"))
    found = parsed(page)

    assert plain.tags == found.tags
    assert plain.attributes >= found.attributes
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]", page)
    assert all(link.startswith(("#", "students/", "data:,")) for link in found.links)


def test_page_asks_for_nothing_and_runs_only_its_own_script(tmp_path: Path) -> None:
    """No address stands in the page, and its policy names the one style and the one script by their hashes."""
    page = page_of(tmp_path, made_rows(20))
    found = parsed(page)

    assert not re.search(r"https?:|//[a-z]", re.sub(r"<script>.*</script>", "", page, flags=re.DOTALL))
    assert (1, 1) == (found.tags.count("script"), found.tags.count("style"))
    assert re.search(r"default-src 'none'; style-src 'sha256-[^']+'; script-src 'sha256-[^']+'", page)
    assert "style" not in found.attributes


def test_errored_rows_stand_first(tmp_path: Path) -> None:
    """Above everything is who needs somebody, and in the list the errored rows come before the others."""
    errored = GradedRow(Row(Student("zoe", "Zoe"), RowState.READY), GradeState.ERRORED, error="No engine", attempts=1)
    page = page_of(tmp_path, [graded(Student("ann", "Ann"), report()), errored])

    assert page.index("Needs you") < page.index("No engine") < page.index('id="points"')
    assert page.index('data-t="errored"') < page.index('data-t="passed"')


def test_sections_of_nothing_are_left_out(tmp_path: Path) -> None:
    """A cohort in which nothing is graded yet has a page with its students and no empty chart."""
    waiting = GradedRow(Row(Student("ann"), RowState.READY), GradeState.WAITING)
    page = page_of(tmp_path, [waiting])

    assert "1 row waiting" in page
    assert "<svg" not in page
    assert 'id="students"' in page
    assert 'id="list"' in page_of(tmp_path, [])


def test_every_link_within_the_page_leads_somewhere(tmp_path: Path) -> None:
    """Each student that is named above is linked to a part that is there."""
    page = page_of(tmp_path, made_rows(80))
    targets = set(re.findall(r'id="([^"]+)"', page))

    assert set(re.findall(r'href="#([^"]+)"', page)) <= targets


def test_every_student_s_files_are_where_the_page_says(tmp_path: Path) -> None:
    """The links to feedback and report open what was written, also for a name that is no plain file name."""
    rows = [graded(Student("Ä b/%41#?"), report()), *made_rows(15)]
    page = write_all(tmp_path / "out", rows, EXERCISE, HandBackOptions(NOW)).page.read_text()
    links = {unquote(link) for link in parsed(page).links if link.startswith("students/")}

    assert len(links) > 15
    for link in links:
        assert (tmp_path / "out" / link).is_file()


def test_check_table_counts_and_gives_examples(tmp_path: Path) -> None:
    """The most failed check that costs points comes first, with its share and an example; advice comes after."""
    failed = report(outcome(0, Status.PASSED), outcome(1, Status.FAILED), outcome(3, Status.FAILED))
    held = report(outcome(0, Status.PASSED), outcome(1, Status.PASSED), outcome(3, Status.FAILED), sha256="c" * 64)
    page = page_of(tmp_path, [graded(Student("ann"), failed), graded(Student("ben"), held)])
    first, second = (page.index(f'data-check="{name}"') for name in ("source-before-dependencies", "pip-cache-kept"))

    assert first < second
    assert "<b>1</b> of 2, 50%" in page
    assert '<a href="#s1">ann</a>: Dockerfile:3: COPY . . stands before' in page
    assert "Nobody failed <code>unpinned-base</code>." in page


def test_student_s_part_tells_points_lateness_and_hand(tmp_path: Path) -> None:
    """What counts stands in the line; how it came about stands in the part that opens."""
    row = graded(Student("ann", "Ann", "Group 1"), report())
    late = replace(row, row=replace(row.row, handed_in_at=DUE.replace(day=22)), override=Override(6, "Talked"))
    page = page_of(tmp_path, [late], late=LatePolicy(DUE, percent_per_day=10))

    assert '<span class="r">6/10*</span>' in page
    assert "Reached 10 of 10; 2 days late: −20%, 8 left" in page
    assert "Given by hand: 6 instead of 8. Talked" in page
    assert "late: 10% of the points for each day begun" in page


def test_copies_lead_to_the_row_that_was_graded(tmp_path: Path) -> None:
    """A row of the same content names the other one with a link."""
    rows = [graded(Student("ann"), report()), graded(Student("ben"), report(), same_as="ann")]

    assert 'Same content as <a href="#s1">ann</a>: graded once' in page_of(tmp_path, rows)


def test_parts_stay_short_in_a_large_cohort(tmp_path: Path) -> None:
    """Rows take about a kilobyte each, so that ten thousand still open."""
    assert len(page_of(tmp_path, made_rows(300))) < 300 * 1500 + 40_000
