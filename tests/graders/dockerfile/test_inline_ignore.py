"""Owns the tests of comments that ignore a finding: which count, which don't, and what is told."""

from __future__ import annotations

from graders.dockerfile.inline_ignore import BAD, UNUSED, obey, read_ignores, refusals
from graders.finding import Finding
from tests.rows import rows

KNOWN = frozenset({"unpinned-base", "runs-as-root", "split-apt", "missing-dockerignore"})


def left(text: str, *findings: tuple[str, int | None]) -> list[tuple[str, int | None]]:
    """(id, line) of what is left of some findings under the comments of a text."""
    given = [(check_id, Finding("x", line=line)) for check_id, line in findings]
    return [(check_id, finding.line) for check_id, finding in obey(read_ignores(text.encode()), given, KNOWN)]


def test_ignore_silences_the_next_instruction_alone() -> None:
    """The comment speaks for one instruction and one check."""
    text = "# dockyard: ignore=unpinned-base we test against the newest\nFROM python\nFROM python\n"

    assert left(text, ("unpinned-base", 2), ("unpinned-base", 3), ("runs-as-root", 2)) == [
        ("unpinned-base", 3),
        ("runs-as-root", 2),
    ]


def test_ignore_takes_several_ids() -> None:
    """A comma joins ids."""
    text = "# dockyard: ignore=unpinned-base,runs-as-root a base of ours\nFROM python\n"

    assert left(text, ("unpinned-base", 2), ("runs-as-root", 2)) == []


def test_ignore_reaches_past_comments_and_blank_lines() -> None:
    """What stands between the comment and the instruction doesn't matter, nor do two comments in a row."""
    text = (
        "FROM python\n# dockyard: ignore=split-apt slow mirror\n\n# more words\n"
        "# dockyard: ignore=runs-as-root needs it\nRUN a \\\n  b\n"
    )

    assert left(text, ("split-apt", 6), ("split-apt", 7), ("runs-as-root", 6)) == []


def test_ignore_inside_a_continued_instruction_is_for_that_one() -> None:
    """Docker takes such a line for a comment, so do we."""
    text = "FROM python\nRUN a && \\\n# dockyard: ignore=split-apt slow mirror\n  b\nRUN c\n"

    assert left(text, ("split-apt", 2), ("split-apt", 4), ("split-apt", 5)) == [("split-apt", 5)]


def test_ignore_covers_the_body_of_a_heredoc() -> None:
    """The lines of a heredoc belong to their instruction."""
    text = "FROM a\n# dockyard: ignore=split-apt slow mirror\nRUN <<EOF\napt-get update\nEOF\n"

    assert left(text, ("split-apt", 4)) == []


def test_ignore_before_the_first_instruction_covers_findings_without_a_line() -> None:
    """What is wrong with the whole file is ignored at its head only."""
    head = "# dockyard: ignore=missing-dockerignore the folder is made by a script\n"

    assert left(f"{head}FROM a\n", ("missing-dockerignore", None)) == []
    assert left(f"FROM a\n{head}RUN b\n", ("missing-dockerignore", None)) == [
        ("missing-dockerignore", None),
        (UNUSED, 2),
    ]


@rows(
    "text",
    [
        b"# dockyard: ignore=split-apt why not\r\nRUN a\r\n",
        b"#DOCKYARD:IGNORE=SPLIT-APT WHY NOT\nRUN a\n",
        b"  \t# Dockyard : Ignore = split-apt why not\nRUN a\n",
        b"\xef\xbb\xbf# dockyard: ignore=split-apt why not\nRUN a\n",
        b"# dockyard: ignore=split-apt pourquoi pas \xe9\nRUN a\n",
    ],
    ids=["crlf", "capitals", "spaces", "bom", "latin1"],
)
def test_ignore_is_read_in_any_dress(text: bytes) -> None:
    """Line ends, capitals, spaces and encodings change nothing."""
    assert obey(read_ignores(text), [("split-apt", Finding("x", line=2))], KNOWN) == ()


