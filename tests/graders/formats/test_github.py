"""Owns the tests of GitHub's workflow commands, read back as the runner reads them."""

from __future__ import annotations

from graders.formats import github
from graders.formats.placed import placed
from graders.report import Report
from graders.safe_text import clean
from tests.graders.formats.reports import ALL, BROKEN, GREEN, HOSTILE, MIXED, NASTY, STATIC, UNSAFE
from tests.rows import rows

Command = tuple[str, dict[str, str], str]


def read(line: str) -> Command:
    """One command as actions/runner reads it: name, properties, data, the escapes undone with %25 last."""
    assert line.startswith("::")
    head, _, data = line[2:].partition("::")
    name, _, rest = head.partition(" ")
    properties = {}
    for part in filter(None, rest.split(",")):
        key, _, value = part.partition("=")
        for escaped, plain in (("%0D", "\r"), ("%0A", "\n"), ("%3A", ":"), ("%2C", ","), ("%25", "%")):
            value = value.replace(escaped, plain)
        properties[key] = value
    for escaped, plain in (("%0D", "\r"), ("%0A", "\n"), ("%25", "%")):
        data = data.replace(escaped, plain)
    return name, properties, data


def commands(report: Report, folder: str = "") -> list[Command]:
    """All commands of a report."""
    return [read(line) for line in github.dumps(report, folder).splitlines()]


def test_github_gives_back_ids_places_and_messages() -> None:
    """What went in can be read back, with the folder before the file."""
    name, properties, data = commands(MIXED, "work/tiny")[0]

    assert name == "error"
    assert properties == {"file": "work/tiny/Dockerfile", "line": "4", "endLine": "6", "title": "runs-as-root"}
    assert data.splitlines()[0] == '"USER root" is in force'
    assert "Hint: Which user?" in data.splitlines()


def test_github_escapes_what_separates() -> None:
    """A colon, a comma and a percent sign in a path or a message come back as they were."""
    _, properties, data = commands(MIXED)[1]

    assert properties["file"] == "src/a b,c:d%.py"
    assert data.splitlines()[0] == "Two of 3 are wrong, 50% of all: see below"


def test_github_advice_is_a_warning() -> None:
    """What costs nothing is no error, and a finding without a file names none."""
    name, properties, _ = commands(MIXED)[2]

    assert (name, properties) == ("warning", {"title": "slow-rebuild"})


@rows("report", ALL.values(), ids=ALL.keys())
def test_github_ends_with_the_verdict(report: Report) -> None:
    """The last command says how it ended, as an error unless it passed."""
    name, _, data = commands(report)[-1]

    assert (name == "notice") is (report.exit_code == 0 or report.static_only)
    assert "points" in data or "not graded" in data or "no grade" in data


def test_github_errored_names_the_remedy_and_no_points() -> None:
    """A failure of ours reads as one."""
    found = commands(BROKEN)

    assert ("error", {"title": "port-silent"}) == found[-2][:2]
    assert "no fault of the submission" in found[-2][2]
    assert "dockyard engine up" in found[-1][2]
    assert "points" not in found[-1][2]


def test_github_hostile_text_starts_no_command() -> None:
    """Each line is one command of ours, whatever the submission wrote, and its words come back clean."""
    lines = github.dumps(NASTY).splitlines()
    found = [read(line) for line in lines]

    assert {name for name, _, _ in found} == {"error"}
    assert len(lines) == 3
    assert not [line for line in lines if UNSAFE.search(line)]
    assert {"file", "line", "title"} == found[0][1].keys()
    assert found[0][1]["file"] == clean(HOSTILE)
    assert found[0][2].splitlines()[0] == clean(HOSTILE)


def test_github_annotations_alone_have_no_verdict() -> None:
    """The findings of a lint run are just that; none is no text."""
    assert github.annotate(placed(GREEN)) == "::warning title=slow-rebuild::Slow%3A 12 s, at most 10\n".replace(
        "%3A", ":"
    )
    assert github.annotate(placed(STATIC)) == ""
