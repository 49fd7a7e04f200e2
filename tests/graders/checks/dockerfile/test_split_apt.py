"""Updates and installs in different RUNs."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from graders.check import AnyCheck
from graders.checks.dockerfile.split_apt import CHECK

Lines = Callable[[AnyCheck, str, Mapping[str, str]], list[int | None]]

CASES: list[tuple[str, str, dict[str, str], list[int]]] = [
    (
        "commented_out",
        ("FROM debian:bookworm-slim\n# RUN apt-get update\nRUN apt-get update && apt-get install -y a\n"),
        {},
        [],
    ),
    (
        "stage_that_nothing_is_taken_from",
        ("FROM a AS t\nRUN apt-get update\nRUN apt-get install -y a\nFROM debian:bookworm-slim\n"),
        {},
        [],
    ),
    (
        "word_in_a_string",
        ("FROM debian:bookworm-slim\nRUN apt-get update\nRUN echo 'apt-get install -y a' # apt-get install\n"),
        {},
        [],
    ),
    (
        "variable_hides_the_command",
        ("FROM debian:bookworm-slim\nENV U='apt-get update'\nRUN $U\nRUN apt-get install -y a\n"),
        {},
        [4],
    ),
    ("onbuild", ("FROM debian:bookworm-slim\nRUN apt-get update\nONBUILD RUN apt-get install -y a\n"), {}, []),
    (
        "a_source_more",
        (
            "FROM debian:bookworm-slim\nRUN apt-get update && apt-get install -y gpg\n"
            "RUN echo 'deb https://deb.example x main' > /etc/apt/sources.list.d/x.list"
            " && apt-get update && apt-get install -y a\n"
        ),
        {},
        [],
    ),
    (
        "heredoc",
        ("FROM debian:bookworm-slim\nRUN apt-get update\nRUN <<EOF\nset -e\napt-get -y install a\nEOF\n"),
        {},
        [5],
    ),
    (
        "mixed_case_and_quiet",
        (
            "FROM debian:bookworm-slim\n"
            "run apt-get -qq update\n"
            "Run DEBIAN_FRONTEND=noninteractive apt-get -qq -o Dpkg::Use-Pty=0 install a\n"
        ),
        {},
        [3],
    ),
    ("apt", ("FROM debian:bookworm-slim\nRUN apt update\nRUN apt install -y a\n"), {}, [3]),
    (
        "sudo_and_sh_c",
        ('FROM debian:bookworm-slim\nRUN sudo apt-get update\nRUN bash -lc "(sudo apt-get install -y a)"\n'),
        {},
        [3],
    ),
    (
        "update_after_the_install",
        ("FROM debian:bookworm-slim\nRUN apt-get update\nRUN apt-get install -y a && apt-get update\n"),
        {},
        [3],
    ),
    (
        "update_in_a_comment_of_the_run",
        ("FROM debian:bookworm-slim\nRUN apt-get update\nRUN apt-get install -y a # apt-get update\n"),
        {},
        [3],
    ),
    ("update_in_the_parent", ("FROM a AS p\nRUN apt-get update\nFROM p\nRUN apt-get install -y a\n"), {}, [4]),
    (
        "exact_line_of_a_long_run",
        ("FROM debian:bookworm-slim\nRUN apt-get update\nRUN true && \\\n    true && \\\n    apt-get install -y a\n"),
        {},
        [5],
    ),
    (
        "one_run_with_semicolons",
        ("FROM debian:bookworm-slim\nRUN set -eux; apt-get update; apt-get install -y a\n"),
        {},
        [],
    ),
    (
        "script_that_updates",
        (
            "FROM debian:bookworm-slim\n"
            "RUN apt-get update && apt-get install -y curl\n"
            "RUN curl -sL https://example.org/s | bash - && apt-get install -y b\n"
        ),
        {},
        [],
    ),
    ("package_file", ("FROM debian:bookworm-slim\nRUN apt-get update\nRUN apt-get install -y ./a.deb\n"), {}, []),
    ("no_update_anywhere", "FROM debian:bookworm-slim\nRUN apt-get install -y a\n", {}, []),
    (
        "two_installs_in_a_row",
        (
            "FROM debian:bookworm-slim\n"
            "RUN apt-get update && apt-get install -y a\n"
            "\n"
            "LABEL a=b\n"
            "RUN apt-get update && apt-get install -y b\n"
        ),
        {},
        [5],
    ),
    (
        "two_installs_with_something_between",
        (
            "FROM debian:bookworm-slim\n"
            "RUN apt-get update && apt-get install -y a\n"
            "COPY a /a\n"
            "RUN apt-get update && apt-get install -y b\n"
        ),
        {},
        [],
    ),
]
"""Name, Dockerfile, the files beside it, the lines of the findings; 0 stands for what the text can't tell."""


def test_findings_stand_on_these_lines(lines: Lines) -> None:
    """Whoever cheats is caught, whoever does it in another way is not, and the line is the one to mend."""
    wrong = {name: found for name, text, files, expected in CASES if (found := lines(CHECK, text, files)) != expected}

    assert {} == wrong