@rows(
    ("text", "line"),
    [
        ('FROM a\nRUN echo "# dockyard: ignore=split-apt no"\n', None),
        ("FROM a\nRUN b # dockyard: ignore=split-apt no\n", None),
        ("FROM a\nLABEL a='# dockyard: ignore=split-apt no'\n", None),
        ("FROM a\nRUN <<EOF\n# dockyard: ignore=split-apt no\nx\nEOF\n", 3),
        ("FROM a\nRUN cat <<A <<B\nx\nA\n# dockyard: ignore=split-apt no\nB\n", 5),
        ("FROM a\nCOPY <<EOF /x\n# dockyard: ignore=split-apt no\nEOF\n", 3),
        ("FROM a\nRUN <<EOF\nx\n# dockyard: ignore=split-apt no\n", 4),
    ],
    ids=["string", "behind-a-command", "label", "heredoc", "two-heredocs", "copy", "open"],
)
def test_ignore_that_is_no_comment_of_the_file_silences_nothing(text: str, line: int | None) -> None:
    """Text of a command, a string or a heredoc is not a comment; a line that looks like one is told."""
    assert left(text, ("split-apt", 2)) == [("split-apt", 2), *([(BAD, line)] if line else [])]


def test_ignore_in_a_continued_string_is_a_comment_as_docker_has_it() -> None:
    """Docker drops such a line from the string, so it is a comment of the file and for that instruction alone."""
    text = 'FROM a\nRUN echo "\\\n# dockyard: ignore=split-apt why not\n"\nRUN b\n'

    assert left(text, ("split-apt", 2), ("split-apt", 5)) == [("split-apt", 5)]


@rows(
    ("comment", "words"),
    [
        ("# dockyard: ignore=split-apt", "no reason"),
        ("# dockyard: ignore=split-apt  --", "no reason"),
        ("# dockyard: ignore= because", "no reason"),
        ("# dockyard: ignore=split-apt, unpinned-base why", "can't be read"),
        ("# dockyard: ignore", "can't be read"),
        ("# dockyard: disable=split-apt why", "can't be read"),
        ("# dockyard: ignore=split-atp why", "did you mean split-apt?"),
        ("# dockyard: ignore=* why", 'has the id "*"'),
        ("# dockyard: ignore=all why", 'has the id "all"'),
    ],
)
def test_ignore_that_is_wrong_silences_nothing_and_is_told(comment: str, words: str) -> None:
    """What can't be obeyed is a finding of its own with the line of the comment."""
    text = f"FROM a\n{comment}\nRUN b\n"
    given = [("split-apt", Finding("x", line=3))]
    found = obey(read_ignores(text.encode()), given, KNOWN)

    assert [(check_id, finding.line) for check_id, finding in found] == [("split-apt", 3), (BAD, 2)]
    assert words in found[1][1].message


def test_ignore_at_the_end_of_the_file_is_told() -> None:
    """A comment that no instruction follows speaks for none."""
    assert left("FROM a\n# dockyard: ignore=split-apt why not\n", ("split-apt", 1)) == [("split-apt", 1), (BAD, 2)]


def test_ignore_that_matches_nothing_is_told() -> None:
    """One that is out of date would hide the next fault; each id is told by itself."""
    text = "# dockyard: ignore=unpinned-base,split-apt why not\nFROM a\n"

    assert left(text, ("split-apt", 2)) == [(UNUSED, 1)]


def test_ignore_cannot_ignore_what_is_told_about_it() -> None:
    """The findings about such comments have no id that a comment may name."""
    text = f"# dockyard: ignore={UNUSED},{BAD} hush\nFROM a\n"

    assert left(text) == [(BAD, 1)]


def test_ignore_without_our_name_is_somebody_elses() -> None:
    """Comments for other tools, and plain words, mean nothing."""
    assert read_ignores(b"# hadolint ignore=DL3008\n# dockyards: ignore=x y\n# See dockyard\nFROM a\n") == ()


def test_refusal_names_line_and_comment() -> None:
    """Where no such comment counts, each is told."""
    (text,) = refusals(read_ignores(b"FROM a\n# dockyard: ignore=split-apt why not\nRUN b\n"))

    assert text.startswith('Line 2: "# dockyard: ignore=split-apt why not" changes nothing here')


def test_many_ignores_are_read_in_linear_time() -> None:
    """A file of nothing but such comments is answered soon."""
    text = b"# dockyard: ignore=split-apt why not\nRUN a\n" * 4_000
    ignores = read_ignores(text)

    assert [(ignore.first, ignore.last) for ignore in ignores] == [(line, line) for line in range(2, 8_001, 2)]
    assert len(list(refusals(ignores))) < 10
