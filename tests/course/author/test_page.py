"""The reference page of each check."""

from __future__ import annotations

from pathlib import Path

from click.testing import CliRunner

from course.author.page import INDEX, pages, write_pages
from course.cli import cli
from course.commands.invocation import Invocation
from graders.registry import all_checks, find_check

FOLDER = Path(__file__).parents[3] / "docs" / "checks"


PAGES = pages(all_checks())


def test_pages_are_current() -> None:
    """What is committed is what the declarations say; `dockyard author page` mends it."""
    for name, text in PAGES.items():
        assert text == (FOLDER / name).read_text(encoding="utf-8"), name


def test_no_page_is_left_over() -> None:
    """Every page belongs to a check."""

    assert set(PAGES) == {path.name for path in FOLDER.glob("*.md")}


def test_index_names_every_check() -> None:
    """The index has a line for each check."""
    text = PAGES[INDEX]

    assert [] == [check_id for check_id in all_checks() if f"]({check_id}.md)" not in text]


def test_page_holds_what_the_declaration_says() -> None:
    """Claim, reason, hint, parameters with their notes, samples and sources."""
    check = find_check("data-copied")
    text = PAGES["data-copied.md"]

    assert [] == [part for part in (check.claim, check.why, check.hint, *check.sources) if part not in text]
    assert "`small_bytes` = `4096`: A file up to this size" in text
    assert "COPY . ." in text


def test_writing_removes_what_belongs_to_no_check(tmp_path: Path) -> None:
    """A check that was renamed leaves no page; a second writing changes nothing."""
    (tmp_path / "gone.md").write_text("x")

    first = write_pages(tmp_path, all_checks())

    assert "gone.md" in first
    assert not (tmp_path / "gone.md").exists()
    assert () == write_pages(tmp_path, all_checks())


def test_command_writes_the_pages(tmp_path: Path) -> None:
    """`dockyard author page` names what it changed."""
    result = CliRunner().invoke(cli, ["author", "page", "--to", str(tmp_path / "pages")], obj=Invocation({}))

    assert result.exit_code == 0
    assert "split-apt.md" in result.stdout
    assert (tmp_path / "pages" / INDEX).exists()
