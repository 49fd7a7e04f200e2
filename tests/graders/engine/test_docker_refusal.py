"""What the engine itself would do without any wall around it is not asked of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from graders.dockerfile.parse import parse
from graders.engine.base import BuildRequest, ContextFile, Network
from graders.engine.docker.refusal import overgrown, past_its_network, refusal
from graders.limits import Limits
from tests.rows import rows

BASE = "FROM busybox:1.35\n"
EXERCISES = Path(__file__).parents[3] / "exercises"


def tenfold(form: str, times: int) -> str:
    """Lines of which each makes a variable ten times as long as the one before."""
    first = form.format(name="A0", value="xxxxxxxxxx")
    rest = (form.format(name=f"A{at + 1}", value=f"$A{at}" * 10) for at in range(times))
    return "\n".join((first, *rest)) + "\n"


@rows(
    "form",
    [
        "ENV {name}={value}",
        "ENV {name} {value}",
        "ENV {name}\tx {value}",
        'ENV {name}="x y={value}"',
        "ARG other {name}={value}",
        "ONBUILD ENV {name}={value}",
        "ENV {name}=${{nothing:-{value}}}",
    ],
)
def test_variables_that_multiply_are_refused(form: str) -> None:
    """In whatever form they are written; a hundredfold is still built."""
    assert "longer than 64 KiB" in overgrown(parse((BASE + tenfold(form, 9)).encode()))
    assert "" == overgrown(parse((BASE + tenfold(form, 1)).encode()))


def test_variable_below_its_onbuild_line_counts() -> None:
    """Such a line acts after all of its stage."""
    text = f"{BASE}ONBUILD LABEL a={'$B' * 40}\nENV B={'x' * 4000}\n"

    assert "Line 2" in overgrown(parse(text.encode()))


@pytest.mark.parametrize(
    "text",
    ["RUN true\n" * 1001, f"LABEL a={'x' * 60000}\n" * 8, f"ENV A={'x' * 60000}\n" * 8 + "RUN true\n" * 900],
    ids=["instructions", "labels", "variables that steps carry"],
)
def test_long_dockerfile_is_refused(text: str) -> None:
    """What the builder would read for minutes, in no group, is not sent."""
    assert overgrown(parse((BASE + text).encode()))


@rows("text", ["ENV\n", "ENV =\n", "ENV a\n", "ARG\n", "ARG =\n", "ADD\n", "ENV \\\n", 'ENV "\n'])
def test_unfinished_lines_are_left_to_the_engine(text: str) -> None:
    """It says what is missing; nothing here stumbles over them."""
    dockerfile = parse((BASE + text).encode())

    assert ("", "") == (overgrown(dockerfile), past_its_network(dockerfile))


def test_honest_dockerfiles_are_not_refused() -> None:
    """Long paths, long commands, and every Dockerfile of the course."""
    path = "ENV PATH=/opt/venv/bin:$PATH LD=/lib:$LD\n" * 10
    long = BASE + path + f"RUN echo {'x' * 50000}\n" + f"LABEL text='{'x' * 30000}'\n"
    texts = [long.encode(), *(file.read_bytes() for file in EXERCISES.rglob("Dockerfile") if file.is_file())]

    assert len(texts) > 100
    assert [] == [text for text in texts if overgrown(parse(text)) or past_its_network(parse(text))]


@rows(
    "add",
    [
        "ADD http://127.0.0.1/x /x",
        "ADD --chown=1 HTTPS://example.org/x /x",
        'ADD ["https://example.org/x", "/x"]',
        'ADD h"tt"p:\\//example.org/x /x',
        "ADD a.txt \\\n  http://example.org/x /x",
        "ADD git@example.org:a/b.git /x",
        "ADD github.com/a/b /x",
        "ARG from\nADD $from /x",
        "ENV kind=http\nADD ${kind}://example.org/x /x",
        "ONBUILD ADD https://example.org/x /x",
        "ENV x=a.txt\nONBUILD ADD $x /x",
    ],
)
def test_add_of_an_address_is_refused_where_the_network_is_closed(add: str) -> None:
    """The engine would fetch it from this machine's own network, its loopback included."""
    assert "ADD has the engine itself fetch" in past_its_network(parse((BASE + add + "\n").encode()))


@rows("add", ["ADD a.tar.gz /x", "ENV x=a.txt\nADD $x /x", "ADD <<EOF /x\nhttp://example.org\nEOF"])
def test_add_of_a_file_is_built(add: str) -> None:
    """Files of the folder are what ADD is for."""
    assert "" == past_its_network(parse((BASE + add + "\n").encode()))


@rows(("network", "refused"), [(Network.BRIDGE, False), (Network.INDEX, True), (Network.NONE, True)])
def test_only_a_closed_network_closes_add(network: Network, refused: bool) -> None:
    """A build that reaches everything may have the engine fetch as well."""
    files = (ContextFile("Dockerfile", f"{BASE}ADD https://example.org/x /x\n".encode()),)

    assert refused is bool(refusal(BuildRequest(files, "r", Limits(), network=network)))


@rows(
    "start",
    [
        "// syntax=evil/builder\n",
        '{"syntax": "evil/builder"}\n',
        "#!/bin/x\n//syntax=evil\n",
        "\ufeff\n // syntax=evil\n",
        "// escape=`\n// SYNTAX=evil\n",
    ],
)
def test_other_ways_to_name_a_foreign_builder_are_refused(start: str) -> None:
    """Newer engines read them; no Dockerfile begins like that."""
    files = (ContextFile("Dockerfile", f"{start}{BASE}".encode()),)

    assert "another builder" in refusal(BuildRequest(files, "r", Limits()))


@pytest.mark.parametrize(
    "start", ["// a comment of another language\n", "// escape=`\n", "/" * 60_000 + "\n", "//\n" * 20_000]
)
def test_comments_of_other_languages_are_left_to_the_engine(start: str) -> None:
    """It says that they are no instruction; long ones cost no time."""
    files = (ContextFile("Dockerfile", f"{start}{BASE}".encode()),)

    assert "another builder" not in refusal(BuildRequest(files, "r", Limits()))
