"""Names without a value."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from graders.check import AnyCheck
from graders.checks.dockerfile.undefined_argument import CHECK

Lines = Callable[[AnyCheck, str, Mapping[str, str]], list[int | None]]

CASES: list[tuple[str, str, dict[str, str], list[int]]] = [
    ("commented_out", "ARG V=1\nFROM python:3.11-slim\n# ARG V\nLABEL v=$V\n", {}, [4]),
    ("stage_that_nothing_is_taken_from", "ARG V=1\nFROM a AS t\nLABEL v=$V\nFROM python:3.11-slim\n", {}, []),
    (
        "declared_in_another_stage",
        ("ARG V=1\nFROM a AS t\nARG V\nFROM python:3.11-slim\nLABEL v=$V\nCOPY --from=t /a /a\n"),
        {},
        [5],
    ),
    ("word_in_single_quotes", "ARG V=1\nFROM python:3.11-slim\nLABEL v='$V' w=\\$V\n", {}, []),
    ("hidden_in_another_variable", "ARG V=1\nFROM python:3.11-slim\nENV W=x$V\nLABEL v=$W\n", {}, [3]),
    ("onbuild", "ARG V=1\nFROM python:3.11-slim\nONBUILD LABEL v=$V\n", {}, []),
    ("heredoc", "ARG V=1\nFROM python:3.11-slim\nRUN <<EOF\necho $V\nEOF\n", {}, [3]),
    ("mixed_case", "arg V=1\nfrom python:3.11-slim\nlabel v=${V}\n", {}, [3]),
    ("declared_again", ("ARG V=1\nFROM python:3.11-slim\nARG V\nLABEL v=$V\nRUN echo $V\n"), {}, []),
    ("declared_too_late", "FROM python:3.11-slim\nLABEL v=$V\nARG V=1\n", {}, [2]),
    ("env_passes_on", "FROM a AS p\nENV V=1\nFROM p\nLABEL v=$V\n", {}, []),
    (
        "arg_of_a_stage_beside",
        "FROM python:3.11-slim AS p\nARG V=1\nFROM python:3.11-slim\nLABEL v=$V\nCOPY --from=p /a /a\n",
        {},
        [4],
    ),
    ("misspelt", "FROM python:3.11-slim\nARG VERSION=1\nLABEL v=$VERSON\n", {}, [3]),
    ("in_from", "FROM python:$TAG\n", {}, [1]),
    ("arg_between_stages", ("FROM a AS b\nARG TAG=1\nFROM python:$TAG\nCOPY --from=b /a /a\n"), {}, [3]),
    ("platform", ("FROM --platform=$BUILDPLATFORM python:3.11-slim\nLABEL a=$TARGETARCH\n"), {}, [2]),
    ("default", ("FROM python:3.11-slim\nLABEL v=${V:-1} w=${W:+x} x=${X-y}\n"), {}, []),
    ("unknown_base", "FROM acme/base:1\nLABEL v=$V\n", {}, [0]),
    ("shell_has_its_own", ("FROM python:3.11-slim\nRUN for V in 1 2; do echo $V $HOME $?; done\n"), {}, []),
    ("run_sets_it", "ARG V=1\nFROM python:3.11-slim\nRUN V=2; echo $V\n", {}, []),
    ("run_comment_and_quotes", "ARG V=1\nFROM python:3.11-slim\nRUN echo '$V' # $V\n", {}, []),
]
"""Name, Dockerfile, the files beside it, the lines of the findings; 0 stands for what the text can't tell."""


def test_findings_stand_on_these_lines(lines: Lines) -> None:
    """Whoever cheats is caught, whoever does it in another way is not, and the line is the one to mend."""
    wrong = {name: found for name, text, files, expected in CASES if (found := lines(CHECK, text, files)) != expected}

    assert {} == wrong
