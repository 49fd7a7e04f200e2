"""Package lists in shipped layers."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from graders.check import AnyCheck
from graders.checks.dockerfile.apt_lists_kept import CHECK

Lines = Callable[[AnyCheck, str, Mapping[str, str]], list[int | None]]

CASES: list[tuple[str, str, dict[str, str], list[int]]] = [
    (
        "commented_out",
        (
            "FROM debian:bookworm-slim\n"
            "RUN apt-get update && apt-get install -y a \\\n"
            " # && rm -rf /var/lib/apt/lists/*\n"
            " && true\n"
        ),
        {},
        [2],
    ),
    (
        "stage_that_nothing_is_taken_from",
        ("FROM a AS t\nRUN apt-get update && apt-get install -y a\nFROM debian:bookworm-slim\n"),
        {},
        [],
    ),
    (
        "builder",
        (
            "FROM a AS b\n"
            "RUN apt-get update && apt-get install -y a\n"
            "FROM debian:bookworm-slim\n"
            "COPY --from=b /usr/bin/a /usr/bin/\n"
        ),
        {},
        [],
    ),
    (
        "builder_copied_whole",
        (
            "FROM a AS b\n"
            "RUN apt-get update && apt-get install -y a\n"
            "FROM debian:bookworm-slim\n"
            "COPY --from=b /var /var\n"
        ),
        {},
        [2],
    ),
    (
        "word_in_a_string",
        (
            "FROM debian:bookworm-slim\n"
            "RUN apt-get update && apt-get install -y a && echo 'rm -rf /var/lib/apt/lists/*'\n"
        ),
        {},
        [2],
    ),
    (
        "variable_hides_the_clean_up",
        (
            "FROM debian:bookworm-slim\n"
            "ENV L=/var/lib/apt/lists\n"
            "RUN apt-get update && apt-get install -y a && rm -rf $L/*\n"
        ),
        {},
        [],
    ),
    (
        "variable_without_a_value",
        ("FROM debian:bookworm-slim\nRUN apt-get update && apt-get install -y a && $CLEAN\n"),
        {},
        [0],
    ),
    ("onbuild", ("FROM debian:bookworm-slim\nONBUILD RUN apt-get update && apt-get install -y a\n"), {}, []),
    ("heredoc", ("FROM debian:bookworm-slim\nRUN <<EOF\napt-get update\napt-get install -y a\nEOF\n"), {}, [3]),
    (
        "heredoc_that_cleans",
        ("FROM debian:bookworm-slim\nRUN <<EOF\napt-get update\nrm -rf /var/lib/apt/lists/*\nEOF\n"),
        {},
        [],
    ),
    ("mixed_case_and_apt", "FROM debian:bookworm-slim\nrun apt -y -qq update\n", {}, [2]),
    (
        "cleaned_a_line_later",
        ("FROM debian:bookworm-slim\nRUN apt-get update && apt-get install -y a\nRUN rm -rf /var/lib/apt/lists/*\n"),
        {},
        [2],
    ),
    (
        "cleaned_before",
        ("FROM debian:bookworm-slim\nRUN rm -rf /var/lib/apt/lists/* && apt-get update && apt-get install -y a\n"),
        {},
        [2],
    ),
    (
        "fetched_again",
        (
            "FROM debian:bookworm-slim\n"
            "RUN apt-get update && apt-get install -y a && rm -rf /var/lib/apt/lists/* && apt-get "
            "update\n"
        ),
        {},
        [2],
    ),
    (
        "apt_get_clean",
        (
            "FROM debian:bookworm-slim\n"
            "RUN apt-get update && apt-get install -y a && apt-get clean && apt-get autoremove\n"
        ),
        {},
        [2],
    ),
    (
        "star_in_quotes",
        ("FROM debian:bookworm-slim\nRUN apt-get update && apt-get install -y a && rm -rf '/var/lib/apt/lists/*'\n"),
        {},
        [2],
    ),
    (
        "folder_in_quotes",
        ("FROM debian:bookworm-slim\nRUN apt-get update && apt-get install -y a && rm -rf '/var/lib/apt/lists'\n"),
        {},
        [],
    ),
    (
        "another_folder",
        (
            "FROM debian:bookworm-slim\n"
            "RUN apt-get update && apt-get install -y a && rm -rf /var/lib/apt/lists.old "
            "/var/cache/apt/archives\n"
        ),
        {},
        [2],
    ),
    (
        "cache_mount",
        (
            "FROM debian:bookworm-slim\n"
            "RUN --mount=type=cache,target=/var/lib/apt/lists apt-get update && apt-get install "
            "-y a\n"
        ),
        {},
        [],
    ),
    (
        "bind_mount",
        (
            "FROM debian:bookworm-slim\n"
            "RUN --mount=type=bind,target=/var/lib/apt/lists apt-get update && apt-get install -y "
            "a\n"
        ),
        {},
        [2],
    ),
    (
        "find",
        (
            "FROM debian:bookworm-slim\n"
            "RUN apt-get update && apt-get install -y a && find /var/lib/apt/lists -mindepth 1 "
            "-delete\n"
        ),
        {},
        [],
    ),
    (
        "find_of_some",
        (
            "FROM debian:bookworm-slim\n"
            "RUN apt-get update && apt-get install -y a && find /var/lib/apt/lists -name '*.gz' "
            "-delete\n"
        ),
        {},
        [2],
    ),
    (
        "script_that_cleans",
        ("FROM debian:bookworm-slim\nCOPY tidy /tidy\nRUN apt-get update && apt-get install -y a && /tidy/up.sh\n"),
        {"tidy/up.sh": "rm -rf /var/lib/apt/lists/*\n"},
        [],
    ),
    (
        "script_that_does_not",
        ("FROM debian:bookworm-slim\nCOPY up.sh /\nRUN apt-get update && apt-get install -y a && sh /up.sh\n"),
        {"up.sh": "echo rm -rf /var/lib/apt/lists\n"},
        [3],
    ),
]
"""Name, Dockerfile, the files beside it, the lines of the findings; 0 stands for what the text can't tell."""


def test_findings_stand_on_these_lines(lines: Lines) -> None:
    """Whoever cheats is caught, whoever does it in another way is not, and the line is the one to mend."""
    wrong = {name: found for name, text, files, expected in CASES if (found := lines(CHECK, text, files)) != expected}

    assert {} == wrong
