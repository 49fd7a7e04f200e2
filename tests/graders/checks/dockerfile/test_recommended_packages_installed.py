"""Recommended packages."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from graders.check import AnyCheck
from graders.checks.dockerfile.recommended_packages_installed import CHECK

Lines = Callable[[AnyCheck, str, Mapping[str, str]], list[int | None]]

CASES: list[tuple[str, str, dict[str, str], list[int]]] = [
    (
        "commented_out",
        ("FROM debian:bookworm-slim\nRUN apt-get install -y \\\n # --no-install-recommends \\\n a\n"),
        {},
        [2],
    ),
    (
        "stage_that_nothing_is_taken_from",
        ("FROM a AS t\nRUN apt-get install -y a\nFROM debian:bookworm-slim\n"),
        {},
        [],
    ),
    (
        "builder",
        ("FROM a AS b\nRUN apt-get install -y gcc\nFROM debian:bookworm-slim\nCOPY --from=b /usr/local/x /x\n"),
        {},
        [],
    ),
    (
        "word_in_a_string",
        ("FROM debian:bookworm-slim\nRUN echo --no-install-recommends && apt-get install -y a\n"),
        {},
        [2],
    ),
    (
        "variable_hides_the_option",
        ("FROM debian:bookworm-slim\nARG O=--no-install-recommends\nRUN apt-get install -y $O a\n"),
        {},
        [],
    ),
    ("variable_without_a_value", "FROM debian:bookworm-slim\nRUN apt-get install -y $O a\n", {}, [0]),
    ("onbuild", ("FROM debian:bookworm-slim\nONBUILD RUN apt-get install -y a\n"), {}, []),
    ("heredoc", ("FROM debian:bookworm-slim\nRUN <<EOF\napt-get update\napt-get install -y a\nEOF\n"), {}, [4]),
    ("mixed_case", "FROM debian:bookworm-slim\nrun apt-get -qq -y install a\n", {}, [2]),
    ("apt_in_sh_c", ("FROM debian:bookworm-slim\nRUN sh -c '(apt install -y a)'\n"), {}, [2]),
    (
        "option_elsewhere",
        ("FROM debian:bookworm-slim\nRUN apt-get install -y a && apt-get install -y --no-install-recommends b\n"),
        {},
        [2],
    ),
    ("option_at_the_end", ("FROM debian:bookworm-slim\nRUN apt-get install -y a --no-install-recommends\n"), {}, []),
    ("setting", ("FROM debian:bookworm-slim\nRUN apt-get -o APT::Install-Recommends=no install -y a\n"), {}, []),
    (
        "setting_that_is_true",
        ("FROM debian:bookworm-slim\nRUN apt-get -o APT::Install-Recommends=1 install -y a\n"),
        {},
        [2],
    ),
    ("long_form", ("FROM debian:bookworm-slim\nRUN apt-get install -y --install-recommends=false a\n"), {}, []),
    (
        "taken_back",
        ("FROM debian:bookworm-slim\nRUN apt-get install -y --no-install-recommends --install-recommends a\n"),
        {},
        [2],
    ),
    ("suggested_only", ("FROM debian:bookworm-slim\nRUN apt-get install -y --no-install-suggests a\n"), {}, [2]),
    (
        "config_before",
        (
            "FROM debian:bookworm-slim\n"
            "RUN echo 'APT::Install-Recommends \"0\";' > /etc/apt/apt.conf.d/x && apt-get install "
            "-y a\n"
        ),
        {},
        [],
    ),
    (
        "config_after",
        (
            "FROM debian:bookworm-slim\n"
            "RUN apt-get install -y a && echo 'APT::Install-Recommends \"0\";' > "
            "/etc/apt/apt.conf.d/x\n"
        ),
        {},
        [2],
    ),
    (
        "config_elsewhere",
        ("FROM debian:bookworm-slim\nRUN echo 'APT::Install-Recommends \"0\";' > /tmp/x && apt-get install -y a\n"),
        {},
        [2],
    ),
    (
        "config_commented_out",
        ("FROM debian:bookworm-slim\nCOPY c /etc/apt/apt.conf.d/c\nRUN apt-get install -y a\n"),
        {"c": '// APT::Install-Recommends "0";\n'},
        [3],
    ),
    (
        "config_copied",
        ("FROM debian:bookworm-slim\nCOPY etc/ /etc/\nRUN apt-get install -y a\n"),
        {"etc/apt/apt.conf.d/c": 'APT::Install-Recommends "0";\n'},
        [],
    ),
    (
        "nothing_installed",
        ("FROM debian:bookworm-slim\nRUN apt-get update && apt-get upgrade -y && apt-get install -f\n"),
        {},
        [],
    ),
]
"""Name, Dockerfile, the files beside it, the lines of the findings; 0 stands for what the text can't tell."""


def test_findings_stand_on_these_lines(lines: Lines) -> None:
    """Whoever cheats is caught, whoever does it in another way is not, and the line is the one to mend."""
    wrong = {name: found for name, text, files, expected in CASES if (found := lines(CHECK, text, files)) != expected}

    assert {} == wrong
